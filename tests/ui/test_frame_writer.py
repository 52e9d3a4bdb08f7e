"""The output for random frames leads to the same cells as writing each frame in full."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from launchpad_tui.ui.frame_cells import Cell
from launchpad_tui.ui.frame_writer import FrameWriter
from launchpad_tui.ui.textual_compat import erases_with_background, updated_rows
from tests.terminal_replay import Replay

COLUMNS, LINES = 60, 20
PLAIN = ["a", "b", "xyz", " ", "  ", " " * 14, "─", "⣿", "é", "│ ", "0.25"]
WIDE = ["字", "データ", "한", "😀", "e\u0301", "a\u0302\u0323"]
STYLES = [
    None,
    Style(),
    Style(bold=True),
    Style(color="red"),
    Style(color="#123456", bgcolor="#fedcba"),
    Style(bgcolor="#fedcba"),
    Style(bgcolor="blue", italic=True),
    Style(underline=True, color="green"),
    Style(reverse=True),
    Style(dim=True, strike=True),
    Style(bold=True, dim=True, color="color(200)"),
    Style(color="red", link="https://example.com"),
]


def random_strip(chance: random.Random, texts: list[str], width: int) -> Strip:
    """Return a strip of exactly ``width`` cells in random texts and styles."""
    segments = []
    for _ in range(chance.randint(1, 6)):
        text = "".join(chance.choices(texts, k=chance.randint(1, 8)))
        segments.append(Segment(text, chance.choice(STYLES)))
    return Strip(segments).adjust_cell_length(width, chance.choice(STYLES)).crop(0, width)


def full_frame(rows: list[list[Cell]]) -> Replay:
    """Return a terminal to which all rows were written in full, without erasing or scrolling."""
    writer = FrameWriter(erase=False, scroll=False)
    replay = Replay(COLUMNS, LINES)
    replay.feed(writer.clear(COLUMNS, LINES))
    replay.feed(writer.write(dict(enumerate(rows)), (0, 0)))
    return replay


def shifted(chance: random.Random, rows: list[list[Cell]], new: Callable[[], list[Cell]]) -> None:
    """Scroll a block of the rows."""
    top = chance.randint(0, LINES - 6)
    bottom = chance.randint(top + 5, LINES)
    count = chance.randint(1, 3)
    if chance.random() < 0.5:
        rows[top:bottom] = rows[top + count : bottom] + [new() for _ in range(count)]
    else:
        rows[top:bottom] = [new() for _ in range(count)] + rows[top : bottom - count]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("texts", [PLAIN, PLAIN + WIDE], ids=["plain", "wide"])
def test_random_frames_show_the_same_as_a_full_repaint(seed: int, texts: list[str]) -> None:
    chance = random.Random(seed)
    writer = FrameWriter(erase=seed % 3 > 0, scroll=seed % 4 > 0)
    replay = Replay(COLUMNS, LINES)
    replay.feed(writer.clear(COLUMNS, LINES))

    def row() -> list[Cell]:
        return writer.styles.cells(list(random_strip(chance, texts, COLUMNS)))

    rows = [row() for _ in range(LINES)]
    replay.feed(writer.write(dict(enumerate(rows)), (3, 4)))
    for _ in range(25):
        move = chance.random()
        if move < 0.4:
            shifted(chance, rows, row)
        for y in chance.sample(range(LINES), chance.choice([0, 1, 3, LINES])):
            part = writer.styles.cells(list(random_strip(chance, texts, 12)))
            rows[y] = part + rows[y][12:] if texts is PLAIN else row()
        cursor = (chance.randrange(COLUMNS), chance.randrange(LINES))
        changed = dict(enumerate(rows))
        replay.feed(writer.write(changed, cursor))
        assert replay.cells() == full_frame(rows).cells()
        assert replay.cursor == cursor


def test_nothing_is_written_if_nothing_changed() -> None:
    writer = FrameWriter()
    writer.clear(COLUMNS, LINES)
    cells = writer.styles.cells([Segment("text".ljust(COLUMNS), Style(color="red"))])
    assert writer.write({3: cells}, (0, 0))
    assert not writer.write({3: list(cells)}, (0, 0))


def test_one_changed_character_takes_few_bytes() -> None:
    writer = FrameWriter()
    writer.clear(COLUMNS, LINES)
    style = Style(color="#112233", bgcolor="#445566")
    writer.write({3: writer.styles.cells([Segment("a" * COLUMNS, style)])}, (10, 3))
    text = "a" * 10 + "b" + "a" * (COLUMNS - 11)
    assert writer.write({3: writer.styles.cells([Segment(text, style)])}, (11, 3)) == "b"


def test_a_list_that_moves_by_one_row_is_scrolled() -> None:
    writer = FrameWriter()
    replay = Replay(COLUMNS, LINES)
    replay.feed(writer.clear(COLUMNS, LINES))

    def rows(first: int) -> dict[int, list[Cell]]:
        lines = [
            f"model {number:04}  {number * 7919 % 10007:>40}" for number in range(first, first + 18)
        ]
        return {
            y: writer.styles.cells([Segment(line.ljust(COLUMNS), None)])
            for y, line in enumerate(lines, 1)
        }

    replay.feed(writer.write(rows(0), (0, 0)))
    text = writer.write(rows(1), (0, 0))
    replay.feed(text)
    assert "S" in text
    assert len(text) < 100
    assert replay.screen.display[18].startswith("model 0018")
    back = writer.write(rows(0), (0, 0))
    replay.feed(back)
    assert "T" in back
    assert replay.screen.display[1].startswith("model 0000")


def test_the_end_of_a_row_is_erased_once() -> None:
    writer = FrameWriter()
    writer.clear(COLUMNS, LINES)
    text = "name   one   two   three".ljust(COLUMNS)
    cells = writer.styles.cells
    writer.write({0: cells([Segment(text)])}, (0, 0))
    written = writer.write({0: cells([Segment("name".ljust(COLUMNS))])}, (0, 0))
    assert written.count("\x1b[K") == 1
    assert len(written) < 20
    # Without erasing, each change is overwritten by itself.
    other = FrameWriter(erase=False)
    other.clear(COLUMNS, LINES)
    other.write({0: other.styles.cells([Segment(text)])}, (0, 0))
    written = other.write({0: other.styles.cells([Segment("name".ljust(COLUMNS))])}, (0, 0))
    assert written.count(" ") < COLUMNS - len("name")


def test_control_characters_are_not_written() -> None:
    writer = FrameWriter()
    writer.clear(COLUMNS, LINES)
    cells = writer.styles.cells([Segment("a\x1b]0;title\x07b\x9b31m", None)])
    assert "".join(text for text, _ in cells) == "a]0;titleb31m"


@pytest.mark.parametrize(
    ("colors", "code"),
    [
        (ColorSystem.STANDARD, "31"),
        (ColorSystem.EIGHT_BIT, "38;5;196"),
        (ColorSystem.TRUECOLOR, "38;2;255;0;0"),
    ],
)
def test_colors_are_those_that_the_terminal_has(colors: ColorSystem, code: str) -> None:
    writer = FrameWriter(colors)
    writer.clear(COLUMNS, LINES)
    cells = writer.styles.cells([Segment("a" * COLUMNS, Style(color="#ff0000"))])
    assert f"\x1b[{code}ma" in writer.write({0: cells}, (0, 0))


def test_only_the_parts_of_a_row_that_changed_are_read_from_an_update() -> None:
    writer = FrameWriter()
    writer.clear(10, 2)
    left, right = Strip([Segment("LLLLL")]), Strip([Segment("RRRRR")])
    rows = updated_rows(writer, ChopsUpdate([{0: left, 5: right}], [(0, 5, 10)], [[5, 10]]))
    assert "".join(text for text, _ in rows[0]) == "     RRRRR"
    whole = LayoutUpdate([[left, right]], Region(0, 1, 10, 1))
    assert "".join(text for text, _ in updated_rows(writer, whole)[1]) == "LLLLLRRRRR"


@pytest.mark.parametrize(
    ("environ", "erases"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "screen"}, False),
        ({"TERM": "xterm-256color", "STY": "1.pts-0"}, False),
    ],
)
def test_screen_does_not_erase_with_the_background(environ: dict[str, str], erases: bool) -> None:
    assert erases_with_background(environ) is erases


def test_the_replay_understands_sequences_that_are_cut() -> None:
    text = "\x1b[?2026h\x1b[2;3Ha\x1b[?25lb\x1b]8;id=1;https://example.com\x1b\\c\x1b[1S"
    whole, cut = Replay(10, 3), Replay(10, 3)
    whole.feed(text)
    for character in text:
        cut.feed(character)
    assert cut.screen.display == whole.screen.display == ["  abc     ", " " * 10, " " * 10]

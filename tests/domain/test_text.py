from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from launchpad_tui.domain.text import (
    cell_width,
    clip,
    clip_distinct,
    clip_left,
    first_cells,
    one_line,
    pad,
    safe_lines,
    safe_text,
    shared_prefix,
    wrap,
)

#: texts with many wide characters, marks and controls
texts = st.text(st.one_of(st.characters(), st.sampled_from("ab 漢字\u0301🙂\u200d\ufe0f…\n\t")))


def test_plain_text_is_unchanged() -> None:
    assert safe_text("churn model v1.2 [bold]") == "churn model v1.2 [bold]"


def test_controls_become_visible() -> None:
    assert safe_text("a\x1b[31mb\nc\td\x7f") == "a␛[31mb␊c␉d␡"
    assert safe_text("\x9b31m") == "\ufffd31m"


def test_direction_overrides_and_joiners_cannot_move_a_column() -> None:
    assert safe_text("a\u202eb\u2066c") == "a·b·c"
    assert safe_text("\U0001f468\u200d\U0001f469") == "\U0001f468\U0001f469"
    assert safe_text("\u2764\ufe0f") == "\u2764"


def test_invisible_format_characters_are_removed() -> None:
    hidden = "\u2061\u2064\u206a\u206f\ufff9\ufffa\ufffb\u180e"
    assert safe_text(f"a{hidden}b") == "ab"


def test_long_text_is_cut_with_a_mark() -> None:
    assert safe_text("x" * 5000, 10) == "x" * 9 + "…"


def test_stacks_of_marks_are_limited() -> None:
    shown = safe_text("e" + "\u0301" * 50)
    assert shown == "e" + "\u0301" * 3
    assert safe_text("\u0301a") == "a"


def test_lines_are_split_and_tabs_expanded() -> None:
    assert safe_lines("a\r\n\tb\x1b") == ["a", "    b␛"]


def test_one_line_joins_lines_to_sentences() -> None:
    assert one_line("The path is invalid\nIt is empty.\n\nEnter one") == (
        "The path is invalid. It is empty. Enter one"
    )
    assert one_line("a") == "a"
    assert one_line("") == ""


@given(st.text())
def test_control_sequences_are_removed(text: str) -> None:
    shown = safe_text(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [
        char for char in shown if 0x202A <= ord(char) <= 0x202E or 0x2066 <= ord(char) <= 0x2069
    ]
    assert safe_text(shown) == shown


def test_every_character_is_as_wide_as_the_terminal_app_draws_it() -> None:
    different = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code <= 0xDFFF
        and (shown := safe_text(chr(code)))
        and cell_width(shown) != cell_len(shown)
    ]
    assert different == []


@given(texts, st.integers(-2, 40), st.sampled_from(["…", "~", "..."]))
def test_clipped_and_padded_text_keeps_its_width(text: str, width: int, ellipsis: str) -> None:
    assert cell_width(clip(text, width, ellipsis)) <= max(0, width)
    assert cell_width(clip_left(safe_text(text), width, ellipsis)) <= max(0, width)
    for align in ("left", "right", "center"):
        padded = pad(text, width, align, ellipsis)
        assert cell_width(padded) == max(0, width)
        assert clip(text, width, ellipsis) in padded
    start = first_cells(safe_text(text), width)
    assert cell_width(start) <= max(0, width)
    assert safe_text(text).startswith(start)


@given(texts, st.integers(2, 40))
def test_text_that_fits_is_not_cut(text: str, width: int) -> None:
    safe = safe_text(text)
    if cell_width(safe) <= width and len(text) <= 4 * width:
        assert clip(text, width) == safe
        assert first_cells(safe, width) == safe


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc def", 5, "abc…"),
        ("abcdef", 4, "abc…"),
        ("漢字漢字", 4, "漢…"),
        ("漢字", 4, "漢字"),
        ("abc", 1, "…"),
        ("a\nb", 5, "a␊b"),
        ("e\u0301" * 3, 2, "e\u0301…"),
    ],
)
def test_clip(text: str, width: int, shown: str) -> None:
    assert clip(text, width) == shown


def test_pad_aligns() -> None:
    assert [pad("漢", 5, align) for align in ("left", "right", "center")] == [
        "漢   ",
        "   漢",
        " 漢  ",
    ]


@given(texts, st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join("".join(safe_lines(text)).split())


def test_common_characters_are_measured_without_rich() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.domain.text import clip, pad\n"
        "clip('Größe ─ ▁▂▃ ⣿ → …', 8), pad('χ²', 9)\n"
        "assert 'rich' not in sys.modules\n"
        "pad('漢', 9)\n"
        "assert 'rich' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_names_lose_the_prefix_that_all_of_them_share() -> None:
    assert shared_prefix(["churn-model-a", "churn-model-b"]) == "churn-model-"
    assert shared_prefix(["churn-model-1a", "churn-model-1b"]) == "churn-model-"
    assert shared_prefix(["churn-model", "churn-model-2"]) == "churn-"
    assert shared_prefix(["churn model", "churn rate"]) == "churn "
    assert shared_prefix(["a-1", "a-2"]) == ""
    assert shared_prefix(["alone-1"]) == ""
    assert shared_prefix(["same-x", "same-x"]) == "same-"
    assert shared_prefix(["rate=0.02 a", "rate=0.04 a"]) == "rate="


def test_a_word_that_fits_on_the_next_line_is_not_broken() -> None:
    name = "GOOGLE_APPLICATION_CREDENTIALS"
    assert wrap(f"environment: {name} or so", 37) == ["environment:", f"{name} or so"]
    # One that does not fit follows on the same line, and is broken after a separator.
    assert wrap("In https://files.example.com/models", 20) == [
        "In https://files.",
        "example.com/models",
    ]
    # A line that ends with a word is not broken within it.
    assert wrap("a/long/path/here and more", 16) == ["a/long/path/here", "and more"]


SWEEP = [
    f"tune the rate learning_rate={rate} batch={size}" for rate in (0.1, 0.01) for size in (8, 16)
]


def test_names_that_would_look_alike_show_what_differs_at_the_same_place() -> None:
    shown = clip_distinct([*SWEEP, "another name that is too long for its column"], 36)
    assert list(shown.values()) == [
        "tune the…learning_rate=0.1 batch=8",
        "tune the…learning_rate=0.1 batch=16",
        "tune the…learning_rate=0.01 batch=8",
        "tune the…learning_rate=0.01 batch=16",
        "another name that is too long for i…",
    ]
    assert list(clip_distinct(SWEEP, 16).values()) == [
        "0.1, batch=8",
        "0.1, batch=16",
        "0.01, batch=8",
        "0.01, batch=16",
    ]
    assert list(clip_distinct(SWEEP, 8).values()) == ["0.1, 8", "0.1, 16", "0.01, 8", "0.01, 16"]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (56, ["Train a classifier rate=0.0422948505376 seed=2", "Train a classifier seed=3"]),
        (46, ["Train a classifier rate=0.0422948505376 seed=2", "Train a classifier seed=3"]),
        (36, ["Train a…rate=0.0422948505376 seed=2", "Train a…seed=3"]),
        (28, ["…rate=0.0422948505376 seed=2", "…seed=3"]),
        (20, ["…rate=0.04229 seed=2", "…seed=3"]),
        (17, ["rate=0.042 seed=2", "seed=3"]),
    ],
)
def test_names_are_cut_to_the_parts_that_differ(width: int, shown: list[str]) -> None:
    names = [
        "Train a classifier rate=0.0422948505376 epochs=500 seed=2",
        "Train a classifier epochs=500 seed=3",
    ]
    assert list(clip_distinct(names, width).values()) == shown


def test_numbers_are_not_rounded_to_the_same_one() -> None:
    names = [f"Train a classifier rate={rate} seed=1" for rate in ("0.04221", "0.04224", "0.4")]
    assert list(clip_distinct(names, 9).values()) == ["0.04221", "0.04224", "0.4"]
    assert list(clip_distinct(names, 12).values()) == ["rate=0.04221", "rate=0.04224", "rate=0.4"]


def test_a_part_with_spaces_and_a_name_without_parts_are_whole() -> None:
    names = ["A long name of a run text=to be or not", "A long name of a run text=to be"]
    assert list(clip_distinct([*names, "A long name of a run"], 20).values()) == [
        "…text=to be or not",
        "…text=to be",
        "A long name of a run",
    ]


@pytest.mark.parametrize("width", [9, 10, 12, 16, 20, 30, 40, 60])
@pytest.mark.parametrize(
    "names",
    [
        SWEEP,
        [f"{'long' * 20}{number}" for number in range(12)],
        [f"{number} {'long ' * 20}" for number in range(12)],
        [f"run of the {number}th of May with resnet" for number in range(12)],
        ["漢字の名前" * 9 + "一", "漢字の名前" * 9 + "二"],
        ["same", "same long name " * 5, "same long name " * 5 + "\x1b[31m"],
    ],
    ids=["sweep", "no separator", "start", "middle", "wide", "control"],
)
def test_different_names_differ_in_any_width(names: list[str], width: int) -> None:
    shown = clip_distinct(names, width)
    assert len(set(shown.values())) == len(names)
    assert max(map(cell_width, shown.values())) <= width

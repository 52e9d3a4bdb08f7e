"""A terminal that replays what the app wrote, and its cells in a form that can be compared."""

from __future__ import annotations

import re
from typing import Any

import pyte
import pyte.modes

_LINE_WRAP = 7
#: private CSI sequences and other strings that pyte mistakes for something else
_IGNORED = re.compile(
    r"\x1b\[[<>=?][0-9;]*[a-zA-Z]|\x1b\[[0-9;?]*\$[a-z]|\x1b[P^_].*?\x1b\\", re.DOTALL
)
_VISIBLE_ON_BLANK = ("underscore", "strikethrough", "reverse", "blink")
_INCOMPLETE = re.compile(r"\x1b(\[[0-9;<=>?]*\$?|[P^_\]][^\x07\x1b]*\x1b?)?\Z")
Cells = list[list[tuple[Any, ...]]]


class ReplayScreen(pyte.Screen):
    """pyte's screen with SU and SD, which it lacks, and without line wrap, as Textual sets it."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.reset_mode(_LINE_WRAP, private=True)

    def scroll_up(self, count: int | None = None) -> None:
        """Move the rows of the scrolling region up (SU)."""
        self._scroll(count or 1)

    def scroll_down(self, count: int | None = None) -> None:
        """Move the rows of the scrolling region down (SD)."""
        self._scroll(-(count or 1))

    def _scroll(self, count: int) -> None:
        region = self.margins or pyte.screens.Margins(0, self.lines - 1)
        rows = range(region.top, region.bottom + 1)
        before = {y: dict(self.buffer[y]) for y in rows}
        for y in rows:
            row = self.buffer[y]
            row.clear()
            row.update(before.get(y + count, {}))


class ReplayStream(pyte.Stream):
    """pyte's parser with SU and SD."""

    def __init__(self, screen: ReplayScreen) -> None:
        self.csi = {**pyte.Stream.csi, "S": "scroll_up", "T": "scroll_down"}
        self.events = pyte.Stream.events | {"scroll_up", "scroll_down"}
        super().__init__(screen)


class Replay:
    """A terminal of a given size."""

    def __init__(self, columns: int, lines: int) -> None:
        self.screen = ReplayScreen(columns, lines)
        self._stream = ReplayStream(self.screen)
        self._rest = ""

    def feed(self, text: str) -> None:
        """Interpret a piece of output; it may end within a control sequence."""
        text = self._rest + text
        cut = _INCOMPLETE.search(text)
        self._rest = cut[0] if cut else ""
        self._stream.feed(_IGNORED.sub("", text[: len(text) - len(self._rest)]))

    def cells(self) -> Cells:
        """Return what is visible in each cell: text and attributes, for blanks no text color."""
        screen = self.screen
        return [
            [_visible(screen.buffer[y][x]) for x in range(screen.columns)]
            for y in range(screen.lines)
        ]

    @property
    def cursor(self) -> tuple[int, int]:
        """The cursor's column and row."""
        return self.screen.cursor.x, self.screen.cursor.y


def _visible(cell: Any) -> tuple[Any, ...]:
    attributes = tuple(getattr(cell, name) for name in _VISIBLE_ON_BLANK)
    if cell.data == " ":
        return (" ", cell.bg, *attributes, cell.fg if any(attributes) else "")
    return (cell.data, cell.bg, *attributes, cell.fg, cell.bold, cell.italics)

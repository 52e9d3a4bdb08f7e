"""Lines of terminal cells: text clipped and padded to an exact width, put together to strips of few style runs."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from launchpad_tui.domain.text import safe_text


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """Safe text of at most ``width`` cells; a cut is marked with the ellipsis. Newlines and controls are visible."""
    if width <= 0:
        return ""
    # A character takes at most two cells, most take one, marks take none: four a cell are always enough.
    text = safe_text(text[: width * 4 + 4])
    if len(text) <= width and text.isascii():
        return text
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - len(ellipsis))).rstrip() + ellipsis[:width]


def pad(text: str, width: int, align: str = "left", ellipsis: str = "…") -> str:
    """Safe text of exactly ``width`` cells. ``align`` is left, right or center."""
    text = clip(text, width, ellipsis)
    space = width - (len(text) if text.isascii() else cell_len(text))
    if align == "right":
        return " " * space + text
    if align == "center":
        return " " * (space // 2) + text + " " * (space - space // 2)
    return text + " " * space


def wrap(text: str, width: int) -> list[str]:
    """Text of any number of lines as safe lines of at most ``width`` cells, broken at spaces where there are some."""
    lines: list[str] = []
    width = max(1, width)
    for raw in text.replace("\r\n", "\n").expandtabs(4).split("\n"):
        line = safe_text(raw)
        while cell_len(line) > width:
            head = chop_cells(line, width)[0]
            space = head.rfind(" ")
            if space > width // 3 and not line[len(head) :].startswith(" "):
                head = head[: space + 1]
            lines.append(head.rstrip())
            line = line[len(head) :].lstrip(" ")
        lines.append(line)
    return lines


class LineBuilder:
    """One line of ``width`` cells, built from left to right; neighbours of the same style become one run."""

    def __init__(self, width: int, base: Style) -> None:
        self.width = width
        self.base = base
        self.used = 0
        self._runs: list[tuple[str, Style]] = []

    def add(self, text: str, style: Style | None = None, *, safe: bool = False) -> LineBuilder:
        """Append text; what exceeds the width is cut. ``safe`` says that it went through `clip` or `pad` before."""
        room = self.width - self.used
        if room <= 0 or not text:
            return self
        if not safe:
            text = safe_text(text)
        size = len(text) if text.isascii() else cell_len(text)
        if size > room:
            text, size = set_cell_size(text, room), room
        style = self.base if style is None else style
        if self._runs and self._runs[-1][1] is style:
            self._runs[-1] = (self._runs[-1][0] + text, style)
        else:
            self._runs.append((text, style))
        self.used += size
        return self

    @property
    def last_style(self) -> Style:
        """The style of the last run, the base where there is none."""
        return self._runs[-1][1] if self._runs else self.base

    def fill_to(self, column: int, style: Style | None = None, char: str = " ") -> LineBuilder:
        """Append spaces (or ``char``) up to this column."""
        return self.add(char * max(0, min(column, self.width) - self.used), style, safe=True)

    def strip(self) -> Strip:
        """The line, padded to its width."""
        self.fill_to(self.width)
        return Strip([Segment(text, style) for text, style in self._runs], self.width)


def line_of(width: int, parts: Iterable[tuple[str, Style]], base: Style) -> Strip:
    """A strip of these parts, cut or padded to the width."""
    builder = LineBuilder(width, base)
    for text, style in parts:
        builder.add(text, style)
    return builder.strip()

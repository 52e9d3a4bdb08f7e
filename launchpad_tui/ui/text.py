"""Lines of terminal cells: text is clipped and padded to an exact width with few style changes."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width, first_cells, safe_text


class LineBuilder:
    """A line of ``width`` cells, built from left to right. Adjacent text of a style is one run."""

    def __init__(self, width: int, base: Style) -> None:
        self.width = width
        self.base = base
        self.used = 0
        self._runs: list[tuple[str, Style]] = []

    def add(self, text: str, style: Style | None = None, *, safe: bool = False) -> LineBuilder:
        """Append text and return the builder; text beyond the width is cut.

        Args:
            text: any text.
            style: None for the base style.
            safe: whether the text has been made safe by `clip`, `pad` or `wrap`.
        """
        room = self.width - self.used
        if room <= 0 or not text:
            return self
        if not safe:
            text = safe_text(text)
        size = cell_width(text)
        if size > room:
            text = first_cells(text, room)
            # Half of a wide character cannot be drawn, so a space replaces it.
            text, size = text + " " * (room - cell_width(text)), room
        style = self.base if style is None else style
        if self._runs and self._runs[-1][1] is style:
            self._runs[-1] = (self._runs[-1][0] + text, style)
        else:
            self._runs.append((text, style))
        self.used += size
        return self

    @property
    def last_style(self) -> Style:
        """The style of the last run, the base style if there is none."""
        return self._runs[-1][1] if self._runs else self.base

    def fill_to(self, column: int, style: Style | None = None, char: str = " ") -> LineBuilder:
        """Append spaces (or ``char``) up to a column, and return the builder."""
        return self.add(char * max(0, min(column, self.width) - self.used), style, safe=True)

    def strip(self) -> Strip:
        """Return the line, padded to its width."""
        self.fill_to(self.width)
        return Strip([Segment(text, style) for text, style in self._runs], self.width)


def line_of(width: int, parts: Iterable[tuple[str, Style]], base: Style) -> Strip:
    """Return a strip of styled texts, cut or padded to the width."""
    builder = LineBuilder(width, base)
    for text, style in parts:
        builder.add(text, style)
    return builder.strip()

"""A canvas of terminal cells, every line of which has exactly the requested width."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.charts.model import ChartSpec, Drawing, Span
from launchpad_tui.charts.text import fit
from launchpad_tui.domain.text import cell_width

#: a character, the slot of its series and its style
Cell = tuple[str, int | None, str]
BLANK: Cell = (" ", None, "normal")
#: the second cell of a double-width character
_REST = ""
#: nothing useful can be drawn below these sizes
LEAST_WIDTH, LEAST_HEIGHT = 12, 4


class Canvas:
    """A grid of cells to write on; what lies outside is cut off."""

    def __init__(self, spec: ChartSpec) -> None:
        self.width, self.height = max(0, spec.width), max(0, spec.height)
        self.ascii = spec.ascii
        self._rows: list[list[Cell]] = [[BLANK] * self.width for _ in range(self.height)]
        #: the first row below the title
        self.top = 0
        if spec.title and self.height:
            self.put(0, 0, self.fit(spec.title, self.width), style="bold")
            self.top = 1

    def put(
        self, column: int, row: int, text: str, slot: int | None = None, style: str = "normal"
    ) -> None:
        """Write safe text to the right, starting at a cell."""
        if not 0 <= row < self.height:
            return
        cells = self._rows[row]
        for char in text:
            size = cell_width(char)
            if size == 0:
                if 0 < column <= self.width and cells[column - 1][0] not in {_REST, " "}:
                    before, cell_slot, cell_style = cells[column - 1]
                    cells[column - 1] = (before + char, cell_slot, cell_style)
                continue
            if column >= 0 and column + size <= self.width:
                self._free(cells, column, size)
                cells[column] = (char, slot, style)
                if size == 2:
                    cells[column + 1] = (_REST, slot, style)
            column += size

    def place(self, cells: Sequence[Sequence[Cell]], left: int, top: int) -> None:
        """Write rows of characters of one cell each, except blanks, over others of one cell."""
        for row, line in enumerate(cells, top):
            for column, cell in enumerate(line, left):
                if cell[0] != " ":
                    self._rows[row][column] = cell

    @staticmethod
    def _free(cells: list[Cell], column: int, size: int) -> None:
        """Clear the other half of a double-width character that is about to be overwritten."""
        if cells[column][0] == _REST and column:
            cells[column - 1] = BLANK
        after = column + size
        if after < len(cells) and cells[after][0] == _REST:
            cells[after] = BLANK

    def end(
        self, column: int, row: int, text: str, slot: int | None = None, style: str = "normal"
    ) -> None:
        """Write safe text that ends before a column."""
        self.put(column - cell_width(text), row, text, slot, style)

    def middle(self, column: int, row: int, text: str, width: int, style: str = "normal") -> None:
        """Write safe text centered in ``width`` cells."""
        self.put(column + max(0, (width - cell_width(text)) // 2), row, text, None, style)

    def at(self, column: int, row: int) -> str:
        """Return the content of a cell, a blank outside of the canvas."""
        inside = 0 <= row < self.height and 0 <= column < self.width
        return self._rows[row][column][0] if inside else " "

    def fit(self, text: str, width: int) -> str:
        """Return untrusted text in at most ``width`` cells, in ASCII if the drawing is."""
        return fit(text, width, ascii_only=self.ascii)

    def drawing(self, notes: list[str] | tuple[str, ...] = ()) -> Drawing:
        """Return everything that was written."""
        return Drawing(tuple(_spans(cells) for cells in self._rows), tuple(notes))


def _spans(cells: list[Cell]) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = 0
    for place in range(1, len(cells) + 1):
        if place == len(cells) or cells[place][1:] != cells[start][1:]:
            spans.append(
                Span(
                    "".join(cell[0] for cell in cells[start:place]),
                    cells[start][1],
                    cells[start][2],
                )
            )
            start = place
    return tuple(spans) if cells else (Span(""),)


def too_small(spec: ChartSpec, least_height: int = LEAST_HEIGHT) -> bool:
    """Return whether nothing useful can be drawn in this size; the canvas then stays empty."""
    return spec.width < LEAST_WIDTH or spec.height - bool(spec.title) < least_height

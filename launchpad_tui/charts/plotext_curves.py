"""Curves and points drawn by plotext.

Only this module imports plotext, and it is itself imported with the first chart. Version 5 is
required: version 6 aborts the process if a coordinate is NaN, which here separates the pieces of a
curve. plotext also draws axes, titles and legends, but in whole cells, and omits labels that would
fit; those stay in the modules of the charts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from plotext._date import date_class
from plotext._matrix import matrix_class
from plotext._monitor import monitor_class

from launchpad_tui.charts.canvas import BLANK, Cell
from launchpad_tui.charts.dots import Point, cell_path, cells_of, dot_path
from launchpad_tui.charts.model import DOTS_ACROSS, DOTS_DOWN, Plot

#: what is drawn: the slot of its series, and a style as in `charts.model.Span`
Ink = tuple[int | None, str]
#: plotext's marker that draws Braille dots
_DOTS = "braille"
_FIRST_BRAILLE, _LAST_BRAILLE, _ALL_DOTS = 0x2800, 0x28FF, 0xFF


class _Cells(matrix_class):  # type: ignore[misc]
    """Cells in which the dots of crossing curves are added; the first curve sets the color.

    ``covering`` has for each cell a bit for every color that was drawn there in dots.
    """

    def set_matrices(self) -> None:
        """Clear the cells. Backgrounds are not used."""
        self.marker: list[list[str]] = [[" "] * self.cols for _ in range(self.rows)]
        self.fullground: list[list[int | None]] = [[None] * self.cols for _ in range(self.rows)]
        self.covering: list[list[int]] = [[0] * self.cols for _ in range(self.rows)]

    def insert_element(
        self,
        col: int,
        row: int,
        marker: str,
        fullground: int | None = None,
        *_unused: object,
    ) -> None:
        """Write a character behind the others; plotext has removed what is outside of the plot."""
        above = self.marker[row][col]
        if above == " ":
            self.marker[row][col] = marker
            self.fullground[row][col] = fullground
        elif _is_braille(marker) and _is_braille(above):
            self.marker[row][col] = chr(ord(marker) | ord(above))
        if fullground is not None and _is_braille(marker):
            self.covering[row][col] |= 1 << fullground


class _Monitor(monitor_class):  # type: ignore[misc]
    """A figure that does not remember the colors it has used, a search for every curve."""

    def add_colors(self, color: object = None) -> None:
        """Set the color of the points that were added last, or a list of their colors."""
        self.color.append(color if isinstance(color, list) else [color] * len(self.x[-1]))


class Figure:
    """A figure of plotext without axes, in which one dot is one unit.

    It is independent of plotext's own figure, which is a global variable of its module and limited
    to the size of the terminal. What is drawn first covers what is drawn later. With a ``glyph`` a
    curve is drawn with this character in whole cells, without one in Braille dots.
    """

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self._inks: dict[Ink, int] = {}
        #: Braille bits of cells that are drawn as characters
        self._above: dict[Point, int] = {}
        #: bits of the inks that were not drawn in a cell, because others have all of their dots
        self._covered: dict[Point, int] = {}
        self._monitor = monitor = _Monitor()
        monitor.matrix = _Cells()
        monitor.set_date(date_class())
        monitor.set_size([plot.width, plot.height])
        monitor.set_xaxes(False, False)
        monitor.set_yaxes(False, False)
        monitor.xfrequency = [0, 0]
        monitor.yfrequency = [0, 0]
        # The lower and the left axis count dots, the upper and the right one cells. A range
        # requires a width, also that of a plot of one cell.
        monitor.xlim = [[0, plot.width * DOTS_ACROSS - 1], [0, max(1, plot.width - 1)]]
        monitor.ylim = [[0, plot.height * DOTS_DOWN - 1], [0, max(1, plot.height - 1)]]

    def curve(self, points: Iterable[Point | None], ink: Ink, glyph: str | None = None) -> None:
        """Draw lines between points of `dots.placed`."""
        # plotext computes all dots of a line before it removes those outside of the plot, so the
        # lines are clipped before.
        found = cell_path(self._plot, points) if glyph else dot_path(self._plot, points)
        self._draw(found.x, found.y, self._ink(ink), glyph or _DOTS, lines=True)
        self._braille(found.cells, ink)

    def points(self, points: Iterable[Point | None], ink: Ink, glyph: str | None = None) -> None:
        """Draw only the points of `dots.placed`."""
        cells = cells_of(self._plot, points)
        if glyph:
            self._draw(*_coordinates(cells), self._ink(ink), glyph)
        else:
            self._braille(cells, ink)

    def marks(self, found: Mapping[Point, tuple[str, Ink]]) -> None:
        """Draw characters in cells, each in its ink."""
        self._above.update(dict.fromkeys(found, _ALL_DOTS))
        inks = [self._ink(ink) for _, ink in found.values()]
        self._draw(*_coordinates(found), inks, [glyph for glyph, _ in found.values()])

    def cells(self, *, long_runs: bool = False) -> list[list[Cell]]:
        """Return the rows of the plot, the upper one first.

        Args:
            long_runs: whether a cell that several curves of the same style share may have the color
                of any of them, so that neighboring cells have the same one as far as possible. A
                terminal then receives fewer changes of colors.
        """
        self._monitor.build_plot()
        matrix, inks = self._monitor.matrix, list(self._inks)
        if long_runs:
            self._share(matrix, inks)
        return [
            [
                BLANK if color is None else (text, *inks[color])
                for text, color in zip(texts, colors, strict=True)
            ]
            for texts, colors in zip(
                reversed(matrix.marker), reversed(matrix.fullground), strict=True
            )
        ]

    def _share(self, matrix: _Cells, inks: Sequence[Ink]) -> None:
        """Give cells that several curves share the colors that change least along each row."""
        alike = [
            sum(1 << other for other, (_, style) in enumerate(inks) if style == own)
            for _, own in inks
        ]
        covered = self._covered
        for row, (markers, colors, covering) in enumerate(
            zip(matrix.marker, matrix.fullground, matrix.covering, strict=True)
        ):
            run: list[int] = []
            common = 0
            for place, color in enumerate(colors):
                if color is None:
                    continue
                mask = 1 << color
                if _is_braille(markers[place]):
                    mask |= (covering[place] | covered.get((place, row), 0)) & alike[color]
                if not common & mask:
                    _color(colors, run, common)
                    run, common = [], mask
                common &= mask
                run.append(place)
            _color(colors, run, common)

    def _braille(self, cells: Mapping[Point, int], ink: Ink) -> None:
        """Draw Braille characters, except those that characters above cover."""
        above, mask = self._above, 1 << self._ink(ink)
        visible = {cell: bits for cell, bits in cells.items() if bits & ~above.get(cell, 0)}
        for cell in cells.keys() - visible.keys():
            self._covered[cell] = self._covered.get(cell, 0) | mask
        characters = [chr(_FIRST_BRAILLE | bits) for bits in visible.values()]
        self._draw(*_coordinates(visible), self._ink(ink), characters)
        for cell, bits in visible.items():
            above[cell] = above.get(cell, 0) | bits

    def _ink(self, ink: Ink) -> int:
        """Return the number that stands for an ink in plotext's cells, where a color would be."""
        return self._inks.setdefault(ink, len(self._inks))

    def _draw(
        self,
        x: list[float],
        y: list[float],
        color: int | list[int],
        marker: str | list[str],
        *,
        lines: bool = False,
    ) -> None:
        if not x:
            return
        in_dots = marker == _DOTS
        self._monitor.draw(
            x,
            y,
            xside="lower" if in_dots else "upper",
            yside="left" if in_dots else "right",
            lines=lines,
            marker=marker,
            color=color,
        )


def _coordinates(points: Collection[Point]) -> tuple[list[float], list[float]]:
    return [float(column) for column, _ in points], [float(row) for _, row in points]


def _color(colors: list[int | None], places: Iterable[int], common: int) -> None:
    """Set the color of cells to the first of the colors that all of them may have."""
    first = (common & -common).bit_length() - 1
    for place in places:
        colors[place] = first


def _is_braille(text: str) -> bool:
    return _FIRST_BRAILLE <= ord(text) <= _LAST_BRAILLE

"""The painting of a table: its title line, conditions, headings and rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from textual.strip import Strip

from launchpad_tui.domain.text import (
    cell_width,
    clip,
    clip_distinct,
    differing_pairs,
    pad,
    safe_text,
    wrap,
)
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.columns import GAP, Cell, Column, Placed, place
from launchpad_tui.ui.widgets.painted import Painted, in_thumb
from launchpad_tui.ui.widgets.rows import RowCache
from launchpad_tui.ui.widgets.table_selection import Selection

Row = TypeVar("Row")
#: cells left of the first column: cursor, selection mark
MARGIN = 3
#: cells for the numbers of rows beside the title
_COUNT_WIDTH = 16
#: characters of a cell that are painted at most; the rest is cut before measuring
TEXT_LIMIT = 400
#: characters of a cell that are measured for the width of its column
_MEASURED = 160


class TablePaint(Painted, Generic[Row]):
    """The state of a `VirtualTable`, and the lines painted from it."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], str],
        *,
        title: str = "",
        empty: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.key_of = key
        self.title = title
        self.empty = empty
        self.cache: RowCache[Row] = RowCache()
        self.cursor = 0
        self.top = 0
        self.scroll_columns = 0
        self.max_scroll = 0
        self.chips: tuple[str, ...] = ()
        self.order: tuple[Any, bool] = (None, False)
        self.problem = ""
        self.selection = Selection()
        #: text at the right end of the title line
        self.note = ""
        self._painted_top = 0
        #: paint the cursor as if the table had the focus
        self.bright = False
        self._placed: tuple[tuple[object, ...], list[Placed[Row]]] = ((), [])
        #: the widths of the longest contents that were in view, by the ID of the column
        self._contents: dict[str, int] = {}
        self._measured: tuple[object, ...] = ()
        self._measured_rows: set[int] = set()
        self._chip_spans: list[tuple[int, int]] = []
        #: what is shown of the texts in view that are cut, by the ID of the column
        self._cut: dict[str, tuple[tuple[object, ...], dict[str, str]]] = {}
        #: the names of values that differ within the rows in view, by the ID of the column
        self._first: dict[str, tuple[tuple[object, ...], list[str]]] = {}

    # Geometry -------------------------------------------------------------------------------------

    @property
    def head(self) -> int:
        """The number of lines above the rows."""
        return (1 if self.title else 0) + (1 if self.chips else 0) + 1

    @property
    def rows_high(self) -> int:
        """The number of rows in view."""
        return max(0, self.size.height - self.head)

    def line_of(self, index: int) -> int:
        """Return the line of the widget that shows a row."""
        return self.head + index - self.top

    def index_at(self, y: int) -> int | None:
        """Return the row that a line of the widget shows, None if there is none."""
        index = y - self.head + self.top
        return index if y >= self.head and 0 <= index < (self.cache.count or 0) else None

    def heading_at(self, x: int, y: int) -> Column[Row] | None:
        """Return the column whose heading is at a position, None if there is none."""
        if y != self.head - 1:
            return None
        for placed in self._layout(self.size.width):
            if placed.start + MARGIN <= x < placed.start + MARGIN + placed.width + GAP:
                return placed.column
        return None

    def chip_at(self, x: int, y: int) -> int | None:
        """Return the number of the condition at a position, None if there is none."""
        if self.chips and y == self.head - 2:
            for number, (start, stop) in enumerate(self._chip_spans):
                if start <= x < stop:
                    return number
        return None

    def _layout(self, width: int) -> list[Placed[Row]]:
        self._measure()
        known = (width, self.scroll_columns, self.columns, self.order[0], *self._contents.values())
        if self._placed[0] != known:
            columns, contents = self._filled_columns()
            room = width - MARGIN - 2
            ordered_by = next((one.id for one in columns if one.stays and self._orders_by(one)), "")
            placed, self.max_scroll = place(
                columns, room, self.scroll_columns, contents, ordered_by
            )
            self.scroll_columns = min(self.scroll_columns, self.max_scroll)
            self._placed = (known, placed)
        return self._placed[1]

    def _measure(self) -> None:
        """Measure the contents of the rows in view that have not been measured.

        Widths only grow until other rows are set, so that columns rarely move while the user
        scrolls.
        """
        known = (self.cache, self.cache.puts, self.columns)
        if self._measured != known:
            self._measured = known
            self._measured_rows.clear()
        columns: list[Column[Row]] | None = None
        for index in range(self.top, self.top + self.rows_high):
            if index in self._measured_rows or (row := self.cache.get(index)) is None:
                continue
            self._measured_rows.add(index)
            columns = columns or [column for column in self.columns if column.weight]
            for column in columns:
                cell = column.render(row)
                text = (cell if isinstance(cell, str) else cell.text)[:_MEASURED]
                size = cell_width(text if text.isprintable() else safe_text(text))
                if size > self._contents.get(column.id, -1):
                    self._contents[column.id] = size

    def clear_widths(self) -> None:
        """Lay the columns out for the rows that are shown next."""
        self._contents.clear()
        self._measured = ()

    def _filled_columns(self) -> tuple[list[Column[Row]], dict[str, int]]:
        """Return the columns with contents, and the widths of these with their headings."""
        contents = self._contents
        columns = [
            column
            for place, column in enumerate(self.columns)
            if not place or contents.get(column.id, 1) or self._orders_by(column)
        ]
        widths = {}
        for column in columns:
            if column.id in contents:
                mark = 2 if self._orders_by(column) else 0
                widths[column.id] = max(contents[column.id], cell_width(column.title) + mark)
        return columns, widths

    def _orders_by(self, column: Column[Row]) -> bool:
        by = self.order[0]
        return by is not None and column.sort == by

    # Lines ----------------------------------------------------------------------------------------

    def paint_line(self, y: int, width: int) -> Strip:
        """Return the title line, the conditions, the headings or a row."""
        if self.title and y == 0:
            return self._title_line(width)
        if y == self.head - 1:
            return self._heading_line(width)
        if y < self.head:
            return self._chip_line(width)
        if self.problem or self.cache.count == 0:
            return self._notice_line(y - self.head, width)
        return self._row_line(y - self.head + self.top, y, width)

    def _title_line(self, width: int) -> Strip:
        look = self.look
        glyphs = look.glyphs
        line = LineBuilder(width, look.style("text"))
        count = self.cache.count
        # The number of rows stays visible beside a long title.
        room = max(8, width - _COUNT_WIDTH) if count else width - 2
        line.add(f" {clip(self.title, room, glyphs.ellipsis)} ", look.style("title"))
        if count:
            stop = min(count, self.top + max(1, self.rows_high))
            total = f"{count:,}" if self.cache.counted else glyphs.ellipsis
            if self.cache.capped:
                total = f"{count:,}+"
            line.add(f" {self.top + 1:,}{glyphs.range}{stop:,} of {total}", look.style("dim"))
        elif count is None:
            line.add(f" loading{glyphs.ellipsis}", look.style("dim"))
        if searched := self._searched():
            line.add(f"  {searched}", look.style("dim"))
        if len(self.selection):
            line.add(
                f"  {glyphs.selected} {len(self.selection):,} selected", look.style("selected")
            )
        room = max(0, width - line.used - 3)
        note = clip(self._title_note(count, room), room, glyphs.ellipsis)
        line.fill_to(width - cell_width(note) - 1)
        line.add(note, look.style("dim"))
        return line.strip()

    def _searched(self) -> str:
        """Return how far the list has been searched; empty if it is not being searched."""
        search = self.cache.search
        if search is None:
            return ""
        if search.total:
            return f"searched {min(99, 100 * search.searched // search.total)}%"
        return f"searched {search.searched:,} rows"

    def _title_note(self, count: int | None, room: int) -> str:
        """Return the text at the right end of the title line, in the longest form that fits."""
        self._layout(self.size.width)
        if not self.max_scroll or not count:
            return self.note
        glyphs = self.look.glyphs
        left = f"{glyphs.left} " if self.scroll_columns else ""
        right = f" {glyphs.right}" if self.scroll_columns < self.max_scroll else ""
        forms = [f"{left}{text}{right}".strip() for text in ("more columns", "more", "")]
        if self.note:
            forms = [*(f"{self.note}  {form}" for form in forms), forms[-1]]
        return next((form for form in forms if cell_width(form) <= room), forms[-1])

    def _chip_line(self, width: int) -> Strip:
        look = self.look
        line = LineBuilder(width, look.style("text"))
        line.add(" ")
        self._chip_spans = []
        for chip in self.chips:
            start = line.used
            line.add(
                f" {clip(chip, 50, look.glyphs.ellipsis)} {look.glyphs.close} ", look.style("chip")
            )
            self._chip_spans.append((start, line.used))
            line.add(" ")
        return line.strip()

    def _heading_line(self, width: int) -> Strip:
        look = self.look
        line = LineBuilder(width, look.style("faint"))
        layout = self._layout(width)
        for number, placed in enumerate(layout):
            column = placed.column
            line.fill_to(placed.start + MARGIN)
            size, mark = placed.width, ""
            if column.align == "left":
                # A heading may extend over the columns beside it that have none.
                following = (one.start for one in layout[number + 1 :] if one.column.title)
                size = next(following, width - MARGIN - 2) - placed.start - GAP
                size = max(size, placed.width) if column.title else placed.width
            if self._orders_by(column):
                mark = f" {look.glyphs.down if self.order[1] else look.glyphs.up}"
            text = pad(f"{column.title}{mark}", size, column.align)
            line.add(text, look.style("accent" if mark else "dim"), safe=True)
        return line.strip()

    def _notice_line(self, number: int, width: int) -> Strip:
        """Return a line of the problem or of the empty state, in the middle of the rows."""
        look = self.look
        text = self.problem or self.empty
        if not self.problem and (searched := self._searched()):
            text = f"Searching{look.glyphs.ellipsis}\nNo matches so far, {searched}"
        lines = wrap(text, max(10, min(70, width - 8)))
        first = max(0, (self.rows_high - len(lines)) // 2 - 1)
        line = LineBuilder(width, look.style("text"))
        if first <= number < first + len(lines):
            text = lines[number - first]
            line.fill_to((width - cell_width(text)) // 2)
            role = ("bad" if self.problem else "strong") if number == first else "dim"
            line.add(text, look.style(role), safe=True)
        return line.strip()

    def _row_line(self, index: int, y: int, width: int) -> Strip:
        look = self.look
        count = self.cache.count
        base = look.style("text")
        if count is None or not 0 <= index < count:
            return (
                LineBuilder(width, base)
                .fill_to(width - 1)
                .add(self._edge(y), look.style("faint"))
                .strip()
            )
        row = self.cache.get(index)
        at = index == self.cursor
        cursor = at and (self.has_focus or self.bright)
        base = look.style("text", cursor=cursor)
        line = LineBuilder(width, base)
        glyphs = look.glyphs
        line.add(
            glyphs.cursor if at else " ",
            look.style("accent", cursor=cursor) if at else base,
            safe=True,
        )
        if row is None:
            line.fill_to(MARGIN)
            line.add(glyphs.ellipsis, look.style("faint", cursor=cursor))
        else:
            selected = self.key_of(row) in self.selection
            line.add(
                glyphs.selected if selected else " ",
                look.style("accent", cursor=cursor) if selected else base,
            )
            for placed in self._layout(width):
                cell = placed.column.render(row)
                if isinstance(cell, str):
                    cell = Cell(cell)
                # The gap has the style of the cell before it, which saves bytes.
                line.fill_to(placed.start + MARGIN, line.last_style)
                text = cell.fitting(placed.width) if cell.shorter else cell.text
                if placed.column.pairs is not None:
                    text = self._differing_first(placed.column, row)
                text = text[:TEXT_LIMIT]
                names = placed.column.names or placed.column is self.columns[0]
                if names and len(text) > placed.width:
                    text = self._distinct(placed, text)
                text = pad(text, placed.width, placed.column.align, glyphs.ellipsis)
                line.add(text, look.style(cell.role, cursor=cursor), safe=True)
        line.fill_to(width - 1, base if cursor else line.last_style)
        line.add(self._edge(y), look.style("faint"), safe=True)
        return line.strip()

    def _differing_first(self, column: Column[Row], row: Row) -> str:
        """Return the values of a row; those that differ most within the rows in view are first."""
        if column.pairs is None:
            return ""
        known = (self.cache, self.cache.puts, self.top, self.rows_high, column)
        if self._first.get(column.id, ((),))[0] != known:
            shown = [
                column.pairs(one)
                for index in range(self.top, self.top + self.rows_high)
                if (one := self.cache.get(index)) is not None
            ]
            values = {name: {one.get(name) for one in shown} for name in differing_pairs(shown)}
            names = sorted(values, key=lambda name: -len(values[name]))
            self._first[column.id] = (known, names)
        pairs = column.pairs(row)
        first = [name for name in self._first[column.id][1] if name in pairs]
        return " ".join(f"{name}={pairs[name]}" for name in dict.fromkeys((*first, *pairs)))

    def _distinct(self, placed: Placed[Row], text: str) -> str:
        """Return a text that is too long for its column, cut so that it differs from the others.

        These are the texts of the rows in view.
        """
        column, width = placed.column, placed.width
        known = (self.cache, self.cache.puts, self.top, self.rows_high, column, width)
        if self._cut.get(column.id, ((),))[0] != known:
            cells = (
                column.render(row)
                for index in range(self.top, self.top + self.rows_high)
                if (row := self.cache.get(index)) is not None
            )
            texts = {cell if isinstance(cell, str) else cell.fitting(width) for cell in cells}
            texts = {one[:TEXT_LIMIT] for one in texts}
            shown = clip_distinct(texts, width, self.look.glyphs.ellipsis)
            self._cut[column.id] = (known, shown)
        return self._cut[column.id][1].get(text, text)

    def cut_text(self) -> str:
        """Return the whole texts that are cut in the row under the cursor, on one line."""
        row = self.cache.get(self.cursor)
        if row is None or self.problem or not self.is_mounted or not self.size.width:
            return ""
        cut = []
        for placed in self._layout(self.size.width):
            cell = placed.column.render(row)
            if placed.column.pairs is not None:
                cell = self._differing_first(placed.column, row)
            text = cell if isinstance(cell, str) else cell.fitting(placed.width)
            if cell_width(safe_text(text[:TEXT_LIMIT])) > placed.width:
                whole = cell if isinstance(cell, str) else cell.text
                cut.append(safe_text(whole[:TEXT_LIMIT]))
        return f"  {self.look.glyphs.separator}  ".join(cut)

    def _edge(self, y: int) -> str:
        """Return the scroll mark of a line, which is in the last column."""
        count, high = self.cache.count or 0, self.rows_high
        marked = in_thumb(y - self.head, self.top, count, high)
        known = self.cache.counted or self.cache.capped
        return self.look.glyphs.thumb if marked and known else " "

    def focus_changed(self) -> None:
        """Paint the cursor line, which is highlighted while the table has the focus."""
        self.repaint_lines((self.line_of(self.cursor),))

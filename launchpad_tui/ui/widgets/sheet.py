"""A sheet of rows and columns with a cell cursor, whose row names stay in view on the left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width, clip, clip_distinct, pad, safe_text
from launchpad_tui.records import field, record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.columns import Cell
from launchpad_tui.ui.widgets.painted import Painted, in_thumb

_GAP = 2
#: the width of a column in cells, at least and at most, and the number of rows it is measured on,
#: which is the number of characters of names, too, that are read
_NARROW, _WIDE, _MEASURED = 7, 28, 300
#: the width of the row names in cells: at least, at most, and at most in a narrow terminal, whose
#: third is less than that
_NAMES, _NAMES_NARROW = (14, 40), 22
#: cells that a narrow terminal leaves for the values beside the row names
_VALUES = 16


@record
class SheetLine:
    """A row: its key and its name.

    A heading starts a group and may have a note, with shorter forms of it for narrow terminals.
    The name of a row follows its ``mark``, which is never cut.
    """

    key: str
    name: Cell
    heading: bool = False
    note: str = ""
    shorter_notes: tuple[str, ...] = ()
    mark: str = ""


@record
class SheetColumn:
    """A column: its key, and a heading of one or two lines.

    The first line begins with ``mark``, which is never cut. Titles that are too long are cut so
    that they differ from those of the other columns.
    """

    key: str
    title: Cell
    subtitle: str = ""
    mark: str = ""


@record
class SheetContent:
    """The content of a sheet.

    Args:
        lines: the rows.
        columns: the columns.
        cell: returns the cell of a row and a column (by number). It is called while painting, for
            the cells in view and for some others to measure widths.
        corner: text above the row names.
        empty: the text shown if there are no rows or columns.
        squeeze: the largest width of a column in cells if not all columns fit.
        slack: the cells by which columns may be narrower than that so that one more fits.
    """

    lines: Sequence[SheetLine] = ()
    columns: Sequence[SheetColumn] = ()
    cell: Callable[[int, int], Cell] = field(default=lambda _line, _column: Cell(""))
    corner: str = ""
    empty: str = ""
    squeeze: int = 16
    slack: int = 5


class Sheet(Painted):
    """A sheet with a cell cursor."""

    can_focus = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("sheet.down", "down j", "down", "Move one row down", "Moving", hidden=True),
        Action("sheet.up", "up k", "up", "Move one row up", "Moving", hidden=True),
        Action(
            "sheet.right", "right l", "right", "Move one column to the right", "Moving", hidden=True
        ),
        Action(
            "sheet.left", "left h", "left", "Move one column to the left", "Moving", hidden=True
        ),
        Action(
            "sheet.page-down",
            "pagedown ctrl+f",
            "page down",
            "Move one page down",
            "Moving",
            hidden=True,
        ),
        Action(
            "sheet.page-up", "pageup ctrl+b", "page up", "Move one page up", "Moving", hidden=True
        ),
        Action("sheet.first", "home g", "first", "Move to the first row", "Moving", hidden=True),
        Action("sheet.last", "end G", "last", "Move to the last row", "Moving", hidden=True),
        Action(
            "sheet.first-column",
            "^",
            "first column",
            "Move to the first column",
            "Moving",
            hidden=True,
        ),
        Action(
            "sheet.last-column",
            "$",
            "last column",
            "Move to the last column",
            "Moving",
            hidden=True,
        ),
        Action("sheet.open", "enter", "open", "Open the row or column, or fold a group", "List", 1),
        Action("sheet.copy", "y", "copy", "Copy the value under the cursor", "List"),
    )

    class Moved(Message):
        """The cursor moved to another cell."""

        def __init__(self, sheet: Sheet) -> None:
            super().__init__()
            self.sheet = sheet

    class Opened(Message):
        """The user opened the cell under the cursor."""

        def __init__(self, sheet: Sheet) -> None:
            super().__init__()
            self.sheet = sheet

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.content = SheetContent()
        self.row = 0
        self.column = 0
        self.top = 0
        self.left = 0
        self._widths: dict[int, int] = {}
        self._cut: dict[int, dict[str, str]] = {}
        self._names = _NAMES[0]
        self._most = _WIDE
        #: is called when the cursor scrolls the rows, before the frame with the new rows
        self.scrolled_by_cursor: Callable[[], None] = lambda: None

    # State ----------------------------------------------------------------------------------------

    def set_content(self, content: SheetContent) -> None:
        """Show other content; the cursor stays on its row and column if they still exist."""
        line, column = self.line_key, self.column_key
        self.content = content
        self._widths, self._cut = {}, {}
        least, most = _NAMES
        longest = max(
            (
                cell_width(safe_text(one.mark + one.name.text, most))
                for one in content.lines[:_MEASURED]
                if not one.heading
            ),
            default=0,
        )
        narrow = min(_NAMES_NARROW, self.size.width - min(content.squeeze, _VALUES) - _GAP - 1)
        self._names = max(least, min(longest + 2, most, max(narrow, self.size.width // 3)))
        self._most = self._widest()
        self.row = next((i for i, one in enumerate(content.lines) if one.key == line), self.row)
        self.column = next(
            (i for i, one in enumerate(content.columns) if one.key == column), self.column
        )
        self._scroll_to_cursor()
        self.repaint()

    @property
    def line_key(self) -> str:
        """The key of the row under the cursor, empty if there is none."""
        return self.content.lines[self.row].key if 0 <= self.row < len(self.content.lines) else ""

    @property
    def column_key(self) -> str:
        """The key of the column under the cursor, empty if there is none."""
        return (
            self.content.columns[self.column].key
            if 0 <= self.column < len(self.content.columns)
            else ""
        )

    @property
    def head(self) -> int:
        """The number of heading lines."""
        return 2 if any(one.subtitle for one in self.content.columns[:_MEASURED]) else 1

    @property
    def rows_high(self) -> int:
        """The number of rows in view."""
        return max(1, self.size.height - self.head)

    def _width(self, column: int) -> int:
        known = self._widths.get(column)
        if known is None:
            content = self.content
            head = content.columns[column]
            texts = [head.mark + head.title.text, head.subtitle]
            # Only rows in view and some around them are measured; longer text elsewhere is cut.
            start = max(0, self.top - _MEASURED // 4)
            texts += [
                content.cell(line, column).text
                for line in range(start, min(len(content.lines), start + _MEASURED))
                if not content.lines[line].heading
            ]
            known = max(
                _NARROW, min(_WIDE, max((cell_width(text[:_WIDE]) for text in texts), default=0))
            )
            self._widths[column] = known
        return min(known, self._most)

    def _widest(self) -> int:
        """Return the largest width of a column in cells: if not all fit, wide ones shrink first."""
        columns, squeeze = len(self.content.columns), self.content.squeeze
        least = squeeze - max(0, self.content.slack - 1)
        room = self.size.width - 1 - self._names - _GAP * columns
        self._most = _WIDE
        if columns < 2:
            return _WIDE
        if columns * _NARROW <= room:
            widths = [self._width(column) for column in range(columns)]
            for most in range(_WIDE, least - 1, -1):
                if sum(min(width, most) for width in widths) <= room:
                    return most
        # Slightly narrower columns are used if one more fits then.
        line = self.size.width - 1 - self._names
        return max(
            range(squeeze, least - 1, -1),
            key=lambda most: (line // (most + _GAP), most),
        )

    def _shown(self) -> list[tuple[int, int, int]]:
        """Return number, start and width of each column in view."""
        found: list[tuple[int, int, int]] = []
        start = self._names + _GAP
        for column in range(self.left, len(self.content.columns)):
            width = self._width(column)
            if start + width > self.size.width - 1 and found:
                break
            found.append((column, start, min(width, max(1, self.size.width - 1 - start))))
            start += width + _GAP
        return found

    def _scroll_to_cursor(self) -> None:
        lines, columns = len(self.content.lines), len(self.content.columns)
        self.row = max(0, min(self.row, lines - 1))
        self.column = max(0, min(self.column, columns - 1))
        high = self.rows_high
        if not self.top <= self.row < self.top + high:
            self.top = self.row if self.row < self.top else self.row - high + 1
        self.top = max(0, min(self.top, lines - high))
        # The heading of a group stays in view above its first row.
        if self.row == self.top > 0 and self.content.lines[self.top - 1].heading:
            self.top -= 1
        self.left = max(0, min(self.left, columns - 1))
        self.left = min(self.left, self.column)
        if self.size.width and self.left < self.column and self.column > self._shown()[-1][0]:
            self.left = self._left_for(self.column)

    def _left_for(self, column: int) -> int:
        """Return the first visible column for which ``column`` is the last one in full view."""
        room = self.size.width - 1 - self._names - _GAP
        left = column
        used = self._width(column)
        while left and used + _GAP + self._width(left - 1) <= room:
            left -= 1
            used += _GAP + self._width(left)
        return left

    def move(self, rows: int = 0, columns: int = 0) -> None:
        """Move the cursor by some rows and columns."""
        before = (self.top, self.left, self.row, self.column)
        self.row += rows
        self.column += columns
        self._scroll_to_cursor()
        if before[:2] == (self.top, self.left):
            changed = {before[2] - self.top + self.head, self.row - self.top + self.head}
            self.repaint_lines([*range(self.head), *changed] if columns else changed)
        else:
            if self.top != before[0]:
                self.scrolled_by_cursor()
            self.repaint()
        if before[2:] != (self.row, self.column):
            self.post_message(self.Moved(self))

    # Lines ----------------------------------------------------------------------------------------

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a heading line or a row."""
        content = self.content
        if not content.lines or not content.columns:
            return self._empty(y, width)
        if y < self.head:
            return self._heading(y, width)
        row = self.top + y - self.head
        if row >= len(content.lines):
            return LineBuilder(width, self.look.style("text")).strip()
        return self._row(row, y, width)

    def _empty(self, y: int, width: int) -> Strip:
        look = self.look
        line = LineBuilder(width, look.style("text"))
        lines = self.content.empty.split("\n")
        place = y - (self.size.height - len(lines)) // 2
        if 0 <= place < len(lines):
            text = clip(lines[place], width)
            line.fill_to((width - cell_width(text)) // 2).add(
                text, look.style("strong" if place == 0 else "dim")
            )
        return line.strip()

    def _heading(self, y: int, width: int) -> Strip:
        look = self.look
        glyphs = look.glyphs
        line = LineBuilder(width, look.style("text"))
        shown = self._shown()
        if y == 0:
            first, last, count = shown[0][0] + 1, shown[-1][0] + 1, len(self.content.columns)
            corner = self.content.corner
            if count > len(shown):
                corner = f"{first}{glyphs.range}{last} of {count}"
            line.add(" " + clip(corner, self._names - 1, glyphs.ellipsis), look.style("dim"))
        for column, start, size in shown:
            head = self.content.columns[column]
            current = column == self.column
            line.fill_to(start)
            text = self._title(head, size) if y == 0 else head.subtitle
            role = ("title" if current else head.title.role) if y == 0 else "dim"
            line.add(pad(text, size, "left", glyphs.ellipsis), look.style(role), safe=True)
        return line.strip()

    def _title(self, column: SheetColumn, size: int) -> str:
        """Return the mark and title of a column in at most ``size`` cells."""
        columns = self.content.columns
        return self._distinct(
            column.mark, column.title, size, lambda: [one.title for one in columns]
        )

    def _row_name(self, row: SheetLine) -> str:
        """Return the mark and name of a row, cut so that it differs from those of other rows."""
        rows = self.content.lines
        return self._distinct(
            row.mark,
            row.name,
            self._names - 1,
            lambda: [one.name for one in rows if not one.heading],
        )

    def _distinct(
        self, mark: str, name: Cell, size: int, others: Callable[[], Sequence[Cell]]
    ) -> str:
        """Return a mark and a name in at most ``size`` cells, which differs from the others."""
        room = size - cell_width(mark)
        text = name.fitting(room)[:_MEASURED]
        if cell_width(safe_text(text, room * 4)) > room:
            known = self._cut.setdefault(room, {})
            if text not in known:
                texts = {one.fitting(room)[:_MEASURED] for one in others()}
                known |= clip_distinct(texts, room, self.look.glyphs.ellipsis)
            text = known[text]
        return mark + text

    def _row(self, row: int, y: int, width: int) -> Strip:
        look = self.look
        glyphs = look.glyphs
        head = self.content.lines[row]
        current = row == self.row and self.has_focus
        line = LineBuilder(width, look.style("text", cursor=current))
        line.add(glyphs.cursor if row == self.row else " ", look.style("accent", cursor=current))
        if head.heading:
            line.add(
                clip(head.name.text, width - 2, glyphs.ellipsis),
                look.style("title", cursor=current),
            )
            note = Cell(head.note, shorter=head.shorter_notes).fitting(
                max(0, width - line.used - 2)
            )
            return line.add(f"  {note}", look.style("dim", cursor=current)).strip()
        name = pad(self._row_name(head), self._names - 1, "left", glyphs.ellipsis)
        line.add(name, look.style(head.name.role, cursor=current), safe=True)
        for column, start, size in self._shown():
            line.fill_to(start, look.style("text", cursor=current))
            cell = self.content.cell(row, column)
            on = current and column == self.column
            style = look.style(cell.role, cursor=current)
            line.add(
                pad(cell.fitting(size), size, "left", glyphs.ellipsis),
                style + look.underline if on else style,
                safe=True,
            )
        line.fill_to(width - 1, look.style("text", cursor=current))
        return line.add(self._edge(y), look.style("faint"), safe=True).strip()

    def _edge(self, y: int) -> str:
        marked = in_thumb(y - self.head, self.top, len(self.content.lines), self.rows_high)
        return self.look.glyphs.thumb if marked else " "

    def on_resize(self, _event: events.Resize) -> None:
        """Measure the columns again and keep the cursor in view."""
        self._strips.clear()
        self.set_content(self.content)

    # Keys and mouse -------------------------------------------------------------------------------

    def do_down(self) -> None:
        """Move one row down."""
        self.move(rows=1)

    def do_up(self) -> None:
        """Move one row up."""
        self.move(rows=-1)

    def do_right(self) -> None:
        """Move one column to the right."""
        self.move(columns=1)

    def do_left(self) -> None:
        """Move one column to the left."""
        self.move(columns=-1)

    def do_page_down(self) -> None:
        """Move one page down."""
        self.move(rows=self.rows_high - 1)

    def do_page_up(self) -> None:
        """Move one page up."""
        self.move(rows=1 - self.rows_high)

    def do_first(self) -> None:
        """Move to the first row."""
        self.move(rows=-len(self.content.lines))

    def do_last(self) -> None:
        """Move to the last row."""
        self.move(rows=len(self.content.lines))

    def do_first_column(self) -> None:
        """Move to the first column."""
        self.move(columns=-len(self.content.columns))

    def do_last_column(self) -> None:
        """Move to the last column."""
        self.move(columns=len(self.content.columns))

    def do_open(self) -> None:
        """Open the row or column, or fold a group."""
        self.post_message(self.Opened(self))

    def why_not_copy(self) -> str | None:
        """Return why there is no value to copy."""
        if not (self.line_key and self.column_key):
            return "The comparison is empty"
        heading = self.content.lines[self.row].heading
        return "A heading has no value to copy" if heading else None

    def do_copy(self) -> None:
        """Copy the value under the cursor."""
        self.launchpad.copy(self.content.cell(self.row, self.column).text)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked cell; open the cell that has the cursor."""
        row = self.top + event.y - self.head
        column = next(
            (number for number, start, size in self._shown() if start <= event.x < start + size),
            self.column,
        )
        if event.y >= self.head and row < len(self.content.lines):
            if (row, column) == (self.row, self.column):
                self.do_open()
            else:
                self.move(row - self.row, column - self.column)
        elif event.y < self.head:
            self.move(columns=column - self.column)

    def on_mouse_scroll_down(self) -> None:
        """Move three rows down."""
        self.move(rows=3)

    def on_mouse_scroll_up(self) -> None:
        """Move three rows up."""
        self.move(rows=-3)

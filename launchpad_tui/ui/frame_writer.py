"""Write only those cells of a frame that differ from what the terminal shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import is_not

from rich.color import ColorSystem

from launchpad_tui.ui.frame_cells import Cell, CellStyle, CellStyles, plain_text

Row = list[Cell]
Rows = list[Row]

# Blanks in a row from which on erasing and jumping is shorter than writing them.
_MIN_ERASED = 11
# A region scrolls if at least this many rows moved together, and this many cells are saved.
_MIN_SCROLLED_ROWS, _MIN_SCROLL_GAIN = 3, 40
# Changes this close to each other are written in one piece.
_MAX_GAP, _MAX_GAP_BYTES = 5, 4
_MAX_STYLE_GAP = 6
_LONG_BLANK = " " * _MIN_ERASED
_BLANKS = re.compile(f" {{{_MIN_ERASED},}}")

# The text written so far, the style after it, and the cursor's column and row (-1: not known).
_State = tuple[str, CellStyle | None, int, int]


class FrameWriter:
    """A model of the terminal's cells, from which the shortest output for the next frame follows.

    Two orders are tried, row by row and style by style (each color is selected once), and
    scrolling a block of rows with DECSTBM and SU or SD where many rows moved.

    Args:
        colors: the number of colors of the terminal.
        erase: whether erased cells get the current background (almost all terminals do that).
        scroll: whether blocks of rows may be scrolled.
    """

    def __init__(
        self,
        colors: ColorSystem = ColorSystem.TRUECOLOR,
        *,
        erase: bool = True,
        scroll: bool = True,
    ) -> None:
        self.styles = CellStyles(colors)
        self._erase, self._scroll = erase, scroll
        self._rows: Rows = []
        self._width = 0
        self._style: CellStyle | None = None
        self._x = self._y = -1

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows whose content is known; (0, 0) if nothing is."""
        return self._width, len(self._rows)

    def forget(self) -> None:
        """Drop the model, as after a change of size or when another program wrote.

        The next frame clears the terminal and has to be complete.
        """
        self._rows, self._width, self._style, self._x, self._y = [], 0, None, -1, -1

    def clear(self, width: int, height: int) -> str:
        """Return the output that clears the terminal; the model has blank cells then."""
        plain = self.styles.plain
        self._width, self._rows = width, [[plain.space] * width for _ in range(height)]
        self._style, self._x, self._y = plain, 0, 0
        return "\x1b[r\x1b[m\x1b[H\x1b[2J"

    def row(self, y: int) -> Row:
        """Return a copy of a row's cells."""
        return self._rows[y][:]

    def write(self, rows: Mapping[int, Row], cursor: tuple[int, int]) -> str:
        """Return the output after which the terminal shows the given rows.

        Args:
            rows: new rows by their number, each exactly as wide as the terminal.
            cursor: column and row where the cursor is afterwards.
        """
        text, style, x, y = self._difference(rows)
        pen = _Pen(self.styles, self._width, self._erase, (text, style, x, y))
        pen.move(cursor[1], cursor[0])
        text, self._style, self._x, self._y = pen.state()
        return text

    # Differences ----------------------------------------------------------------------------------

    def _difference(self, new: Mapping[int, Row]) -> _State:
        old = self._rows
        target = [new.get(y, row) for y, row in enumerate(old)]
        changed = sorted(y for y in new if target[y] != old[y])
        best: _State = ("", self._style, self._x, self._y)
        if not changed:
            return best
        best = self._paint(old, target, changed, best)
        if self._scroll and len(changed) >= _MIN_SCROLLED_ROWS:
            scrolled = self._scrolled(old, target, changed)
            if scrolled:
                text, moved = scrolled
                pairs = enumerate(zip(moved, target, strict=True))
                differing = [y for y, (before, after) in pairs if before != after]
                other = self._paint(moved, target, differing, (text, self._style, 0, 0))
                if _bytes(other[0]) < _bytes(best[0]):
                    best = other
        self._rows = target
        return best

    def _paint(self, old: Rows, new: Rows, order: list[int], state: _State) -> _State:
        """Return the shorter one of two ways to write the changed rows."""
        best = self._by_rows(old, new, order, state)
        if len(best[0]) > 200:
            other = self._by_styles(old, new, order, state)
            if _bytes(other[0]) < _bytes(best[0]):
                best = other
        return best

    def _by_rows(self, old: Rows, new: Rows, order: list[int], state: _State) -> _State:
        """Write the changes of one row after the other."""
        pen = _Pen(self.styles, self._width, self._erase, state)
        for y in order:
            row = new[y]
            for start, stop in self._spans(old[y], row, _MAX_GAP):
                for begin, end, style in _runs(row, start, stop, pen.style):
                    pen.move(y, begin)
                    pen.cells(row, begin, end, style, continues=end < stop)
        return pen.state()

    def _by_styles(self, old: Rows, new: Rows, order: list[int], state: _State) -> _State:
        """Write the changes of one style after the other, so that each is selected once."""
        pen = _Pen(self.styles, self._width, self._erase, state)
        runs: dict[CellStyle, list[tuple[int, int, int]]] = {}
        for y in order:
            row = new[y]
            for start, stop in self._spans(old[y], row, 0):
                for begin, end, style in _runs(row, start, stop, None):
                    runs.setdefault(style, []).append((y, begin, end))
        # Blank runs are written with a style that has their background.
        for style in list(runs):
            if style.blank is style:
                hosts = [other for other in runs if other is not style and other.blank is style]
                if hosts:
                    host = max(hosts, key=lambda other: len(runs[other]))
                    runs[host] = sorted(runs[host] + runs.pop(style))
        remaining = set(runs)
        change = self.styles.change
        while remaining:
            style = min(
                remaining, key=lambda other: (len(change(pen.style, other)), runs[other][0])
            )
            remaining.remove(style)
            last_row = -1
            for y, start, stop in runs[style]:
                row, begin = new[y], start
                if last_row == y and 0 <= start - pen.x <= _MAX_STYLE_GAP:
                    begin = _gap_start(row, pen, y, start, style)
                pen.move(y, begin)
                pen.cells(row, begin, stop, style)
                last_row = y if pen.x == stop else -1
        return pen.state()

    def _spans(self, old: Row, new: Row, max_gap: int) -> list[tuple[int, int]]:
        """Return the columns to write, see `_changed_spans`."""
        spans = _changed_spans(old, new, max_gap)
        last = new[-1]
        if len(spans) > 1 and last[0] == " " and self._erase and last[1].erasable:
            # Changes within the blank end of a row are erased at once.
            first = len(spans) - 1
            while first and all(cell is last for cell in new[spans[first - 1][0] :]):
                first -= 1
            spans[first:] = [(spans[first][0], spans[-1][1])]
        return spans

    # Scrolling ------------------------------------------------------------------------------------

    def _scrolled(self, old: Rows, new: Rows, changed: list[int]) -> tuple[str, Rows] | None:
        """Return the output that scrolls a block of rows, and the rows after it.

        None if no block moved, or if scrolling would save little.
        """
        height, width = len(old), self._width
        votes = self._shifts(old, new, changed)
        best = (0, 0, 0, 0)
        for shift, count in sorted(votes.items(), key=lambda vote: -vote[1])[:2]:
            if count < _MIN_SCROLLED_ROWS:
                continue
            # The stretch of rows with the largest sum of cells that scrolling saves.
            total = start = 0
            for y, target in enumerate(new):
                source = y + shift
                unscrolled = sum(map(is_not, old[y], target))
                in_range = 0 <= source < height
                scrolled = sum(map(is_not, old[source], target)) if in_range else width
                if total <= 0:
                    total, start = 0, y
                total += unscrolled - scrolled
                if total > best[0]:
                    best = (total, shift, start, y + 1)
        gain, shift, start, stop = best
        top, bottom = min(start, start + shift), max(stop, stop + shift)
        if gain < _MIN_SCROLL_GAIN or top < 0 or bottom > height:
            return None
        count = abs(shift)
        # Some terminals fill the exposed rows with the current background, some do not: their
        # cells are unknown, so that they are written in full.
        unknown: Cell = ("\0", self.styles.plain)
        exposed = [[unknown] * width for _ in range(count)]
        kept = old[max(top, top + shift) : min(bottom, bottom + shift)]
        block = kept + exposed if shift > 0 else exposed + kept
        command = f"{count if count > 1 else ''}{'S' if shift > 0 else 'T'}"
        text = f"\x1b[{top + 1};{bottom}r\x1b[{command}\x1b[r"
        return text, old[:top] + block + old[bottom:]

    def _shifts(self, old: Rows, new: Rows, changed: list[int]) -> dict[int, int]:
        """Return by how many rows text moved up, with the number of halves of rows that did.

        Halves of rows are compared, because a scroll mark or a pane beside a list stays.
        """
        width = self._width
        votes: dict[int, int] = {}
        for start, stop in ((width // 20, width // 2), (width // 2, width - width // 20)):
            rows_by_text: dict[str, int] = {}
            for y, row in enumerate(old):
                text = _text(row, start, stop)
                if not text.isspace():
                    # A text that is in several rows does not show how far it moved.
                    rows_by_text[text] = -1 if text in rows_by_text else y
            for y in changed:
                source = rows_by_text.get(_text(new[y], start, stop), -1)
                if source >= 0 and source != y:
                    votes[source - y] = votes.get(source - y, 0) + 1
        return votes


class _Pen:
    """Writes cells, and knows the cursor's place and the style of the text written next."""

    __slots__ = ("_erase", "_out", "_styles", "_width", "style", "x", "y")

    def __init__(self, styles: CellStyles, width: int, erase: bool, state: _State) -> None:
        self._styles, self._width, self._erase = styles, width, erase
        text, self.style, self.x, self.y = state
        self._out = [text]

    def state(self) -> _State:
        """Return what was written, and the state of the terminal after it."""
        return "".join(self._out), self.style, self.x, self.y

    def path(self, y: int, x: int) -> str:
        """Return the shortest sequence that moves the cursor to a cell."""
        if self.y == y and self.x >= 0:
            return _horizontal(self.x, x)
        absolute = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        down = y - self.y
        if self.x < 0 or self.y < 0 or not 0 < down < 5:
            return absolute
        # VT is a line feed that no terminal driver turns into a line end.
        relative = "\v" * down + _horizontal(self.x, x)
        return relative if len(relative) < len(absolute) else absolute

    def move(self, y: int, x: int) -> None:
        """Move the cursor to a cell."""
        if y != self.y or x != self.x:
            self._out.append(self.path(y, x))
            self.y, self.x = y, x

    def cells(
        self, row: Row, start: int, stop: int, style: CellStyle, *, continues: bool = False
    ) -> None:
        """Write cells at the cursor.

        Args:
            row: the row that they are part of.
            start: the first column.
            stop: the column after the last one.
            style: the style of all that have text; blank cells have the same background.
            continues: whether the cells after them are written next.
        """
        self._select(style)
        text = _text(row, start, stop)
        plain = plain_text(text)
        if plain and self._erase and style.erasable:
            body = text.rstrip(" ")
            tail = len(text) - len(body)
            end = ""
            rest = self._width - stop
            if tail > 3 and (rest == 0 or row[stop:].count(style.space) == rest):
                end = "\x1b[K"
            elif tail >= (_MIN_ERASED if continues else 6):
                end = f"\x1b[{tail}X"
            if end:
                stop -= tail
            else:
                body = text
            if _LONG_BLANK in body:
                body = _BLANKS.sub(_erased, body)
            self._out.append(body + end)
        else:
            self._out.append(text)
        # Terminals disagree about the cursor's place after the last column, and about the width of
        # characters that are not plain.
        self.x = stop if stop < self._width and plain else -1

    def _select(self, style: CellStyle) -> None:
        old = self.style
        if style is old:
            return
        if style.blank is style and old is not None:
            if old.blank is style:
                return
            if style.erasable and old.erasable:
                # The text color is not visible on blanks and need not change.
                style = self._styles.get(old.attributes, old.foreground, style.background, "")
        self._out.append(self._styles.change(old, style))
        self.style = style


def _horizontal(start: int, stop: int) -> str:
    """Return the shortest sequence that moves the cursor within its row."""
    step = stop - start
    if step == 0:
        return ""
    if step > 0:
        return "\x1b[C" if step == 1 else f"\x1b[{step}C"
    if stop == 0:
        return "\r"
    return "\b" * -step if step > -4 else f"\x1b[{-step}D"


def _erased(blanks: re.Match[str]) -> str:
    length = len(blanks[0])
    return f"\x1b[{length}X\x1b[{length}C"


def _changed_spans(old: Row, new: Row, max_gap: int) -> list[tuple[int, int]]:
    """Return the columns between which two rows differ.

    Args:
        old: what the terminal shows.
        new: what it has to show.
        max_gap: the largest number of equal cells between two changes that may be joined, where
            writing them is shorter than jumping over them.
    """
    spans: list[tuple[int, int]] = []
    start = stop = -1
    for place, differs in enumerate(map(is_not, old, new)):
        if not differs:
            continue
        if start < 0:
            start, stop = place, place + 1
        elif place == stop:
            stop += 1
        elif place - stop <= max_gap and _short_gap(new, stop, place):
            stop = place + 1
        else:
            spans.append((start, stop))
            start, stop = place, place + 1
    if start >= 0:
        spans.append((start, stop))
    return spans


def _short_gap(row: Row, start: int, stop: int) -> bool:
    """Return whether the cells between two changes are shorter to write than to jump over."""
    before, after = row[start - 1][1], row[stop][1]
    size = 0
    for text, style in row[start:stop]:
        if style not in (before, after, before.blank, after.blank):
            return False
        size += len(text.encode())
    return size <= _MAX_GAP_BYTES


def _gap_start(row: Row, pen: _Pen, y: int, start: int, style: CellStyle) -> int:
    """Return where to begin writing after a short gap: at its start if that is shorter."""
    gap = row[pen.x : start]
    if all(cell[1] is style or cell is style.space for cell in gap):
        size = sum(len(cell[0].encode()) for cell in gap)
        if size <= len(pen.path(y, start)):
            return pen.x
    return start


def _runs(
    row: Row, start: int, stop: int, style: CellStyle | None
) -> Iterable[tuple[int, int, CellStyle]]:
    """Yield stretches of cells with one style.

    A blank cell joins the stretch before it, or else the one after it, if the background is equal.

    Args:
        row: the cells.
        start: the first column.
        stop: the column after the last one.
        style: the style of what was written before; None if it does not matter.
    """
    begin, current = start, None
    for place in range(start, stop):
        cell_style = row[place][1]
        if cell_style is current:
            continue
        if current is None:
            current = cell_style
            if cell_style.blank is cell_style and style and style.blank is cell_style:
                current = style
        elif row[place][0] == " " and cell_style is current.blank:
            continue
        elif current.blank is current and cell_style.blank is current:
            current = cell_style
        else:
            yield begin, place, current
            begin, current = place, cell_style
    if current is not None:
        yield begin, stop, current


def _text(row: Row, start: int, stop: int) -> str:
    return "".join([cell[0] for cell in row[start:stop]])


def _bytes(text: str) -> int:
    return len(text.encode())

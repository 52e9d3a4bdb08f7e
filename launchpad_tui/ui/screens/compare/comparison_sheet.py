"""The content of the sheet of a comparison: one column per model, or one row if transposed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from launchpad_tui.charts.palette import marker
from launchpad_tui.domain.comparison import Comparison, Row, RowGroup
from launchpad_tui.domain.metric import Direction
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.services.charting import labels_of
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell
from launchpad_tui.ui.widgets.sheet import SheetColumn, SheetContent, SheetLine

#: key of the row of creation times, which are shown as local time
_CREATED = f"{RowGroup.EXECUTION}/created"


def sheet_of(
    comparison: Comparison,
    slots: Mapping[str, int],
    look: Look,
    *,
    folded: Collection[RowGroup] = (),
    order: tuple[str, bool] | None = None,
    transposed: bool = False,
    empty: str = "",
) -> SheetContent:
    """Return a comparison as the content of a sheet.

    Keys of lines are those of the comparison's rows (``group/name``, and ``group/`` for a heading);
    keys of columns are IDs of models or executions. Transposed it is the other way round.

    Args:
        comparison: the comparison to show.
        slots: the color slots of models and executions by their IDs.
        look: colors and glyphs.
        folded: groups whose rows are hidden.
        order: key of the row that the columns are sorted by, and whether descending.
        transposed: whether each model or execution is a line instead of a column.
        empty: the text that is shown if there are no lines.
    """
    build = _transposed_sheet if transposed else _sheet
    return build(comparison, slots, look, folded, order, empty)


def _sheet(
    comparison: Comparison,
    slots: Mapping[str, int],
    look: Look,
    folded: Collection[RowGroup],
    order: tuple[str, bool] | None,
    empty: str,
) -> SheetContent:
    lines: list[SheetLine] = []
    rows: list[Row | None] = []
    for group, (shown, total) in comparison.counts.items():
        glyph = look.glyphs.folded if group in folded else look.glyphs.unfolded
        note = f"{shown} of {total}" if shown != total else f"{total}"
        if not shown and group not in folded:
            note = f"none of {total} differ"
        lines.append(
            SheetLine(f"{group}/", Cell(f"{glyph} {group.upper()}"), heading=True, note=note)
        )
        rows.append(None)
        for row in comparison.rows:
            if row.group is group:
                lines.append(SheetLine(row.key, Cell(f"  {_row_name(row, order, look)}")))
                rows.append(row)

    def cell(line: int, column: int) -> Cell:
        row = rows[line]
        return Cell("") if row is None else value_cell(row, column, comparison.baseline, look)

    return SheetContent(
        lines,
        _column_titles(comparison, slots, look),
        cell,
        f"{len(comparison.subjects)} compared",
        empty,
        _column_width(comparison),
    )


def _transposed_sheet(
    comparison: Comparison,
    slots: Mapping[str, int],
    look: Look,
    _folded: Collection[RowGroup],
    order: tuple[str, bool] | None,
    empty: str,
) -> SheetContent:
    titles = _column_titles(comparison, slots, look)
    lines = [SheetLine(title.key, Cell(title.title.text, title.title.role)) for title in titles]
    columns = [
        SheetColumn(row.key, Cell(_row_name(row, order, look), "strong"), str(row.group))
        for row in comparison.rows
    ]

    def cell(line: int, column: int) -> Cell:
        return value_cell(comparison.rows[column], line, comparison.baseline, look)

    width = _column_width(comparison)
    return SheetContent(lines, columns, cell, f"{len(lines)} compared", empty, width)


def _column_titles(
    comparison: Comparison, slots: Mapping[str, int], look: Look
) -> list[SheetColumn]:
    columns = []
    for place, (subject, label) in enumerate(
        zip(comparison.subjects, labels_of(comparison.subjects), strict=True)
    ):
        slot = slots.get(subject.id, 0)
        glyph = marker(slot, ascii_only=look.glyphs.ascii)
        baseline = "baseline " if place == comparison.baseline else ""
        title = Cell(f"{glyph} {label}", look.series(slot))
        columns.append(SheetColumn(subject.id, title, f"{baseline}{subject.id[:8]}"))
    return columns


def _column_width(comparison: Comparison) -> int:
    """Return the width of a column in cells; differences to a baseline need more room."""
    return 16 if comparison.baseline is None else 26


def _row_name(row: Row, order: tuple[str, bool] | None, look: Look) -> str:
    arrow = {Direction.LOWER: look.glyphs.down, Direction.HIGHER: look.glyphs.up}.get(
        row.direction or "", ""
    )
    name = f"{row.name} {arrow}".rstrip() if row.numeric else row.name
    if row.aggregate not in {"", "last", "step"}:
        name = f"{row.aggregate} {name}"
    if order is not None and order[0] == row.key:
        name += f" {look.glyphs.right if not order[1] else look.glyphs.left}"
    return name


def value_cell(row: Row, place: int, baseline: int | None, look: Look) -> Cell:
    """Return a value as a cell.

    The best value is marked, and so is the worst if there are more than two. With a baseline the
    difference to it follows the value.

    Args:
        row: the row of the comparison.
        place: the position of the value in the row.
        baseline: the position of the baseline in the row; None without one.
        look: colors and glyphs.
    """
    text = row.text(place)
    if row.key == _CREATED and text:
        text = f"{parse_rfc3339(text).astimezone():%Y-%m-%d %H:%M}"
    if not text:
        return Cell(look.glyphs.separator, "faint")
    role = "text"
    if place in row.best:
        text, role = f"{text} {look.glyphs.best}", "good"
    elif place in row.worst and len(row.values) > 2:
        text, role = f"{text} {look.glyphs.worst}", "warn"
    if baseline is not None and (change := row.change(place, baseline)):
        text = f"{text}  {change}"
    return Cell(text, role)

"""A comparison as a sheet: one column a model, or one row a model."""

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

#: the row of moments
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
    """The sheet. Lines and columns have the keys of rows (``group/name``, a heading ``group/``) and IDs of subjects."""
    return (_across if transposed else _down)(comparison, slots, look, folded, order, empty)


def _down(
    comparison: Comparison,
    slots: Mapping[str, int],
    look: Look,
    folded: Collection[RowGroup],
    order: tuple[str, bool] | None,
    empty: str,
) -> SheetContent:
    lines: list[SheetLine] = []
    rows: list[Row | None] = []
    for group, (shown, every) in comparison.counts.items():
        glyph = look.glyphs.folded if group in folded else look.glyphs.unfolded
        note = f"{shown} of {every}" if shown != every else f"{every}"
        if not shown and group not in folded:
            note = f"none of {every} differ"
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
        _heads(comparison, slots, look),
        cell,
        f"{len(comparison.subjects)} side by side",
        empty,
        _squeeze(comparison),
    )


def _across(
    comparison: Comparison,
    slots: Mapping[str, int],
    look: Look,
    _folded: Collection[RowGroup],
    order: tuple[str, bool] | None,
    empty: str,
) -> SheetContent:
    heads = _heads(comparison, slots, look)
    lines = [SheetLine(head.key, Cell(head.title.text, head.title.role)) for head in heads]
    columns = [
        SheetColumn(row.key, Cell(_row_name(row, order, look), "strong"), str(row.group))
        for row in comparison.rows
    ]

    def cell(line: int, column: int) -> Cell:
        return value_cell(comparison.rows[column], line, comparison.baseline, look)

    return SheetContent(lines, columns, cell, f"{len(lines)} models", empty, _squeeze(comparison))


def _heads(comparison: Comparison, slots: Mapping[str, int], look: Look) -> list[SheetColumn]:
    found = []
    for place, (one, label) in enumerate(
        zip(comparison.subjects, labels_of(comparison.subjects), strict=True)
    ):
        slot = slots.get(one.id, 0)
        sign = marker(slot, ascii_only=look.glyphs.ascii)
        base = "baseline " if place == comparison.baseline else ""
        found.append(
            SheetColumn(one.id, Cell(f"{sign} {label}", look.series(slot)), f"{base}{one.id[:8]}")
        )
    return found


def _squeeze(comparison: Comparison) -> int:
    """Differences and percentages need room."""
    return 16 if comparison.baseline is None else 26


def _row_name(row: Row, order: tuple[str, bool] | None, look: Look) -> str:
    way = {Direction.LOWER: look.glyphs.down, Direction.HIGHER: look.glyphs.up}.get(
        row.direction or "", ""
    )
    name = f"{row.name} {way}".rstrip() if row.numeric else row.name
    if row.aggregate not in {"", "last", "step"}:
        name = f"{row.aggregate} {name}"
    if order is not None and order[0] == row.key:
        name += f" {look.glyphs.right if not order[1] else look.glyphs.left}"
    return name


def value_cell(row: Row, place: int, baseline: int | None, look: Look) -> Cell:
    """A value: the best one marked, the worst too where there are more than two; with a baseline the difference."""
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

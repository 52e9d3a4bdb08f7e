"""The content of the sheet of a comparison: one column per model, or one row if transposed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from launchpad_tui.charts.palette import marker
from launchpad_tui.domain.comparison import Comparison, Row, RowGroup
from launchpad_tui.domain.metric import Direction, series_titles
from launchpad_tui.domain.text import differing_pairs, shared_prefix, split_pairs
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.services.charting import labels_of
from launchpad_tui.ui.screens.common.custom_info import info_summary
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell
from launchpad_tui.ui.widgets.sheet import SheetColumn, SheetContent, SheetLine

#: groups whose values are better or worse than the baseline
_MEASURED = frozenset({RowGroup.METRICS, RowGroup.MODEL_METRICS})
#: key of the row of executions, whose IDs are shortened in narrow columns
_EXECUTION = f"{RowGroup.EXECUTION}/execution"
#: the width in cells to which columns shrink that have the names of rows as titles
_TITLES = 20
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
    titles = row_titles(comparison)
    for group, (shown, total) in comparison.counts.items():
        glyph = look.glyphs.folded if group in folded else look.glyphs.unfolded
        note = f"{shown} of {total}" if shown != total else f"{total}"
        if not shown and group not in folded:
            note = f"none of {total} differ"
        shorter: tuple[str, ...] = ()
        if shown and comparison.baseline is not None and group in _MEASURED:
            marks = f"{look.glyphs.better} better  {look.glyphs.worse} worse"
            shorter = (f"{note}   {marks}", marks)
            note = f"{note}   {marks} than the baseline"
        title = Cell(f"{glyph} {group.upper()}")
        lines.append(SheetLine(f"{group}/", title, heading=True, note=note, shorter_notes=shorter))
        rows.append(None)
        for row in comparison.rows:
            if row.group is group:
                name = _row_name(row, titles.get(row.key, row.name), order, look)
                lines.append(SheetLine(row.key, Cell(name), mark="  "))
                rows.append(row)

    def cell(line: int, column: int) -> Cell:
        row = rows[line]
        return Cell("") if row is None else value_cell(row, column, comparison.baseline, look)

    return SheetContent(
        lines,
        _column_titles(comparison, slots, look),
        cell,
        _corner(comparison, look),
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
    names = row_titles(comparison)
    titles = _column_titles(comparison, slots, look)
    lines = [SheetLine(title.key, title.title, mark=title.mark) for title in titles]
    columns = [
        SheetColumn(
            row.key,
            Cell(_row_name(row, names.get(row.key, row.name), order, look), "strong"),
            str(row.group),
        )
        for row in comparison.rows
    ]

    def cell(line: int, column: int) -> Cell:
        return value_cell(comparison.rows[column], line, comparison.baseline, look)

    return SheetContent(
        lines,
        columns,
        cell,
        _corner(comparison, look),
        empty,
        # The columns have the names of metrics, which are not cut so that one more column fits.
        max(_column_width(comparison), _TITLES),
        slack=0,
    )


def _column_titles(
    comparison: Comparison, slots: Mapping[str, int], look: Look
) -> list[SheetColumn]:
    columns = []
    glyphs = look.glyphs
    _, labels = _labels(comparison, look)
    for place, (subject, label) in enumerate(zip(comparison.subjects, labels, strict=True)):
        slot = slots.get(subject.id, 0)
        subtitle = f"{subject.mark} baseline" if place == comparison.baseline else subject.mark
        title = Cell(label, look.series(slot))
        mark = f"{marker(slot, ascii_only=glyphs.ascii)} "
        columns.append(SheetColumn(subject.id, title, subtitle, mark))
    return columns


def _labels(comparison: Comparison, look: Look) -> tuple[str, list[str]]:
    """Return the start that all names share, often empty, and what distinguishes the names.

    Of names with the same start before their ``name=value`` parts, these are the parts that differ.
    """
    labels = labels_of(comparison.subjects)
    parts = [split_pairs(label) for label in labels]
    if len(parts) > 1 and len({base for base, _ in parts}) == 1:
        names = differing_pairs([pairs for _, pairs in parts])
        found = [
            " ".join(f"{name}={pairs[name]}" for name in names if name in pairs)
            for _, pairs in parts
        ]
        if all(found) and len(set(found)) == len(found):
            return parts[0][0], found
    prefix = shared_prefix(labels)
    if not prefix:
        return "", labels
    return prefix, [look.glyphs.ellipsis + label[len(prefix) :] for label in labels]


def _corner(comparison: Comparison, look: Look) -> str:
    """Return the text above the names of rows: the prefix of all names, or else their number."""
    prefix, _ = _labels(comparison, look)
    return f"{prefix}{look.glyphs.ellipsis}" if prefix else f"{len(comparison.subjects)} compared"


def _column_width(comparison: Comparison) -> int:
    """Return the width in cells to which columns shrink so that all of them are in view.

    With a baseline all items are to be compared with it; values have shorter forms then.
    """
    return 16 if comparison.baseline is None else 13


def row_titles(comparison: Comparison) -> dict[str, str]:
    """Return the titles of metrics by the key of their row: short where they are unique."""
    keys = {row.key: row.name for row in comparison.rows if row.numeric}
    titles = series_titles(keys.values())
    return {key: titles[name] for key, name in keys.items()}


def _row_name(row: Row, title: str, order: tuple[str, bool] | None, look: Look) -> str:
    arrow = {Direction.LOWER: look.glyphs.down, Direction.HIGHER: look.glyphs.up}.get(
        row.direction or "", ""
    )
    name = f"{title} {arrow}".rstrip() if row.numeric else title
    if row.aggregate not in {"", "last", "step"}:
        name = f"{row.aggregate} {name}"
    if order is not None and order[0] == row.key:
        name += f" {look.glyphs.right if not order[1] else look.glyphs.left}"
    return name


def value_cell(row: Row, place: int, baseline: int | None, look: Look) -> Cell:
    """Return a value as a cell.

    The best value is marked, and so is the worst if there are more than two. With a baseline the
    difference to it follows the value, and gains and losses of metrics have a color and a mark.

    Args:
        row: the row of the comparison.
        place: the position of the value in the row.
        baseline: the position of the baseline in the row; None without one.
        look: colors and glyphs.
    """
    text = row.text(place)
    if not text:
        return Cell(look.glyphs.separator, "faint")
    if row.key == _CREATED:
        at = parse_rfc3339(text).astimezone()
        return Cell(f"{at:%Y-%m-%d %H:%M}", shorter=(f"{at:%m-%d %H:%M}", f"{at:%m-%d}"))
    if row.key == _EXECUTION:
        return Cell(text, shorter=(text[:8],))
    if baseline is not None and row.group is not RowGroup.CUSTOM_INFO:
        return _changed_cell(row, place, baseline, look)
    if row.group is RowGroup.CUSTOM_INFO:
        return Cell(text, shorter=info_summary(text))
    if place in row.best:
        return _marked_cell(row, place, look.glyphs.best, "good")
    if place in row.worst and len(row.values) > 2:
        return _marked_cell(row, place, look.glyphs.worst, "warn")
    return Cell(text, shorter=_rounded(row, place))


def _marked_cell(row: Row, place: int, mark: str, role: str) -> Cell:
    """Return a value with a mark, in forms for every width."""
    text = row.text(place)
    rounded = tuple(f"{short}{mark}" for short in _rounded(row, place))
    return Cell(f"{text} {mark}", role, (f"{text}{mark}", *rounded))


def _rounded(row: Row, place: int) -> tuple[str, ...]:
    """Return shorter forms of a number, with fewer digits; none for another value."""
    return tuple(row.text(place, digits) for digits in (4, 3, 2)) if row.numeric else ()


def _changed_cell(row: Row, place: int, baseline: int, look: Look) -> Cell:
    """Return a value with its difference to the baseline, in forms for every width."""
    value = row.text(place)
    gain = row.gain(place, baseline)
    glyphs = look.glyphs
    best = f" {glyphs.best}" if place in row.best else ""
    mark = {1: glyphs.better, -1: glyphs.worse}.get(gain, "")
    change = row.change(place, baseline)
    if not change:
        mark = best.strip()
        rounded = tuple(f"{short}{mark}" for short in _rounded(row, place))
        return Cell(f"{value}{best}", shorter=(f"{value}{mark}", *rounded))
    if change == "=":
        return Cell(f"{value}{best}  =", "dim" if row.numeric else "text", (value,))
    difference, _, percent = change.partition(" ")
    forms = (
        f"{value}{best}  {mark} {change}" if mark else f"{value}{best}  {change}",
        f"{value}{best}  {mark}{percent or difference}",
        f"{value}{best} {mark}".rstrip(),
        f"{value}{best.strip()}{mark}",
    )
    short = tuple(f"{row.text(place, digits)}{best.strip()}{mark}" for digits in (4, 3, 2))
    return Cell(forms[0], {1: "good", -1: "bad"}.get(gain, "text"), (*forms[1:], *short))

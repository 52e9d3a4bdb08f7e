"""Heat maps: values as shades, and as text in cells that have room for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import Scale, share
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import (
    Group,
    best_first,
    first_metric,
    groups,
    missing_notes,
    names_along,
    not_a_table,
    numbers,
    unknown_parameter,
    value_order,
    value_text,
)
from launchpad_tui.charts.heat_over import draw_over, no_points
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Drawing, Value
from launchpad_tui.charts.shades import legend, shade
from launchpad_tui.charts.text import short_labels
from launchpad_tui.domain.numbers import mean, number_text
from launchpad_tui.domain.text import cell_width, safe_text

#: the greatest width of a cell, and of one whose column has a long title
_WIDEST, _TITLED = 18, 32
#: the least width in which a label is recognizable
_TEXT = 5


def why_no_heat(data: ChartData) -> str:
    """Return why the data cannot be drawn as heat map, empty if they can."""
    if data.series:
        return no_points(data.series)
    why = not_a_table(data) or unknown_parameter(data.table)
    return why or (
        "A heat map shows at most two parameters" if len(names_along(data.table)) > 2 else ""
    )


def draw_heat(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw a heat map.

    It shows the mean of the first metric for pairs of two parameters' values; or models and
    metrics, each metric between its worst and best value; or curves over x.
    """
    if data.series:
        return draw_over(spec, data.series)
    canvas = Canvas(spec)
    along = names_along(data.table)
    if too_small(spec, 5) or not data.table.ids or not data.table.metrics:
        return canvas.drawing(missing_notes(data.table, list(data.table.metrics)))
    return _pairs(canvas, data.table, along) if along else _models(canvas, data.table)


class _Grid:
    """Cells in rows and columns, with labels at the left and top; the legend has the last line."""

    def __init__(
        self, canvas: Canvas, rows: int, columns: int, label: int, heads: Sequence[str]
    ) -> None:
        self.canvas = canvas
        self.left = label + 1
        self.top = canvas.top + 1
        room = canvas.width - self.left
        self.columns = min(columns, max(1, room // 2))
        widest = max(map(cell_width, heads), default=0) + 2
        self.width = max(1, min(max(_WIDEST, min(widest, _TITLED)), room // self.columns))
        high = canvas.height - self.top - 1
        self.rows = min(rows, max(1, high))
        self.tall = max(1, min(3, high // self.rows))

    def cell(self, row: int, column: int, part: float, value: float, more: str = "") -> None:
        """Shade a cell by a share from 0 to 1; write the value, and ``more`` if there is room."""
        text = number_text(value, 4)
        wide = self.width - (self.width > 2)
        fill = shade(part, ascii_only=self.canvas.ascii)
        start = self.left + column * self.width
        for line in range(self.tall):
            self.canvas.put(start, self.top + row * self.tall + line, fill * wide)
        if len(text) + 1 > wide:
            text = number_text(value, 3)
        if len(text) < wide < len(text) + 3:
            end = start + wide
            self.canvas.end(
                end, self.top + row * self.tall + (self.tall - 1) // 2, text, style="bold"
            )
        elif len(text) + 2 < wide:
            middle = self.top + row * self.tall + (self.tall - 1) // 2
            if more and self.tall == 1 and len(text) + len(more) + 3 <= wide:
                text = f"{text} {more}"
            self.canvas.middle(start, middle, f" {text} ", wide, "bold")
            if more and self.tall > 1 and len(more) + 2 <= wide:
                self.canvas.middle(start, middle + 1, f" {more} ", wide, "faint")

    def heads(self, texts: Sequence[str]) -> None:
        """Write the labels of the columns, or of every second, third… if they would touch."""
        room = max(1, self.width - 1)
        widest = max((cell_width(text) for text in texts), default=1)
        every = (
            1 if widest <= room or room >= _TEXT else math.ceil((min(widest, 8) + 1) / self.width)
        )
        for column in range(0, self.columns, every):
            text = self.canvas.fit(texts[column], self.width * every - 1)
            self.canvas.middle(
                self.left + column * self.width,
                self.top - 1,
                text,
                max(room, cell_width(text)),
                "axis",
            )

    def label(self, row: int, text: str, slot: int | None = None) -> None:
        """Write the label of a row."""
        self.canvas.put(0, self.top + row * self.tall + (self.tall - 1) // 2, text, slot)


def _pairs(canvas: Canvas, table: ChartTable, along: Sequence[str]) -> Drawing:
    metric, column = first_metric(table)
    notes = missing_notes(table, [metric])
    found = groups(table)
    first, second = along[0], along[1] if len(along) > 1 else ""
    cells: dict[tuple[str, str], tuple[float, int]] = {}
    rows: dict[str, Value] = {}
    heads: dict[str, Value] = {}
    for group in found:
        values = numbers(column, group.places)
        row, head = (
            table.parameters[name][group.places[0]] if name else "" for name in (first, second)
        )
        rows.setdefault(repr(row), row)
        heads.setdefault(repr(head), head)
        if values:
            cells[repr(row), repr(head)] = (mean(values), len(values))
    if not cells:
        return canvas.drawing(notes)
    row_keys = sorted(rows, key=lambda key: value_order(rows[key]))
    head_keys = sorted(heads, key=lambda key: value_order(heads[key]))
    title = safe_text(f"{first} / {second}" if second else first, 80)
    size = min(
        max(cell_width(text) for text in [title, *map(value_text, rows.values())]),
        canvas.width // 3,
        24,
    )
    head_texts = [
        safe_text(value_text(heads[key]), 80) or safe_text(metric, 80) for key in head_keys
    ]
    grid = _Grid(canvas, len(row_keys), len(head_keys), size, head_texts)
    if grid.rows < len(row_keys) or grid.columns < len(head_keys):
        notes.append(
            f"Showing {grid.rows} of {len(row_keys)} rows and "
            f"{grid.columns} of {len(head_keys)} columns (not enough room)"
        )
    canvas.put(0, canvas.top, canvas.fit(title, size), style="axis")
    grid.heads(head_texts)
    labels = short_labels(
        [value_text(rows[key]) for key in row_keys], size, ascii_only=canvas.ascii
    )
    values = [value for value, _ in cells.values()]
    low, high = min(values), max(values)
    for number, row in enumerate(row_keys[: grid.rows]):
        grid.label(number, labels[number])
        for place, head in enumerate(head_keys[: grid.columns]):
            if (row, head) in cells:
                value, count = cells[row, head]
                part = share(value, low, high) if high > low else 0.5
                more = f"n={count}" if count > 1 else ""
                grid.cell(number, place, part, value, more)
    legend(canvas, f"{safe_text(metric, 40)} ", number_text(low, 4), number_text(high, 4))
    if any(count > 1 for _, count in cells.values()):
        notes.append("Each cell shows the mean of its models")
    if len(cells) < len(row_keys) * len(head_keys):
        notes.append("Blank cells: no model has this combination")
    return canvas.drawing(notes)


def _models(canvas: Canvas, table: ChartTable) -> Drawing:
    names = list(table.metrics)
    notes = missing_notes(table, names)
    found = groups(table)
    size = min(max(cell_width(group.label) for group in found), canvas.width // 3, 32)
    rows = canvas.height - canvas.top - 2
    first = table.metrics[names[0]]
    shown, note = best_first(
        found, [first[group.places[0]] for group in found], max(1, rows), table, names[0]
    )
    notes += [note] if note else []
    grid = _Grid(canvas, len(shown), len(names), size, [f"{safe_text(n, 80)} ↓" for n in names])
    if grid.columns < len(names):
        notes.append(f"Showing {grid.columns} of {len(names)} metrics (not enough width for all)")
    names = names[: grid.columns]
    up, down = ("^", "v") if canvas.ascii else ("↑", "↓")
    arrows = {"higher": f" {up}", "lower": f" {down}"}
    grid.heads(
        [
            _head(name, arrows.get(table.directions.get(name, ""), ""), grid.width - 1)
            for name in names
        ]
    )
    labels = short_labels([found[p].label for p in shown], size, ascii_only=canvas.ascii)
    scales = {name: Scale.of(numbers(table.metrics[name], range(len(table.ids)))) for name in names}
    for row, place in enumerate(shown):
        grid.label(row, labels[row])
        _row(grid, row, table, names, scales, found[place])
    known = [name for name in names if name in table.directions]
    low, high = "low or worst", "high or best"
    if not known or len(known) == len(names):
        low, high = ("worst", "best") if known else ("low", "high")
    legend(canvas, "", low, high)
    notes.append(
        "Each metric is shaded between its own worst and best"
        if known
        else "Each metric is shaded between its own minimum and maximum"
    )
    return canvas.drawing(notes)


def _head(name: str, arrow: str, room: int) -> str:
    safe = safe_text(name, 80)
    return safe + arrow if cell_width(safe) + len(arrow) <= room else safe


def _row(
    grid: _Grid,
    row: int,
    table: ChartTable,
    names: Sequence[str],
    scales: dict[str, Scale],
    group: Group,
) -> None:
    for place, name in enumerate(names):
        value = table.metrics[name][group.places[0]]
        if value is None:
            continue
        if not math.isfinite(value):
            grid.canvas.middle(
                grid.left + place * grid.width,
                grid.top + row * grid.tall,
                number_text(value),
                grid.width - 1,
                "faint",
            )
            continue
        part = scales[name].share(value)
        part = 1 - part if table.directions.get(name) == "lower" else part
        grid.cell(row, place, part, value)

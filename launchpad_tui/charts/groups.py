"""The models and groups that charts of tables show, and notes about missing values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.model import ChartData, ChartTable, Value
from launchpad_tui.charts.text import counted
from launchpad_tui.domain.numbers import mean, number_text
from launchpad_tui.domain.text import safe_text
from launchpad_tui.records import record

#: the separator of parameter names in `ChartTable.along`
NAME_SEPARATOR = "\x1f"


@record
class Group:
    """Models with the same value of a parameter, or one model, as positions in the table.

    ``slot`` is the slot of a single model.
    """

    label: str
    places: tuple[int, ...]
    slot: int | None
    value: Value = None


def names_along(table: ChartTable) -> list[str]:
    """Return the parameters that the chart is drawn against."""
    return [name for name in table.along.split(NAME_SEPARATOR) if name]


def value_text(value: Value) -> str:
    """Return the value of a parameter as text."""
    return value if isinstance(value, str) else number_text(value)


def value_order(value: Value) -> tuple[int, float, str]:
    """Return a sort key: numbers by size, then texts, then everything else."""
    if isinstance(value, str):
        return (1, 0.0, value.casefold())
    if value is None or math.isnan(value):
        return (2, 0.0, "")
    return (0, value, "")


def groups(table: ChartTable) -> list[Group]:
    """Return the models, or groups of models by the values of the chart's parameters in order.

    Models without a value are in no group.
    """
    names = names_along(table)
    if not names:
        return [
            Group(label, (place,), slot)
            for place, (label, slot) in enumerate(zip(table.labels, table.slots, strict=False))
        ]
    columns = [table.parameters.get(name, ()) for name in names]
    found: dict[tuple[str, ...], list[int]] = {}
    values: dict[tuple[str, ...], tuple[Value, ...]] = {}
    for place in range(len(table.ids)):
        group_values = tuple(column[place] if place < len(column) else None for column in columns)
        if None in group_values:
            continue
        key = tuple(repr(value) for value in group_values)
        found.setdefault(key, []).append(place)
        values[key] = group_values
    order = sorted(found, key=lambda key: tuple(value_order(value) for value in values[key]))
    return [
        Group(
            ", ".join(value_text(value) for value in values[key]),
            tuple(found[key]),
            table.slots[found[key][0]] if len(found[key]) == 1 else None,
            values[key][0],
        )
        for key in order
    ]


def numbers(column: Sequence[float | None], places: Sequence[int]) -> list[float]:
    """Return the finite values at these positions."""
    values = [column[place] for place in places if place < len(column)]
    return [value for value in values if value is not None and math.isfinite(value)]


def mean_of(column: Sequence[float | None], group: Group) -> float | None:
    """Return the mean of a group's finite values, or the value of a single model as it is."""
    if len(group.places) == 1:
        return column[group.places[0]] if group.places[0] < len(column) else None
    found = numbers(column, group.places)
    return mean(found) if found else None


def missing_notes(table: ChartTable, metrics: Sequence[str]) -> list[str]:
    """Return notes about missing metrics and parameters, and values that are not finite."""
    notes = [
        f"{counted(count, 'model has', 'models have')} no {safe_text(name, 80)}"
        for name in names_along(table)
        if (count := sum(value is None for value in table.parameters.get(name, ())))
    ]
    for name in metrics:
        column = table.metrics.get(name, ())
        if count := sum(value is None for value in column):
            notes.append(f"{counted(count, 'model has', 'models have')} no {safe_text(name, 80)}")
        if count := sum(value is not None and not math.isfinite(value) for value in column):
            notes.append(
                f"{counted(count, 'value', 'values')} of {safe_text(name, 80)} "
                f"{'is' if count == 1 else 'are'} not finite"
            )
    return notes


def best_first(
    found: Sequence[Group],
    values: Sequence[float | None],
    room: int,
    table: ChartTable,
    metric: str,
) -> tuple[list[int], str]:
    """Return the positions of the groups to show in this room, and a note if some are omitted.

    All are shown in their order if they fit. Otherwise the best models are shown if the direction
    of the metric is known, else the first ones.
    """
    count = len(found)
    if count <= room:
        return list(range(count)), ""
    way = table.directions.get(metric)
    if way and not table.along:
        known = [p for p in range(count) if (v := values[p]) is not None and math.isfinite(v)]
        known.sort(key=lambda p: values[p] or 0.0, reverse=way == "higher")
        inside = set(known)
        rest = [p for p in range(count) if p not in inside]
        best = f"Showing the best {room} of {count} by {safe_text(metric, 80)}"
        return (known + rest)[:room], f"{best} (not enough room for all)"
    return list(range(room)), f"Showing {room} of {count} (not enough room for all)"


def not_a_table(data: ChartData, *, metric: bool = True, models: int = 1) -> str:
    """Return why a table cannot be drawn: too few models or no value; empty if it can."""
    table = data.table
    if len(table.ids) < models:
        return f"Requires at least {models} models" if models > 1 else "There are no models"
    if metric:
        known = sum(
            any(v is not None and math.isfinite(v) for v in values)
            for values in zip(*table.metrics.values(), strict=False)
        )
        if not known:
            return (
                "No model has a value of this metric"
                if len(table.metrics) < 2
                else "No model has a value of these metrics"
            )
        if known < models:
            return f"Requires at least {models} models with a value"
    return ""


def unknown_parameter(table: ChartTable) -> str:
    """Return why a table cannot be drawn against its parameters; empty if it can or has none."""
    for name in names_along(table):
        if all(value is None for value in table.parameters.get(name, ())):
            return f"No model has a parameter {safe_text(name, 80)!r}"
    return ""


def varying(table: ChartTable) -> dict[str, tuple[Value, ...]]:
    """Return the parameters that differ between the models that have them."""
    return {
        name: column
        for name, column in table.parameters.items()
        if len({repr(value) for value in column if value is not None}) > 1
    }


def first_metric(table: ChartTable) -> tuple[str, Sequence[float | None]]:
    """Return the first metric and its values."""
    return next(iter(table.metrics.items()), ("", ()))

"""What charts of tables are drawn from: models and groups of them, and words for what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from launchpad_tui.charts.axes import mean
from launchpad_tui.charts.model import ChartData, ChartTable, Value
from launchpad_tui.charts.text import counted
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import safe_text

#: between the names of two parameters in `Table.along`
BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class Group:
    """Models that have one value of a parameter, or one model: places in the table; ``slot`` is a single model's."""

    label: str
    places: tuple[int, ...]
    slot: int | None
    value: Value = None


def names_along(table: ChartTable) -> list[str]:
    """The parameters that the chart is drawn against."""
    return [name for name in table.along.split(BETWEEN) if name]


def value_text(value: Value) -> str:
    """A parameter's value in words."""
    return value if isinstance(value, str) else number_text(value)


def value_order(value: Value) -> tuple[int, float, str]:
    """A key that sorts numbers by size, texts after them, what is not a number last."""
    if isinstance(value, str):
        return (1, 0.0, value.casefold())
    if value is None or math.isnan(value):
        return (2, 0.0, "")
    return (0, value, "")


def groups(table: ChartTable) -> list[Group]:
    """The models one by one, or where the chart is drawn against parameters, grouped by their values in order; models
    without a value are in no group."""
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
        its = tuple(column[place] if place < len(column) else None for column in columns)
        if None in its:
            continue
        key = tuple(repr(value) for value in its)
        found.setdefault(key, []).append(place)
        values[key] = its
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
    """The finite values at these places."""
    its = [column[place] for place in places if place < len(column)]
    return [value for value in its if value is not None and math.isfinite(value)]


def mean_of(column: Sequence[float | None], group: Group) -> float | None:
    """The mean of a group's finite values. Of a single model its value, whatever it is."""
    if len(group.places) == 1:
        return column[group.places[0]] if group.places[0] < len(column) else None
    found = numbers(column, group.places)
    return mean(found) if found else None


def missing_notes(table: ChartTable, metrics: Sequence[str]) -> list[str]:
    """In words: models without a metric or a parameter, values that are not finite."""
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
    """Which of the groups to show where there is room for so many, and the note that says so.

    All in their order where they fit. Of models the best ones where it is known what is better, else the first.
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
        return (known + rest)[
            :room
        ], f"Showing the best {room} of {count} by {safe_text(metric, 80)}: too small for all"
    return list(range(room)), f"Showing {room} of {count}: too small for all"


def not_a_table(data: ChartData, *, metric: bool = True, models: int = 1) -> str:
    """Why a table cannot be drawn at all: too few models, no value; empty where it can."""
    table = data.table
    if len(table.ids) < models:
        return f"Needs at least {models} models" if models > 1 else "There are no models"
    if metric:
        known = sum(
            any(v is not None and math.isfinite(v) for v in values)
            for values in zip(*table.metrics.values(), strict=False)
        )
        if not known:
            return (
                "No model has a value of this metric"
                if len(table.metrics) < 2
                else "No model has such a value"
            )
        if known < models:
            return f"Needs at least {models} models that have a value"
    return ""


def unknown_parameter(table: ChartTable) -> str:
    """Why it cannot be drawn against its parameters: one is in no model; empty where it can or there is none."""
    for name in names_along(table):
        if all(value is None for value in table.parameters.get(name, ())):
            return f"No model has a parameter {safe_text(name, 80)!r}"
    return ""


def varying(table: ChartTable) -> dict[str, tuple[Value, ...]]:
    """The parameters that differ between models which have them."""
    return {
        name: column
        for name, column in table.parameters.items()
        if len({repr(value) for value in column if value is not None}) > 1
    }


def first_metric(table: ChartTable) -> tuple[str, Sequence[float | None]]:
    """The first metric and its values."""
    return next(iter(table.metrics.items()), ("", ()))

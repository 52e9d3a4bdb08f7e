"""Subjects of a comparison as rows: what differs, and which value is best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from launchpad_tui.domain.comparison import RowGroup, Subject
from launchpad_tui.domain.metric import Direction, SeriesSummary, guess_direction
from launchpad_tui.domain.moments import duration_text, now, to_rfc3339

if TYPE_CHECKING:
    from launchpad_tui.domain.execution import Execution

#: which value of a series a row shows, by the option's word
AGGREGATES = ("last", "best", "min", "max")
Value = str | float | None


class Row(NamedTuple):
    """A row: a value for each subject, None where it has none. ``best`` are the places of the best values, empty where
    the metric's name does not say which way is better or all are equal; ``direction`` is that way."""

    group: RowGroup
    name: str
    values: tuple[Value, ...]
    best: tuple[int, ...] = ()
    direction: str | None = None

    @property
    def differs(self) -> bool:
        """Whether not all values are the same; NaN is the same as NaN."""
        return len({"nan" if isinstance(one, float) and math.isnan(one) else one for one in self.values}) > 1

    def differences(self, baseline: int) -> list[float | None]:
        """By how much each value is above the one at the place ``baseline``; None where one of the two is no number."""
        base = self.values[baseline]
        return [value - base if isinstance(value, float) and isinstance(base, float) else None for value in self.values]


def rows(subjects: Sequence[Subject], aggregate: str = "last") -> list[Row]:
    """The rows of a comparison, in groups; what no subject has is left out.

    Args:
        aggregate: one of `AGGREGATES`; the best of a metric whose direction is not known is its last value.
    """
    found: list[Row] = []
    texts: tuple[tuple[RowGroup, Callable[[Subject], Mapping[str, str]]], ...] = (
        (RowGroup.PARAMETERS, lambda one: one.configuration.parameters if one.configuration else {}),
        (RowGroup.INPUTS, lambda one: one.inputs),
        (RowGroup.EXECUTION, lambda one: _facts(one.execution)),
    )
    ends: tuple[tuple[RowGroup, Callable[[Subject], Mapping[str, str]]], ...] = (
        (RowGroup.LABELS, lambda one: dict(one.artifact.labels) if one.artifact else {}),
        (RowGroup.TAGS, lambda one: one.tags),
        (RowGroup.CUSTOM_INFO, lambda one: one.custom_info),
    )
    for group, of in texts:
        found += _texts(group, [of(one) for one in subjects])
    for group, own in ((RowGroup.METRICS, False), (RowGroup.MODEL_METRICS, True)):
        found += _metrics(group, [_series(one, own) for one in subjects], aggregate)
    for group, of in ends:
        found += _texts(group, [of(one) for one in subjects])
    return found


def _texts(group: RowGroup, columns: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    for name in dict.fromkeys(name for column in columns for name in column):
        yield Row(group, name, tuple(column.get(name) for column in columns))


def _facts(execution: Execution | None) -> dict[str, str]:
    if execution is None:
        return {}
    seconds = execution.duration_seconds(now())
    return {
        "execution": execution.id,
        "configuration": execution.configuration_name,
        "executable": execution.executable_id,
        "version": execution.executable_version,
        "status": str(execution.status),
        "created": to_rfc3339(execution.created_at),
        **({} if seconds is None else {"duration": duration_text(seconds)}),
    }


def _series(subject: Subject, own: bool) -> dict[str, SeriesSummary]:
    return {one.key: one for one in subject.series if bool(one.artifact_name) is own}


def _metrics(group: RowGroup, columns: Sequence[Mapping[str, SeriesSummary]], aggregate: str) -> Iterator[Row]:
    for key in sorted({key for column in columns for key in column}):
        direction = guess_direction(key)
        values = tuple(_value(column.get(key), aggregate, direction) for column in columns)
        finite = [value for value in values if value is not None and math.isfinite(value)]
        best: tuple[int, ...] = ()
        if direction is not None and len(set(finite)) > 1:
            wanted = min(finite) if direction == Direction.LOWER else max(finite)
            best = tuple(index for index, value in enumerate(values) if value == wanted)
        yield Row(group, key, values, best, direction)


def _value(series: SeriesSummary | None, aggregate: str, direction: str | None) -> float | None:
    if series is None:
        return None
    if aggregate == "best":
        aggregate = {Direction.LOWER: "min", Direction.HIGHER: "max"}.get(direction or "", "last")
    return {"min": series.minimum, "max": series.maximum}.get(aggregate, series.last)

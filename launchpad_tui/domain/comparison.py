"""Comparisons of models: a column per model, grouped rows, differences and best values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.domain.metric import Direction, SeriesSummary, guess_direction
from launchpad_tui.domain.numbers import difference_text, number_text, percent_text
from launchpad_tui.domain.timestamps import duration_text, now, to_rfc3339


class RowGroup(StrEnum):
    """The groups of rows of a comparison, in their order."""

    PARAMETERS = "parameters"
    INPUTS = "inputs"
    EXECUTION = "execution"
    METRICS = "metrics"
    MODEL_METRICS = "model metrics"
    LABELS = "labels"
    TAGS = "tags"
    CUSTOM_INFO = "custom info"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """One column: a model with its source execution, or an execution (``artifact`` is None).

    ``files`` maps the paths of the artifact's recorded files to size and checksum as text; it is
    empty unless files are compared.
    """

    artifact: Artifact | None
    execution: Execution | None
    configuration: Configuration | None
    inputs: Mapping[str, str]
    series: Sequence[SeriesSummary]
    tags: Mapping[str, str]
    custom_info: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The ID of the artifact, or else of the execution."""
        if self.artifact is not None:
            return self.artifact.id
        return self.execution.id if self.execution else ""

    @property
    def name(self) -> str:
        """The name of the artifact, or else of the configuration."""
        if self.artifact is not None:
            return self.artifact.name
        return self.execution.configuration_name if self.execution else ""


#: which value of a series a row can show
AGGREGATES = ("last", "best", "min", "max")
#: the value of a cell; None if the item has no value
Value = str | float | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row: one value per compared item, None for an item without a value.

    Attributes:
        direction: whether ``lower`` or ``higher`` values are better, None if that is unknown.
        best: the positions of the best values; empty without a direction or if all are equal.
        worst: the positions of the worst values, likewise.
        aggregate: which value of the series a metric's row shows; empty for other rows.
    """

    group: RowGroup
    name: str
    values: tuple[Value, ...]
    direction: str | None = None
    best: tuple[int, ...] = ()
    worst: tuple[int, ...] = ()
    aggregate: str = ""

    @property
    def key(self) -> str:
        """The row's identifier, which does not depend on what else is compared."""
        return f"{self.group}/{self.name}"

    @property
    def numeric(self) -> bool:
        """Whether it is the row of a metric."""
        return self.group in {RowGroup.METRICS, RowGroup.MODEL_METRICS}

    @property
    def differs(self) -> bool:
        """Whether the values are not all the same; NaN equals NaN."""
        return (
            len(
                {
                    "nan" if isinstance(one, float) and math.isnan(one) else one
                    for one in self.values
                }
            )
            > 1
        )

    def number(self, place: int) -> float | None:
        """Return the value as a number if it is a metric's, or a parameter that parses as one."""
        value = self.values[place]
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                return None
        return value

    def differences(self, baseline: int) -> list[float | None]:
        """Return the differences to the value at position ``baseline``.

        None where one is not a number.
        """
        base = self.number(baseline)
        numbers = [self.number(place) for place in range(len(self.values))]
        return [None if base is None or value is None else value - base for value in numbers]

    def text(self, place: int, digits: int = 5) -> str:
        """Return the value as text, empty if there is none."""
        value = self.values[place]
        return number_text(value, digits) if isinstance(value, float) else value or ""

    def change(self, place: int, baseline: int) -> str:
        """Return the difference to the baseline with its percentage, such as ``+0.012 +1.3%``.

        Equal values yield ``=``; values without a difference yield an empty text.
        """
        value, base = self.number(place), self.number(baseline)
        if place == baseline or value is None or base is None:
            return ""
        if value == base:
            return "="
        return f"{difference_text(value, base)} {percent_text(value, base)}".strip()


@dataclass(frozen=True, slots=True)
class Options:
    """What a comparison shows, and how.

    Attributes:
        aggregate: one of `AGGREGATES`; ``aggregates`` overrides it by metric key.
        at: values by the registry's series IDs; if given, these are shown instead.
        hidden: IDs of items that are not shown.
        folded: groups of which only the heading is shown.
        left_out: groups that are not shown.
        text: keeps rows whose group or name contains all its words.
        order: sorts items by a row's key, descending or not; items without a value come last.
        directions: overrides the direction that a metric's name suggests.
    """

    aggregate: str = "last"
    aggregates: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[int, float] | None = None
    differing: bool = True
    text: str = ""
    hidden: frozenset[str] = frozenset()
    folded: frozenset[RowGroup] = frozenset()
    left_out: frozenset[RowGroup] = frozenset()
    baseline: str = ""
    order: tuple[str, bool] | None = None
    directions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result: items in their order, rows, and per group the numbers of shown and of all rows.

    ``baseline`` is the position of the baseline.
    """

    subjects: tuple[ComparedItem, ...]
    rows: tuple[Row, ...]
    counts: Mapping[RowGroup, tuple[int, int]]
    baseline: int | None = None

    def titles(self) -> list[str]:
        """A heading per item.

        Its name, with the start of its ID if another item has the same name.
        """
        names = [one.name for one in self.subjects]
        return [
            one.name if names.count(one.name) == 1 else f"{one.name} {one.id[:8]}"
            for one in self.subjects
        ]


def compare(subjects: Sequence[ComparedItem], options: Options = Options()) -> Comparison:
    """Compare items, one column each."""
    shown = [one for one in subjects if one.id not in options.hidden]
    if options.order is not None:
        shown = _ordered(shown, options)
    words = options.text.lower().split()
    rows: list[Row] = []
    counts: dict[RowGroup, tuple[int, int]] = {}
    for group in RowGroup:
        if group in options.left_out:
            continue
        every = list(_rows(group, shown, options))
        if not every:
            continue
        kept = [
            row for row in every if all(word in f"{row.group} {row.name}".lower() for word in words)
        ]
        if options.differing and len(shown) > 1:
            kept = [row for row in kept if row.differs]
        counts[group] = (len(kept), len(every))
        rows += [] if group in options.folded else kept
    place = next((index for index, one in enumerate(shown) if one.id == options.baseline), None)
    return Comparison(tuple(shown), tuple(rows), counts, place)


def _ordered(subjects: list[ComparedItem], options: Options) -> list[ComparedItem]:
    key, descending = options.order or ("", False)
    group = next((each for each in RowGroup if key.startswith(f"{each}/")), None)
    row = (
        next((row for row in _rows(group, subjects, options) if row.key == key), None)
        if group
        else None
    )
    if row is None:
        return subjects
    numbers = [row.number(place) for place in range(len(subjects))]
    places = range(len(subjects))
    known = [
        place for place in places if row.values[place] is not None and not _is_nan(numbers[place])
    ]
    if all(numbers[place] is not None for place in known):
        known.sort(key=lambda place: numbers[place] or 0.0, reverse=descending)
    else:
        known.sort(key=lambda place: str(row.values[place]).lower(), reverse=descending)
    taken = set(known)
    return [
        subjects[place] for place in (*known, *(place for place in places if place not in taken))
    ]


def _is_nan(value: float | None) -> bool:
    return value is not None and math.isnan(value)


_TEXTS: Mapping[RowGroup, Callable[[ComparedItem], Mapping[str, str]]] = {
    RowGroup.PARAMETERS: lambda one: one.configuration.parameters if one.configuration else {},
    RowGroup.INPUTS: lambda one: one.inputs,
    RowGroup.EXECUTION: lambda one: _facts(one.execution),
    RowGroup.LABELS: lambda one: dict(one.artifact.labels) if one.artifact else {},
    RowGroup.TAGS: lambda one: one.tags,
    RowGroup.CUSTOM_INFO: lambda one: one.custom_info,
    RowGroup.FILES: lambda one: one.files,
}


def _rows(group: RowGroup, subjects: Sequence[ComparedItem], options: Options) -> Iterator[Row]:
    of = _TEXTS.get(group)
    if of is not None:
        columns = [of(one) for one in subjects]
        for name in dict.fromkeys(name for column in columns for name in column):
            yield Row(group, name, tuple(column.get(name) for column in columns))
        return
    own = group is RowGroup.MODEL_METRICS
    logged = [
        {one.key: one for one in subject.series if bool(one.artifact_name) is own}
        for subject in subjects
    ]
    for key in sorted({key for column in logged for key in column}):
        direction = options.directions.get(key) or guess_direction(key)
        how = "step" if options.at is not None else options.aggregates.get(key, options.aggregate)
        values = tuple(_value(column.get(key), how, options, direction) for column in logged)
        yield Row(group, key, values, direction, *extremes(values, direction), how)


def extremes(
    values: Sequence[Value], direction: str | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the positions of the best and of the worst finite numbers.

    Both are empty without a direction or if all numbers are equal.
    """
    finite = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    if direction is None or len(set(finite)) < 2:
        return (), ()
    low, high = min(finite), max(finite)
    best, worst = (low, high) if direction == Direction.LOWER else (high, low)
    places = range(len(values))
    return tuple(p for p in places if values[p] == best), tuple(
        p for p in places if values[p] == worst
    )


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


def _value(
    series: SeriesSummary | None, how: str, options: Options, direction: str | None
) -> float | None:
    if series is None:
        return None
    if options.at is not None:
        return options.at.get(series.id)
    if how == "best":
        how = {Direction.LOWER: "min", Direction.HIGHER: "max"}.get(direction or "", "last")
    return {"min": series.minimum, "max": series.maximum}.get(how, series.last)

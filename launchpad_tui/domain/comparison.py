"""Comparisons of models: a column per model, grouped rows, differences and best values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.code_text import COMMAND_ROW, FILE_ROW, PACKAGE_ROW, place_of_row
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.domain.metric import Direction, SeriesSummary, guess_direction
from launchpad_tui.domain.numbers import difference_text, number_text, percent_text
from launchpad_tui.domain.timestamps import duration_text, now, to_rfc3339
from launchpad_tui.records import field, record


class RowGroup(StrEnum):
    """The groups of rows of a comparison, in their order."""

    PARAMETERS = "parameters"
    INPUTS = "inputs"
    CODE = "code and environment"
    EXECUTION = "execution"
    METRICS = "metrics"
    MODEL_METRICS = "model metrics"
    LABELS = "labels"
    TAGS = "tags"
    CUSTOM_INFO = "custom info"
    FILES = "files"


@record
class ComparedItem:
    """One column of a comparison: a model with its source execution, or only an execution.

    Attributes:
        artifact: the model; None if an execution is compared.
        inputs: the names of the input artifacts by the name of the input.
        files: size and checksum of the model's files as text, by path; empty if files are not
            compared.
        code: facts about code and environment, see `code_text.code_facts`.
    """

    artifact: Artifact | None
    execution: Execution | None
    configuration: Configuration | None
    inputs: Mapping[str, str]
    series: Sequence[SeriesSummary]
    tags: Mapping[str, str]
    custom_info: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The ID of the model; if there is none, that of the execution."""
        if self.artifact is not None:
            return self.artifact.id
        return self.execution.id if self.execution else ""

    @property
    def name(self) -> str:
        """The name of the model; if there is none, that of the execution's configuration."""
        if self.artifact is not None:
            return self.artifact.name
        return self.execution.configuration_name if self.execution else ""

    @property
    def mark(self) -> str:
        """What tells the item from others of its name: the version, else the start of the ID."""
        version = self.artifact.version if self.artifact is not None else None
        return self.id[:8] if version is None else f"v{version}"


#: the values of a series that a row can show
AGGREGATES = ("last", "best", "min", "max")
#: the value of a cell; None if the item has no value
Value = str | float | None


@record
class Row:
    """A row of a comparison: one value for each item, None for an item without a value.

    Attributes:
        direction: ``lower`` or ``higher``, depending on which values are better; None if unknown.
        best: the positions of the best values; empty without a direction or if all are equal.
        worst: the positions of the worst values; empty in the same cases.
        aggregate: the value of the series that the row of a metric shows; empty for other rows.
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
        """The identifier of the row, which is the same in every comparison."""
        return f"{self.group}/{self.name}"

    @property
    def numeric(self) -> bool:
        """Whether the row shows a metric."""
        return self.group in {RowGroup.METRICS, RowGroup.MODEL_METRICS}

    @property
    def differs(self) -> bool:
        """Whether at least two values differ; NaN equals NaN."""
        distinct = {
            "nan" if isinstance(one, float) and math.isnan(one) else one for one in self.values
        }
        return len(distinct) > 1

    def number(self, place: int) -> float | None:
        """Return a value as a number, None if it is a text that does not represent a number."""
        value = self.values[place]
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                return None
        return value

    def differences(self, baseline: int) -> list[float | None]:
        """Return the difference of each value to the value at position ``baseline``.

        A difference is None if one of the two values is not a number.
        """
        base = self.number(baseline)
        numbers = [self.number(place) for place in range(len(self.values))]
        return [None if base is None or value is None else value - base for value in numbers]

    def text(self, place: int, digits: int = 5) -> str:
        """Return the value as text, empty if there is none."""
        value = self.values[place]
        return number_text(value, digits) if isinstance(value, float) else value or ""

    def gain(self, place: int, baseline: int) -> int:
        """Return 1 if a value is better than the baseline, -1 if it is worse, else 0.

        It is 0 as well if it is not known which values are better, or if a value is not a number.
        """
        value, base = self.number(place), self.number(baseline)
        if self.direction is None or value is None or base is None:
            return 0
        difference = (value > base) - (value < base)
        return difference if self.direction == Direction.HIGHER else -difference

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


@record
class Options:
    """The options of a comparison.

    Attributes:
        aggregate: the value of a series that is shown: one of `AGGREGATES`.
        aggregates: the same for single metrics, by key.
        at: values by the IDs of series, which are shown instead of the aggregates.
        differing: whether rows with equal values are omitted.
        text: words; only rows whose group or name contains all of them are shown.
        hidden: IDs of items that are not shown.
        folded: groups of which only the heading is shown.
        left_out: groups that are not shown.
        baseline: the ID of the item to which differences are shown; empty for none.
        order: the key of the row by which items are sorted, and whether in descending order; items
            without a value come last.
        directions: ``lower`` or ``higher`` by metric key, in place of the guessed direction.
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


@record
class Comparison:
    """The result of a comparison.

    Attributes:
        subjects: the compared items, one for each column.
        rows: the rows that are shown.
        counts: the numbers of shown rows and of all rows, by group.
        baseline: the position of the item to which differences are shown; None for none.
    """

    subjects: tuple[ComparedItem, ...]
    rows: tuple[Row, ...]
    counts: Mapping[RowGroup, tuple[int, int]]
    baseline: int | None = None

    def titles(self) -> list[str]:
        """Return the headings of the columns: names, with version or start of the ID if needed."""
        names = [one.name for one in self.subjects]
        return [
            one.name if names.count(one.name) == 1 else f"{one.name} {one.mark}"
            for one in self.subjects
        ]


def compare(subjects: Sequence[ComparedItem], options: Options = Options()) -> Comparison:
    """Return the comparison of some items, with one column for each item."""
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
    RowGroup.CODE: lambda one: one.code,
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
        for name in _names(group, columns):
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


def _names(group: RowGroup, columns: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the names of rows in their order.

    Commands, packages and files of the code, which may be hundreds, are rows only if they differ
    between items about which anything is known.
    """
    names = list(dict.fromkeys(name for column in columns for name in column))
    if group is not RowGroup.CODE:
        return names
    known = [column for column in columns if column]
    shown = [
        name
        for name in names
        if not name.startswith((FILE_ROW, PACKAGE_ROW, COMMAND_ROW))
        or len({column.get(name) for column in known}) > 1
    ]
    # Columns may have different rows, for example without a repository.
    return sorted(shown, key=place_of_row)


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

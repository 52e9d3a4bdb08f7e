"""Data of charts: curves and values of models and executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import nsmallest
from typing import TYPE_CHECKING

from launchpad_tui.charts.model import ChartData, ChartTable, Series, Value
from launchpad_tui.domain.board import Against, Board, ChartDefinition
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.metric import Direction, SeriesSummary, guess_direction, normal_name
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.registry.window import By

#: The maximum number of charts of a default board.
MAX_PROPOSED = 24
#: The largest number of parameters of a sweep that the default board has a chart of.
_MOST_VARIED = 4
#: Microseconds per second.
_SECOND = 1_000_000


class ChartService:
    """Reads the data of charts. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def data(
        self,
        subjects: Sequence[ComparedItem],
        chart: ChartDefinition,
        slots: Mapping[str, int],
        directions: Mapping[str, str] | None = None,
        points: int = 400,
        x_range: tuple[float, float] | None = None,
    ) -> ChartData:
        """Return the data of a chart: curves over steps or time, or a table.

        Args:
            slots: Colour slots by ID.
            directions: Better directions that the user has set, by metric key.
            points: The approximate number of points per curve; extremes and gaps are kept.
            x_range: The part of the x axis to read, in the unit of the chart (steps, seconds since
                the start, seconds since 1970).
        """
        if chart.against.over:
            return ChartData(
                series=self._curves(subjects, chart, slots, directions or {}, points, x_range)
            )
        return ChartData(table=self._table(subjects, chart, slots, directions or {}))

    def _curves(
        self,
        subjects: Sequence[ComparedItem],
        chart: ChartDefinition,
        slots: Mapping[str, int],
        directions: Mapping[str, str],
        points: int,
        x_range: tuple[float, float] | None,
    ) -> tuple[Series, ...]:
        titles = labels_of(subjects)
        found: list[Series] = []
        # All curves of a chart are read from one snapshot.
        with self._registry.read():
            for subject, title in zip(subjects, titles, strict=True):
                wanted = matching(subject, chart)
                for each in wanted:
                    label = title if len(wanted) == 1 else f"{title} {each.key}"
                    curve = self._curve(
                        subject, each, chart, slots.get(subject.id, 0), label, points, x_range
                    )
                    best, step = best_of(each, directions)
                    found.append(replace(curve, best=best, best_step=step))
        return tuple(found)

    def _curve(
        self,
        subject: ComparedItem,
        series: SeriesSummary,
        chart: ChartDefinition,
        slot: int,
        label: str,
        points: int,
        x_range: tuple[float, float] | None,
    ) -> Series:
        from launchpad_tui.registry.window import window

        by: By = "step" if chart.against is Against.STEP else "time"
        zero = 0.0
        if chart.against is Against.RELATIVE:
            zero = min(each.first_at for each in subject.series).timestamp()
        scale = 1 if by == "step" else _SECOND
        start = stop = None
        if x_range is not None:
            # A margin is read as well, so that curves reach the edges of the chart.
            margin = (x_range[1] - x_range[0]) * 0.02
            start = int((x_range[0] - margin + zero) * scale) - 1
            stop = int((x_range[1] + margin + zero) * scale) + 1
        found = window(self._registry, series.id, start, stop, by, points)
        x = list(found.steps) if by == "step" else [at / _SECOND - zero for at in found.times]
        key = f"{subject.id}/{series.key}"
        return Series(key, label, x, list(found.values), slot, found.total, found.not_finite)

    def _table(
        self,
        subjects: Sequence[ComparedItem],
        chart: ChartDefinition,
        slots: Mapping[str, int],
        directions: Mapping[str, str],
    ) -> ChartTable:
        better = {
            key: direction
            for key in chart.metrics
            if (direction := directions.get(key) or guess_direction(key))
        }
        metrics = {
            name: tuple(self._value(subject, chart, name, better.get(name)) for subject in subjects)
            for name in chart.metrics
        }
        return ChartTable(
            tuple(one.id for one in subjects),
            tuple(labels_of(subjects)),
            tuple(slots.get(one.id, 0) for one in subjects),
            parameters_of(subjects),
            metrics,
            better,
            "\x1f".join(chart.parameters),
        )

    def _value(
        self, subject: ComparedItem, chart: ChartDefinition, name: str, direction: str | None
    ) -> float | None:
        found = [one for one in matching(subject, chart) if name in {one.name, one.key}]
        if not found:
            return None
        # The series of the model itself takes precedence over that of its execution.
        one = next((each for each in found if each.artifact_name), found[0])
        return self.aggregated(one, chart.aggregate, direction)

    def at_step(self, subjects: Sequence[ComparedItem], step: int) -> dict[int, float]:
        """Return the value of each series at a step, by the ID of the series in the registry.

        If the step was not logged, this is the value at the last logged step before it. Series that
        begin later are left out.
        """
        from launchpad_tui.registry.window import window

        found: dict[int, float] = {}
        with self._registry.read():
            for series in {one.id: one for subject in subjects for one in subject.series}.values():
                if series.first_step > step:
                    continue
                if step >= series.last_step:
                    found[series.id] = series.last
                    continue
                values = window(self._registry, series.id, step, step, points=8).values
                if not len(values):
                    values = window(self._registry, series.id, None, step, points=8).values
                if len(values):
                    found[series.id] = float(values[-1])
        return found

    def aggregated(
        self, series: SeriesSummary, how: str, direction: str | None = None
    ) -> float | None:
        """Return one value of a series; None if no value is finite.

        Args:
            series: The series.
            how: ``last``, ``min``, ``max``, ``mean`` (of finite values) or ``best`` (minimum or
                maximum by direction; the last value if the direction is unknown).
            direction: The better direction; None if it is unknown.
        """
        if how == "best":
            how = {Direction.LOWER: "min", Direction.HIGHER: "max"}.get(direction or "", "last")
        if how == "mean":
            from launchpad_tui.registry.window import finite_mean

            return finite_mean(self._registry, series.id)
        return {"min": series.minimum, "max": series.maximum}.get(how, series.last)


def matching(subject: ComparedItem, chart: ChartDefinition) -> list[SeriesSummary]:
    """Return the series of a model or execution that a chart shows."""
    names = set(map(normal_name, chart.metrics))
    labels = set(chart.labels)
    # Names are stored in their normal form; a key may have labels that are not.
    return [
        one
        for one in subject.series
        if (one.name in names or one.key in names or normal_name(one.key) in names)
        and (not labels or labels <= set(one.labels))
    ]


def best_of(
    series: SeriesSummary, directions: Mapping[str, str]
) -> tuple[float | None, int | None]:
    """Return the best value of a series and its step, None if the better direction is unknown.

    Args:
        series: the series.
        directions: better directions that the user has set, by metric key.
    """
    direction = (
        directions.get(series.key)
        or directions.get(series.name)
        or guess_direction(series.key)
        or guess_direction(series.name)
    )
    if direction == Direction.LOWER:
        return series.minimum, series.minimum_step
    if direction == Direction.HIGHER:
        return series.maximum, series.maximum_step
    return None, None


def labels_of(subjects: Sequence[ComparedItem]) -> list[str]:
    """Return distinct labels: the name, with the name of the configuration and the version, or
    else an ID prefix, as far as they are needed. The version of a single model is part of it."""
    if len(subjects) == 1 and subjects[0].artifact is not None:
        return [subjects[0].artifact.name_with_version]
    names = [one.name for one in subjects]
    with_configuration = [
        f"{one.name} {one.configuration.name}"
        if one.configuration and one.configuration.name != one.name
        else one.name
        for one in subjects
    ]
    if len(set(names)) == 1 and len(names) > 1:
        # A name that all of them share does not distinguish them.
        with_configuration = [
            one.configuration.name if one.configuration else one.name for one in subjects
        ]
    name_counts, long_counts = Counter(names), Counter(with_configuration)
    found = []
    for one, name, longer in zip(subjects, names, with_configuration, strict=True):
        if name_counts[name] == 1:
            found.append(name)
        else:
            found.append(longer if long_counts[longer] == 1 else f"{longer} {one.mark}")
    return found


def parameters_of(
    subjects: Sequence[ComparedItem], *, varying: bool = False
) -> dict[str, tuple[Value, ...]]:
    """Return the parameters of the configurations as columns by name.

    A column contains numbers if all its values are numbers, otherwise text.

    Args:
        subjects: The models or executions.
        varying: Whether to return only parameters whose values differ.
    """
    names = dict.fromkeys(
        name for one in subjects if one.configuration for name in one.configuration.parameters
    )
    columns: dict[str, tuple[Value, ...]] = {}
    for name in names:
        texts = [
            one.configuration.parameters.get(name) if one.configuration else None
            for one in subjects
        ]
        numbers = [_number(text) for text in texts]
        all_numbers = all(
            number is not None or text is None for number, text in zip(numbers, texts, strict=True)
        )
        column: tuple[Value, ...] = tuple(numbers) if all_numbers else tuple(texts)
        if not varying or len(set(column)) > 1:
            columns[name] = column
    return columns


def proposed(
    subjects: Sequence[ComparedItem], name: str = "All metrics", varied: Sequence[str] = ()
) -> Board:
    """Return the default board: one chart per metric, the most frequently logged first.

    A metric with several points is a line chart; a metric with one point is a bar chart.

    Args:
        subjects: The models or executions.
        name: The name of the board.
        varied: The parameters that differ within a sweep: the charts of the main metric against
            each of them, and of their importance, come first.
    """
    counts: dict[str, int] = {}
    longest: dict[str, int] = {}
    for subject in subjects:
        for series in subject.series:
            key = series.key
            counts[key] = counts.get(key, 0) + 1
            longest[key] = max(longest.get(key, 0), series.count)
    order = nsmallest(
        MAX_PROPOSED, counts, key=lambda key: (-min(longest[key], 2), -counts[key], key)
    )
    charts = [
        ChartDefinition((key,))
        if longest[key] > 1
        else ChartDefinition((key,), against=Against.SOURCE, kind="bar")
        for key in order
    ]
    return Board(name, (*_against(counts, varied), *charts))


def _against(keys: Collection[str], varied: Sequence[str]) -> Iterator[ChartDefinition]:
    """Yield charts of the main metric against parameters: one whose direction is known, and that
    does not belong to the training data, if there is one."""
    if not varied or not keys:
        return
    metric = min(keys, key=lambda key: (guess_direction(key) is None, "train" in key.lower(), key))
    for parameter in varied[:_MOST_VARIED]:
        yield ChartDefinition(
            (metric,),
            against=Against.PARAMETERS,
            kind="scatter",
            parameters=(parameter,),
            aggregate="best",
        )
    if len(varied) > 1:
        yield ChartDefinition(
            (metric,), name=f"importance for {metric}", against=Against.PARAMETERS,
            kind="importance", aggregate="best",
        )  # fmt: skip


def metric_keys(subjects: Sequence[ComparedItem]) -> list[str]:
    """Return the metric names and series keys that were logged, names first."""
    names = {series.name for one in subjects for series in one.series}
    keys = {series.key for one in subjects for series in one.series}
    return [*sorted(names), *sorted(keys - names)]


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None

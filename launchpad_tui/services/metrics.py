"""Metrics, tags and custom info of executions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import (
    CustomInfo,
    Metric,
    MetricResource,
    SeriesSummary,
    SeriesWindow,
    Tag,
    normal_name,
)
from launchpad_tui.registry import artifacts, executions, logged_metrics, series, staged_points
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.small_curves import small_curve

if TYPE_CHECKING:
    from launchpad_tui.registry.waiting_points import Waiting
    from launchpad_tui.registry.window import By
    from launchpad_tui.services.runtimes import Runtimes


class MetricService:
    """Reads, records and deletes metrics of executions. Thread-safe."""

    def __init__(self, registry: Registry, runtimes: Callable[[], Runtimes]) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def series(
        self, scope: Scope, execution_id: str, *, complete: bool = True
    ) -> tuple[SeriesSummary, ...]:
        """Return the series of an execution, ordered by name and key; empty if it has none or does
        not exist.

        Args:
            scope: The connection and resource group.
            execution_id: The ID of the execution.
            complete: Whether the points of the last seconds are included even if they are many.
        """
        staged_points.settle_before_reading(self._registry, complete=complete)
        return tuple(series.summaries(self._registry, scope, [execution_id]).get(execution_id, ()))

    def series_of_artifact(
        self, scope: Scope, artifact_id: str, *, complete: bool = True
    ) -> tuple[SeriesSummary, ...]:
        """Return the series of an artifact: those that were added to it, and those of its source
        execution that belong to it or to no artifact.

        Args:
            scope: The connection and resource group.
            artifact_id: The ID of the artifact.
            complete: Whether the points of the last seconds are included even if they are many.

        Raises:
            NotFound: The artifact does not exist.
        """
        found = artifacts.artifact(self._registry, scope, artifact_id)
        rows = self.series(scope, found.attributes_id, complete=complete)
        return tuple(row for row in rows if row.artifact_name in {"", found.logged_name})

    def summary(self, series_id: int) -> SeriesSummary:
        """Return the current summary of one series. Raises NotFound."""
        return series.summary(self._registry, series_id)

    def points(
        self,
        scope: Scope,
        execution_id: str,
        key: str = "",
        after: int = 0,
        limit: int | None = 1000,
    ) -> list[Metric]:
        """Return the points of one or all series of an execution, series by series, ordered by
        step.

        Args:
            scope: The connection and resource group.
            execution_id: The ID of the execution.
            key: The key of a series; empty for all series.
            after: The number of points to skip; a negative number counts from the end.
            limit: The maximum number of points; None for all.
        """
        found = [
            one
            for one in self.series(scope, execution_id)
            if not key or normal_name(one.key) == normal_name(key)
        ]
        return logged_metrics.points(self._registry, found, after, limit)

    def newest(self, series: Sequence[SeriesSummary], limit: int) -> list[Metric]:
        """Return the last points of each series, one series after the other, the newest point
        first; at most ``limit`` of each series."""
        return logged_metrics.newest(self._registry, series, limit)

    def series_with_waiting(
        self, scope: Scope, execution_id: str
    ) -> tuple[tuple[SeriesSummary, ...], Waiting]:
        """Return the series of an execution as `series` does, and the points of the last seconds
        that are not part of them yet, for `rows` and `stream`.

        This takes less time than to update thousands of series. Their summaries do not include
        these points; series that have no other points have negative IDs.

        Args:
            scope: The connection and resource group.
            execution_id: The ID of the execution.
        """
        from launchpad_tui.registry.waiting_points import series_and_points

        staged_points.settle_before_reading(self._registry, complete=False)
        found, waiting = series_and_points(self._registry, scope, execution_id)
        return tuple(found), waiting

    def stream(
        self, series: Iterable[SeriesSummary], waiting: Waiting | None = None
    ) -> Iterator[Metric]:
        """Yield all points of series, one series after the other, each by step.

        The memory for any number of points is that of one chunk.

        Args:
            series: The series.
            waiting: Points to include, see `series_with_waiting`.
        """
        return logged_metrics.metrics_of(self.rows(series, waiting))

    def rows(
        self, series: Iterable[SeriesSummary], waiting: Waiting | None = None
    ) -> Iterator[tuple[SeriesSummary, Sequence[tuple[int, int, float]]]]:
        """Yield the points of series as steps, microseconds since 1970 and values, ordered by step.

        A series may be yielded in several batches, one after the other. This takes less time than
        `stream`.

        Args:
            series: The series.
            waiting: Points to include, see `series_with_waiting`.
        """
        batches = logged_metrics.row_batches(self._registry, series)
        if not waiting:
            return batches
        from launchpad_tui.registry.waiting_points import merged

        return merged(batches, waiting)

    def window(
        self,
        series_id: int,
        start: int | None = None,
        stop: int | None = None,
        by: By = "step",
        points: int = 2000,
    ) -> SeriesWindow:
        """Return a range of a series, downsampled for a chart. Raises NotFound.

        See `registry.window.window` for the arguments.
        """
        from launchpad_tui.registry.window import window

        return window(self._registry, series_id, start, stop, by, points)

    def curve(self, series_id: int, points: int = 64) -> tuple[float, ...]:
        """Return the values of a series, reduced to at most ``points``, for a small curve. Raises
        NotFound."""
        return small_curve(self._registry, series_id, points)

    def tags(self, scope: Scope, execution_id: str) -> tuple[Tag, ...]:
        """Return the tags of an execution."""
        return tuple(
            logged_metrics.tags(self._registry, scope, [execution_id]).get(execution_id, ())
        )

    def custom_info(self, scope: Scope, execution_id: str) -> tuple[CustomInfo, ...]:
        """Return the custom info of an execution."""
        return tuple(
            logged_metrics.custom_info(self._registry, scope, [execution_id]).get(execution_id, ())
        )

    def resource(
        self, execution_id: str, scope: Scope | None = None, limit: int | None = None
    ) -> MetricResource:
        """Return everything that an execution logged. Raises NotFound.

        Args:
            execution_id: The ID of the execution.
            scope: The connection and resource group; None for an execution of this machine.
            limit: The maximum number of points; None for all.
        """
        staged_points.settle_before_reading(self._registry)
        with self._registry.read():
            scope = scope or executions.scope_of(self._registry, execution_id)
            rows = self.series(scope, execution_id)
            period = logged_metrics.logged_period(self._registry, scope, execution_id)
            return MetricResource(
                execution_id,
                logged_metrics.points(self._registry, rows, 0, limit),
                self.tags(scope, execution_id),
                self.custom_info(scope, execution_id),
                *period,
            )

    def record(
        self,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
        scope: Scope | None = None,
    ) -> None:
        """Record what an execution logs, in one transaction.

        Points are added to the stored ones. A point with the same step, time, labels and value as a
        stored one is not added again. Tags and custom info replace those with the same name.

        Args:
            execution_id: The ID of the execution.
            metrics: The points.
            tags: The tags.
            custom_info: The custom info.
            scope: The connection and resource group; None for an execution of this machine.

        Raises:
            NotFound: The execution does not exist.
            Unreachable: A remote runtime does not respond. Other errors of runtimes are possible.
        """
        scope = scope or executions.scope_of(self._registry, execution_id)
        executions.execution(self._registry, scope, execution_id)
        self._runtimes().record_metrics(scope, execution_id, metrics, tags, custom_info)

    def delete(self, execution_id: str, scope: Scope | None = None) -> None:
        """Delete all metrics, tags and custom info of an execution. Raises the errors of
        `record`."""
        scope = scope or executions.scope_of(self._registry, execution_id)
        self._runtimes().delete_metrics(scope, execution_id)

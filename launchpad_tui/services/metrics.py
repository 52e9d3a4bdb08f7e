"""Metrics, tags and custom info of executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import (
    CustomInfo,
    Metric,
    MetricResource,
    SeriesSummary,
    SeriesWindow,
    Tag,
)
from launchpad_tui.registry import artifacts, executions, logged_metrics, series
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.registry.window import By
    from launchpad_tui.services.runtimes import Runtimes


class MetricService:
    """Metrics of executions. Thread-safe."""

    def __init__(self, registry: Registry, runtimes: Runtimes) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def series(self, scope: Scope, execution_id: str) -> tuple[SeriesSummary, ...]:
        """Return the series of an execution by name and key; empty if it has none or was deleted."""
        return tuple(series.summaries(self._registry, scope, [execution_id]).get(execution_id, ()))

    def series_of_artifact(self, scope: Scope, artifact_id: str) -> tuple[SeriesSummary, ...]:
        """What the source execution logged of this artifact: its own series and those of none. Raises NotFound."""
        found = artifacts.artifact(self._registry, scope, artifact_id)
        rows = self.series(scope, found.execution_id) if found.execution_id else ()
        return tuple(row for row in rows if row.artifact_name in {"", found.name})

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
        """Points of the series with this key, or of all, one series behind the other; by step, newest last.

        Args:
            after: so many are passed over; a negative number counts from the end.
        """
        found = [one for one in self.series(scope, execution_id) if not key or one.key == key]
        return logged_metrics.points(self._registry, found, after, limit)

    def window(
        self,
        series_id: int,
        start: int | None = None,
        stop: int | None = None,
        by: By = "step",
        points: int = 2000,
    ) -> SeriesWindow:
        """A stretch of a series as it is drawn; see `registry.window.window`. Raises NotFound."""
        from launchpad_tui.registry.window import window

        return window(self._registry, series_id, start, stop, by, points)

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
        """Everything that an execution logged (at most ``limit`` points). Raises NotFound.

        Args:
            scope: None for an execution of this machine.
        """
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
        """Keep what an execution logs, in one transaction. Points accumulate; one that is equal to a kept one in step,
        time, labels and value is kept once. Of tags and custom info with the same name the last wins.

        Args:
            scope: None for an execution of this machine.

        Raises:
            NotFound: the execution does not exist.
            Unreachable: a remote runtime did not respond. Other errors of runtimes are possible.
        """
        scope = scope or executions.scope_of(self._registry, execution_id)
        executions.execution(self._registry, scope, execution_id)
        self._runtimes.record_metrics(scope, execution_id, metrics, tags, custom_info)

    def delete(self, execution_id: str, scope: Scope | None = None) -> None:
        """Delete all metrics, tags and custom info of an execution. Raises as `record`."""
        scope = scope or executions.scope_of(self._registry, execution_id)
        self._runtimes.delete_metrics(scope, execution_id)

"""The data of a chart of a metric over the versions of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.charts.model import ChartData, Series
from launchpad_tui.domain.metric import Direction

if TYPE_CHECKING:
    from launchpad_tui.domain.query import ArtifactRow, MetricColumn

#: the kind of the x axis
X_KIND = "version"


def version_data(
    rows: Sequence[ArtifactRow], column: MetricColumn, direction: str | None
) -> ChartData:
    """Return curves over the numbers of versions: one for each scenario, and a point for each
    alias and for the best version.

    Versions without a number or without a value are left out.

    Args:
        rows: The versions of one name, with the metric column.
        direction: ``lower`` or ``higher`` values are better; None if that is unknown, then no
            version is the best.
    """
    by_scenario: dict[str, list[tuple[int, float, ArtifactRow]]] = {}
    for row in rows:
        value = row.metrics.get(column)
        if row.artifact.version is not None and value is not None:
            point = (row.artifact.version, value, row)
            by_scenario.setdefault(row.artifact.scenario_id, []).append(point)
    series: list[Series] = []
    marked: list[Series] = []
    for scenario, found in by_scenario.items():
        found.sort(key=lambda point: point[0])
        suffix = f" in {scenario}" if len(by_scenario) > 1 else ""
        name = found[0][2].artifact.name
        series.append(
            Series(
                scenario,
                f"{name}{suffix}",
                [float(version) for version, _, _ in found],
                [value for _, value, _ in found],
                len(series),
            )
        )
        points = [
            (f"{alias}{suffix} v{version}", version, value)
            for version, value, row in found
            for alias in row.artifact.aliases
        ]
        finite = [point for point in found if math.isfinite(point[1])]
        if finite and direction:
            sign = -1 if direction == Direction.HIGHER else 1
            version, value, _ = min(finite, key=lambda point: (sign * point[1], point[0]))
            points.append((f"best{suffix} v{version}", version, value))
        marked += [
            Series(label, label, [float(version)], [value]) for label, version, value in points
        ]
    # What comes first is drawn on top.
    numbered = [
        Series(one.id, one.label, one.x, one.y, len(series) + place)
        for place, one in enumerate(marked)
    ]
    return ChartData((*numbered, *series))

"""The data of charts over versions."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from launchpad_tui.charts.catalog import KINDS
from launchpad_tui.charts.model import ChartSpec
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.query import ArtifactRow, MetricColumn
from launchpad_tui.services.version_chart import X_KIND, version_data

LOSS = MetricColumn("loss")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def row(
    version: int | None, value: float | None, aliases: tuple[str, ...] = (), scenario: str = "s"
) -> ArtifactRow:
    """Return a version of a model with a value of the metric."""
    model = Artifact(
        f"{scenario}{version}", "net", ArtifactKind.MODEL, "ai://default/x", "", scenario, "",
        (), None, AT, AT, version=version, aliases=aliases,
    )  # fmt: skip
    return ArtifactRow(model, {} if value is None else {LOSS: value})


def test_aliases_and_the_best_version_are_marked_on_top() -> None:
    rows = [row(3, 0.3, ("production",)), row(2, 0.1), row(1, 0.2, ("a", "b")), row(4, None)]
    data = version_data(rows, LOSS, "lower")
    assert [one.label for one in data.series] == [
        "a v1", "b v1", "production v3", "best v2", "net",
    ]  # fmt: skip
    assert list(data.series[-1].x) == [1, 2, 3]
    assert list(data.series[-1].y) == [0.2, 0.1, 0.3]
    assert list(data.series[3].x) == [2]
    assert len({one.slot for one in data.series}) == len(data.series)


def test_scenarios_are_separate_curves() -> None:
    rows = [row(1, 0.5), row(2, 0.4), row(1, 0.7, ("production",), "other")]
    labels = [one.label for one in version_data(rows, LOSS, None).series]
    assert labels == ["production in other v1", "net in s", "net in other"]


def test_no_version_with_a_value_has_no_curve() -> None:
    assert version_data([row(1, None), row(None, 0.5)], LOSS, "lower").series == ()


def test_the_best_version_is_never_nan() -> None:
    data = version_data([row(1, math.nan), row(2, math.inf), row(3, 5.0)], LOSS, "higher")
    assert data.series[0].label == "best v3"
    drawing = KINDS["line"].draw(ChartSpec(60, 12, "loss", X_KIND), data)
    assert "".join(span.text for span in drawing.lines[-1]).split() == ["1", "2", "3"]

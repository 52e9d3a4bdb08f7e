"""Models with a metric and a time of creation, for policies."""

from __future__ import annotations

from datetime import timedelta

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import artifacts, series
from launchpad_tui.registry.database import Registry
from tests.registry.registry_data import add_execution


def add_measured(registry: Registry, count: int) -> None:
    """Add the models ``measured@1`` and so on: the metric val_loss rises with the version; the
    fourth and the fifth are new, the others are a year old."""
    for number in range(1, count + 1):
        at = now() - timedelta(days=1 if number in {4, 5} else 365)
        execution = add_execution(registry, f"e{number:015}", status=Status.COMPLETED, seconds=1)
        series.append(
            registry, execution.id, [Metric("val_loss", number / 10, at, 1)], DEFAULT_SCOPE
        )
        model = Artifact(
            f"measured-{number:04}", "measured", ArtifactKind.MODEL, f"ai://default/x/{number}",
            "", "tiny", execution.id, (), None, at, at,
        )  # fmt: skip
        artifacts.add(registry, DEFAULT_SCOPE, model)

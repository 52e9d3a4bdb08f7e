"""Homes for scenes and tests, filled through the registry with fixed timestamps and IDs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.registry import artifacts, scenarios
from launchpad_tui.registry.database import Registry

T0 = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
HOSTILE = (
    "\x1b[31mred\x1b]52;c;aGk=\x07",
    "[bold]markup[/bold] [link=x]",
    "right \u202eto left\u202c",
    "flag \U0001f1e9\U0001f1ea family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "two\nlines\tand a tab",
    "x" * 5000,
    "漢字の名前",
)


def artifact(
    number: int, name: str, kind: ArtifactKind = ArtifactKind.MODEL, minutes: int = 0
) -> Artifact:
    """Return an artifact whose ID is made from its number."""
    at = T0 - timedelta(minutes=minutes or number)
    labels = (("ext.ai.sap.com/stage", "production" if number % 3 == 0 else "trial"),)
    artifact_id = f"{number:08x}-0000-4000-8000-{number:012x}"
    url = f"ai://default/models/{number}"
    return Artifact(
        artifact_id,
        name,
        kind,
        url,
        "gradient boosting",
        "churn",
        "",
        labels,
        1000 * number,
        at,
        at,
    )


def add_scenario(registry: Registry) -> None:
    """Add the scenario to which all seeded items belong."""
    scenarios.put_scenario(
        registry, DEFAULT_SCOPE, Scenario("churn", "Churn", "Who leaves", {}, T0, T0)
    )


def models(count: int = 200) -> Callable[[Home], None]:
    """Return a function that fills a home with ``count`` models."""

    def seed(home: Home) -> None:
        registry = Registry(home.registry_path)
        add_scenario(registry)
        for number in range(count):
            artifacts.add(registry, DEFAULT_SCOPE, artifact(number, f"churn-model-{number:03d}"))
        registry.close()

    return seed


def hostile(home: Home) -> None:
    """Fill a home with models whose names contain control sequences, markup and long text."""
    registry = Registry(home.registry_path)
    add_scenario(registry)
    for number, name in enumerate(HOSTILE):
        artifacts.add(registry, DEFAULT_SCOPE, artifact(number, name))
    registry.close()


def nothing(_home: Home) -> None:
    """Leave the home empty, as it is on first start."""

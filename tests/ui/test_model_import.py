"""Models of an object store are imported in the app: named, with their values, a new scenario."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Condition, MetricColumn, Op, Query, Subject
from tests.scenes.harness import press, running, screen_text, settled

LOSS = MetricColumn("loss")


def rows(pilot: Any, *conditions: Condition) -> list[Any]:
    """Return the models of the resource group."""
    query = Query(conditions=conditions, metrics=(LOSS,))
    listing = pilot.app.desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    return list(listing.slice(0, 100))


async def test_models_without_a_template_are_imported_with_their_values(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home").ensure()
    for number in range(4):
        folder = home.files / f"exports/churn/run-{number}"
        folder.mkdir(parents=True)
        (folder / "model.bin").write_bytes(b"12345")
        (folder / "metrics.json").write_text(f'{{"loss": 0.{number}}}')
    async with running(home, "models") as pilot:
        app: Any = pilot.app
        app.open("import", store="default", path="exports")
        await settled(pilot)
        await press(pilot, "p", "backspace", *"*/*", "enter")
        await press(pilot, "M", *"{1}", "enter")
        await settled(pilot)
        assert screen_text(pilot).count("churn  ") == 4
        await press(pilot, "a")
        # Without a scenario, its ID is asked for at once; typing replaces the proposed one.
        assert "ID of the new scenario" in screen_text(pilot)
        assert "│ exports " in screen_text(pilot)
        await press(pilot, *"tabular", "enter")
        assert "n add without them   esc cancel" in screen_text(pilot)
        await press(pilot, "escape")
        await settled(pilot)
        assert rows(pilot) == []
        await press(pilot, "a", "enter", "enter")
        # The values are read while another screen is shown.
        await press(pilot, "1")
        async with asyncio.timeout(60):
            while [row.metrics.get(LOSS) for row in rows(pilot)] != [0.3, 0.2, 0.1, 0.0]:
                await asyncio.sleep(0.02)
        found = [row.artifact for row in rows(pilot)]
        assert [(one.name, one.version) for one in found] == [("churn", n) for n in (4, 3, 2, 1)]
        assert {one.scenario_id for one in found} == {"tabular"}
        assert rows(pilot, Condition(Subject.METRIC, "loss", Op.MISSING, "")) == []


async def test_models_are_added_without_their_values(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home").ensure()
    folder = home.files / "exports/churn"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"12345")
    (folder / "metrics.json").write_text('{"loss": 0.5}')
    async with running(home, "models") as pilot:
        app: Any = pilot.app
        app.open("import", store="default", path="exports")
        await settled(pilot)
        await press(pilot, "enter")
        await settled(pilot)
        assert "metrics.json" in screen_text(pilot)
        await press(pilot, "escape", "a", "enter", "n")
        await settled(pilot)
        (row,) = rows(pilot)
        assert row.artifact.scenario_id == "exports"
        assert not row.metrics


async def test_a_scenario_is_added_in_the_wizard_of_a_model(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path / "home").ensure(), "models") as pilot:
        app: Any = pilot.app
        await press(pilot, "a", *"models/new")
        # The first time, it is stated that there are no files.
        await press(pilot, "ctrl+n", "ctrl+n")
        assert "ID of the new scenario" in screen_text(pilot)
        await press(pilot, *"tabular", "enter")
        assert "● Review" in screen_text(pilot)
        assert [one.id for one in app.desk.scenarios.scenarios(DEFAULT_SCOPE)] == ["tabular"]


async def test_a_scenario_is_added_on_its_screen(workshop_home: Home) -> None:
    async with running(workshop_home, "scenarios") as pilot:
        app: Any = pilot.app
        await press(pilot, "plus", *"tabular", "enter")
        await settled(pilot)
        assert "Added scenario tabular" in screen_text(pilot)
        assert "tabular" in {one.id for one in app.desk.scenarios.scenarios(DEFAULT_SCOPE)}

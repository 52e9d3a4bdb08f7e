"""The dialogs of sweeps on the list of executions."""

from __future__ import annotations

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.sweep import Sweep, SweepMember
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import sweeps
from launchpad_tui.ui.screens.compare.compare import CompareScreen
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED, DEAD


async def test_the_executions_of_a_sweep_are_compared(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        await press(pilot, "W")
        assert "No sweeps yet" in screen_text(pilot)
        sweep = Sweep(
            "s1", "rates", "train", {"rate": "1,2"}, {}, {}, now(), "ada@host",
            (SweepMember(1, {"rate": "1"}, "", "", ""), SweepMember(2, {"rate": "2"}, "", "", "")),
        )  # fmt: skip
        registry = pilot.app.desk.registry
        sweeps.add(registry, DEFAULT_SCOPE, sweep)
        for position, execution in ((1, COMPLETED), (2, DEAD)):
            changes = {"execution_id": execution}
            sweeps.set_member(registry, DEFAULT_SCOPE, "s1", position, changes)
        await press(pilot, "W")
        assert "1 of 2 completed, 1 dead" in screen_text(pilot)
        await press(pilot, "enter")
        assert "None is running" in screen_text(pilot)
        assert "1 executions" in screen_text(pilot)
        await press(pilot, "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, CompareScreen)

"""Tests of reproducing executions in the app, with executions that really run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.timestamps import now
from launchpad_tui.ui.screens.executions.execution_items import execution_items
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED
from tests.services.execution_support import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A home with a desk for executions."""
    made = Bench(tmp_path)
    yield made
    made.close()


async def shown(pilot: Any, text: str) -> None:
    """Wait until the screen shows a text."""
    limit = time.monotonic() + 60
    while text not in screen_text(pilot):
        assert time.monotonic() < limit, screen_text(pilot)
        await settled(pilot)
        await pilot.pause(0.1)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_an_execution_is_reproduced(bench: Bench, size: tuple[int, int]) -> None:
    execution = bench.shell("echo 1 >/app/model/m; echo '::metric loss=0.5 step=1'")
    bench.wait(execution, Status.COMPLETED)
    async with running(bench.desk.home, "executions", size=size) as pilot:
        pilot.app.open("execution", item_id=execution)
        await settled(pilot)
        await press(pilot, "ctrl+r")
        await shown(pilot, f"Reproduce execution {execution}?")
        await press(pilot, "enter")
        await shown(pilot, "All outputs are identical to the byte")
        reproduced = pilot.app.screen.item_id
        assert reproduced != execution
        assert bench.desk.reproduction.source_of(DEFAULT_SCOPE, reproduced) == execution
        look = pilot.app.look
    source = bench.desk.executions.get(DEFAULT_SCOPE, execution)
    copy = bench.desk.executions.get(DEFAULT_SCOPE, reproduced)
    (item,) = (one for one in execution_items(source, look, now()) if one.link_id == reproduced)
    assert item.name == "Reproduced by"
    assert item.value == f"{reproduced}  ✓ COMPLETED"
    (item,) = (one for one in execution_items(copy, look, now()) if one.link_id == execution)
    assert item.name == "Reproduction of"
    assert copy.reproductions == ()


async def test_a_model_is_reproduced(bench: Bench) -> None:
    execution = bench.shell("date +%N >/app/model/m")
    bench.wait(execution, Status.COMPLETED)
    (model,) = bench.desk.executions.get(DEFAULT_SCOPE, execution).outputs
    async with running(bench.desk.home, "models") as pilot:
        pilot.app.open("artifact", item_id=model.id)
        await settled(pilot)
        await press(pilot, "ctrl+r", "enter")
        await shown(pilot, "1 of 1 outputs are not identical")


async def test_an_execution_without_recorded_code_cannot_be_reproduced(workshop_home: Any) -> None:
    async with running(workshop_home, "executions") as pilot:
        pilot.app.open("execution", item_id=COMPLETED)
        await settled(pilot)
        await press(pilot, "ctrl+r")
        assert "No snapshot of its code is stored" in screen_text(pilot)

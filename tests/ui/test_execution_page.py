"""Tests of the page of an execution with executions that really run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.ui.screens.executions import live_curves
from launchpad_tui.ui.screens.executions.live_curves import draw_curves
from launchpad_tui.ui.widgets.log_view import LogView
from launchpad_tui.ui.widgets.tabs import TabStrip
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED
from tests.services.execution_support import Bench

FAILING = """\
i=0; while [ $i -lt 300 ]; do echo "row $i"; i=$((i+1)); done
echo 'Traceback (most recent call last):' >&2
echo '  File "main.py", line 3, in <module>' >&2
echo 'ValueError: no rows in the table' >&2
i=0; while [ $i -lt 100 ]; do echo "cleaning $i"; i=$((i+1)); done
exit 1"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A home with a desk for executions."""
    made = Bench(tmp_path)
    yield made
    made.close()


async def opened(pilot: Any, item_id: str, **params: Any) -> None:
    """Open the page of an execution."""
    pilot.app.open("execution", item_id=item_id, **params)
    await settled(pilot)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_failed_execution_opens_at_the_line_that_failed(
    bench: Bench, size: tuple[int, int]
) -> None:
    execution = bench.shell(FAILING)
    bench.wait(execution, Status.DEAD)
    async with running(bench.desk.home, "executions", size=size) as pilot:
        await opened(pilot, execution)
        text = screen_text(pilot)
        assert "Failed at log line" in text.split("Executable")[0]
        assert ": ValueError: no rows in the table" in text.split("Executable")[0]
        assert pilot.app.screen.query_one(TabStrip).shown == "logs"
        assert "ValueError: no rows in the table" in text.split("Logs")[1]
        log = pilot.app.screen.query_one(LogView)
        look = pilot.app.look
        marked = [
            "".join(part for part, _ in log.parts(number))
            for number in range(log.top, log.top + log.size.height)
            if any(role == "selected" for _, role in log.parts(number))
        ]
        assert len(marked) == 1
        assert marked[0].endswith("ValueError: no rows in the table")
        assert look.style("selected") != look.style("warn")


async def test_a_failure_does_not_change_a_tab_that_the_caller_or_the_user_selected(
    bench: Bench,
) -> None:
    execution = bench.shell("echo 'fatal: no space' >&2; exit 3")
    bench.wait(execution, Status.DEAD)
    async with running(bench.desk.home, "executions") as pilot:
        await opened(pilot, execution, tab="status")
        strip = pilot.app.screen.query_one(TabStrip)
        assert strip.shown == "status"
        assert "fatal: no space" in screen_text(pilot).split("Executable")[0]
        await press(pilot, "tab", "r")
        assert strip.shown == "resource"


async def test_a_completed_execution_shows_no_failure(workshop_home: Any) -> None:
    async with running(workshop_home) as pilot:
        await opened(pilot, COMPLETED)
        assert "Failed" not in screen_text(pilot)
        assert pilot.app.screen.query_one(TabStrip).shown == "status"


async def test_an_execution_without_metrics_shows_how_to_log_them(bench: Bench) -> None:
    execution = bench.shell("true")
    bench.wait(execution, Status.DEAD)
    async with running(bench.desk.home, "executions", size=(80, 24)) as pilot:
        await opened(pilot, execution)
        assert (
            "DEAD: Step only did not write its output" in screen_text(pilot).split("Executable")[0]
        )
        await press(pilot, "shift+tab")
        text = screen_text(pilot)
        assert "from launchpad_tui.tracking import log" in text
        assert "launchpad log loss=0.31" in text
        assert "::metric loss=0.31" in text
        copied: list[str] = []
        for _ in range(30):
            await press(pilot, "y", "down")
            if pilot.app.clipboard not in copied:
                copied.append(pilot.app.clipboard)
    # Each example is valid where it belongs.
    python, command, line = copied
    compile(python, "example", "exec")
    script = "\n".join(
        [
            "mkdir /app/model; echo 1 >/app/model/m",
            command,
            f"echo '{line.replace('step=5', 'step=6')}'",
            f"python3 -c '{python.replace('epoch', '1')}'",
        ]
    )
    logged = bench.shell(script, name="logged")
    done = bench.wait(logged)
    assert done.status is Status.COMPLETED, bench.log(logged)
    series = bench.desk.metrics.series(DEFAULT_SCOPE, logged)
    assert {(one.key, one.count) for one in series} == {
        ("loss{phase=train}", 3),
        ("accuracy{phase=train}", 3),
    }


LOGGING = """\
i=0
while [ $i -lt 40 ]; do echo "::metric loss=0.$((90-i)) step=$i | phase=train"; i=$((i+1)); done
while [ $i -lt 60 ]; do echo "::metric loss=0.$((90-i)) step=$i | phase=test"; i=$((i+1)); done
echo waiting for the end
while [ ! -e "$AICORE_STOP_FILE" ]; do sleep 0.1; done
mkdir /app/model; echo 1 >/app/model/m"""


async def shown_soon(pilot: Any, check: Callable[[str], bool]) -> str:
    """Wait until the screen fulfills a condition, and return its text."""
    deadline = time.monotonic() + 60
    while not check(text := screen_text(pilot)):
        assert time.monotonic() < deadline, text
        await pilot.pause(0.05)
    return text


async def test_a_running_execution_opens_on_its_log_and_its_curves(
    bench: Bench, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    execution = bench.shell(LOGGING.replace("$AICORE_STOP_FILE", str(stop)))
    bench.wait_for_log(execution, "waiting for the end")
    async with running(bench.desk.home, "executions", size=(160, 45)) as pilot:
        pilot.app.open("execution", item_id=execution)
        text = await shown_soon(pilot, lambda text: "└" in text and "test" in text)
        assert pilot.app.screen.query_one(TabStrip).shown == "logs"
        logs = text.split("Logs")[1]
        assert "waiting for the end" in logs
        assert "loss" in logs.splitlines()[1][80:]
        # The curves have the values of their labels as names, and distinct markers.
        assert "last 0.51" in logs
        assert "last 0.31" in logs
        # Below 110 columns there is only the log.
        await pilot.resize_terminal(100, 30)
        await shown_soon(
            pilot, lambda text: "last 0.51" not in text and "waiting for the end" in text
        )
        await pilot.resize_terminal(160, 45)
        await shown_soon(pilot, lambda text: "last 0.51" in text)
        # The curves stay when the execution ends.
        stop.touch()
        text = await shown_soon(pilot, lambda text: "COMPLETED" in text)
        assert "last 0.51" in text


async def test_curves_are_drawn_at_most_twice_a_second(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = bench.shell(LOGGING.replace("$AICORE_STOP_FILE", str(tmp_path / "stop")))
    bench.wait_for_log(execution, "waiting for the end")
    drawn: list[float] = []

    def counted(*args: Any, **options: Any) -> Any:
        drawn.append(time.monotonic())
        return draw_curves(*args, **options)

    monkeypatch.setattr(live_curves, "draw_curves", counted)
    async with running(bench.desk.home, "executions", size=(160, 45)) as pilot:
        pilot.app.open("execution", item_id=execution)
        await shown_soon(pilot, lambda text: "last 0.51" in text)
        curves = pilot.app.screen.query_one(live_curves.LiveCurves)
        deadline = time.monotonic() + 60
        while len(drawn) < 4 and time.monotonic() < deadline:
            curves.draw_soon()
            await pilot.pause(0.01)
    (tmp_path / "stop").touch()
    assert len(drawn) >= 4
    assert all(b - a >= live_curves.DRAW_SECONDS for a, b in pairwise(drawn))

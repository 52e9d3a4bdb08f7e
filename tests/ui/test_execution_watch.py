"""Tests of the report of executions that end while another screen is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.execution import Status
from launchpad_tui.ui.execution_watch import ended_text, notification
from tests.scenes.harness import running, screen_text, settled
from tests.services.execution_support import Bench

WAITING = """\
echo waiting; while [ ! -e "STOP" ]; do sleep 0.1; done; mkdir /app/model; echo 1 >/app/model/m"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A home with a desk for executions."""
    made = Bench(tmp_path)
    yield made
    made.close()


async def until_watched(pilot: Any, execution: str) -> None:
    """Wait until the app knows that an execution has not ended."""
    deadline = time.monotonic() + 60
    while execution not in pilot.app.execution_watch._unfinished:
        assert time.monotonic() < deadline
        await pilot.pause(0.05)
    await settled(pilot)


async def until_finished(pilot: Any, bench: Bench, execution: str) -> None:
    """Wait until an execution has ended and the app has noticed it."""
    deadline = time.monotonic() + 60
    watch = pilot.app.execution_watch
    while not bench.execution(execution).status.final or execution in watch._unfinished:
        assert time.monotonic() < deadline, bench.log(execution)
        await pilot.pause(0.05)
    await settled(pilot)


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_the_end_of_an_execution_is_reported_on_other_screens_only(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    Settings.save(bench.desk.home, {"ui.notify": "osc9"})
    monkeypatch.delenv("TMUX", raising=False)
    execution = bench.shell(WAITING.replace("STOP", str(tmp_path / "stop")))
    bench.wait_for_log(execution, "waiting")
    async with running(bench.desk.home, "models") as pilot:
        written: list[str] = []
        monkeypatch.setattr(pilot.app, "write_terminal", written.append)
        if not elsewhere:
            pilot.app.open("execution", item_id=execution)
        await until_watched(pilot, execution)
        (tmp_path / "stop").touch()
        await until_finished(pilot, bench, execution)
        text = f"Execution c ({execution}) completed"
        assert (text in screen_text(pilot)) is elsewhere
        assert written == ([f"\x1b]9;{text}\x07"] if elsewhere else [])


def test_several_ends_are_one_message_and_failures_have_their_reason(bench: Bench) -> None:
    execution = bench.shell("echo 'fatal: no space' >&2; exit 3")
    dead = bench.wait(execution, Status.DEAD)
    text, role = ended_text([dead])
    assert text.startswith(f"Execution c ({execution}) failed: Step only failed: exit code 3")
    assert role == "bad"
    done = replace(dead, status=Status.COMPLETED)
    text, role = ended_text([done, dead, done])
    assert text.startswith(f"3 executions ended: 2 completed, 1 failed; c ({execution}) failed: ")
    assert role == "bad"
    assert ended_text([done, done]) == ("2 executions ended: 2 completed", "good")


def test_notifications_are_control_sequences_without_those_of_the_text() -> None:
    text = "Execution 1 (a;b\x1b]52;c\x07) completed"
    assert notification("off", text, {}) == ""
    assert notification("bell", text, {"TMUX": "/tmp/x"}) == "\x07"
    shown = "Execution 1 (a,b␛]52,c␇) completed"
    assert notification("osc9", text, {}) == f"\x1b]9;{shown}\x07"
    assert notification("osc777", text, {}) == f"\x1b]777;notify;launchpad;{shown}\x07"
    # tmux passes on what is in DCS, with each escape doubled.
    wrapped = notification("osc777", text, {"TMUX": "/tmp/x"})
    assert wrapped == f"\x1bPtmux;\x1b\x1b]777;notify;launchpad;{shown}\x07\x1b\\"


async def test_a_report_waits_for_the_message_of_the_last_key(bench: Bench) -> None:
    async with running(bench.desk.home, "models") as pilot:
        pilot.app.say("Artifact added", seconds=3600)
        pilot.app.say_afterwards("Execution x completed", "good", 3600)
        await settled(pilot)
        assert "Artifact added" in screen_text(pilot)
        assert "Execution x completed" not in screen_text(pilot)
        pilot.app._message_ended()
        await settled(pilot)
        assert "Execution x completed" in screen_text(pilot)
        assert "Artifact added" not in screen_text(pilot)


async def test_executions_that_end_one_by_one_are_counted_in_one_message(bench: Bench) -> None:
    done = replace(bench.wait(bench.shell("exit 1"), Status.DEAD), status=Status.COMPLETED)
    async with running(bench.desk.home, "models") as pilot:
        watch = pilot.app.execution_watch
        for _ in range(3):
            watch._report([done])
        await settled(pilot)
        assert "3 executions ended: 3 completed" in screen_text(pilot)
        pilot.app.say("Artifact added", seconds=3600)
        watch._report([done])
        watch._report([done])
        await settled(pilot)
        assert "Artifact added" in screen_text(pilot)
        pilot.app._message_ended()
        await settled(pilot)
        assert "2 executions ended: 2 completed" in screen_text(pilot)
        pilot.app._message_ended()
        await settled(pilot)
        assert "ended" not in screen_text(pilot)

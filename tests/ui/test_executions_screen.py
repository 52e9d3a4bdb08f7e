"""Tests of the screens for executions: list, details, log, rerun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import TargetStatus
from launchpad_tui.domain.query import Query
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.ui.screens.executions.execution import ExecutionScreen
from launchpad_tui.ui.screens.executions.execution_rerun import ExecutionRerunScreen
from launchpad_tui.ui.screens.executions.executions import ExecutionsScreen
from launchpad_tui.ui.widgets.form import Form
from launchpad_tui.ui.widgets.log_view import LogView
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED, DEAD, RUNNING, STOPPED, write_log


async def show(pilot: Any, item_id: str, tab: str = "status") -> None:
    """Open the details of an execution."""
    pilot.app.open("execution", item_id=item_id, tab=tab)
    await settled(pilot)


def ids(pilot: Any) -> set[str]:
    """Return the IDs of all executions."""
    listing = pilot.app.desk.executions.listing(DEFAULT_SCOPE, Query())
    return {row.execution.id for row in listing.slice(0, 100)}


def execution(pilot: Any, item_id: str) -> Any:
    """Return an execution."""
    return pilot.app.desk.executions.get(DEFAULT_SCOPE, item_id).execution


@pytest.fixture
def supervised(workshop_home: Home) -> Iterator[Home]:
    """The home, with a supervisor that is alive for the running execution."""
    registry = Registry(workshop_home.registry_path)
    with registry.write() as db:
        db.execute(
            "UPDATE executions SET supervisor_pid = 1, supervisor_boot = '',"
            " claimed_at = created_at WHERE id = ?",
            (RUNNING,),
        )
    registry.close()
    with folder_lock(workshop_home.executions / RUNNING):
        yield workshop_home


async def test_stopping_asks_first(supervised: Home) -> None:
    async with running(supervised, "executions") as pilot:
        await press(pilot, "S")
        text = screen_text(pilot)
        assert "The execution is COMPLETED: only PENDING and RUNNING ones can be stopped" in text
        await press(pilot, "down", "S")
        assert f"({RUNNING})?" in screen_text(pilot)
        await press(pilot, "n")
        assert execution(pilot, RUNNING).target_status is TargetStatus.COMPLETED
        await press(pilot, "S", "y")
        assert execution(pilot, RUNNING).target_status is TargetStatus.STOPPED
        assert f"({RUNNING})" in screen_text(pilot)


async def test_stopping_several_reports_those_that_could_not_be_stopped(supervised: Home) -> None:
    async with running(supervised, "executions") as pilot:
        await press(pilot, "ctrl+a", "S")
        text = screen_text(pilot)
        assert f"({RUNNING})?" in text
        assert "Of the selected ones 4 cannot be stopped." in text
        await press(pilot, "y")
        assert execution(pilot, RUNNING).target_status is TargetStatus.STOPPED
        assert execution(pilot, COMPLETED).target_status is TargetStatus.COMPLETED
        assert f"({RUNNING})" in screen_text(pilot)


async def test_deleting_several_keeps_those_that_run(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        before = ids(pilot)
        await press(pilot, "down", "D")
        assert "The execution is RUNNING: stop it first" in screen_text(pilot)
        await press(pilot, "space", "space", "space", "D")
        assert "Delete 2 executions?" in screen_text(pilot)
        assert "1 have not ended" in " ".join(screen_text(pilot).split())
        await press(pilot, "enter")
        assert ids(pilot) == before
        await press(pilot, "y")
        assert ids(pilot) == before - {STOPPED, DEAD}
        text = screen_text(pilot)
        assert "Deleted 2 executions" in text
        await press(pilot, "r")
        assert "1–3 of 3" in screen_text(pilot)


async def test_an_action_applies_to_the_selection_and_not_to_the_cursor(
    workshop_home: Home,
) -> None:
    async with running(workshop_home, "executions") as pilot:
        await press(pilot, "down", "space", "end", "S")
        assert f"({RUNNING})?" in screen_text(pilot)


async def test_the_order_can_be_reversed(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        screen: Any = pilot.app.screen
        newest = screen.table.row_id
        await press(pilot, "I", "home")
        assert screen.table.row_id == COMPLETED != newest


async def test_an_execution_is_deleted_from_its_details(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        await press(pilot, "end", "enter")
        opened = pilot.app.screen
        assert isinstance(opened, ExecutionScreen)
        await press(pilot, "S")
        assert "The execution is COMPLETED: only PENDING and RUNNING" in screen_text(pilot)
        await press(pilot, "D", "n")
        assert COMPLETED in ids(pilot)
        await press(pilot, "D", "y")
        assert COMPLETED not in ids(pilot)
        assert isinstance(pilot.app.screen, ExecutionsScreen)
        assert f"Execution {COMPLETED} deleted" in screen_text(pilot)
        # It is kept for its model.
        assert execution(pilot, COMPLETED).deleted_at is not None


async def test_details_close_if_the_execution_was_deleted(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        await show(pilot, DEAD)
        pilot.app.desk.executions.delete(DEFAULT_SCOPE, (DEAD,))
        await press(pilot, "r")
        assert isinstance(pilot.app.screen, ExecutionsScreen)
        assert f"Execution {DEAD} was deleted" in screen_text(pilot)


async def test_the_metric_resource_shows_metrics_tags_and_custom_info(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED)
        await press(pilot, "tab")
        text = screen_text(pilot)
        assert "0.025 at step 39  0.025 to 1    40 points" in text
        assert "boosting" in text
        # The confusion matrix is a heat map.
        for row in ("██ 42  ░░  1  ░░  0", "░░  2  ██ 39  ░░  4", "░░  0  ░░  3  ██ 51"):
            assert row in text
        await press(pilot, "end", "y")
        assert "[2, 39, 4]" in pilot.app.clipboard


async def test_the_log_scrolls_sideways_and_hides_timestamps(workshop_home: Home) -> None:
    async with running(workshop_home, size=(80, 24)) as pilot:
        await show(pilot, COMPLETED, "logs")
        assert "12:00:39 epoch  40" in screen_text(pilot)
        assert "▸" in screen_text(pilot)
        await press(pilot, *["right"] * 9)
        text = screen_text(pilot)
        assert "epoch  40" not in text
        assert "·····" in text
        assert "▸" not in text.split("Logs")[1]
        await press(pilot, *["left"] * 9, "t")
        text = screen_text(pilot)
        assert "12:00:39" not in text
        assert "epoch  40" in text


async def test_the_log_can_show_the_newest_line_first(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED, "logs")
        await press(pilot, "o")
        lines = screen_text(pilot).split("Logs")[1].split("\n")
        assert "epoch  40" in lines[1]
        assert "epoch  39" in lines[2]


async def test_the_log_can_be_searched(workshop_home: Home) -> None:
    async with running(workshop_home, size=(100, 24)) as pilot:
        await show(pilot, COMPLETED, "logs")
        await press(pilot, "n")
        assert "Search for a text first" in screen_text(pilot)
        await press(pilot, "slash", *"epoch   5", "enter")
        assert "1 line matches" in screen_text(pilot)
        await press(pilot, "N")
        text = screen_text(pilot)
        assert "Match 1 of 1" in text
        assert "epoch   5" in text
        await press(pilot, "n")
        assert "No further match" in screen_text(pilot)
        await press(pilot, "slash", *" gone", "enter", "n")
        assert "No line matches" in screen_text(pilot)


async def test_search_reaches_every_match_of_the_last_page(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED, "logs")
        await press(pilot, "slash", *"epoch  3", "enter")
        log = pilot.app.screen.query_one(LogView)
        assert log.matches == 10
        for number in range(1, 11):
            await press(pilot, "N")
            assert f"Match {11 - number} of 10" in screen_text(pilot)


async def test_a_filtered_log_shows_and_saves_only_matching_lines(
    workshop_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED, "logs")
        await press(pilot, "ampersand", *"epoch  1", "enter")
        text = screen_text(pilot)
        assert "10 lines shown" in text
        assert "epoch  19" in text
        assert "epoch  20" not in text
        await press(pilot, "w", "enter")
        saved = (tmp_path / f"{COMPLETED}.log").read_text()
        assert saved.count("epoch  1") == 10
        assert "epoch  20" not in saved
        await press(pilot, "ampersand", *"nowhere", "enter")
        assert "No line matches" in screen_text(pilot).split("Logs")[1]
        await press(pilot, "ampersand", "enter")
        assert "epoch  20" in screen_text(pilot)


async def test_the_log_can_be_limited_to_a_time_range(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED, "logs")
        await press(pilot, "T", *"2026-01-31 12:00:05 - 2026-01-31 12:00:07", "enter")
        text = screen_text(pilot)
        assert "epoch   6" in text
        assert "epoch   4 " not in text
        assert "epoch  10" not in text
        await press(pilot, "T", *"2026-01-31 12:00:38 -", "enter")
        text = screen_text(pilot)
        assert "2 lines shown" in text
        assert "epoch  39" in text
        await press(pilot, "T", *"- 2026-01-31 12:00:01", "enter")
        assert "2 lines shown" in screen_text(pilot)
        await press(pilot, "T", *"noon", "enter")
        assert "'noon' is not a valid time" in screen_text(pilot)


async def test_new_lines_of_the_log_are_shown(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, RUNNING, "logs")
        assert "reading customers" in screen_text(pilot)
        write_log(workshop_home, RUNNING, ["reading customers", "epoch 1 of 3"], finished=False)
        pilot.app.screen.query_one(LogView).follow_up()
        await settled(pilot)
        assert "epoch 1 of 3" in screen_text(pilot)


async def test_the_newest_line_stays_visible_after_a_resize(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED, "logs")
        for height in (20, 45, 24):
            await pilot.resize_terminal(100, height)
            await settled(pilot)
            assert "epoch  40" in screen_text(pilot)
        await press(pilot, "home")
        await pilot.resize_terminal(100, 20)
        await settled(pilot)
        assert "epoch  40" not in screen_text(pilot)


async def test_an_empty_log_shows_a_message(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, STOPPED, "logs")
        assert "The log is empty" in screen_text(pilot)


async def test_control_sequences_and_markup_are_shown_as_text(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, DEAD, "logs")
        text = screen_text(pilot)
        assert "␛[31mred␛]52;c;aGk=␇" in text
        assert "[bold]markup[/bold] [link=x]" in text
        assert "\x1b" not in text


async def test_the_log_is_searched_on_its_tab_only(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED)
        await press(pilot, "slash")
        assert "Open the Logs tab first" in screen_text(pilot)


async def test_rerun_keeps_typed_values_when_going_back(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED)
        await press(pilot, "A")
        assert "parameter learning_rate" in pilot.app.screen.query_one(Form).values()
        # The only dataset is selected without a question.
        await press(pilot, "ctrl+u", *"0.3", "ctrl+n", *" 2")
        assert pilot.app.screen.query_one(Form).values() == {"name": "deep trees 2"}
        await press(pilot, "escape")
        assert pilot.app.screen.query_one(Form).values()["parameter learning_rate"] == "0.3"
        await press(pilot, "ctrl+n")
        assert pilot.app.screen.query_one(Form).values() == {"name": "deep trees 2"}
        await press(pilot, "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "deep trees 2" in text
        assert len(ids(pilot)) == 5


async def test_rerun_with_other_parameters_has_a_name_of_its_own(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, COMPLETED)
        await press(pilot, "A", "ctrl+u", *"0.3", "ctrl+n", "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "deep trees learning_rate=0.3" in text
        # The name is that of the original again if the parameter is.
        await press(pilot, "escape", "escape", "ctrl+u", *"0.05", "ctrl+n", "ctrl+n")
        assert "deep trees learning_rate" not in screen_text(pilot)


async def test_the_execution_of_a_model_is_rerun_from_the_model(workshop_home: Home) -> None:
    for start, keys in (("models", ("A",)), ("models", ("enter", "A"))):
        async with running(workshop_home, start) as pilot:
            await press(pilot, *keys)
            screen = pilot.app.screen
            assert isinstance(screen, ExecutionRerunScreen)
            assert screen.item_id == COMPLETED
    async with running(workshop_home, "models") as pilot:
        await press(pilot, "down", "A")
        assert "No execution created this artifact" in screen_text(pilot)

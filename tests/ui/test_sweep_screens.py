"""The screens of sweeps, and the wizards that create them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.sweep import Sweep
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Unreachable
from launchpad_tui.ui.screens.compare.compare import CompareScreen
from launchpad_tui.ui.screens.executions.sweep import SweepHead, SweepScreen
from launchpad_tui.ui.screens.executions.sweep_operations import progress_cells
from launchpad_tui.ui.screens.executions.sweeps import SweepsScreen
from launchpad_tui.ui.screens.metrics.metrics import MetricsScreen
from launchpad_tui.ui.widgets.chart_view import ChartView
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import (
    COMPLETED,
    DATASET,
    DEAD,
    MODEL,
    RUNNING,
    STOPPED,
    SWEEP,
    TRAIN,
)


def shows(app: Any, kind: type) -> bool:
    """Return whether a screen of a class is shown."""
    return isinstance(app.screen, kind)


async def test_without_sweeps_the_list_shows_how_to_create_one(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        await press(pilot, "ctrl+w")
        assert "No sweeps yet" in screen_text(pilot)
        await press(pilot, "a")
        assert "Create a sweep" in screen_text(pilot)


async def test_a_sweep_is_opened_compared_and_charted(swept_home: Home) -> None:
    async with running(swept_home, "executions") as pilot:
        app: Any = pilot.app
        await press(pilot, "ctrl+w")
        assert shows(app, SweepsScreen)
        text = screen_text(pilot)
        assert "2/4" in text
        assert "1 completed, 1 dead" in text
        await press(pilot, "enter")
        assert shows(app, SweepScreen)
        text = screen_text(pilot)
        assert "1–3 of 3" in text
        (head,) = [line for line in text.split("\n") if "Status" in line]
        assert head.split()[:2] == ["learning_rate", "trees"]
        assert "Configuration" not in head
        assert "1 were not created: The runtime did not respond" in text
        await press(pilot, "c")
        assert shows(app, CompareScreen)
        assert set(app.screen.selected.ids) == {COMPLETED, DEAD, RUNNING}
        await press(pilot, "escape", "space", "c")
        assert len(app.screen.selected.ids) == 1
        await press(pilot, "escape", "escape", "m")
        assert shows(app, MetricsScreen)
        assert set(app.screen.selected.ids) == {COMPLETED, DEAD, RUNNING}
        assert any("by learning_rate" in title for title in app.screen.board.titles)


async def test_the_best_execution_of_a_sweep_is_first(swept_home: Home) -> None:
    desk = open_desk(swept_home)
    for execution, value in ((COMPLETED, 0.7), (DEAD, 0.9), (RUNNING, 0.8)):
        desk.metrics.record(execution, [Metric("val_auc", value, now(), 1)])
    desk.close()
    async with running(swept_home, "executions") as pilot:
        await press(pilot, "ctrl+w", "enter")
        app: Any = pilot.app
        assert app.screen.table.row_id == DEAD


async def test_the_values_of_a_sweep_are_not_cut_in_narrow_terminals(swept_home: Home) -> None:
    async with running(swept_home, "executions", size=(30, 20)) as pilot:
        await press(pilot, "ctrl+w", "enter")
        words = screen_text(pilot).split()
        app: Any = pilot.app
        for name, value in app.screen.query_one(SweepHead).sweep.definition.items():
            assert name in words
            assert value in words
        assert "1 were not created" in screen_text(pilot)


async def test_states_of_a_sweep_that_do_not_fit_are_clipped(swept_home: Home) -> None:
    async with running(swept_home, "executions", size=(80, 20)) as pilot:
        await press(pilot, "ctrl+w", "enter")
        app: Any = pilot.app
        head = app.screen.query_one(SweepHead)
        head.show(
            replace(head.sweep, members=(), states={"COMPLETED": 10, "DEAD": 1, "RUNNING": 1})
        )
        whole = head.paint_line(0, 80).text
        assert whole.rstrip().endswith("  11/12  10 completed, 1 dead, 1 running")
        clipped = head.paint_line(0, 39).text
        assert clipped.startswith(" 11/12  10 completed, 1 dead")
        assert clipped.rstrip().endswith("…")
        # Without room for the bar, the numbers start where the other lines start.
        exact = head.paint_line(0, 40).text
        assert exact.rstrip() == " 11/12  10 completed, 1 dead, 1 running"


@pytest.mark.parametrize("cells", [10, 13, 40])
@pytest.mark.parametrize(
    ("states", "full"),
    [
        ({"COMPLETED": 11, "RUNNING": 1}, True),
        ({"COMPLETED": 11, "PENDING": 1}, False),
        ({"COMPLETED": 999, "NOT CREATED": 1}, False),
        ({"COMPLETED": 999, "DEAD": 1, "PENDING": 1}, False),
        ({"DEAD": 1, "STOPPED": 1, "RUNNING": 998}, True),
        ({"COMPLETED": 12}, True),
    ],
)
def test_a_bar_is_full_only_if_nothing_is_left(
    states: dict[str, int], full: bool, cells: int
) -> None:
    sweep = Sweep("s1", "rates", "train", {}, {}, {}, now(), "ada", states=states)
    parts = [part for part, _ in progress_cells(sweep, cells)]
    assert (sum(parts) == cells) is full
    assert sum(parts) <= cells
    assert all(parts)


async def test_lists_are_filtered_by_a_sweep(swept_home: Home) -> None:
    async with running(swept_home, "executions") as pilot:
        await press(pilot, "w", *"sweep = rates", "enter")
        assert "of 3" in screen_text(pilot)
        await press(pilot, "1", "w", *"sweep = rates", "enter")
        await settled(pilot)
        text = screen_text(pilot)
        assert "1–1 of 1" in text
        assert "churn-model" in text


async def test_the_model_of_an_execution_is_promoted(swept_home: Home) -> None:
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        app.open("sweep", item_id=SWEEP)
        await settled(pilot)
        await press(pilot, "end")
        await press(pilot, "U")
        assert app.screen_stack[-1] is not None
        dead = app.desk.artifacts.models_of(DEFAULT_SCOPE, DEAD)
        assert dead == []
        await press(pilot, "escape", "w", *"status = COMPLETED", "enter", "home", "U")
        await press(pilot, *"production", "enter")
        assert "production" in app.desk.artifacts.get(DEFAULT_SCOPE, MODEL).aliases


async def test_a_narrow_footer_offers_to_promote(swept_home: Home) -> None:
    async with running(swept_home, size=(80, 24)) as pilot:
        app: Any = pilot.app
        app.open("sweep", item_id=SWEEP)
        await settled(pilot)
        assert "U promote" in screen_text(pilot).splitlines()[-1]


async def test_a_sweep_is_removed(swept_home: Home) -> None:
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        app.open("sweeps")
        await settled(pilot)
        await press(pilot, "D")
        assert "Stop all executions first" in screen_text(pilot)
        await press(pilot, "enter")
        await settled(pilot)
        assert app.desk.sweeps.summaries(DEFAULT_SCOPE) == []
        assert app.desk.executions.count(DEFAULT_SCOPE, Query()) == 5


async def test_the_wizard_creates_a_sweep(swept_home: Home, monkeypatch: Any) -> None:
    from launchpad_tui.services.executions import ExecutionService

    seen: list[str] = []

    def refused(self: ExecutionService, scope: Any, configuration_id: str) -> Any:
        seen.append(configuration_id)
        if len(seen) > 1:
            raise Unreachable("The runtime did not respond", "Timed out.", "Try again.")
        return self.get(scope, RUNNING).execution

    monkeypatch.setattr(ExecutionService, "create", refused)
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        app.open("configuration.create", executable_id=TRAIN)
        await settled(pilot)
        await press(pilot, *"mine", "enter")
        await press(pilot, "end", *",0.2", "down", "down", *"left,right", "ctrl+n")
        text = screen_text(pilot)
        assert "● Combinations" in text
        assert "4 executions" in text
        await press(pilot, "right", "right")
        assert "One execution" in screen_text(pilot)
        await press(pilot, "left", "left", "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "4: all combinations" in text
        assert "learning_rate=0.1  target=left" in text
        assert len(app.desk.sweeps.summaries(DEFAULT_SCOPE)) == 1
        await press(pilot, "enter")
        await settled(pilot)
        assert shows(app, SweepScreen)
        sweep = app.desk.sweeps.summaries(DEFAULT_SCOPE)[0]
        assert dict(sweep.definition) == {"learning_rate": "0.1,0.2", "target": "left,right"}
        assert dict(sweep.parameters) == {"trees": "200"}
        assert dict(sweep.inputs) == {"customers": DATASET}
        assert sweep.total == 4
        assert sweep.count(str(Status.RUNNING)) == 1
        assert "The runtime did not respond" in screen_text(pilot)


async def test_a_default_with_commas_is_one_value(swept_home: Home) -> None:
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        desk = app.desk
        like = desk.configurations.create(
            DEFAULT_SCOPE, "commas", TRAIN, {"target": "a,b"}, {"customers": DATASET}
        )
        app.open("configuration.create", like=like.id)
        await settled(pilot)
        await press(pilot, "ctrl+n", "ctrl+n")
        assert "● Review" in screen_text(pilot)
        await press(pilot, "escape", "end", *"..0.05", "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "learning_rate is used as text" in text


async def test_the_name_of_a_sweep_has_no_replaced_values(swept_home: Home) -> None:
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        like = app.desk.configurations.create(
            DEFAULT_SCOPE,
            "tuned learning_rate=0.4 target=a",
            TRAIN,
            {"learning_rate": "0.4", "target": "a"},
            {"customers": DATASET},
        )
        app.open("configuration.create", like=like.id)
        await settled(pilot)
        await press(pilot, "ctrl+n", "end", *",0.2", "down", "down", *"bc", "ctrl+n", "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "tuned target=abc" in text
        assert "learning_rate=0.4 " not in text.split("Executable")[0]


async def test_a_sweep_without_several_values_is_refused(swept_home: Home) -> None:
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        app.open("configuration.create", executable_id=TRAIN, sweep=True)
        await settled(pilot)
        await press(pilot, *"mine", "enter", "down", "down", *"left", "ctrl+n")
        assert "No parameter has several values" in screen_text(pilot)


async def test_the_wizard_of_a_configuration_has_its_values(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "down", "W")
        await settled(pilot)
        text = screen_text(pilot)
        assert "Create a sweep" in text
        assert "deep trees" in text


async def test_a_sweep_varies_the_parameters_of_an_execution(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        await press(pilot, "W")
        assert "has no parameters to vary" in screen_text(pilot)
        await press(pilot, "down", "W")
        text = screen_text(pilot)
        assert "Create a sweep" in text
        assert "deep trees" in text


async def test_a_sweep_is_stopped_while_it_is_created(swept_home: Home, monkeypatch: Any) -> None:
    from launchpad_tui.services.executions import ExecutionService
    from launchpad_tui.ui.screens.common import sweep_step

    seen: list[str] = []
    ids = [RUNNING, COMPLETED, DEAD, STOPPED]

    def created(self: ExecutionService, scope: Any, configuration_id: str) -> Any:
        seen.append(configuration_id)
        return self.get(scope, ids[(len(seen) - 1) % 4]).execution

    monkeypatch.setattr(ExecutionService, "create", created)
    monkeypatch.setattr(sweep_step, "_AT_ONCE", 3)
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        app.open("configuration.create", executable_id=TRAIN)
        await settled(pilot)
        await press(pilot, *"mine", "enter", "down", "end", *"..209", "down", *"left", "ctrl+n")
        assert "10 executions" in screen_text(pilot)
        await press(pilot, *["ctrl+n"] * 2, "enter")
        await settled(pilot)
        sweep = app.desk.sweeps.summaries(DEFAULT_SCOPE)[0]
        assert sweep.total == 10
        # One is STOPPED among the first four, so no further ones are created.
        assert len(seen) == 4


async def test_messages_of_a_comparison_name_metrics_as_its_rows(swept_home: Home) -> None:
    async with running(swept_home, "executions") as pilot:
        app: Any = pilot.app
        app.open("compare", item_ids=(COMPLETED, DEAD))
        await settled(pilot)
        # The cursor is on the first metric.
        assert app.screen.row.name == "loss{phase=train}"
        app.screen.draw_now()
        await settled(pilot)
        chart = app.screen.query_one(ChartView)
        assert chart.paint_line(0, chart.size.width).text.strip() == "train loss"
        await press(pilot, "s")
        assert "Sorted by train loss, ascending" in screen_text(pilot)
        await press(pilot, "=")
        assert "train loss: best value" in screen_text(pilot)

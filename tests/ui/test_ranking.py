"""Ranking models in the list: filter expressions, metrics and curves as columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.numbers import metric_text
from launchpad_tui.domain.query import Query
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.sheet import Sheet
from launchpad_tui.ui.widgets.table import VirtualTable
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.trained_seeds import execution_id, falling, sweep


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    sweep()(home)
    return home


async def test_expression_filters_the_list(home: Home) -> None:
    async with running(home, "models") as pilot:
        await press(pilot, "w", *"loss < 0.04 and rate < 6")
        await press(pilot, "enter")
        text = screen_text(pilot)
        expected = [
            f"rate-{number}"
            for number in range(6)
            if falling(1.0 + number)[-1] < 0.04 and 1 + number < 6
        ]
        assert expected == ["rate-3", "rate-4"]
        assert f"of {len(expected)}" in text
        assert all(name in text for name in expected)
        assert "loss < 0.04 ×" in text
        assert "rate < 6 ×" in text


async def test_invalid_expression_is_kept_for_correction(home: Home) -> None:
    async with running(home, "models") as pilot:
        await press(pilot, "w", *"los < 1", "enter")
        assert "There is no 'los'" in screen_text(pilot)
        assert "loss" in screen_text(pilot)
        line = pilot.app.screen.query_one("#where")
        assert line.value == "los < 1"
        assert line.has_focus
        await press(pilot, "escape")
        assert not pilot.app.screen.query("#where")
        assert "of 6" in screen_text(pilot)


async def test_tab_completes_names(home: Home) -> None:
    async with running(home, "models") as pilot:
        await press(pilot, "w", *"ac", "tab")
        assert pilot.app.screen.query_one("#where").value == "accuracy"
        await press(pilot, "tab")
        assert pilot.app.screen.query_one("#where").value == "accuracy{phase=validation}"


@pytest.mark.parametrize("route", ["models", "executions"])
async def test_best_value_of_a_column_is_marked_wherever_it_is(home: Home, route: str) -> None:
    losses = sorted(falling(1.0 + number)[-1] for number in range(6))
    async with running(home, route, (160, 30)) as pilot:
        mark = f"★ {metric_text(losses[0])}"
        (line,) = [
            line for line in screen_text(pilot).splitlines() if mark in line.partition("│")[0]
        ]
        assert "rate-5" in line
        await press(pilot, "w", *f"loss > {losses[0]}", "enter")
        text = screen_text(pilot)
        assert f"★ {metric_text(losses[0])}" not in text
        assert f"★ {metric_text(losses[1])}" in text


async def test_new_metrics_appear_as_columns_until_columns_are_selected(home: Home) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE
    from launchpad_tui.registry import series
    from launchpad_tui.registry.database import Registry

    async with running(home, "models", (200, 30)) as pilot:
        assert "val accuracy" in screen_text(pilot)
        at = 1_770_000_000_000_000

        def log(name: str) -> None:
            registry = Registry(home.registry_path)
            series.append_bulk(
                registry, execution_id(0), name, (), [1], [at], [0.75], DEFAULT_SCOPE
            )

        log("f1")
        await pilot.app.screen.load()
        await settled(pilot)
        assert "  f1  " in screen_text(pilot).splitlines()[2]
        await press(pilot, "o", *"loss latest", "enter")
        assert "accuracy" not in screen_text(pilot).splitlines()[2]
        log("recall")
        await pilot.app.screen.load()
        await settled(pilot)
        assert "recall" not in screen_text(pilot).splitlines()[2]
        await press(pilot, "o", *"automatic", "tab", "enter")
        assert "recall" in screen_text(pilot).splitlines()[2]


@pytest.mark.parametrize("route", ["models", "executions"])
async def test_parameters_are_shown_as_columns(home: Home, route: str) -> None:
    for keys in (("o", *"rate parameter", "tab", "enter"), ()):
        # The columns are kept when the app is started again.
        async with running(home, route, (160, 30)) as pilot:
            await press(pilot, *keys)
            lines = [line.partition("│")[0] for line in screen_text(pilot).splitlines()]
            (head,) = [line for line in lines if " rate " in line and " Age " in line]
            end = head.index(" rate ") + len(" rate")
            rows = [line for line in lines if "rate-" in line]
            assert len(rows) == 6
            for line in rows:
                number = float(line.partition("rate-")[2][0])
                assert float(line[:end].split()[-1]) == number + 1


async def test_a_parameter_comes_before_a_metric_of_its_name(home: Home) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE
    from launchpad_tui.registry import series
    from launchpad_tui.registry.database import Registry

    registry = Registry(home.registry_path)
    series.append_bulk(
        registry, execution_id(0), "rate", (), [1], [1_770_000_000_000_000], [0.75], DEFAULT_SCOPE
    )
    async with running(home, "models", (160, 30)) as pilot:
        await press(pilot, "o", *"rate")
        text = screen_text(pilot)
        assert text.index("rate") < text.index("parameter") < text.index("metric, latest value")
        # Another name can be typed once one was selected.
        await press(pilot, "tab", *"loss latest", "tab", "enter")
        head = screen_text(pilot).splitlines()[2]
        assert " rate " in head
        assert " loss " in head
        await press(pilot, "w", *"rate < 3", "enter")
        text = " ".join(screen_text(pilot).split())
        assert "Use param.rate for the parameter or metric.rate for the metric" in text


@pytest.mark.parametrize("route", ["models", "executions"])
async def test_curves_are_shown_as_a_column(home: Home, route: str) -> None:
    async with running(home, route, (160, 30)) as pilot:
        await press(pilot, "o", *"loss curve", "enter")
        text = screen_text(pilot)
        assert "loss curve" in text
        rows = [line.partition("│")[0] for line in text.splitlines()]
        assert sum("█" in row and "▁" in row for row in rows) == 6
    async with running(home, route, (160, 30)) as pilot:
        assert "loss curve" in screen_text(pilot)


async def test_the_versions_of_a_model_are_charted(home: Home) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE
    from launchpad_tui.domain.model_version import ArtifactEdit
    from launchpad_tui.ui.screens.models.versions import VersionsScreen

    async with running(home, "models") as pilot:
        desk = pilot.app.desk
        rows = desk.artifacts.listing(DEFAULT_SCOPE, None, Query()).slice(0, 100)
        ids = [row.artifact.id for row in rows if row.artifact.name.startswith("rate-")]
        # A single version is listed without a chart.
        pilot.app.open("versions", item_id=ids[0])
        await settled(pilot)
        assert "1 of 1" in screen_text(pilot)
        assert "value of each version" not in screen_text(pilot)
        assert not pilot.app.screen.query_one(ChartView).display
        await press(pilot, "escape")
        desk.annotations.edit(DEFAULT_SCOPE, ids, ArtifactEdit(name="net"))
        desk.annotations.promote(DEFAULT_SCOPE, ids[0], "production")
        await settled(pilot)
        await press(pilot, "r", "number_sign")
        await settled(pilot)
        assert isinstance(pilot.app.screen, VersionsScreen)
        text = screen_text(pilot)
        assert "Versions of net" in text
        assert "of 6" in text
        assert "value of each version" in text
        assert "production v" in text
        assert "best v" in text
        await press(pilot, "o", *"accuracy min", "enter")
        await settled(pilot)
        assert "accuracy, min value" in screen_text(pilot)
        await press(pilot, "U", *"staging", "enter")
        await settled(pilot)
        assert "staging v6" in screen_text(pilot)


@pytest.mark.parametrize("route", ["models", "executions"])
async def test_without_a_selection_rows_in_view_are_compared(home: Home, route: str) -> None:
    async with running(home, route, (160, 30)) as pilot:
        await press(pilot, "down", "c")
        await settled(pilot)
        assert "Compare 6" in screen_text(pilot)
        # The row under the cursor is the first column.
        first = pilot.app.screen.query_one(Sheet).content.columns[0].key
        await press(pilot, "escape")
        assert pilot.app.screen.query_one("#list", VirtualTable).row_id == first
        await press(pilot, "home", "space", "space", "c")
        assert "Compare 2" in screen_text(pilot)


async def test_models_show_their_version_once_and_can_be_sorted_by_it(workshop_home: Home) -> None:
    async with running(workshop_home, size=(250, 40)) as pilot:
        assert "churn-model v1" in screen_text(pilot)
        assert "Version" not in screen_text(pilot)
        await press(pilot, "s", *"version", "enter")
        assert pilot.app.screen.table.order[0] == "version"

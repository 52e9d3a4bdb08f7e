"""The screens of boards, charts and comparisons."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.charts.model import Drawing, Plot
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.board import Against
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.registry import series
from launchpad_tui.registry.database import Registry
from launchpad_tui.ui.widgets.board_view import BoardView
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.legend import Legend
from launchpad_tui.ui.widgets.sheet import Sheet
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.seeds import T0, add_scenario
from tests.scenes.trained_seeds import add_trained, execution_id, falling, model_id, sweep


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    sweep()(home)
    return home


@asynccontextmanager
async def opened(
    home: Home, route: str, ids: Sequence[str], size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Any]:
    async with running(home, "models", size) as pilot:
        pilot.app.open(route, item_ids=tuple(ids))
        await settled(pilot)
        yield pilot


def ids(*numbers: int) -> list[str]:
    return [model_id(number) for number in numbers]


async def test_board_has_a_chart_for_each_metric(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 1, 2)) as pilot:
        text = screen_text(pilot)
        assert "My Selection 3" in text
        for metric in ("loss", "val accuracy", "score"):
            assert metric in text
        assert all(panel.drawing for panel in pilot.app.screen.query_one(BoardView).panels)


async def test_charts_of_a_board_have_their_y_axis_in_the_same_place(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    open_desk(home).close()
    registry = Registry(home.registry_path)
    add_scenario(registry)
    curves = {
        "large": [0.0, 200_000.0],
        "small": [0.001, 0.002, 0.0035],
        "whole": [1.0, 2.0, 3.0],
    }
    add_trained(registry, 1, "first", {}, curves)
    registry.close()
    async with running(home, size=(120, 40)) as pilot:
        await press(pilot, "m")
        view = pilot.app.screen.query_one(BoardView)
        drawings = [panel.drawing for panel in view.panels]
        assert {drawing.label_width for drawing in drawings if drawing} == {len("200000")}
        assert len(drawings) == 3


async def test_selected_items_are_hidden_isolated_and_removed(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 1, 2)) as pilot:
        legend = pilot.app.screen.query_one(Legend)

        def labels() -> set[str]:
            (_, *_rest) = pilot.app.screen.query_one(BoardView).panels
            return {one.name for one in pilot.app.screen.drawn}

        await press(pilot, "tab", "space")
        assert labels() == {"rate-1", "rate-2"}
        await press(pilot, "o")
        assert labels() == {"rate-1"}
        await press(pilot, "o")
        assert labels() == {"rate-1", "rate-2"}
        await press(pilot, "x")
        assert [one.label for one in legend.entries] == ["rate-0", "rate-2"]
        await press(pilot, "K")
        assert [one.label for one in legend.entries] == ["rate-2", "rate-0"]


async def test_colors_are_kept_across_screens_and_restarts(home: Home) -> None:
    async with opened(home, "metrics", ids(3, 1)) as pilot:
        before = {one.id: one.slot for one in pilot.app.screen.query_one(Legend).entries}
    assert len(set(before.values())) == 2
    async with opened(home, "metrics", ids(0, 1, 2, 3)) as pilot:
        after = {one.id: one.slot for one in pilot.app.screen.query_one(Legend).entries}
    assert len(set(after.values())) == 4
    assert {one: after[one] for one in before} == before


async def test_last_selection_is_restored(home: Home) -> None:
    async with opened(home, "metrics", ids(2, 4)):
        pass
    async with running(home, "models", (120, 40)) as pilot:
        await press(pilot, "8")
        assert "My Selection 2" in screen_text(pilot)
        assert "rate-4" in screen_text(pilot)


async def test_cursor_reads_values_of_a_curve(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 5)) as pilot:
        board = pilot.app.screen.query_one(BoardView)
        place = next(i for i, panel in enumerate(board.panels) if panel.title == "loss")
        board.move_to(place)
        await press(pilot, "enter")
        chart, legend = pilot.app.screen.query_one(ChartView), pilot.app.screen.query_one(Legend)
        whole = chart.drawing.plot
        assert [one.value for one in legend.entries] == [
            f"{falling(rate)[-1]:.5g}" for rate in (1, 6)
        ]
        await press(pilot, "right")
        step = int(legend.title.removeprefix("step ").replace(",", ""))
        shown = [float(one.value) for one in legend.entries]
        near = [
            [falling(rate)[at] for at in range(max(0, step - 1), min(50, step + 2))]
            for rate in (1, 6)
        ]
        for value, values in zip(shown, near, strict=True):
            assert min(abs(value - one) for one in values) < 1e-4
        await press(pilot, "plus")
        closer = chart.drawing.plot
        assert closer.x_high - closer.x_low == pytest.approx((whole.x_high - whole.x_low) / 2)
        await press(pilot, "greater_than_sign")
        assert chart.drawing.plot.x_low > closer.x_low
        await press(pilot, "|")
        assert chart.drawing.plot.y_log
        await press(pilot, "z", "|")
        assert chart.drawing.plot == whole
        await press(pilot, "T")
        assert "time since start" in screen_text(pilot) or "s" in chart.drawing.lines[-1][0].text
        await press(pilot, "n")
        assert pilot.app.screen.title_text() != "loss"
        await press(pilot, "escape")
        assert pilot.app.screen.query(BoardView)


async def test_axes_and_smoothing_of_a_chart_are_kept_when_it_is_left(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 5)) as pilot:
        board = pilot.app.screen.query_one(BoardView)
        board.move_to(next(i for i, panel in enumerate(board.panels) if panel.title == "loss"))
        await press(pilot, "enter", "|")
        assert "Logarithmic y axis" in screen_text(pilot)
        assert "loss (log scale)" in screen_text(pilot)
        await press(pilot, "s", "T")
        assert "x axis: time since the start" in screen_text(pilot)
        view = pilot.app.screen._view
        await press(pilot, "escape")
        assert "log scale" in screen_text(pilot)
        await press(pilot, "enter")
        assert pilot.app.screen._view == view
        assert (view.y_log, view.x_kind) == (True, "relative")
        assert view.smoothing > 0


async def test_mouse_moves_the_cursor_pans_and_zooms(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 5)) as pilot:
        await press(pilot, "enter")
        screen = pilot.app.screen
        chart = screen.query_one(ChartView)

        async def plot_after(event: events.MouseEvent) -> Plot:
            chart.post_message(event)
            await settled(pilot)
            plot = chart.drawing.plot
            assert isinstance(plot, Plot)
            return plot

        def event(kind: type[events.MouseEvent], x: int = 30, **more: Any) -> events.MouseEvent:
            given = {
                "delta_x": 0,
                "delta_y": 0,
                "button": 0,
                "shift": False,
                "meta": False,
                "ctrl": False,
                **more,
            }
            return kind(chart, x, 10, **given)

        whole = chart.drawing.plot
        await plot_after(event(events.MouseDown, button=1))
        assert screen.query_one(Legend).title != "last"
        closer = await plot_after(event(events.MouseScrollUp))
        assert closer.x_high - closer.x_low == pytest.approx((whole.x_high - whole.x_low) / 1.5)
        # The point under the mouse keeps its position.
        assert closer.x_at(30) == pytest.approx(
            whole.x_at(30), abs=(whole.x_high - whole.x_low) / 50
        )
        taller = await plot_after(event(events.MouseScrollUp, shift=True))
        assert taller.y_high - taller.y_low < closer.y_high - closer.y_low
        assert (taller.x_low, taller.x_high) == pytest.approx((closer.x_low, closer.x_high))
        pushed = await plot_after(event(events.MouseMove, button=1, delta_x=5))
        assert pushed.x_low < taller.x_low
        lifted = await plot_after(event(events.MouseMove, button=1, delta_y=3))
        assert lifted.y_high > pushed.y_high


async def test_resizing_while_charts_are_drawn(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 1, 2)) as pilot:
        for size in ((60, 20), (200, 50), (31, 9), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.press("right")
        await settled(pilot)
        view = pilot.app.screen.query_one(BoardView)
        width, height = view.chart_size()
        for place in view.in_view():
            lines = view.panels[place].drawing.lines
            assert len(lines) == height
            assert {sum(len(span.text) for span in line) for line in lines} == {width}


@pytest.mark.parametrize("theme", ["light", "contrast", "sixteen", "plain"])
async def test_charts_are_drawn_in_each_theme(home: Home, theme: str) -> None:
    async with opened(home, "metrics", ids(0, 1)) as pilot:
        pilot.app.use_theme(theme)
        await press(pilot, "s", "enter")
        styles = {
            span.style
            for line in pilot.app.screen.query_one(ChartView).drawing.lines
            for span in line
        }
        # Without color, raw curves could not be told apart from smoothed ones: they are not drawn.
        assert ("faint" in styles) == (theme != "plain")
        assert "rate-0" in screen_text(pilot)


@pytest.mark.parametrize("size", [(200, 50), (80, 24)])
async def test_legend_of_a_chart_shows_the_best_values(home: Home, size: tuple[int, int]) -> None:
    async with opened(home, "metrics", ids(0, 1, 2), size) as pilot:
        view = pilot.app.screen.query_one(BoardView)
        names = [panel.title for panel in view.panels]
        await press(pilot, *["right"] * names.index("loss"), "enter")
        await settled(pilot)
        legend = pilot.app.screen.query_one(Legend)
        lines = [
            line.split("★")[1].split() for line in screen_text(pilot).splitlines() if "★" in line
        ]
        assert [line[1:3] for line in lines] == [["at", "step"]] * 3
        assert len(legend.entries) == 3
        # The second line of an entry belongs to it.
        await pilot.click(Legend, offset=(8, 4))
        assert legend.cursor == 1


async def test_chart_of_a_running_execution_is_updated(home: Home) -> None:
    registry = Registry(home.registry_path)
    add_trained(registry, 9, "live", {"rate": "9"}, {"loss": falling(2, 22)}, Status.RUNNING)
    async with opened(home, "metrics", [execution_id(9)]) as pilot:
        view = pilot.app.screen.query_one(BoardView)
        for _ in range(100):
            if view.panels and view.panels[0].drawing:
                break
            await pilot.pause(0.05)
        before = view.panels[0].drawing
        known = series.summaries(registry, DEFAULT_SCOPE, [execution_id(9)])[execution_id(9)][0]
        at = int(known.last_at.timestamp() * 1e6)
        series.append_bulk(
            registry, execution_id(9), "loss", (), [22], [at + 1_000_000], [0.01], DEFAULT_SCOPE
        )
        for _ in range(100):
            await pilot.pause(0.05)
            if view.panels[0].drawing is not before:
                break
        after = view.panels[0].drawing
        assert after.text() != before.text()
        # The x axis has room for new points, so that it is not rescaled by each of them.
        assert after.plot.x_high == before.plot.x_high > 22
    registry.close()


async def test_changed_board_is_saved(home: Home) -> None:
    async with opened(home, "metrics", ids(0, 1, 2, 3)) as pilot:
        await press(pilot, "D", "y")
        assert "My board" in screen_text(pilot)
        await press(pilot, "a")
        assert "Add chart" in screen_text(pilot)
        table = pilot.app.screen.query_one("#list")
        table.move_to(next(i for i, row in enumerate(table._source._rows) if row[0] == "against"))
        await press(pilot, "enter", *"parameters", "enter", "w")
        desk = open_desk(home)
        board = desk.boards.get(DEFAULT_SCOPE, "My board")
        assert board.charts[-1].against is Against.PARAMETERS
        assert board.charts[-1].parameters == ("rate",)
        assert len(board.charts) == 3
        await press(pilot, "K")
        assert desk.boards.get(DEFAULT_SCOPE, "My board").charts[1].against is Against.PARAMETERS
        await press(pilot, "C")
        assert len(desk.boards.get(DEFAULT_SCOPE, "My board").charts) == 4
        desk.close()
    async with opened(home, "metrics", ids(0, 1)) as pilot:
        assert "My board" in screen_text(pilot)


async def test_boards_are_copied_exported_imported_and_deleted(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    async with opened(home, "metrics", ids(0, 1)) as pilot:
        await press(pilot, "B", *"copy", "enter")
        pilot.app.screen.query_one("Input").value = "Mine"
        await press(pilot, "enter")
        assert "Mine" in screen_text(pilot)
        await press(pilot, "B", *"export", "enter")
        pilot.app.screen.query_one("Input").value = str(file)
        await press(pilot, "enter")
        data = json.loads(file.read_text())
        assert data["name"] == "Mine"
        data["name"] = "Theirs"
        file.write_text(json.dumps(data))
        await press(pilot, "B", *"import", "enter")
        pilot.app.screen.query_one("Input").value = str(file)
        await press(pilot, "enter")
        assert "Theirs" in screen_text(pilot)
        await press(pilot, "B", *"delete", "enter", "y")
        assert pilot.app.desk.boards.names(DEFAULT_SCOPE) == ["Mine"]
        file.write_text('{"charts": [{"metrics": 3}]}')
        await press(pilot, "B", *"import", "enter")
        pilot.app.screen.query_one("Input").value = str(file)
        await press(pilot, "enter")
        assert "charts[0].metrics" in screen_text(pilot)


async def test_compare_marks_the_best(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1, 2)) as pilot:
        lines = screen_text(pilot).splitlines()
        loss = next(line for line in lines if " loss ▼" in line)
        assert loss.count("★") == 1
        assert loss.index("★") > loss.index(f"{falling(2)[-1]:.5g}")
        assert not any("seed" in line for line in lines)
        await press(pilot, "f")
        assert any("seed" in line for line in screen_text(pilot).splitlines())


async def test_compare_sorts_columns_and_sets_a_baseline(home: Home) -> None:
    async with opened(home, "compare", ids(0, 2, 1)) as pilot:
        sheet = pilot.app.screen.query_one(Sheet)
        keys = [line.key for line in sheet.content.lines]
        sheet.move(rows=keys.index("metrics/loss") - sheet.row)
        await press(pilot, "s")
        assert [column.key for column in sheet.content.columns] == ids(2, 1, 0)
        await press(pilot, "s")
        assert [column.key for column in sheet.content.columns] == ids(0, 1, 2)
        await press(pilot, "s")
        assert [column.key for column in sheet.content.columns] == ids(0, 2, 1)
        await press(pilot, "b")
        row = keys.index("metrics/loss")
        assert sheet.content.cell(row, 0).text.split()[0] == f"{falling(1)[-1]:.5g}"
        assert "%" in sheet.content.cell(row, 1).text
        assert "baseline" in sheet.content.columns[sheet.column].subtitle


async def test_compare_hides_folds_and_filters(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1, 2)) as pilot:
        sheet = pilot.app.screen.query_one(Sheet)
        await press(pilot, "right", "x")
        assert [column.key for column in sheet.content.columns] == ids(0, 2)
        await press(pilot, "home", "enter")
        assert not any(line.key == "parameters/rate" for line in sheet.content.lines)
        await press(pilot, "x")
        assert not any(line.key == "parameters/" for line in sheet.content.lines)
        await press(pilot, "X")
        assert [column.key for column in sheet.content.columns] == ids(0, 1, 2)
        await press(pilot, "slash", *"loss", "enter")
        assert [line.key for line in sheet.content.lines if not line.heading] == ["metrics/loss"]
        await press(pilot, "escape")
        assert any(line.key == "metrics/score" for line in sheet.content.lines)


async def test_compare_direction_is_remembered(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1)) as pilot:
        sheet = pilot.app.screen.query_one(Sheet)
        sheet.move(
            rows=[line.key for line in sheet.content.lines].index("metrics/loss") - sheet.row
        )
        await press(pilot, "o", "o")
        assert "▲" in next(line for line in screen_text(pilot).splitlines() if " loss " in line)
    desk = open_desk(home)
    assert desk.boards.directions() == {"loss": "higher"}
    desk.close()


async def test_compare_transposed(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1)) as pilot:
        await press(pilot, "t")
        sheet = pilot.app.screen.query_one(Sheet)
        assert [line.key for line in sheet.content.lines] == ids(0, 1)
        assert "parameters/rate" in [column.key for column in sheet.content.columns]


async def test_compare_at_a_step(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1)) as pilot:
        await press(pilot, "@", *"10", "enter")
        sheet = pilot.app.screen.query_one(Sheet)
        row = [line.key for line in sheet.content.lines].index("metrics/loss")
        assert sheet.content.cell(row, 0).text.split()[0] == f"{falling(1)[10]:.5g}"
        assert "at step 10" in screen_text(pilot)
        await press(pilot, "@", "backspace", "backspace", "enter")
        assert sheet.content.cell(row, 0).text.split()[0] == f"{falling(1)[-1]:.5g}"
        await press(pilot, "@", *"x", "enter")
        assert "Invalid step: 'x'" in screen_text(pilot)


async def test_compare_aggregates_each_metric_separately(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1)) as pilot:
        sheet = pilot.app.screen.query_one(Sheet)

        def value(key: str) -> str:
            row = [line.key for line in sheet.content.lines].index(key)
            return str(sheet.content.cell(row, 0).text.split()[0])

        await press(pilot, "f")
        keys = [line.key for line in sheet.content.lines]
        sheet.move(rows=keys.index("metrics/loss") - sheet.row)
        await press(pilot, "=", "=", "=")
        assert value("metrics/loss") == "1"
        assert value("metrics/accuracy{phase=validation}") == f"{1 - falling(1)[-1]:.5g}"
        assert "max loss" in screen_text(pilot)
        await press(pilot, "home", "=", "=")
        assert value("metrics/accuracy{phase=validation}") == "0"
        assert value("metrics/loss") == f"{falling(1)[-1]:.5g}"


@pytest.mark.parametrize("width", [120, 160, 200])
async def test_gains_over_a_baseline_are_marked_with_all_models_in_view(
    home: Home, width: int
) -> None:
    async with opened(home, "compare", ids(0, 1, 2), (width, 40)) as pilot:
        await press(pilot, "b")
        sheet = pilot.app.screen.query_one(Sheet)
        text = screen_text(pilot)
        assert "↑ better  ↓ worse than the baseline" in text
        assert "1–" not in text.splitlines()[1]
        row = [line.key for line in sheet.content.lines].index("metrics/loss")
        baseline = next(
            place for place, one in enumerate(sheet.content.columns) if "baseline" in one.subtitle
        )
        cells = [sheet.content.cell(row, column) for column in range(3)]
        for place, cell in enumerate(cells):
            if place == baseline:
                continue
            lower = float(cell.text.split()[0]) < float(cells[baseline].text.split()[0])
            assert cell.role == ("good" if lower else "bad")
            assert all(("↑" if lower else "↓") in form for form in (cell.text, *cell.shorter))


async def test_a_legend_leaves_out_what_all_names_begin_with(home: Home) -> None:
    desk = open_desk(home)
    for number, rate in ((20, "0.02"), (21, "0.04")):
        name = f"a long name of a classifier rate={rate} seed=1"
        add_trained(desk.registry, number, name, {"rate": rate}, {"loss": (2.0, 1.0)})
    desk.close()
    async with running(home) as pilot:
        pilot.app.open("metrics", item_ids=(model_id(20), model_id(21)))
        await settled(pilot)
        labels = [one.label for one in pilot.app.screen.query_one(Legend).entries]
        assert labels == ["…0.02 seed=1", "…0.04 seed=1"]


async def test_difference_of_two_models(home: Home) -> None:
    async with opened(home, "compare", ids(0, 1, 2)) as pilot:
        await press(pilot, "right", "v")
        text = screen_text(pilot)
        assert "- rate = 1" in text
        assert "+ rate = 2" in text
        assert "seed" not in text
        await press(pilot, "t")
        assert "- rate = 2" in screen_text(pilot)
    async with running(home, "board", (120, 40)) as pilot:
        # The difference of two models does not replace the remembered selection.
        assert "My Selection 3" in screen_text(pilot)


@pytest.mark.parametrize(
    ("suffix", "needle"),
    [(".csv", "metrics,loss,"), (".md", "| metrics | loss |"), (".json", '"loss"')],
)
async def test_compare_exports(home: Home, tmp_path: Path, suffix: str, needle: str) -> None:
    file = tmp_path / f"out{suffix}"
    async with opened(home, "compare", ids(0, 1)) as pilot:
        await press(pilot, "w")
        pilot.app.screen.query_one("Input").value = str(file)
        await press(pilot, "enter")
        assert needle in file.read_text()
        file.write_text("mine")
        await press(pilot, "w")
        pilot.app.screen.query_one("Input").value = str(file)
        await press(pilot, "enter", "n")
        assert file.read_text() == "mine"


async def test_deleted_items_are_removed_from_the_selection(home: Home) -> None:
    registry = Registry(home.registry_path)
    async with opened(home, "compare", [*ids(0, 1), execution_id(5)]) as pilot:
        assert len(pilot.app.screen.query_one(Sheet).content.columns) == 3
        # Deleting an execution would keep it for its model.
        with registry.write("executions") as db:
            db.execute("DELETE FROM executions WHERE id = ?", (execution_id(5),))
        await press(pilot, "r")
        assert len(pilot.app.screen.query_one(Sheet).content.columns) == 2
    registry.close()


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (30, 10)])
@pytest.mark.parametrize("route", ["metrics", "compare"])
async def test_small_terminals(home: Home, size: tuple[int, int], route: str) -> None:
    async with opened(home, route, ids(0, 1, 2), size) as pilot:
        await press(pilot, "right", "down", "left", "up", "end", "home")
        assert all(len(line) <= size[0] for line in screen_text(pilot).splitlines())
        assert (
            "rate" in screen_text(pilot)
            or "accuracy" in screen_text(pilot)
            or "score" in screen_text(pilot)
        )


async def test_a_covered_screen_is_not_painted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(home.registry_path)
    async with opened(home, "metrics", ids(0, 1)) as pilot:
        pilot.app.open("lineage", item_id=model_id(0))
        await settled(pilot)
        painted = 0
        display = pilot.app._display

        def counted(*given: Any) -> None:
            nonlocal painted
            painted += 1
            display(*given)

        monkeypatch.setattr(pilot.app, "_display", counted)
        for step in range(50, 53):
            at = int(T0.timestamp() * 1e6) + step * 1_000_000
            series.append_bulk(
                registry, execution_id(0), "loss", (), [step], [at], [9.0], DEFAULT_SCOPE
            )
            await pilot.pause(0.5)
            await settled(pilot)
        # The logged points concern the covered board, not the lineage on top.
        assert painted == 0
        await press(pilot, "escape")
        loss = next(p for p in pilot.app.screen.query_one(BoardView).panels if p.title == "loss")
        assert loss.drawing is not None
        assert loss.drawing.plot is not None
        assert loss.drawing.plot.y_high == 9
    registry.close()


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (80, 24)])
async def test_a_chart_is_drawn_once_when_it_opens_and_again_for_another_size(
    home: Home, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    drawn: list[int] = []
    show = ChartView.set_drawing

    def counted(view: ChartView, drawing: Drawing | None, empty: str = "") -> None:
        if drawing is not None and drawing.plot is not None:
            assert len(drawing.lines) == view.size.height
            drawn.append(view.size.width)
        show(view, drawing, empty)

    monkeypatch.setattr(ChartView, "set_drawing", counted)
    async with opened(home, "metrics", ids(0, 1, 2), size) as pilot:
        names = [panel.title for panel in pilot.app.screen.query_one(BoardView).panels]
        await press(pilot, *["right"] * names.index("loss"), "enter")
        await settled(pilot)
        assert drawn == [pilot.app.screen.query_one(ChartView).size.width]
        await pilot.resize_terminal(size[0] - 10, size[1])
        await settled(pilot)
        assert drawn[-1] == pilot.app.screen.query_one(ChartView).size.width < drawn[0]


async def test_the_hint_of_an_empty_board_is_wrapped_in_narrow_terminals(tmp_path: Path) -> None:
    empty = Home.at(tmp_path / "home")
    async with running(empty, "metrics", (40, 20)) as pilot:
        text = " ".join(screen_text(pilot).split())
        assert "Select models with space in Models (1), then press m" in text

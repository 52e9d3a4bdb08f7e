"""The preview beside the lists of models, executions and configurations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import LogLine
from launchpad_tui.domain.timestamps import now
from launchpad_tui.ui.screens.common import preview as preview_module
from launchpad_tui.ui.screens.executions.execution_preview import _log_lines
from launchpad_tui.ui.widgets.preview_pane import PreviewPane, pane_width
from launchpad_tui.ui.widgets.table import VirtualTable
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import DEAD

WIDE, NARROW = (140, 40), (109, 40)


async def shown(pilot: Any, text: str) -> str:
    """Wait until the preview shows a text, and return the whole screen."""
    await until(pilot, lambda: text in preview_text(pilot))
    return screen_text(pilot)


async def until(pilot: Any, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, preview_text(pilot)
        await pilot.pause()
        await asyncio.sleep(0.01)


def shows(pane: PreviewPane, key: str) -> bool:
    """Return whether a preview shows an object."""
    return pane.key == key


def preview_text(pilot: Any) -> str:
    """Return the text of the preview."""
    pane = pilot.app.screen.query_one(PreviewPane)
    return "\n".join(
        "".join(segment.text for segment in pane.render_line(y)) for y in range(pane.size.height)
    )


@pytest.mark.parametrize(
    ("start", "texts"),
    [
        ("models", ("Parameters", "learning_rate", "Metrics", "★", "Source", "Files", "ai://")),
        ("executions", ("Log",)),
        ("configurations", ("Executable", "Scenario", "Created")),
    ],
)
async def test_a_list_shows_the_row_under_the_cursor(
    workshop_home: Home, start: str, texts: tuple[str, ...]
) -> None:
    async with running(workshop_home, start, WIDE) as pilot:
        for text in texts:
            await shown(pilot, text)


async def test_the_preview_follows_the_cursor(workshop_home: Home) -> None:
    async with running(workshop_home, "executions", WIDE) as pilot:
        table = pilot.app.screen.query_one(VirtualTable)
        rows = [table.cache.get(number) for number in range(table.cache.count or 0)]
        for number, row in enumerate(rows):
            table.move_to(number)
            pane = pilot.app.screen.query_one(PreviewPane)
            await until(pilot, partial(shows, pane, row.execution.id))
            assert str(row.execution.status) in preview_text(pilot)


async def test_the_preview_is_blank_when_the_cursor_scrolls_the_list(workshop_home: Home) -> None:
    async with running(workshop_home, "models", WIDE) as pilot:
        await shown(pilot, "Parameters")
        table = pilot.app.screen.query_one(VirtualTable)
        title = preview_text(pilot).split("\n")[0]
        table.scrolled_by_cursor()
        first, *lines = preview_text(pilot).split("\n")
        assert first == title
        assert {line.strip(" │|") for line in lines} == {""}
        # The next preview is shown as usual.
        table.move_to(1)
        pane = pilot.app.screen.query_one(PreviewPane)
        await until(pilot, partial(shows, pane, table.row_id))
        assert len(preview_text(pilot).split()) > len(lines) + 5


async def test_a_failed_execution_shows_the_end_of_its_log_first(workshop_home: Home) -> None:
    async with running(workshop_home, "executions", WIDE) as pilot:
        table = pilot.app.screen.query_one(VirtualTable)
        place = table.cache.find(lambda row: row.execution.id == DEAD)
        table.move_to(place)
        await shown(pilot, "DEAD")
        text = preview_text(pilot)
        assert text.index("Log") < text.index("Executable")


async def test_the_preview_is_hidden_on_narrow_screens_and_returns(workshop_home: Home) -> None:
    async with running(workshop_home, "models", NARROW) as pilot:
        pane = pilot.app.screen.query_one(PreviewPane)
        assert not pane.display
        await press(pilot, "P")
        assert "at least 110 columns" in pilot.app.message[0]
        await pilot.resize_terminal(*WIDE)
        await shown(pilot, "Parameters")
        assert pane.size.width == pane_width(WIDE[0])


async def test_the_key_hides_the_preview_in_all_lists_and_after_a_restart(
    workshop_home: Home,
) -> None:
    async with running(workshop_home, "models", WIDE) as pilot:
        await shown(pilot, "Parameters")
        await press(pilot, "P")
        assert not pilot.app.screen.query_one(PreviewPane).display
        await press(pilot, "3")
        assert not pilot.app.screen.query_one(PreviewPane).display
    async with running(workshop_home, "models", WIDE) as pilot:
        assert not pilot.app.screen.query_one(PreviewPane).display
        await press(pilot, "P")
        await shown(pilot, "Parameters")


async def test_a_preview_that_arrives_late_is_dropped(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(workshop_home, "models", WIDE) as pilot:
        await shown(pilot, "Parameters")
        screen = pilot.app.screen
        table, pane = screen.query_one(VirtualTable), screen.query_one(PreviewPane)
        first, arrived = table.row, asyncio.Event()
        load = screen.preview_of

        async def late(row: Any) -> Any:
            found = await load(row)
            if row is first:
                await arrived.wait()
            return found

        monkeypatch.setattr(screen, "preview_of", late)
        loading = asyncio.create_task(screen._show_preview(table, first))
        table.move_to(1)
        second = table.row_id
        await until(pilot, lambda: pane.key == second)
        arrived.set()
        await loading
        assert pane.key == second


async def test_the_cursor_moves_while_a_preview_is_being_read(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_module, "REST", 0.001)
    async with running(workshop_home, "models", WIDE) as pilot:
        screen = pilot.app.screen
        table = screen.query_one(VirtualTable)
        released = asyncio.Event()

        async def endless(_row: Any) -> Any:
            await released.wait()
            raise AssertionError("it is cancelled before")

        monkeypatch.setattr(screen, "preview_of", endless)
        for number in (1, 0, 1):
            await pilot.press("down" if number else "up")
            await pilot.pause()
            assert table.cursor == number


async def test_no_preview_beside_an_empty_list(tmp_path: Any) -> None:
    home = Home.at(tmp_path).ensure()
    async with running(home, "datasets", WIDE) as pilot:
        pane = pilot.app.screen.query_one(PreviewPane)
        assert not pane.display
        await settled(pilot)
        assert "No datasets yet" in screen_text(pilot)


def test_only_parameters_with_different_values_vary(workshop_home: Home) -> None:
    desk = open_desk(workshop_home)
    try:
        known = desk.configurations.list(DEFAULT_SCOPE)
        executable = max(known, key=lambda one: len(one.parameters)).executable_id
        same = [one for one in known if one.executable_id == executable]
        expected = {
            name
            for one in same
            for name in one.parameters
            if len({other.parameters.get(name) for other in same}) > 1
        }
        assert desk.configurations.varying(DEFAULT_SCOPE, executable) == expected
        changed = dict(same[0].parameters)
        name = next(iter(changed))
        changed[name] = "77"
        inputs = dict(same[0].inputs)
        desk.configurations.create(DEFAULT_SCOPE, "another", executable, changed, inputs)
        assert name in desk.configurations.varying(DEFAULT_SCOPE, executable)
    finally:
        desk.close()


def test_the_log_of_a_preview_leaves_out_lines_with_metrics_unless_there_are_no_others() -> None:
    metrics = [
        LogLine(n, now(), "stdout", "train", f"::metric loss={n} step={n}") for n in range(9)
    ]
    said = LogLine(9, now(), "stdout", "train", "epoch 1 of 9")
    odd = LogLine(10, now(), "stdout", "train", "::metrics are below")

    def lines(*log: LogLine) -> list[str]:
        return ["".join(text for text, _ in parts) for parts in _log_lines(log, 60, 3)][-3:]

    assert lines(said, *metrics, odd)[-2:] == ["epoch 1 of 9", "::metrics are below"]
    assert lines(*metrics) == [f"::metric loss={n} step={n}" for n in (6, 7, 8)]

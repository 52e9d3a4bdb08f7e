"""Measure charts and comparisons: from opening to the painted screen, from key to last byte.

    python -m tests.benchmarks.chart_speed [HOME]

The terminal has 200x50 cells. HOME was filled by `populate.py` (5 series of 1,000,000 points);
without it this part is skipped. A board of 12 charts with 10 series each, and a comparison of 200
models with 100 parameters and 100 metrics, are created in a new home.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import executions, series
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.ui.widgets.board_view import BoardView
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.sheet import Sheet
from tests.benchmarks.terminal import Terminal
from tests.scenes.harness import press, running, settled
from tests.scenes.seeds import T0, add_scenario
from tests.scenes.trained_seeds import add_trained, execution_id, falling, model_id

CHARTS, SERIES = 12, 10
MODELS, PARAMETERS, METRICS = 200, 100, 100
ROUNDS = 5


def print_result(what: str, seconds: Sequence[float], bound_ms: float) -> None:
    """Print a line of the result: the median, the slowest run and the bound."""
    median, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    holds = "holds" if median <= bound_ms else "DOES NOT HOLD"
    print(f"{what:<58} {median:7.1f} ms  (slowest {worst:7.1f})  at most {bound_ms:g}: {holds}")


async def until(done: Callable[[], bool]) -> None:
    """Wait until a condition holds, checking often."""
    deadline = time.perf_counter() + 30
    while not done():
        assert time.perf_counter() < deadline
        await asyncio.sleep(0.0005)


def boards(app: Any) -> bool:
    """Return whether every chart in view is drawn."""
    views = app.screen.query(BoardView)
    return (
        bool(views)
        and bool(views.first().panels)
        and all(views.first().panels[place].drawing for place in views.first().in_view())
    )


def reactions(
    home: Home, ids: Sequence[str], key: str, keys: Sequence[str]
) -> tuple[list[float], list[int]]:
    """Return the seconds to the last byte that each key causes, and the number of bytes.

    The app shows the metrics of the selection; ``key`` is pressed before the measured keys.
    """
    with opened(home, ids, key) as terminal:
        found = [terminal.react(each) for each in keys]
    return [(one.last_ms or 0) / 1000 for one in found], [one.size for one in found]


@contextmanager
def opened(home: Home, ids: Sequence[str], key: str) -> Iterator[Terminal]:
    """Open the app in a terminal with the metrics of a selection, and press a key."""
    desk = open_desk(home)
    scope = desk.connections.current()
    desk.preferences.set(f"selection/{scope.connection}/{scope.resource_group}", list(ids))
    desk.close()
    environment = {
        **os.environ,
        "LAUNCHPAD_HOME": str(home.root),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "launchpad_tui"]
    terminal = Terminal(command, size=(200, 50), environment=environment)
    try:
        terminal.wait("Models")
        terminal.settle()
        for each in ("8", *key):
            terminal.press(each)
            terminal.settle(0.6)
        yield terminal
    finally:
        terminal.close()


def live(root: Path) -> None:
    """Measure the charts of five executions that each log eight points per second."""
    home = Home.at(root).ensure()
    open_desk(home).close()
    registry = Registry(home.registry_path)
    add_scenario(registry)
    numbers = range(5)
    with ExitStack() as locks:
        for number in numbers:
            add_trained(
                registry,
                number,
                f"live-{number}",
                {},
                {"loss": falling(1 + number, 600)},
                Status.RUNNING,
            )
            locks.enter_context(folder_lock(home.executions / execution_id(number)))
            executions.set_supervisor(
                registry, DEFAULT_SCOPE, execution_id(number), os.getpid(), "supervisor"
            )
        ids = tuple(execution_id(number) for number in numbers)
        with opened(home, ids, "") as terminal:
            terminal.press("enter")
            terminal.settle(0.8)
            sizes = []
            for step in range(600, 680):
                for number in numbers:
                    value = falling(1 + number, 600)[-1] + 0.02 * (step % 3)
                    at = to_micros(T0) + (step + 60 * number) * 1_000_000
                    series.append_bulk(
                        registry,
                        execution_id(number),
                        "loss",
                        (),
                        [step],
                        [at],
                        [value],
                        DEFAULT_SCOPE,
                    )
                sizes.append(terminal.written_in(0.125))
    registry.close()
    drawn = [size for size in sizes if size > 200]
    seconds = len(sizes) * 0.125
    print(
        f"5 live curves, 8 points a second each: {len(drawn) / seconds:.1f} drawings a second "
        f"(at most 2), {statistics.median(drawn):.0f} bytes each (largest {max(drawn)}, "
        "at most 15000)"
    )


async def long_series(root: Path) -> None:
    """Measure charts of 5 models with 1,000,000 points each."""
    home = Home.at(root.absolute())
    desk = open_desk(home)
    with desk.registry.read() as db:
        found = db.execute(
            "SELECT e.id FROM series s JOIN executions e ON e.pk = s.execution_pk "
            "JOIN series_summaries c ON c.series_pk = s.pk WHERE c.count >= 1000000 LIMIT 5"
        ).fetchall()
    desk.close()
    ids = tuple(row[0] for row in found)
    opening, zooming = [], []
    for _ in range(ROUNDS):
        async with running(home, "models", (200, 50)) as pilot:
            app: Any = pilot.app
            start = time.perf_counter()
            app.open("metrics", item_ids=ids)
            await until(partial(boards, app))
            opening.append(time.perf_counter() - start)
            await press(pilot, "enter")
            view = app.screen.query_one(ChartView)
            for action in ("zoom-in", "zoom-in", "pan-right", "zoom-out", "reset"):
                before = view.drawing
                start = time.perf_counter()
                app.screen.perform(f"chart.{action}")
                await until(lambda view=view, before=before: view.drawing is not before)  # type: ignore[misc]
                zooming.append(time.perf_counter() - start)
    print_result(f"open a chart of {len(ids)} series of 1,000,000 points", opening, 300)
    print_result("zoom and pan in it", zooming, 100)


def fill(home: Home) -> None:
    """Add ten executions with twelve curves, and 200 models with many parameters and metrics."""
    open_desk(home).close()
    registry = Registry(home.registry_path)
    add_scenario(registry)
    for number in range(SERIES):
        curves = {
            f"metric-{each:02}": falling(1 + number + each / 7, 1000) for each in range(CHARTS)
        }
        add_trained(registry, number, f"curves-{number}", {"rate": str(number)}, curves)
    for number in range(SERIES, SERIES + MODELS):
        parameters = {
            f"parameter-{each:03}": f"{(number * 7 + each) % 97 / 97:.4g}"
            for each in range(PARAMETERS)
        }
        values = {f"value-{each:03}": [((number * 13 + each) % 89) / 89] for each in range(METRICS)}
        add_trained(registry, number, f"many-{number}", parameters, values)
    registry.close()


def compared(app: Any) -> bool:
    """Return whether the comparison shows its rows."""
    return bool(app.screen.query(Sheet)) and bool(app.screen.query_one(Sheet).content.lines)


async def many(root: Path) -> None:
    """Measure the board and the comparison."""
    home = Home.at(root).ensure()
    fill(home)
    opening = []
    shown = 0
    ids = tuple(model_id(number) for number in range(SERIES))
    for _ in range(ROUNDS):
        async with running(home, "models", (200, 50)) as pilot:
            app: Any = pilot.app
            start = time.perf_counter()
            app.open("metrics", item_ids=ids)
            await until(partial(boards, app))
            opening.append(time.perf_counter() - start)
            await settled(pilot)
            shown = len(app.screen.query_one(BoardView).in_view())
    moving, sizes = reactions(home, ids, "", ("right", "right", "down", "left", "down", "up") * 2)
    print_result(
        f"open a board of {CHARTS} charts of {SERIES} series, {shown} in view", opening, 700
    )
    print_result(f"move in it, key to paint ({statistics.median(sizes):.0f} bytes)", moving, 50)
    comparing = []
    ids = tuple(model_id(number) for number in range(SERIES, SERIES + MODELS))
    for _ in range(ROUNDS):
        async with running(home, "models", (200, 50)) as pilot:
            app = pilot.app
            start = time.perf_counter()
            app.open("compare", item_ids=ids)
            await until(partial(compared, app))
            comparing.append(time.perf_counter() - start)
            await settled(pilot)
    keys = ("right", "right", "down", "pagedown", "right", "right", "end", "home", "right", "$")
    scrolling, sizes = reactions(home, ids, "c", keys)
    print_result(
        f"compare {MODELS} models, {PARAMETERS} parameters, {METRICS} metrics", comparing, 500
    )
    print_result(
        f"scroll in it, key to paint ({statistics.median(sizes):.0f} bytes)", scrolling, 30
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chart_speed")
    parser.add_argument("home", nargs="?", type=Path, help="a home that populate filled")
    home: Path | None = parser.parse_args().home
    if home is not None:
        asyncio.run(long_series(home))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(many(Path(folder) / "many"))
        live(Path(folder) / "live")


if __name__ == "__main__":
    main()

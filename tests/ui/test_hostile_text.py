"""No screen lets text from files, templates or remote runtimes control the terminal."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.board import ChartDefinition
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.sweep import Sweep, SweepMember
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import sweeps
from launchpad_tui.registry.database import Registry
from launchpad_tui.ui.routes import ROUTES
from tests.cli.command_walk import (
    HOSTILE,
    HOSTILE_NAME,
    MARK,
    KnownValues,
    hostile_home,
    input_folder,
    unsafe_characters,
)
from tests.scenes.harness import paste, press, running, screen_text, settled
from tests.services import tenant_server
from tests.ui.terminal_process import terminal_process

#: markup of Rich and Textual, which must be shown as it is, and wide and very long text
MARKUP = "[red]markup[/red] [@click=app.quit]link[/] 漢字😀 " + "long" * 100
#: keys that show other parts of a screen without changing anything
KEYS = ("down", "tab", "tab", "enter", "question_mark", "escape", "escape", "y", "m")
SIZES = ((80, 24), (200, 50))
#: controls with which the interface itself moves the cursor and begins and ends sequences
OWN_CONTROLS = "\x1b\a\b\v\r\n"
SWEEP = "s00000000000000b"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Create the files that arguments name, and serve a tenant with hostile text."""
    with tenant_server.serve() as tenant:
        group = tenant.groups["default"]
        group.train(1)
        for found in (*group.artifacts, *group.configurations, *group.executions):
            for key in found.keys() & {"name", "description", "configurationName", "statusMessage"}:
                found[key] = f"{found[key]}{HOSTILE}\ud800{MARKUP}"
        yield input_folder(tmp_path_factory.mktemp("inputs"), tenant.service_key)


@pytest.fixture(scope="module")
def seeded_home(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a home whose text is hostile, with markup in the names of artifacts."""
    root = hostile_home(tmp_path_factory.mktemp("hostile") / "home", inputs)
    db = sqlite3.connect(root / "registry.db")
    with db:
        db.create_function("casefold", 1, lambda text: text and text.casefold())
        for table, column in (("artifacts", "description"), ("configurations", "name")):
            db.execute(f"UPDATE {table} SET {column} = {column} || ?", (MARKUP,))
    db.close()
    registry = Registry(root / "registry.db")
    (execution,) = KnownValues(root, inputs).format(["{executions}"])
    member = SweepMember(1, {HOSTILE: HOSTILE}, "", "", "")
    missing = SweepMember(2, {HOSTILE: MARKUP}, "", "", "")
    new = Sweep(
        SWEEP, f"{HOSTILE}{MARKUP}", HOSTILE, {HOSTILE: HOSTILE}, {}, {}, now(), HOSTILE,
        (member, missing),
    )  # fmt: skip
    sweeps.add(registry, DEFAULT_SCOPE, new)
    sweeps.set_member(registry, DEFAULT_SCOPE, SWEEP, 1, {"execution_id": execution})
    sweeps.set_member(registry, DEFAULT_SCOPE, SWEEP, 2, {"error": HOSTILE})
    registry.close()
    return root


@pytest.fixture
def hostile_copy(seeded_home: Path, tmp_path: Path) -> Home:
    """Return a copy of the hostile home that a test may change."""
    return Home.at(shutil.copytree(seeded_home, tmp_path / "home"))


def arguments_of(home: Path, inputs: Path) -> dict[str, dict[str, Any]]:
    """Return the constructor arguments of the routes that need some."""
    values = KnownValues(home, inputs)
    names = "artifacts", "executions", "configurations", "executables", "schedules"
    artifact, execution, configuration, executable, schedule = (
        values.format([f"{{{name}}}"])[0] for name in names
    )
    metric = values.format(["{metrics}"])[0]
    chart = ChartDefinition((metric,), name=HOSTILE, description=HOSTILE)
    pair = (artifact, execution)
    file = {"store": "lake", "path": f"files/{HOSTILE_NAME}"}
    return {
        "schedule": {"item_id": schedule},
        "schedule.create": {"item_id": schedule},
        "connection": {"item_id": "core"},
        "connection.edit": {"item_id": "core"},
        "group.add": {"item_id": "local"},
        "group.stores": {"scope": Scope("local", "vision")},
        "store": {"item_id": "lake"},
        "store.edit": {"item_id": "lake"},
        "store.replace": {"item_id": "default"},
        "browse": {"store": "lake", "path": "files"},
        "preview": file,
        "import": {"store": "lake", "path": "files"},
        "manual.topic": {"name": "screens"},
        "artifact": {"item_id": artifact},
        "versions": {"item_id": artifact},
        "sweep": {"item_id": SWEEP},
        "artifact.add": {"url": f"ai://lake/{HOSTILE}"},
        "execution": {"item_id": execution},
        "execution.rerun": {"item_id": execution},
        "configuration": {"item_id": configuration},
        "configuration.create": {"executable_id": executable, "like": configuration},
        "executable": {"item_id": executable},
        "lineage": {"item_id": artifact},
        "metrics": {"item_ids": pair},
        "chart": {"item_ids": pair, "charts": (chart,)},
        "chart.edit": {"item_ids": pair, "chart": chart, "done": lambda _chart: None},
        "compare": {"item_ids": pair},
        "difference": {"item_ids": pair},
    }


def unsafe_cells(app: App[Any]) -> set[str]:
    """Return the unsafe characters in what is painted on the screens of an app."""
    painted = "".join(
        segment.text
        for screen in app.screen_stack
        for strip in screen._compositor.render_strips()
        for segment in strip
    )
    return unsafe_characters(painted, "")


@pytest.mark.parametrize("route", [route.id for route in ROUTES])
async def test_hostile_text_is_escaped_on_every_screen(
    hostile_copy: Home, inputs: Path, route: str
) -> None:
    arguments = arguments_of(hostile_copy.root, inputs).get(route, {})
    for size in SIZES:
        async with running(hostile_copy, size=size) as pilot:
            app: Any = pilot.app
            app.open(route, **arguments)
            await settled(pilot)
            assert unsafe_cells(app) == set()
            for key in KEYS if size == SIZES[-1] else ():
                await press(pilot, key)
                assert unsafe_cells(app) == set(), key
                assert "unexpected error" not in screen_text(pilot), key
                assert "markup" not in screen_text(pilot) or "[red]" in screen_text(pilot)


async def test_the_walk_shows_hostile_text(hostile_copy: Home, inputs: Path) -> None:
    shown = set()
    arguments = arguments_of(hostile_copy.root, inputs)
    async with running(hostile_copy, size=(200, 50)) as pilot:
        app: Any = pilot.app
        for route in ROUTES:
            app.open(route.id, **arguments.get(route.id, {}))
            await settled(pilot)
            if MARK in screen_text(pilot):
                shown.add(route.id)
            app.open("models")
            await settled(pilot)
    assert len(shown) >= 20, sorted(shown)


async def test_hostile_text_that_is_pasted_is_escaped(hostile_copy: Home) -> None:
    async with running(hostile_copy) as pilot:
        app: Any = pilot.app
        for keys in (("slash",), ("w",), ("colon",), ("question_mark",)):
            await press(pilot, *keys)
            await paste(pilot, HOSTILE)
            assert unsafe_cells(app) == set(), keys
            await press(pilot, "enter")
            assert unsafe_cells(app) == set(), keys
            await press(pilot, "escape", "escape", "F")


async def test_messages_and_errors_are_escaped(hostile_copy: Home) -> None:
    from launchpad_tui.errors import LaunchpadError, Unreachable

    async with running(hostile_copy) as pilot:
        app: Any = pilot.app
        app.say(HOSTILE, "bad")
        app.show_error(Unreachable(HOSTILE, HOSTILE, HOSTILE))
        await settled(pilot)
        assert unsafe_cells(app) == set()
        assert MARK in screen_text(pilot)
        app.show_error(LaunchpadError(HOSTILE, f"{HOSTILE}\ud800", HOSTILE))
        await settled(pilot)
        assert unsafe_cells(app) == set()


def test_the_terminal_receives_only_sequences_of_the_interface(
    hostile_copy: Home, tmp_path: Path
) -> None:
    environ = {"LAUNCHPAD_HOME": str(hostile_copy.root), "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    with terminal_process([], environ) as terminal:
        terminal.wait_for(MARK.encode())
        for keys in (b"\r", b"\t", b"\x1b", b"2", b"3", b"\r", b"4", b"5", b"8", b"9", b"0", b"y"):
            terminal.write(keys)
            while terminal.read(1):
                pass
        terminal.write(b"q")
        assert terminal.wait() == 0
        text = terminal.output.decode()
    assert text.count(MARK) > 10
    assert unsafe_characters(text, OWN_CONTROLS) == set()
    for sequence in (f"{MARK}\x1b", "\x1b[31mred", "\x1b]52;c;QUFB", "\x1b]0;"):
        assert sequence not in text


def test_an_error_at_the_start_is_escaped(tmp_path: Path) -> None:
    home = tmp_path / f"{MARK}\x1b]0;title\x07\u202e[red]"
    home.mkdir()
    (home / "registry.db").write_bytes(b"no database" * 1000)
    with terminal_process([], {"LAUNCHPAD_HOME": str(home), "LANG": "C.UTF-8"}) as terminal:
        assert terminal.wait() == 2
        text = terminal.output.decode()
    assert MARK in text
    assert "[red]" in text
    assert unsafe_characters(text, OWN_CONTROLS) == set()
    assert "\x1b]0;" not in text

"""No command lets text from files, templates or remote runtimes control the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.cli.command import Command
from tests.cli.command_walk import (
    ENDLESS,
    FAILING,
    HOSTILE,
    HOSTILE_ARGUMENT,
    MARK,
    KnownValues,
    command_name,
    copied_home,
    hostile_home,
    input_folder,
    option_lines,
    replaced_values,
    run,
    unsafe_characters,
    walked_commands,
)
from tests.services import tenant_server

#: Colors that launchpad itself prints on terminals, and the progress line.
OWN_SEQUENCES = re.compile(r"\x1b\[[0-9;]*m|\r|\x1b\[K")
#: Commands whose output is made for a shell, with a tab before the description.
TABULATED = {("completion",), ("_complete",)}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Create the files that arguments name, and serve a tenant with hostile text."""
    with tenant_server.serve() as tenant:
        group = tenant.groups["default"]
        group.train(1)
        # Python's JSON writes a lone surrogate as an escape, as a server of another language may.
        for found in (*group.artifacts, *group.configurations, *group.executions):
            for key in found.keys() & {"name", "description", "configurationName", "statusMessage"}:
                found[key] = f"{found[key]}{HOSTILE}\ud800"
        yield input_folder(tmp_path_factory.mktemp("inputs"), tenant.service_key)


@pytest.fixture(scope="module")
def home(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a home whose text is hostile."""
    return hostile_home(tmp_path_factory.mktemp("hostile") / "home", inputs)


def lines_of(command: Command, values: KnownValues) -> Iterator[list[str]]:
    """Yield the command lines of a command that are tested."""
    base = [*command.path, *values.required(command)]
    yield base
    common = {flag for each in command.common for flag in each.flags}
    yield from ([*base, flag] for flag in ("--json", "--quiet") if flag in common)
    if "--output" in common:
        # Each word of the walk runs the command again: -o name is the same as --quiet.
        yield from ([*base, "-o", each] for each in ("wide", "yaml", "csv", "markdown"))
    if "--connection" in common and "--connection" not in base:
        yield [*base, "--connection", "core"]
        yield [*base, "--connection", "core", "--json"]
    for option in option_lines(command, values):
        yield [*base, *option]
    for _, line in replaced_values(command, values, HOSTILE_ARGUMENT):
        yield line
    yield from (
        [*base, f"{flag}={HOSTILE_ARGUMENT}"]
        for flag in ("--connection", "--group")
        if flag in common
    )


@pytest.mark.parametrize("command", walked_commands(), ids=command_name)
def test_hostile_text_is_escaped(
    command: Command, home: Path, inputs: Path, tmp_path: Path
) -> None:
    allowed = "\n\t" if command.path in TABULATED else "\n"
    codes = set()
    with copied_home(home, tmp_path / "home"):
        values = KnownValues(home, inputs)
        for line in lines_of(command, values):
            shown = run(*line)
            codes.add(shown.code)
            assert not unsafe_characters(shown.out, allowed), line
            assert not unsafe_characters(shown.err), line
            assert "unexpected" not in shown.err, (line, shown.err)
    with copied_home(home, tmp_path / "home"):
        shown = run(*command.path, *values.required(command), terminal=True)
        for text in (shown.out, shown.err):
            assert f"{MARK}\x1b" not in text
            assert not unsafe_characters(OWN_SEQUENCES.sub("", text), allowed)
    # Otherwise the walk would only see errors of this command: give it arguments in the walk.
    assert codes & {0, 1} or command.path in FAILING


def test_the_walk_shows_hostile_text(home: Path, inputs: Path, tmp_path: Path) -> None:
    with copied_home(home, tmp_path / "home"):
        values = KnownValues(home, inputs)
        shown = {
            command.path
            for command in walked_commands()
            if command.path[-1] in {"list", "show", "files", "compare", "lineage", "logs", "browse"}
            and MARK in run(*command.path, *values.required(command)).out
        }
    assert len(shown) >= 25


def test_saved_files_are_safe_for_terminals(home: Path, inputs: Path, tmp_path: Path) -> None:
    with copied_home(home, tmp_path / "home"):
        values = KnownValues(home, inputs)
        execution, model = values.format(["{executions}", "{models}"])
        log, chart, board = (tmp_path / name for name in ("log.txt", "chart.svg", "board.json"))
        loss = next(key for key in run("metrics", "keys", "--json").json["resources"])["key"]
        assert run("boards", "import", str(inputs / "board.json")).code == 0
        assert run("executions", "logs", execution, "--save", str(log)).code == 0
        assert run("metrics", "chart", model, "--metric", loss, "--svg", str(chart)).code == 0
        assert run("boards", "export", "New", str(board)).code == 0
    for path in (log, chart, board):
        text = path.read_text(encoding="utf-8")
        assert not unsafe_characters(text, "\n\t" if path == log else "\n"), path
    assert MARK in log.read_text(encoding="utf-8")


def test_endless_commands_exist() -> None:
    from launchpad_tui.cli.parser import commands

    assert {command.path for command in commands()} >= ENDLESS | FAILING

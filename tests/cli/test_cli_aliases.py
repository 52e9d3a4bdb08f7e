"""Former names of commands, options and values are accepted and not shown."""

from __future__ import annotations

import pytest

from launchpad_tui.cli import aliases
from launchpad_tui.cli.parser import parse, visible_commands
from tests.cli.cli_support import Cli

CURRENT = {command.path: command for command in visible_commands()}
FORMER_OPTIONS = [
    (path, former, current)
    for path, options in aliases.OPTIONS.items()
    for former, current in options.items()
]


@pytest.mark.parametrize("former", aliases.COMMANDS, ids=" ".join)
def test_a_former_command_runs_the_current_one(former: tuple[str, ...], cli: Cli) -> None:
    current = aliases.COMMANDS[former]
    assert len(former) == len(current)
    assert former not in CURRENT
    assert current in CURRENT
    assert aliases.current_names([*former, "x"]) == [*current, "x"]
    shown = cli(*former, "--help")
    assert shown.code == 0
    assert f"usage: launchpad {' '.join(current)} " in shown.out


@pytest.mark.parametrize(("path", "former", "current"), FORMER_OPTIONS)
def test_a_former_option_sets_the_current_one(
    path: tuple[str, ...], former: str, current: str, cli: Cli
) -> None:
    flags = {flag for each in CURRENT[path].args for flag in each.flags}
    assert current in flags
    assert former not in flags
    assert aliases.current_names([*path, "x", former]) == [*path, "x", current]
    assert aliases.current_names([*path, f"{former}=x"]) == [*path, f"{current}=x"]
    assert f"  {former} " not in cli(*path, "--help").out


def test_common_options_may_precede_a_former_command() -> None:
    line = ["--connection", "executions", "--json", "executions", "finish", "e0123"]
    assert aliases.current_names(line) == [*line[:4], "store-outputs", "e0123"]
    options = parse(line)
    assert (options.command.path, options.connection) == (
        ("executions", "store-outputs"),
        "executions",
    )


def test_names_of_resources_are_not_translated() -> None:
    for line in (
        ["executions", "show", "again"],
        ["models", "show", "connections", "delete"],
        ["boards", "delete", "--", "--force"],
        ["boards", "export", "--", "--force", "--force"],
        ["metrics", "keys", "--log"],
        ["demo", "x", "again"],
        [],
        ["--home"],
    ):
        assert aliases.current_names(line) == line


def test_the_former_direction_name_is_accepted() -> None:
    assert parse(["metrics", "better", "name", "name"]).direction == "auto"
    assert parse(["metrics", "better", "name", "name"]).metric == "name"


def test_completion_offers_current_names_only(cli: Cli) -> None:
    def offered(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in cli("_complete", "--", *words).lines]

    assert "again" not in offered("executions", "")
    assert "rerun" in offered("executions", "")
    assert offered("stores", "add", "x", "--he") == []
    assert "--local-only" in offered("stores", "add", "x", "--lo")
    assert offered("executions", "finish", "--qu") == ["--quiet"]

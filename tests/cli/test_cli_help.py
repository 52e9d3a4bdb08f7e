"""The help of every command, and the modules that help and commands import."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from launchpad_tui.cli.command import (
    COMMAND_GROUPS,
    COMMON_OPTIONS,
    DEFAULT_COMMANDS,
    SUBGROUPS,
    Command,
)
from launchpad_tui.cli.parser import build, group_name, visible_commands
from tests.cli.cli_support import Cli

TREE = visible_commands()


@pytest.mark.parametrize("command", TREE, ids=lambda command: " ".join(command.path))
def test_each_command_has_help(command: Command, cli: Cli) -> None:
    shown = cli(*command.path, "--help")
    assert shown.code == 0
    assert "examples:" in shown.out
    assert len(command.examples) >= 2
    for each in (*command.args, *command.common):
        assert each.help
        assert all(flag in shown.out for flag in each.flags if not each.positional)


LINES = {
    **{f"launchpad {name}": group.help for name, group in COMMAND_GROUPS.items()},
    **{" ".join(path): help_line for path, help_line in SUBGROUPS.items()},
    **{" ".join(command.path): command.help for command in TREE},
}


@pytest.mark.parametrize("path", LINES)
def test_help_lines_are_imperative_phrases(path: str) -> None:
    """The help starts with a verb, and fits a list of commands in 80 columns."""
    line = LINES[path]
    verb, _, rest = line.partition(" ")
    assert re.fullmatch("[A-Z][a-z]+,?", verb)
    assert rest
    assert not verb.endswith(("ing", "ed", "s")), "not an imperative verb"
    assert not line.endswith(".")
    assert len(line) <= 60


@pytest.mark.parametrize("command", TREE, ids=lambda command: " ".join(command.path))
def test_help_of_arguments_and_details(command: Command) -> None:
    for each in (*command.args, *COMMON_OPTIONS):
        assert re.match("[A-Z]", each.help), each.flags
        assert not each.help.endswith("."), each.flags
    assert not command.details or re.fullmatch(
        r"[A-Z].*[.:]|.*: launchpad [a-z ]+", command.details
    )


def test_the_usage_names_required_arguments_only(cli: Cli) -> None:
    def usage(*path: str) -> str:
        return cli(*path, "--help").lines[0].removeprefix(f"usage: launchpad {' '.join(path)} ")

    assert usage("models", "list") == "[options]"
    assert usage("models", "preview") == "[options] id [path]"
    assert usage("models", "upload") == "[options] name source"
    assert usage("stores", "add") == "[options] --type TYPE name"
    assert usage("compare") == "[options] id [id ...]"
    assert usage("log") == "[options] [NAME=NUMBER ...]"
    assert usage("metrics", "set-direction") == "[options] metric {lower,higher,auto}"


@pytest.mark.parametrize("command", TREE, ids=lambda command: " ".join(command.path))
def test_examples_are_valid(command: Command) -> None:
    for example in command.examples:
        line = example.replace("\\\n", " ")
        # Redirections and pipes end the command; in quotes they belong to a condition.
        line = re.split(r" [<>|] (?=(?:[^']*'[^']*')*[^']*$)", line)[0]
        words = shlex.split(line)
        if words[0] == "eval":
            words = shlex.split(words[1].removeprefix("$(").removesuffix(")"))
        assert words[0] == "launchpad"
        assert build(words[1:]).parse_args(words[1:]).command is command


def test_the_help_lists_all_groups(cli: Cli) -> None:
    shown = cli("--help")
    assert shown.code == 0
    for name, group in COMMAND_GROUPS.items():
        assert (f"    {name} " in shown.out) is not group.hidden
    assert "exit codes" in shown.out


GROUPS = sorted({command.path[0] for command in TREE if len(command.path) == 2})


@pytest.mark.parametrize("group", [each for each in GROUPS if each != "settings"])
def test_a_group_without_a_command_lists(group: str, cli: Cli) -> None:
    word = DEFAULT_COMMANDS.get((group,), "list")
    listed = cli(group, word)
    assert listed.code == 0
    for words in ((group,), (group, "--csv"), ("--csv", group), (group, "-o", "csv")):
        shown = cli(*words)
        assert shown == (listed if words == (group,) else cli(group, word, "--csv"))
    assert cli(group, "nonsense").code == 2
    help_text = cli(group, "--help").out
    assert all(f"    {each.path[1]} " in help_text for each in TREE if each.path[0] == group)


def test_a_group_below_a_command_lists(cli: Cli) -> None:
    assert cli("serve", "clients").out == cli("serve", "clients", "list").out
    # The value of an option is no command.
    assert cli("models", "--search", "list").code == 0


def test_common_options_may_precede_or_follow_the_command() -> None:
    for words in (["--json", "models", "list"], ["models", "list", "--json"]):
        assert build(words).parse_args(words).json is True
    words = ["--group", "models", "groups", "list"]
    options = build(words).parse_args(words)
    assert (options.group, options.command.path) == ("models", ("groups", "list"))
    assert group_name(["--home", "x", "-q", "stores"]) == "stores"
    assert all(each.help for each in COMMON_OPTIONS)


def loaded(*words: str) -> set[str]:
    """Return the names of the modules that a command line imports."""
    program = (
        "import sys\nfrom launchpad_tui.__main__ import main\n"
        f"try:\n    main({list(words)!r})\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


def test_help_loads_no_module_of_commands() -> None:
    modules = loaded("--help")
    assert {m for m in modules if m.startswith("launchpad_tui.")} <= {
        "launchpad_tui.__main__",
        "launchpad_tui.errors",
        "launchpad_tui.cli",
        "launchpad_tui.cli.run",
        "launchpad_tui.cli.parser",
        "launchpad_tui.cli.command",
        "launchpad_tui.cli.aliases",
        "launchpad_tui.cli.formats",
        "launchpad_tui.cli.signals",
        "launchpad_tui.cli.terminal_size",
    }
    assert not modules & {
        "textual",
        "rich",
        "numpy",
        "sqlite3",
        "yaml",
        "boto3",
        "dataclasses",
        "typing_extensions",
    }


def test_a_command_loads_its_own_module_only() -> None:
    modules = loaded("stores", "add", "--help")
    assert "launchpad_tui.cli.stores" in modules
    assert not modules & {
        "launchpad_tui.cli.artifacts",
        "launchpad_tui.cli.executions",
        "sqlite3",
        "yaml",
        "numpy",
    }

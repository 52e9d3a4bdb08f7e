"""Every command explains itself, and costs nothing before it is known."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from launchpad_tui.cli.command import COMMON, WORDS, Command
from launchpad_tui.cli.parser import build, command_tree, first_word
from tests.cli.cli_support import Cli

TREE = command_tree()


@pytest.mark.parametrize("command", TREE, ids=lambda command: " ".join(command.words))
def test_help_of_each_command(command: Command, cli: Cli) -> None:
    shown = cli(*command.words, "--help")
    assert shown.code == 0
    assert "examples:" in shown.out
    assert len(command.examples) >= 2
    assert len(command.help.splitlines()) == 1
    for each in (*command.args, *command.common):
        assert each.help
        assert all(flag in shown.out for flag in each.flags if not each.positional)


@pytest.mark.parametrize("command", TREE, ids=lambda command: " ".join(command.words))
def test_examples_are_valid(command: Command) -> None:
    for example in command.examples:
        line = example.replace("\\\n", " ")
        for end in (" > ", " < ", " | "):
            line = line.split(end)[0]
        words = shlex.split(line)
        if words[0] == "eval":
            words = shlex.split(words[1].removeprefix("$(").removesuffix(")"))
        assert words[0] == "launchpad"
        assert build(words[1:]).parse_args(words[1:]).command is command


def test_words_are_told_by_the_top_help(cli: Cli) -> None:
    shown = cli("--help")
    assert shown.code == 0
    for name, word in WORDS.items():
        assert (f"    {name} " in shown.out) is not word.hidden
    assert "exit codes" in shown.out


@pytest.mark.parametrize(
    "word", sorted({command.words[0] for command in TREE if len(command.words) == 2})
)
def test_a_group_alone_shows_its_commands(word: str, cli: Cli) -> None:
    shown = cli(word)
    assert (shown.code, shown.out) == (2, "")
    assert all(f"    {each.words[1]} " in shown.err for each in TREE if each.words[0] == word)


def test_common_options_stand_before_and_behind() -> None:
    for words in (["--json", "models", "list"], ["models", "list", "--json"]):
        assert build(words).parse_args(words).json is True
    words = ["--group", "models", "groups", "list"]
    options = build(words).parse_args(words)
    assert (options.group, options.command.words) == ("models", ("groups", "list"))
    assert first_word(["--home", "x", "-q", "stores"]) == "stores"
    assert all(each.help for each in COMMON)


def loaded(*words: str) -> set[str]:
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

"""Values of absurd size or of the wrong kind lead to clear errors, in every argument."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.cli.command import Argument, Command
from launchpad_tui.config.logfile import redacted
from tests.cli.cli_support import Cli, Result
from tests.cli.command_walk import (
    KnownValues,
    command_name,
    copied_home,
    input_folder,
    plain_home,
    replaced_values,
    run,
    time_limit,
    waits,
    walked_commands,
)

#: Texts that no argument expects.
TEXTS = {
    "long": "x" * 200_000,
    "terms": " ".join(f"term-{number}" for number in range(2000)),
    "empty": "",
}
#: Numbers that do not fit, and texts that are none.
NUMBERS = ("9" * 5000, str(2**63), str(-(2**70)), "1e400", "nan", "")
#: Paths in the folder of inputs that are too long or of the wrong kind. They never leave the folder
#: and the working folder, because commands write to them.
PATHS = ("x" * 200_000, "./" * 3000 + "x", "", "{folder}/lake", "{folder}/source.csv/x")
#: Characters that an error message may have at most.
LONGEST = 20_000


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create the files that arguments name."""
    return input_folder(tmp_path_factory.mktemp("inputs"), "{}")


@pytest.fixture(scope="module")
def home(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a home with objects of every kind of this machine."""
    return plain_home(tmp_path_factory.mktemp("absurd") / "home", inputs)


def values_of(argument: Argument) -> tuple[str, ...]:
    """Return the values that are tested for an argument."""
    if argument.keywords.get("type") is not None:
        return NUMBERS
    if argument.completes == "files" or argument.keywords.get("metavar") in {"FILE", "DIR"}:
        return PATHS
    return tuple(TEXTS.values())


def lines_of(command: Command, values: KnownValues) -> Iterator[list[str]]:
    """Yield the command lines of a command that are tested."""
    for value in dict.fromkeys((*TEXTS.values(), *NUMBERS, *PATHS)):
        for argument, line in replaced_values(command, values, value):
            if value in values_of(argument):
                yield values.format(line)
    base = [*command.path, *values.required(command)]
    for argument in command.args:
        if waits(command, argument):
            continue
        if argument.keywords.get("action") == "append":
            yield base + [f"{argument.flags[0]}=a{number}=1" for number in range(500)]
        elif argument.keywords.get("nargs") in {"*", "+"}:
            yield base + [f"a{number}=1" for number in range(500)]


def check(shown: Result, line: list[str]) -> None:
    """Raise AssertionError if a command line did not end with a result or a clear error."""
    shortened = [text[:40] for text in line]
    assert shown.code in {0, 1, 2}, shortened
    assert "unexpected" not in shown.err, (shortened, shown.err[:1000])
    assert len(shown.err) < LONGEST, shortened


#: without those that are the same for other kinds of artifacts as for models
COMMANDS = [each for each in walked_commands() if each.path[0] not in {"datasets", "resultsets"}]


@pytest.mark.parametrize("command", COMMANDS, ids=command_name)
def test_absurd_values_lead_to_clear_errors(
    command: Command, home: Path, inputs: Path, tmp_path: Path
) -> None:
    with copied_home(home, tmp_path / "home"):
        for line in lines_of(command, KnownValues(home, inputs)):
            check(run(*line), line)


def test_a_search_with_too_many_terms_is_rejected(home: Path, inputs: Path, tmp_path: Path) -> None:
    with copied_home(home, tmp_path / "home"):
        for line in (
            ["models", "list", "--search"],
            ["executions", "list", "--search"],
            ["configurations", "list", "--search"],
            ["search"],
        ):
            shown = run(*line, TEXTS["terms"])
            assert (shown.code, shown.out) == (2, "")
            assert "The search has too many terms" in shown.err
            # A repeated term is one condition.
            assert run(*line, "and " * 5000).code == 0
        shown = run("models", "list", "--where", " and ".join(["name = x"] * 5000))
        assert shown.code == 2
        assert "The list has too many conditions" in shown.err


def test_numbers_have_64_bits(cli: Cli) -> None:
    assert "out of range" in cli("models", "list", "--limit", str(2**63)).err
    assert "invalid integer value" in cli("models", "list", "--limit", "9" * 5000).err
    assert "not a number of seconds" in cli("executions", "wait", "x", "--timeout", "nan").err


def test_long_errors_are_cut(cli: Cli) -> None:
    shown = cli("models", "show", "x" * 200_000)
    assert shown.code == 2
    assert max(map(len, shown.err.splitlines())) < 1100


def test_long_log_messages_are_redacted_in_time() -> None:
    text = "x" * 2_000_000
    with time_limit(20):
        assert redacted(f"{text} https://me:hunter22@example.com", []).endswith("@example.com")
    assert "hunter22" not in redacted(f"{text}://me:hunter22@example.com", [])

"""Every command ends without a traceback if its output is closed, full or narrow."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from unittest import mock

import pytest

from launchpad_tui.__main__ import main
from launchpad_tui.cli.command import Command
from launchpad_tui.cli.parser import commands as all_commands
from launchpad_tui.runtimes.embedded.dispatcher import Dispatcher
from tests.cli.cli_support import Result
from tests.cli.command_walk import (
    ENDLESS,
    HOSTILE_ARGUMENT,
    KnownValues,
    command_name,
    copied_home,
    input_folder,
    plain_home,
    replaced_values,
    run,
    unsafe_characters,
    walked_commands,
)

#: seconds after which a command is killed, far more than one takes
LIMIT = 120


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return input_folder(tmp_path_factory.mktemp("inputs"), "{}")


@pytest.fixture(scope="module")
def home(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plain_home(tmp_path_factory.mktemp("states") / "home", inputs)


def _closed_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


#: how standard output is opened; None closes it
STATES: dict[str, Callable[[], int] | None] = {
    "full": lambda: os.open("/dev/full", os.O_WRONLY),
    "pipe": _closed_pipe,
    "closed": None,
}


def _child(line: Sequence[str], output: int | None, errors: int) -> NoReturn:
    """Run a command line in a process that was forked, and end the process."""
    code = 99
    try:
        signal.alarm(LIMIT)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(errors, 2)
        sys.stdin, sys.stderr = open(0), open(2, "w", buffering=1)  # noqa: SIM115
        if output is None:
            os.close(1)
            sys.stdout = None
        else:
            os.dup2(output, 1)
            sys.stdout = open(1, "w")  # noqa: SIM115
        with mock.patch.object(Dispatcher, "_start"):
            try:
                code = main(list(line))
            except SystemExit as stop:
                code = int(stop.code or 0)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - shown by the test
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        os._exit(code)


def forked(line: Sequence[str], output: int | None) -> Result:
    """Run a command line in a forked process; standard output is in this state."""
    with tempfile.TemporaryFile() as errors:
        pid = os.fork()
        if not pid:
            _child(line, output, errors.fileno())
        _, status = os.waitpid(pid, 0)
        errors.seek(0)
        return Result(os.waitstatus_to_exitcode(status), "", errors.read().decode())


@contextmanager
def narrow() -> Iterator[None]:
    """Set the size of the terminal to one cell in a ``with`` block."""
    with mock.patch.dict(os.environ, {"COLUMNS": "1", "LINES": "1"}):
        yield


@pytest.mark.parametrize("command", walked_commands(), ids=command_name)
def test_the_state_of_the_output_causes_no_traceback(
    command: Command, home: Path, inputs: Path, tmp_path: Path
) -> None:
    line = [*command.path, *KnownValues(home, inputs).required(command)]
    with copied_home(home, tmp_path / "narrow"), narrow():
        shown = run(*line, terminal=True)
        assert "unexpected" not in shown.err, shown.err
    shutil.rmtree(inputs / "downloaded", ignore_errors=True)
    (inputs / "exported.json").unlink(missing_ok=True)
    for name, opened in STATES.items():
        output = opened() if opened else None
        with copied_home(home, tmp_path / name):
            done = forked(line, output)
        if output is not None:
            os.close(output)
        shutil.rmtree(inputs / "downloaded", ignore_errors=True)
        (inputs / "exported.json").unlink(missing_ok=True)
        assert done.code in {0, 1, 2, 141}, (name, done)
        for text in ("Traceback", "unexpected", "Exception ignored"):
            assert text not in done.err, (name, done.err)
        if name == "full" and shown.code == 0 and shown.out:
            assert done.code == 2, done


@pytest.mark.parametrize(
    "command", [each for each in all_commands() if each.path in ENDLESS], ids=command_name
)
def test_invalid_arguments_of_commands_that_run_on_are_escaped(
    command: Command, home: Path, inputs: Path, tmp_path: Path
) -> None:
    with copied_home(home, tmp_path / "home"):
        values = KnownValues(home, inputs)
        lines = [line for _, line in replaced_values(command, values, HOSTILE_ARGUMENT)]
        lines += [[*command.path, HOSTILE_ARGUMENT], [*command.path, f"--{HOSTILE_ARGUMENT}"]]
        for line in lines:
            shown = run(*line)
            assert shown.code == 2, (line, shown)
            assert not unsafe_characters(shown.out + shown.err), line
            assert "unexpected" not in shown.err, (line, shown.err)


def test_an_empty_list_is_reported_to_people_only(home: Path) -> None:
    for line in (("models", "list"), ("executions", "list", "--search", "zz"), ("schedules",)):
        shown = run(*line, terminal=True)
        assert shown.err == "The list is empty\n"
        assert run(*line).err == ""
        assert run(*line, "-o", "json", terminal=True).err == ""
    filled = run("connections", "list", terminal=True)
    assert "local" in filled.out
    assert filled.err == ""

"""``--watch`` prints again: in place on terminals, and what has changed in pipes."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import yaml

from launchpad_tui.cli.parser import commands
from tests.cli.cli_support import FAST, Cli, read_until, spawn, watching
from tests.terminal_replay import Replay
from tests.ui.terminal_process import TerminalProcess, terminal_process


def test_a_table_in_a_pipe_grows_by_new_lines(home: Path) -> None:
    assert spawn(home, "groups", "add", "one").code == 0
    with watching(home, "groups", "list") as child:
        first = read_until(child, lambda text: "one" in text)
        assert first.startswith("NAME")
        # The column becomes wider, which is no change of the other rows.
        assert spawn(home, "groups", "add", "two-with-a-long-name").code == 0
        more = read_until(child, lambda text: "two" in text)
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=60)
    assert more.split()[0] == "two-with-a-long-name"
    assert (rest, errors, child.returncode) == ("", "", 130)


def test_documents_are_appended_after_changes(home: Path) -> None:
    for output_format in ("json", "yaml"):
        name = f"new-{output_format}"
        with watching(home, "groups", "list", "-o", output_format) as child:
            read_until(child, lambda text: "count" in text)
            assert spawn(home, "groups", "add", name).code == 0
            text = read_until(child, lambda text: "count" in text)
        found = json.loads(text) if output_format == "json" else yaml.safe_load(text)
        assert name in {each["resourceGroupId"] for each in found["resources"]}


def screen(terminal: TerminalProcess) -> list[str]:
    """Return the lines that the terminal shows."""
    replay = Replay(120, 32)
    replay.feed(terminal.output.decode())
    return [str(line) for line in replay.screen.display]


def test_a_terminal_shows_the_last_output_only(home: Path) -> None:
    for number in range(3):
        assert spawn(home, "groups", "add", f"group-{number}").code == 0
    with terminal_process(["groups", "list", *FAST], {"LAUNCHPAD_HOME": str(home)}) as terminal:
        terminal.wait_for(b"group-2")
        assert spawn(home, "groups", "delete", "group-1").code == 0
        assert spawn(home, "groups", "add", "group-9").code == 0
        terminal.wait_for(b"group-9")
        terminal.write(b"\x03")
        assert terminal.wait() == 130
        assert b"Traceback" not in terminal.output
        shown = [line.split()[0] for line in screen(terminal) if line.strip()]
    assert shown[:5] == ["NAME", "default", "group-0", "group-2", "group-9"]
    assert shown[5] == "Updated"


def test_output_is_cut_to_the_screen(home: Path) -> None:
    for number in range(40):
        assert spawn(home, "groups", "add", f"group-{number:02}").code == 0
    with terminal_process(["groups", "list", *FAST], {"LAUNCHPAD_HOME": str(home)}) as terminal:
        terminal.wait_for(b"Updated")
        terminal.wait_for(b"\x1b[31A")
        shown = screen(terminal)
    assert shown[0].startswith("NAME")
    assert "13 more lines" in shown[29]
    assert shown[30].startswith("Updated")


def test_lists_can_be_watched() -> None:
    watched = {
        command.path
        for command in commands()
        if any("--watch" in each.flags for each in command.common)
    }
    assert watched >= {each.path for each in commands() if each.path[-1] == "list"}
    assert watched >= {("executions", "show"), ("metrics", "show")}


@pytest.mark.parametrize("words", [("--interval", "often"), ("--interval", "-1")])
def test_invalid_intervals(words: tuple[str, ...], cli: Cli) -> None:
    shown = cli("models", "list", "--watch", *words)
    assert (shown.code, shown.out) == (2, "")
    assert "interval" in shown.err


def test_an_error_of_the_first_output_ends_the_command(cli: Cli) -> None:
    assert cli("executions", "show", "nowhere", *FAST).code == 2

"""``launchpad help`` prints the manual and the help of commands."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from launchpad_tui.services.manual import TOPICS, find_topic, topic
from tests.cli.cli_support import Cli


def test_without_a_topic_all_topics_are_listed(cli: Cli, home: Path) -> None:
    result = cli("help")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines() if line.startswith("  ")] == list(
        TOPICS
    )
    assert not home.exists()


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_is_printed_as_text(name: str, cli: Cli) -> None:
    result = cli("help", name)
    assert result.code == 0
    assert result.out.splitlines()[0] == topic(name).title
    assert "<!--" not in result.out
    assert "\x1b" not in result.out


def test_a_topic_is_found_by_the_beginning_of_its_name(cli: Cli) -> None:
    assert cli("help", "trouble").out == cli("help", "troubleshooting").out
    assert find_topic("stores.md") == topic("stores")
    assert find_topic("s") is None


def test_the_error_of_an_unknown_topic_lists_the_topics(cli: Cli) -> None:
    result = cli("help", "nothing")
    assert result.code == 2
    assert "The manual has no topic 'nothing'" in result.err
    assert "getting-started" in result.err
    assert "launchpad help" in result.err


def test_help_shows_the_options_of_a_command(cli: Cli) -> None:
    assert cli("help", "models", "list").out == cli("models", "list", "--help").out
    assert cli("help", "models").out == cli("models", "--help").out
    assert cli("help", "stores", "list").out == cli("stores", "list", "--help").out


def test_topics_are_completed(cli: Cli) -> None:
    assert cli("_complete", "--", "help", "sc").out.split() == ["screens", "schedules"]


def _on_a_terminal(environ: dict[str, str], *words: str) -> str:
    """Run launchpad with a terminal as its input and output, and return its output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", *words],
        stdin=theirs,
        stdout=theirs,
        env={**os.environ, "TERM": "xterm", **environ},
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 4096):
            written += part
    except OSError:
        # The end of a pseudo-terminal on Linux.
        assert process.wait(30) == 0
    os.close(ours)
    return written.decode()


def test_a_topic_is_paged_on_a_terminal(tmp_path: Path) -> None:
    pager = tmp_path / "pager.sh"
    pager.write_text("#!/bin/sh\necho PAGED\nexec cat\n")
    pager.chmod(0o755)
    written = _on_a_terminal({"PAGER": f"{pager} -x"}, "help", "stores")
    assert written.startswith("PAGED")
    assert "\x1b[1mObject stores\x1b[0m" in written


@pytest.mark.parametrize("pager", ["", "/no/such/pager", "'unbalanced"])
def test_without_a_pager_the_topic_is_printed(pager: str) -> None:
    written = _on_a_terminal({"PAGER": pager, "NO_COLOR": "1"}, "help", "stores")
    assert written.startswith("Object stores")

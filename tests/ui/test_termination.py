"""Signals end the interface and commands, and the terminal is then as before."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from tests.ui.terminal_process import terminal_process

BLOCKED = """
import time
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
LaunchpadScreen.do_refresh = lambda screen: time.sleep(60)
"""
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    return {"LAUNCHPAD_HOME": str(home.root), "HOME": str(tmp_path), "LANG": "C.UTF-8"}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_interface_and_restores_the_terminal(
    environ: dict[str, str], number: signal.Signals
) -> None:
    with terminal_process([], environ) as terminal:
        terminal.wait_for(b"Run the demo")
        assert terminal.modes_left_on()
        assert not terminal.is_restored()
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
        assert terminal.modes_left_on() == []
        assert terminal.is_restored()
        assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("delay", [0.2, 0.4, 0.6, 0.8, 1.0, 1.3])
def test_a_signal_during_the_start_restores_the_terminal(
    environ: dict[str, str], delay: float
) -> None:
    with terminal_process([], environ) as terminal:
        time.sleep(delay)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() in {128 + signal.SIGTERM, -signal.SIGTERM}
        assert terminal.modes_left_on() == []
        assert terminal.is_restored()


def test_a_signal_ends_an_interface_whose_thread_is_blocked(environ: dict[str, str]) -> None:
    with terminal_process([], environ, code=BLOCKED) as terminal:
        terminal.wait_for(b"Run the demo")
        terminal.write(b"r")
        time.sleep(0.5)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert terminal.modes_left_on() == []
        assert terminal.is_restored()


def test_a_second_signal_ends_a_blocked_interface_at_once(environ: dict[str, str]) -> None:
    with terminal_process([], environ, code=BLOCKED) as terminal:
        terminal.wait_for(b"Run the demo")
        terminal.write(b"r")
        time.sleep(0.5)
        start = time.monotonic()
        terminal.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert time.monotonic() - start < 30
        assert terminal.modes_left_on() == []
        assert terminal.is_restored()


def test_the_interface_ends_when_its_terminal_is_closed(environ: dict[str, str]) -> None:
    with terminal_process([], environ) as terminal:
        terminal.wait_for(b"Run the demo")
        terminal.hang_up()
        terminal.process.wait()


@pytest.mark.parametrize("ignored", ["SIGHUP", "SIGHUP, signal.SIGTERM"])
def test_the_interface_ends_without_its_terminal_if_signals_are_ignored(
    environ: dict[str, str], ignored: str
) -> None:
    ignore = f"import signal\nfor one in (signal.{ignored},): signal.signal(one, signal.SIG_IGN)"
    with terminal_process([], environ, code=ignore) as terminal:
        terminal.wait_for(b"Run the demo")
        terminal.hang_up()
        assert terminal.process.wait(60) == 128 + signal.SIGHUP


def test_a_terminal_without_a_session_is_noticed_when_it_is_closed(
    environ: dict[str, str],
) -> None:
    """As under ``setsid``: the terminal does not control the process and sends no SIGHUP."""
    control, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui"],
        env={**os.environ, **environ, "TERM": "xterm-256color"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    try:
        output = b""
        while b"Run the demo" not in output:
            output += os.read(control, 1 << 16)
        os.close(control)
        assert process.wait(60) == 128 + signal.SIGHUP
    finally:
        process.kill()
        process.wait()


def test_nohup_keeps_the_interface_running(environ: dict[str, str]) -> None:
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with terminal_process([], environ, code=ignore) as terminal:
        terminal.wait_for(b"Run the demo")
        terminal.process.send_signal(signal.SIGHUP)
        terminal.read(1)
        terminal.write(b"2")
        terminal.wait_for(b"No datasets yet")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_echo_of_a_prompt_for_a_secret(
    environ: dict[str, str], number: signal.Signals
) -> None:
    prompt = "from getpass import getpass\nimport launchpad_tui.cli.run as run\n"
    prompt += "run._command = lambda arguments: getpass('secret: ')"
    with terminal_process([], environ, code=prompt) as terminal:
        terminal.wait_for(b"secret: ")
        assert not terminal.is_restored()
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
        assert terminal.is_restored()


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_a_signal_also_ends_the_pager(environ: dict[str, str]) -> None:
    with terminal_process(["help", "screens"], {**environ, "PAGER": "less"}) as terminal:
        terminal.wait_for(b":")
        time.sleep(0.3)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert terminal.modes_left_on() == []
        assert terminal.is_restored()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_demo(environ: dict[str, str], number: signal.Signals) -> None:
    with terminal_process(["demo", "--quick", "--headless"], environ) as terminal:
        terminal.wait_for(b"RUNNING", 60)
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
        assert terminal.modes_left_on() == []
        assert terminal.is_restored()
        assert b"Traceback" not in terminal.output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_signal_ends_the_server(
    environ: dict[str, str], number: signal.Signals, code: int
) -> None:
    with terminal_process(["serve", "--port", "0"], environ) as terminal:
        terminal.wait_for(b"Press Ctrl+C", 60)
        terminal.process.send_signal(number)
        assert terminal.wait() == code
        assert terminal.is_restored()
        assert b"Traceback" not in terminal.output


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_tmux_has_no_mode_switched_on_after_a_signal(
    environ: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    socket = str(tmp_path / "tmux")

    def tmux(*arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", socket, *arguments],
            env={**os.environ, **environ},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def until(condition: Any) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, tmux("capture-pane", "-p")
            time.sleep(0.1)

    tmux("new-session", "-d", "-x", "120", "-y", "32", "sh")
    try:
        modes = "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"
        tmux("send-keys", f"{sys.executable} -m launchpad_tui", "Enter")
        until(lambda: "Run the demo" in tmux("capture-pane", "-p"))
        assert tmux("display", "-p", modes).split() == ["1", "0", "1"]
        pane = tmux("display", "-p", "#{pane_pid}").strip()
        children = subprocess.run(
            ["pgrep", "-P", pane], check=True, capture_output=True, text=True
        ).stdout.split()
        for child in children:
            os.kill(int(child), number)
        until(lambda: tmux("display", "-p", modes).split() == ["0", "1", "0"])
        tmux("send-keys", "echo visible $((40 + 2))", "Enter")
        until(lambda: "visible 42" in tmux("capture-pane", "-p"))
        assert "echo visible $((40 + 2))" in tmux("capture-pane", "-p")
    finally:
        tmux("kill-server")

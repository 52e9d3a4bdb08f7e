"""The client of ``launchpad log`` inside executions, in separate processes."""

from __future__ import annotations

import os
import posix
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui import quick_log
from launchpad_tui.runtimes.embedded.workspace import name_interpreter
from launchpad_tui.server.tracking import tracking_endpoint
from tests.server.file_sink import EXECUTION, FileSink


@pytest.fixture
def sink(tmp_path: Path) -> FileSink:
    return FileSink(tmp_path / "sink.db")


@pytest.fixture
def endpoint(sink: FileSink) -> Iterator[str]:
    with tracking_endpoint(EXECUTION, sink) as base:
        yield base


def environment(endpoint: str) -> dict[str, str]:
    return os.environ | {
        "AICORE_EXECUTION_ID": EXECUTION,
        "AICORE_TRACKING_ENDPOINT": endpoint,
        "PYTHONPATH": os.getcwd(),
    }


def run(command: list[str], endpoint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment(endpoint),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


ARGUMENTS = ["loss=0.5", "a b=nan", "größe=-inf", 'q"uote=1e3', "--step=3", "--label", "ph=v\n\\"]
TEXTS = ["--tag", "group=tree=82", "--info", "note=é\u2028\x07", "--tag=other=1"]


def test_the_client_logs_what_the_complete_command_logs(
    sink: FileSink, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client reads the environment that the process was started with.
    for name, value in environment(endpoint).items():
        monkeypatch.setitem(posix.environ, name.encode(), value.encode())
        monkeypatch.setenv(name, value)
    logged = []
    for is_quick in (True, False):
        sink.delete()
        if is_quick:
            assert quick_log.log([*ARGUMENTS, *TEXTS])
        else:
            from launchpad_tui.cli.run import run as run_command

            assert run_command(["log", *ARGUMENTS, *TEXTS]) == 0
        resource = sink.resource()
        points = [(m.name, str(m.value), m.step, m.labels) for m in resource.metrics]
        logged.append((points, resource.tags, resource.custom_info))
    assert logged[0] == logged[1]
    assert [name for name, *_ in logged[0][0]] == ["loss", "a b", "größe", 'q"uote']


def test_the_command_of_executions_uses_the_client(
    sink: FileSink, endpoint: str, tmp_path: Path
) -> None:
    name_interpreter(tmp_path, Path(sys.executable), sys.executable)
    launchpad = str(tmp_path / "launchpad")
    done = run([launchpad, "log", *ARGUMENTS, *TEXTS], endpoint)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(sink.resource().metrics) == 4
    # Errors are reported by the complete command.
    done = run([launchpad, "log", "loss=much"], endpoint)
    assert done.returncode == 2
    assert "'much' is not a number" in done.stderr
    done = run([launchpad, "--version"], endpoint)
    assert done.stdout.startswith("launchpad")


def test_the_client_imports_only_what_the_interpreter_contains(endpoint: str) -> None:
    code = """
import sys
before = set(sys.modules)
from launchpad_tui.__main__ import main
assert main(["log", "loss=1"]) == 0
found = sorted(set(sys.modules) - before)
files = [name for name in found if getattr(sys.modules[name], "__file__", None)]
print(*(name for name in files if not name.startswith(("launchpad_tui", "_"))))
print(*(name for name in found if name.startswith("launchpad_tui")))
"""
    done = run([sys.executable, "-c", code], endpoint)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "",
        "launchpad_tui launchpad_tui.__main__ launchpad_tui.quick_log",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["loss"],
        ["=1"],
        ["loss=x"],
        ["loss=1", "--step", "-1"],
        ["loss=1", "--step", "x"],
        ["loss=1", "--step"],
        ["loss=1", "--label", "a="],
        ["loss=1", "--label"],
        ["loss=1", "--unknown", "a=b"],
        ["loss=1", "--", "acc=2"],
        ["x" * 257 + "=1"],
        [f"m{number}=1" for number in range(101)],
        ["!=1"],
    ],
)
def test_anything_unusual_is_left_to_the_complete_command(
    sink: FileSink, endpoint: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    for name, value in environment(endpoint).items():
        monkeypatch.setitem(posix.environ, name.encode(), value.encode())
    assert not quick_log.log(arguments)
    assert not sink.resource().metrics


@pytest.mark.parametrize(
    "place", ["", "http://127.0.0.1:9/secret", "https://ai.example.com", "http://127.0.0.1:x/y"]
)
def test_other_endpoints_are_left_to_the_complete_command(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    for name, value in environment(place).items():
        monkeypatch.setitem(posix.environ, name.encode(), value.encode())
    assert not quick_log.log(["loss=1"])

"""The tracking function, in separate processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import launchpad_tui.tracking
from launchpad_tui.server.tracking import tracking_endpoint
from tests.server.file_sink import EXECUTION, FileSink


def run(code: str, folder: Path, endpoint: str = "") -> subprocess.CompletedProcess[str]:
    """Run code next to a copy of the module, in an interpreter without launchpad."""
    shutil.copy(launchpad_tui.tracking.__file__, folder / "tracking.py")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AI", "PYTHON"))
    }
    if endpoint:
        environment |= {"AICORE_EXECUTION_ID": EXECUTION, "AICORE_TRACKING_ENDPOINT": endpoint}
    command = [sys.executable, "-S", "-c", code]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_logs_from_any_interpreter_and_thread(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "sink.db")
    code = """
import math, os, threading
from datetime import datetime
from tracking import info, log, tag

class Scalar:
    def __float__(self):
        return 2.5

log(loss=Scalar(), acc=math.nan, step=3, labels={"fold": 1}, timestamp=datetime(2026, 1, 2))
log(**{"Error rate": math.inf})
tag(group="a"); tag(group="b")
info("matrix", [[1, 2], [3, 4]])
log(**{f"m{n}": n for n in range(1500)})
threads = [threading.Thread(target=lambda: [log(t=s, step=s) for s in range(50)]) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
if os.fork() == 0:
    log(child=1)
    os._exit(0)
os.wait()
log(parent=1)
"""
    with tracking_endpoint(EXECUTION, sink) as base:
        done = run(code, tmp_path, base)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    resource = sink.resource()
    first, second, third = resource.metrics[:3]
    assert (first.name, first.value, first.step, first.labels) == ("loss", 2.5, 3, (("fold", "1"),))
    assert first.timestamp.isoformat() == "2026-01-02T00:00:00+00:00"
    assert second.value != second.value
    assert (third.name, third.value, third.step) == ("Error rate", float("inf"), 0)
    assert [(t.name, t.value) for t in resource.tags] == [("group", "b")]
    assert resource.custom_info[0].value == "[[1, 2], [3, 4]]"
    assert len(resource.metrics) == 3 + 1500 + 200 + 2


def test_outside_an_execution_it_warns_once(tmp_path: Path) -> None:
    done = run("from tracking import log, tag\nlog(a=1)\nlog(a=2)\ntag(b=1)", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("\n") == 1
    assert "not inside an execution" in done.stderr


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("log(a='x')\nlog(b=[])", "not a number"),
        ("log(**{'!': 1})\nlog(**{'!': 1})", "not a valid metric name"),
        ("log(a=1, step=-1)", "step"),
        ("log(a=1, step='x')", "step"),
        ("info('a', object())", "JSON"),
    ],
)
def test_an_invalid_metric_does_not_end_the_training(tmp_path: Path, code: str, word: str) -> None:
    sink = FileSink(tmp_path / "sink.db")
    with tracking_endpoint(EXECUTION, sink) as base:
        done = run(f"from tracking import info, log\n{code}\nlog(good=1)", tmp_path, base)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert word in done.stderr
    assert [m.name for m in sink.resource().metrics] == ["good"]


def test_a_missing_endpoint_delays_the_training_little(tmp_path: Path) -> None:
    code = """
import time
from tracking import TrackingError, log, send
start = time.perf_counter()
for step in range(500):
    log(loss=1, step=step)
assert time.perf_counter() - start < 60, time.perf_counter() - start
try:
    send({"a": 1.0})
except TrackingError as error:
    assert error.kind == "unreachable"
else:
    raise SystemExit("nothing raised")
"""
    done = run(code, tmp_path, "http://127.0.0.1:9/secret")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1


def test_a_stale_connection_is_reopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launchpad_tui.server.tracking._IDLE_SECONDS", 0.2)
    sink = FileSink(tmp_path / "sink.db")
    with tracking_endpoint(EXECUTION, sink) as base:
        done = run(
            "import time\nfrom tracking import log\nlog(a=1)\ntime.sleep(0.5)\nlog(b=1)",
            tmp_path,
            base,
        )
    assert done.stderr == ""
    assert [m.name for m in sink.resource().metrics] == ["a", "b"]


def test_import_is_fast_and_has_no_dependencies() -> None:
    code = """
import sys, launchpad_tui.tracking
print(*(name for name in sys.modules if name.startswith(('launchpad', 'http'))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["launchpad_tui", "launchpad_tui.tracking"]

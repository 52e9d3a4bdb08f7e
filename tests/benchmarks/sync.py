"""Measure the synchronization of a large remote tenant.

    python -m tests.benchmarks.sync [--artifacts N] [--executions N] [--latency SECONDS]
                                    [--failures SHARE]

It measures the time until the first models are shown and the time from key to paint during the
sync. The tenant is a separate process on this machine (`tests/services/tenant_server.py`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from tests.benchmarks.terminal import Terminal

CORE = Scope("core", "default")
#: Bounds: seconds until the first 1,000 models are shown, and milliseconds from key to paint.
FIRST, KEY = 3.0, 50.0


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser()
    for name, default in (
        ("artifacts", 100_000),
        ("executions", 20_000),
        ("latency", 0.3),
        ("failures", 0.05),
    ):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args()
    server = Path(__file__).parents[1] / "services" / "tenant_server.py"
    words = [word for name, value in vars(options).items() for word in (f"--{name}", str(value))]
    with (
        subprocess.Popen(
            [sys.executable, str(server), *words], stdout=subprocess.PIPE, text=True
        ) as tenant,
        tempfile.TemporaryDirectory(prefix="launchpad-benchmark-") as place,
    ):
        try:
            assert tenant.stdout is not None
            _measure(Path(place), tenant.stdout.readline(), options.artifacts, options.executions)
        finally:
            tenant.kill()


def _measure(place: Path, key: str, artifacts: int, executions: int) -> None:
    os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
    home = Home.at(place / "home").ensure()
    desk = open_desk(home)
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(key))
    desk.connections.choose(CORE)
    started = time.perf_counter()
    terminal = Terminal(
        (sys.executable, "-m", "launchpad_tui"),
        size=(120, 32),
        environment={"LAUNCHPAD_HOME": str(home.root)},
    )
    try:
        first = terminal.wait(r"of 1,0\d\d", 30) / 1000
        taken: list[float | None] = []
        while desk.sync.freshness(CORE).done_at is None:
            taken.append(terminal.react(("down", "up")[len(taken) % 2], gap=0.05).first_ms)
        whole = time.perf_counter() - started
    finally:
        terminal.close()
    found = [each for each in taken if each is not None]
    print(f"first 1,000 models: {first:.1f} s (at most {FIRST:g})")
    print(f"all of {artifacts:,} artifacts and {executions:,} executions: {whole:.0f} s")
    print(
        f"key to paint during the sync: {statistics.median(found):.0f} ms, slowest "
        f"{max(found):.0f} ms of {len(found)} keys (at most {KEY:g})"
    )
    before = time.perf_counter()
    desk.sync.sync(CORE)
    print(f"a second sync without changes: {time.perf_counter() - before:.1f} s")
    desk.runtimes.close()
    desk.close()


if __name__ == "__main__":
    main()

"""Measure how fast metrics are logged durably, and how much space they take.

    python -m tests.benchmarks.metric_logging [--seconds S] [--only NAME]

Eight processes log to one execution through `launchpad_tui.tracking`, whose endpoint runs in a
process of its own as in a supervisor, then to eight executions with an endpoint each. The same run
measures eight processes that insert the same points with bare SQLite, one transaction for each
call, as a reference for the machine. The exit code is 1 if a figure misses its bound.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.registry import series
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.embedded.workspace import name_interpreter
from tests.registry.registry_data import add_execution

ROOT = Path(__file__).parents[2]
PROCESSES = 8
#: least points per second with 1, 20 and 200 metrics a call
BOUNDS = {1: 5_000, 20: 25_000, 200: 50_000}
CORES = os.cpu_count() or 1
BULK_BOUND, CALLS_BOUND, BYTES_BOUND = 1_000_000, 100, 12

ENDPOINT = """
import sys
from pathlib import Path
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.embedded.metric_recording import ExecutionMetrics
from launchpad_tui.server.tracking import tracking_endpoint
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from tests.benchmarks.metric_logging import records
sink = ExecutionMetrics(records(Path(sys.argv[1])), DEFAULT_SCOPE, sys.argv[2])
with tracking_endpoint(sys.argv[2], sink) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
LOG = """
import sys, time
from launchpad_tui.tracking import send
count, seconds = int(sys.argv[1]), float(sys.argv[2])
names = [f"layer.{k}/gradient-{sys.argv[3]}" for k in range(count)]
send(dict.fromkeys(names, 1.0), step=0)
print("ready", flush=True)
sys.stdin.readline()
start = time.perf_counter()
cpu = time.process_time()
calls = 0
while time.perf_counter() - start < seconds:
    calls += 1
    send({name: 1 / (calls + k) for k, name in enumerate(names)}, step=calls)
print(calls, time.perf_counter() - start, time.process_time() - cpu, flush=True)
"""
BARE = """
import sqlite3, sys, time
count, seconds = int(sys.argv[1]), float(sys.argv[2])
db = sqlite3.connect(sys.argv[4], timeout=60, isolation_level=None)
db.execute("PRAGMA synchronous = NORMAL")
print("ready", flush=True)
sys.stdin.readline()
start = time.perf_counter()
cpu = time.process_time()
calls = 0
while time.perf_counter() - start < seconds:
    calls += 1
    at = time.time_ns() // 1000
    rows = [(k, calls, at, 1 / (calls + k)) for k in range(count)]
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO points VALUES (?, ?, ?, ?)", rows)
    db.execute("COMMIT")
print(calls, time.perf_counter() - start, time.process_time() - cpu, flush=True)
"""
COMMAND = """
import os, resource, subprocess, sys, time
seconds = float(sys.argv[2])
command = [*sys.argv[4:], "log", "loss=0.5", "--step"]
print("ready", flush=True)
sys.stdin.readline()
start = time.perf_counter()
cpu = time.process_time()
calls = 0
while time.perf_counter() - start < seconds:
    calls += 1
    subprocess.run([*command, str(calls)], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(calls, time.perf_counter() - start, used.ru_utime + used.ru_stime, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A result with its bound, which is the least value unless ``most`` is set."""

    name: str
    value: float
    bound: float
    unit: str
    most: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Return whether the result is within its bound."""
        return self.value <= self.bound if self.most else self.value >= self.bound

    def line(self) -> str:
        """Return the row as text."""
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        limit = "at most" if self.most else "at least"
        result = f"{self.name:<58} {self.value:11,.5g} {self.unit:<9}"
        return f"{result} {limit} {self.bound:<9,g} {verdict:<13}  {self.note}"


class Rate(NamedTuple):
    """The calls of several processes: calls per second, calls, and seconds of CPU time for them."""

    per_second: float
    calls: int
    cpu: float


def records(path: Path) -> Any:
    """Return what a supervisor writes metrics with."""
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.services.runtime_host import LocalRuntimeHost

    home = Home.at(path.parent)
    registry = Registry(path)

    def files() -> Any:
        raise AssertionError("no files are used")

    return LocalRuntimeHost(home, Settings.load(home).executions, registry, files).records


def new_registry(folder: Path, executions: int, status: Status = Status.RUNNING) -> Registry:
    """Return an empty registry with executions."""
    registry = Registry(folder / "registry.db")
    first_start(registry)
    for number in range(executions):
        add_execution(registry, execution_id(number), status=status)
    return registry


def execution_id(number: int) -> str:
    """Return the ID of one of the executions."""
    return f"e{number:015x}"


def together(
    script: str, arguments: Sequence[str], environments: Sequence[dict[str, str]], seconds: float
) -> Rate:
    """Return the calls of processes that begin together."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, arguments[0], str(seconds), str(number), *arguments[1:]],
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, environment in enumerate(environments)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    rate, calls, cpu = 0.0, 0, 0.0
    for process in processes:
        out, _ = process.communicate()
        count, taken, used = map(float, out.split())
        rate += count / taken
        calls += int(count)
        cpu += used
    return Rate(rate, calls, cpu)


class Endpoints:
    """The tracking endpoints of executions, each in a process of its own."""

    def __init__(self, registry: Registry, count: int) -> None:
        self._processes = []
        self.environments: list[dict[str, str]] = []
        for number in range(count):
            one = execution_id(number)
            process = subprocess.Popen(
                [sys.executable, "-c", ENDPOINT, str(registry.path), one],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            self.environments.append(
                {
                    "AICORE_EXECUTION_ID": one,
                    "AICORE_TRACKING_ENDPOINT": process.stdout.readline().strip(),
                }
            )
            self._processes.append(process)

    def cpu(self) -> float:
        """Return the seconds of CPU time that the processes have used."""
        used = [psutil.Process(process.pid).cpu_times() for process in self._processes]
        return float(sum(each.user + each.system for each in used))

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.communicate()


def bare(folder: Path, count: int, seconds: float) -> float:
    """Return the points per second that bare SQLite inserts."""
    path = folder / f"bare-{count}.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE points (series INTEGER, step INTEGER, at INTEGER, value REAL)")
    rate = together(BARE, [str(count), str(path)], [{}] * PROCESSES, seconds)
    return rate.per_second * count


def logging(folder: Path, seconds: float) -> Iterator[Figure]:
    """Measure calls of `launchpad_tui.tracking` in eight processes."""
    for endpoints in (1, PROCESSES):
        for count, bound in BOUNDS.items():
            place = folder / f"{endpoints}-{count}"
            place.mkdir()
            reference = bare(place, count, seconds)
            registry = new_registry(place, endpoints)
            opened = Endpoints(registry, endpoints)
            environments = (opened.environments * PROCESSES)[:PROCESSES]
            before = opened.cpu()
            found = together(LOG, [str(count)], environments, seconds)
            cpu = found.cpu + opened.cpu() - before
            opened.close()
            rate = found.per_second * count
            where = "one execution" if endpoints == 1 else f"{endpoints} executions"
            yield Figure(
                f"{PROCESSES} processes, {count} metrics a call, {where}",
                rate,
                bound,
                "points/s",
                note=f"bare SQLite {reference:,.0f}, {rate / reference:.2f} of it; "
                f"{cpu / found.calls * 1e6:,.0f} µs CPU a call, which is "
                f"{found.calls * count / cpu * CORES:,.0f} points/s on {CORES} cores",
            )
            registry.close()


def commands(folder: Path, seconds: float) -> Iterator[Figure]:
    """Measure calls of ``launchpad log`` in eight processes."""
    place = folder / "commands"
    place.mkdir()
    registry = new_registry(place, 1)
    opened = Endpoints(registry, 1)
    script = Path(sys.executable).with_name("launchpad")
    # As the command that executions find.
    name_interpreter(place, Path(sys.executable), sys.executable)
    bare_python = together(
        COMMAND.replace("[*command, str(calls)]", "command[:-3]"),
        ["0", sys.executable, "-c", "pass"],
        opened.environments * PROCESSES,
        seconds,
    )
    for kind, command in (("installed", script), ("in an execution", place / "launchpad")):
        before = opened.cpu()
        rate = together(COMMAND, ["0", str(command)], opened.environments * PROCESSES, seconds)
        cpu = (rate.cpu + opened.cpu() - before) / rate.calls
        yield Figure(
            f"launchpad log, {PROCESSES} processes, {kind}",
            rate.per_second,
            CALLS_BOUND,
            "calls/s",
            note=f"bare Python {bare_python.per_second:,.0f}, "
            f"{rate.per_second / bare_python.per_second:.2f} of it; {cpu * 1000:.1f} ms CPU a "
            f"call, which is {CORES / cpu:,.0f} calls/s on {CORES} cores",
        )
    opened.close()
    registry.close()


def curve(count: int, seed: int) -> tuple[array[int], array[int], array[float]]:
    """Return the steps, times and values of a noisy curve of full precision."""
    rng = random.Random(seed)
    at, times = 1_760_000_000_000_000, array("q")
    for _ in range(count):
        at += int(rng.gauss(250_000, 5_000))
        times.append(at)
    values = array("d", (math.exp(-k / count) + rng.gauss(0, 0.01) for k in range(count)))
    return array("q", range(count)), times, values


def bulk(folder: Path) -> Iterator[Figure]:
    """Measure storing a million points at once."""
    place = folder / "bulk"
    place.mkdir()
    registry = new_registry(place, 1)
    steps, times, values = curve(1_000_000, 1)
    import numpy as np

    kinds: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
        "arrays": lambda: (steps, times, values),
        "numpy": lambda: (np.array(steps), np.array(times), np.array(values)),
    }
    for kind, given in kinds.items():
        rates, taken = [], []
        for turn in range(3):
            arguments = given()
            start, cpu = time.perf_counter(), time.process_time()
            series.append_bulk(registry, execution_id(0), f"{kind}-{turn}", (), *arguments)
            rates.append(len(steps) / (time.perf_counter() - start))
            taken.append(time.process_time() - cpu)
        note = f"{min(taken):.2f} s of CPU time"
        yield Figure(
            f"bulk, 1,000,000 points, {kind}", max(rates), BULK_BOUND, "points/s", note=note
        )
    registry.close()


def space(folder: Path) -> Iterator[Figure]:
    """Measure the size of the file for curves of several lengths."""
    for count, names in ((100, 200), (1_000, 20), (10_000, 20), (100_000, 2)):
        for ended in (False, True):
            place = folder / f"space-{count}-{ended}"
            place.mkdir()
            registry = new_registry(place, 1)
            before = file_size(registry)
            host = records(registry.path)
            portion = 10
            curves = [curve(count, seed) for seed in range(names)]
            for start in range(0, count, portion):
                host.record_metrics(
                    DEFAULT_SCOPE,
                    execution_id(0),
                    [
                        Metric(f"layer.{number}/loss", values[k], from_micros(times[k]), k)
                        for number, (_, times, values) in enumerate(curves)
                        for k in range(start, start + portion)
                    ],
                    (),
                    (),
                )
            if ended:
                host.transition(DEFAULT_SCOPE, execution_id(0), Status.COMPLETED)
            size = (file_size(registry) - before) / (count * names)
            state = "ended" if ended else "running"
            yield Figure(
                f"{names} series of {count:,} points, execution {state}",
                size,
                BYTES_BOUND,
                "B/point",
                most=True,
            )
            registry.close()


def file_size(registry: Registry) -> int:
    """Return the size of the file, with all free pages."""
    with registry.connect() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return registry.path.stat().st_size


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--only", choices=("logging", "commands", "bulk", "space"))
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    all_hold = True
    with tempfile.TemporaryDirectory(prefix="launchpad-benchmark-") as name:
        folder = Path(name)
        parts: dict[str, Callable[[], Iterator[Figure]]] = {
            "logging": lambda: logging(folder, given.seconds),
            "commands": lambda: commands(folder, given.seconds),
            "bulk": lambda: bulk(folder),
            "space": lambda: space(folder),
        }
        for part, measure in parts.items():
            for figure in measure() if given.only in {None, part} else ():
                print(figure.line(), flush=True)
                all_hold &= figure.holds
    print(f"{os.cpu_count()} processors, load average now {os.getloadavg()[0]:.1f}")
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())

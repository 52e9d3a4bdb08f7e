"""Measure the bytes that the app writes to the terminal, and the bytes that ssh sends for them.

    python -m tests.benchmarks.wire [--ssh PORT] [--compress]

A home is created with eight executions of 24 metrics, whose noisy curves have 2,000 points, and 30
parameters, eight executions with noisier curves, one smooth curve, 300 models, and an execution
that runs and has a log. The terminal has 200x50 cells. Textual's own output of a zoom takes 91 KB
with the noisy curves, as where the bounds were set (93 KB), and 129 KB with the noisier ones.

With ``--ssh`` the app runs below ``ssh localhost`` on the port of a running sshd that accepts the
user's key. A relay between ssh and sshd counts the bytes from the server; with ``--compress`` ssh
compresses. Bounds hold without ssh; encryption adds 30 to 60 bytes for each packet.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shlex
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.registry import executions
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.runtimes.log_files import LogWriter
from tests.benchmarks.terminal import Terminal
from tests.scenes.seeds import add_scenario
from tests.scenes.trained_seeds import add_trained, execution_id, model_id

CURVES, CHARTS, PARAMETERS, POINTS, MODELS = 8, 24, 30, 2000, 300
#: the standard deviation of the noise of curves that fall from 1 to 0, and of noisier curves
NOISE, MORE_NOISE = 0.02, 0.05
#: the numbers of the execution with one smooth curve, of the running execution, and of the first
#: execution with noisier curves
SMOOTH, RUNNING, NOISIER = 8, 9, 10
SIZE = (200, 50)
#: The effect of a key ends when nothing is written for some time. A key without an effect within
#: the longest time has none.
_QUIET_SECONDS, _LATEST_SECONDS = 1.5, 10.0
ROOT = Path(__file__).parents[2]
APP = [sys.executable, "-m", "launchpad_tui"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: keys that reach the place, and keys whose bytes are measured.

    Attributes:
        pause: Seconds from a key to the next one; None to wait for all effects of each key.
    """

    name: str
    keys: tuple[str, ...]
    bound: int
    before: tuple[str, ...] = ()
    pause: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are measured in one run of the app.

    Attributes:
        start: The keys after the start, from the list of models.
        selection: The number of the models in My Selection.
    """

    rows: tuple[Row, ...]
    start: tuple[str, ...] = ()
    selection: tuple[int, ...] = field(default=())


#: a list of 50 lines has 45 rows
PARTS = (
    Part(
        (
            Row("a key that does not scroll", ("down",) * 12, 700, ("home",)),
            Row("a key that scrolls, 4 keys a second", ("down",) * 12, 800, ("pagedown",), 0.25),
            Row("a key that scrolls, 30 keys a second", ("down",) * 90, 800, ("down",), 1 / 30),
            Row("a key that scrolls, and its preview", ("down",) * 12, 1500),
            Row("a page of a list", ("pagedown",) * 5, 7000, ("home", "pagedown")),
            Row("the page up again", ("pageup",) * 4, 7000),
            Row("the last row of a list", ("end",), 12_000, ("home",)),
            Row("open help", ("?",), 10_000),
            Row("close help", ("escape",), 10_000),
            Row("open the search field", ("/",), 10_000),
            Row("open the details of a model", ("enter",), 10_000, ("escape", "home")),
            Row("close the details of a model", ("escape",), 10_000),
            Row("open executions", ("3",), 10_000),
            Row("open the next list", ("2",), 10_000),
            Row("open the command palette", (":",), 10_000),
        ),
    ),
    Part(
        (
            Row("open a comparison of 8 models", ("c",), 10_000),
            Row("a key in it, 4 keys a second", ("down",) * 8, 2000, (), 0.25),
            Row("a key in it, and the curves", ("up",) * 4, 10_000),
            Row(
                "a key that scrolls it, 4 keys a second",
                ("down",) * 8,
                2000,
                ("home", "pagedown"),
                0.25,
            ),
            Row("a key that scrolls it, and the curves", ("down",) * 4, 10_000),
        ),
        ("8",),
        tuple(range(CURVES)),
    ),
    Part(
        (
            Row("open a board of 24 charts", ("8",), 25_000),
            Row("move in a board", ("right", "left") * 3, 1000),
            Row("the next page of 24 charts", ("pagedown", "pageup") * 3, 8000),
            Row("open a chart of 8 noisy curves", ("enter",), 25_000, ("home",)),
            Row("zoom a chart of 8 noisy curves", ("+", "+", "+", "-", "-", "-"), 14_000),
            Row("a key of the cursor of a chart", ("right",) * 8 + ("left",) * 4, 1000),
        ),
        (),
        tuple(range(CURVES)),
    ),
    Part(
        (
            Row(
                "zoom a chart of 8 noisier curves",
                ("+", "+", "+", "-", "-", "-"),
                14_000,
            ),
        ),
        ("8", "enter"),
        tuple(range(NOISIER, NOISIER + CURVES)),
    ),
    Part(
        (Row("zoom a chart of one smooth curve", ("+", "+", "+", "-", "-", "-"), 4000),),
        ("8", "enter"),
        (SMOOTH,),
    ),
)


def fill(home: Home) -> None:
    """Add the executions, their models and their metrics."""
    open_desk(home).close()
    registry = Registry(home.registry_path)
    add_scenario(registry)
    rng = random.Random(7)
    names = [f"metric-{each:02}" for each in range(CHARTS)]
    for number in range(CURVES):
        curves = {name: noisy(rng, 1 + number + each / 7) for each, name in enumerate(names)}
        # The parameters are so many that a comparison is longer than a screen.
        rates = {f"rate-{each:02}": str((number + 1) * each) for each in range(PARAMETERS)}
        add_trained(registry, number, f"noisy-{number}", rates, curves)
        noisier = {"loss": noisy(rng, 1 + number, MORE_NOISE)}
        add_trained(registry, NOISIER + number, f"noisier-{number}", {}, noisier)
    smooth = [math.exp(-step / 400) for step in range(POINTS)]
    add_trained(registry, SMOOTH, "smooth", {}, {"loss": smooth})
    add_trained(registry, RUNNING, "running", {}, {}, Status.RUNNING)
    for number in range(NOISIER + CURVES, MODELS):
        add_trained(registry, number, f"model-{number:03}", {"rate": "0.1"}, {"loss": [1.0, 0.5]})
    registry.close()


def noisy(rng: random.Random, rate: float, noise: float = NOISE) -> list[float]:
    """Return a curve that falls, with noise."""
    return [math.exp(-step * rate / POINTS) + rng.gauss(0, noise) for step in range(POINTS)]


class Relay:
    """A TCP relay in front of a server of this machine, which counts the server's bytes."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, target in ((client, server), (server, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(
                    target=self._copy, args=(source, target, source is server), daemon=True
                ).start()

    def _copy(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(65536):
                self.count += len(data) if counted else 0
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()

    def close(self) -> None:
        """Accept no further connection."""
        self._listener.close()


@dataclass(slots=True)
class Probe:
    """How the app is started, and where its bytes are counted."""

    ssh_port: int | None
    compress: bool

    @contextmanager
    def app(self, home: Home, selection: Sequence[int]) -> Iterator[App]:
        """Open the app in a terminal with models in My Selection."""
        desk = open_desk(home)
        ids = [model_id(number) for number in selection]
        desk.preferences.set("selection/local/default", ids)
        desk.close()
        environment = {"LAUNCHPAD_HOME": str(home.root)}
        relay = None if self.ssh_port is None else Relay(self.ssh_port)
        command = APP if relay is None else self._remote(relay.port, environment)
        terminal = Terminal(command, size=SIZE, environment=environment)
        try:
            terminal.seen("model-299", 1.5)
            yield App(terminal, relay)
        finally:
            terminal.close()
            if relay is not None:
                relay.close()

    def _remote(self, port: int, environment: dict[str, str]) -> list[str]:
        variables = {**environment, "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        remote = shlex.join(["env", *(f"{name}={text}" for name, text in variables.items()), *APP])
        return [
            *(
                "ssh",
                "-tt",
                "-p",
                str(port),
                "-o",
                f"Compression={'yes' if self.compress else 'no'}",
            ),
            *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
            *("-o", "LogLevel=ERROR", "127.0.0.1", f"cd {shlex.quote(str(ROOT))} && {remote}"),
        ]


@dataclass(slots=True)
class App:
    """The running app."""

    terminal: Terminal
    relay: Relay | None

    def size_of(self, key: str) -> int:
        """Press a key and return the bytes that it caused."""
        before, seen = self.count(), self.terminal.written()
        self.terminal.press(key)
        deadline = time.perf_counter() + _LATEST_SECONDS
        while self.terminal.written() == seen and time.perf_counter() < deadline:
            time.sleep(0.01)
        self.terminal.settle(_QUIET_SECONDS)
        return self.count() - before

    def size_of_all(self, keys: Sequence[str], pause: float) -> int:
        """Press keys with pauses, and return how many bytes each of them caused on average."""
        before = self.count()
        for key in keys:
            self.terminal.press(key)
            time.sleep(pause)
        size = self.count() - before
        self.terminal.settle(_QUIET_SECONDS)
        return size // len(keys)

    def count(self) -> int:
        """Return the bytes that were written since the start."""
        return self.terminal.written() if self.relay is None else self.relay.count


@dataclass(frozen=True, slots=True)
class Result:
    """The bytes of a row."""

    name: str
    sizes: tuple[int, ...]
    bound: int

    @property
    def median(self) -> float:
        """Return the median, which the bound limits."""
        return statistics.median(self.sizes)


def measure(home: Home, probe: Probe) -> Iterator[Result]:
    """Measure all rows."""
    for part in PARTS:
        with probe.app(home, part.selection) as app:
            for key in part.start:
                app.size_of(key)
            for row in part.rows:
                for key in row.before:
                    app.size_of(key)
                if row.pause is None:
                    sizes = tuple(app.size_of(key) for key in row.keys)
                else:
                    sizes = (app.size_of_all(row.keys, row.pause),)
                yield Result(row.name, sizes, row.bound)
    yield from idle(home, probe)
    yield from log(home, probe)


def idle(home: Home, probe: Probe) -> Iterator[Result]:
    """Measure the screens that wait for a key, for five seconds each."""
    with probe.app(home, ()) as app:
        for name, key in (("a list", "down"), ("the search field", "/")):
            app.size_of(key)
            before = app.count()
            time.sleep(5)
            yield Result(f"{name}, idle for 5 s", (app.count() - before,), 0)


def log(home: Home, probe: Probe) -> Iterator[Result]:
    """Measure the log of a running execution while lines are added."""
    with ExitStack() as kept:
        folder = home.executions / execution_id(RUNNING)
        kept.enter_context(folder_lock(folder))
        registry = Registry(home.registry_path)
        executions.set_supervisor(
            registry, DEFAULT_SCOPE, execution_id(RUNNING), os.getpid(), "supervisor"
        )
        registry.close()
        writer = LogWriter(folder)
        kept.callback(writer.close)
        app = kept.enter_context(probe.app(home, ()))
        lines = iter(range(10_000))

        def add(count: int) -> None:
            for number in [next(lines) for _ in range(count)]:
                loss = math.exp(-number / 100)
                text = f"epoch {number} loss {loss:.4f} accuracy {1 - loss:.4f}"
                writer.write("stdout", "train", [text.encode()])

        add(100)
        for key in ("3", "/", *"running", "enter", "enter"):
            app.size_of(key)
        assert "epoch 99" in app.terminal.text()
        # The log fills the view, so that further lines scroll it.
        for name, count, bound in (("1 line", 1, 300), ("40 lines", 40, 3000)):
            sizes = []
            for _ in range(6):
                app.terminal.settle(0.3)
                before = app.count()
                add(count)
                time.sleep(1.2)
                sizes.append(app.count() - before)
            yield Result(f"a log that follows, {name}", tuple(sizes), bound)


def main() -> int:
    """Run the command; the exit code is 1 if a bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wire")
    parser.add_argument("--ssh", type=int, metavar="PORT", help="run the app below ssh")
    parser.add_argument("--compress", action="store_true", help="let ssh compress")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    all_hold = True
    with tempfile.TemporaryDirectory() as folder:
        home = Home.at(Path(folder) / "home")
        fill(home)
        for one in measure(home, Probe(given.ssh, given.compress)):
            holds = one.median <= one.bound
            all_hold &= holds
            verdict = "holds" if holds else "DOES NOT HOLD"
            spread = f"{min(one.sizes):,} to {max(one.sizes):,}"
            print(
                f"{one.name:<40} {one.median:8,.0f} B  at most {one.bound:6,}  {verdict:<13} "
                f"({spread})",
                flush=True,
            )
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())

"""Measure the figures of the manual and print them with their bounds.

    python -m tests.benchmarks.figures [--home HOME] [--quick]

HOME was filled by `populate.py` with 100,000 models and 10,000,000 points; without it a temporary
home is created, which takes some minutes. ``--quick`` runs fewer measurements on a smaller home.
The exit code is 1 if a figure exceeds its bound.

Start times are medians of runs that alternate with their reference, so that other load on the
machine affects both alike; the spread is the range between the quartiles. Other load slows down a
program with several threads more than one without: the load average, which is printed last, shows
how reliable the figures are.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.services.desk import Desk
from tests.benchmarks.populate import LONG_POINTS, LONG_SERIES, populate
from tests.benchmarks.terminal import Terminal

ROOT = Path(__file__).parents[2]
SIZE = (200, 50)
POINTS_DRAWN = 800
APP = [sys.executable, "-m", "launchpad_tui"]
STATIC = [sys.executable, str(Path(__file__).with_name("one_static.py"))]
MOVES = ("down",) * 12 + ("up",) * 6 + ("down", "up") * 3
LISTS = ("pagedown", "pagedown", "end", "pageup", "pageup", "home")


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table: what was measured, the result, and its upper bound."""

    name: str
    value: float
    bound: float
    unit: str
    note: str = ""

    @property
    def holds(self) -> bool:
        """Return whether the result is within its bound."""
        return self.value <= self.bound

    def line(self) -> str:
        """Return the row as text."""
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        result = f"{self.name:<58} {self.value:9,.4g} {self.unit:<2}"
        return f"{result}  at most {self.bound:<5g} {verdict:<13}  {self.note}"


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return the median and the quartiles as text."""
    low, _, high = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


@contextmanager
def program(command: Sequence[str], home: Home | None = None) -> Iterator[Terminal]:
    """Run a program in a terminal and end it afterwards."""
    environment = {} if home is None else {"LAUNCHPAD_HOME": str(home.root)}
    terminal = Terminal(command, size=SIZE, environment=environment)
    try:
        yield terminal
    finally:
        terminal.close()


def newest(home: Home) -> tuple[str, int]:
    """Return a pattern of the beginning of the first row of Models, and the number of models."""
    desk = open_desk(home)
    listing = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query())
    found = re.escape(listing.slice(0, 1)[0].artifact.name[:12]), listing.count()
    desk.close()
    return found


def first_paints(homes: Mapping[str, Home], rounds: int) -> Iterator[Figure]:
    """Measure the time to the first useful screen, relative to a Textual program with one line."""
    patterns = {name: newest(home)[0] for name, home in homes.items()}
    taken: dict[str, list[float]] = {"": [], **{name: [] for name in homes}}
    for turn in range(-1, rounds):
        found = {}
        with program(STATIC) as terminal:
            found[""] = terminal.seen("READY")
        for name, home in homes.items():
            with program(APP, home) as terminal:
                found[name] = terminal.seen(patterns[name])
        # The first run warms the caches.
        for name, value in found.items() if turn >= 0 else ():
            taken[name].append(value)
    base = statistics.median(taken[""])
    for name in homes:
        pairs = [one / other for one, other in zip(taken[name], taken[""], strict=True)]
        note = f"{spread(taken[name])} ms : {spread(taken[''])} ms, pairwise {spread(pairs, 2)}"
        yield Figure(
            f"first paint of Models, {name} : one Static",
            statistics.median(taken[name]) / base,
            1.6,
            "x",
            note,
        )


def moves(homes: Mapping[str, Home]) -> Iterator[Figure]:
    """Measure milliseconds and bytes from a key to the last byte that it caused."""
    for name, home in homes.items():
        with program(APP, home) as terminal:
            terminal.seen(newest(home)[0], 1.5)
            terminal.react("down", gap=0.1)
            found = [terminal.react(key, gap=0.1) for key in MOVES]
        lasting = [one.last_ms for one in found if one.last_ms is not None]
        sizes = [one.size for one in found]
        painted = f"{len(lasting)} of {len(MOVES)} keys painted"
        note = f"{spread(lasting, 1)} ms, slowest {max(lasting):.1f}, {painted}"
        yield Figure(
            f"cursor in Models, {name}: key to paint", statistics.median(lasting), 15, "ms", note
        )
        note = f"median {statistics.median(sizes):.0f} bytes"
        yield Figure(
            f"cursor in Models, {name}: the most bytes for a key", max(sizes), 1024, "B", note
        )


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes to be measured: of the last ``counted`` of some keys, in the median."""

    name: str
    keys: tuple[str, ...]
    counted: int
    bound: int


#: read in one run of the app, from the list of models; a list of 50 lines has 45 rows
BYTES = (
    Written("a key that does not scroll", ("home", *("down",) * 20), 20, 700),
    Written("a key that scrolls a list", ("home", *("down",) * 65), 20, 800),
    Written("a page of a list", ("home", *("pagedown",) * 8), 6, 7000),
    Written("the page up again", ("pageup",) * 7, 5, 7000),
    Written("the last row of a list", ("home", "end"), 1, 12_000),
    Written("help", ("?",), 1, 10_000),
    Written("another list", ("escape", "3"), 1, 10_000),
    Written("open a comparison", ("1", "home", "space", "down", "space", "c"), 1, 10_000),
    Written("move in a comparison", ("down",) * 8, 6, 2000),
    Written("open a board of charts", ("escape", "m"), 1, 25_000),
    Written("move in a board", ("right", "left") * 3, 4, 1000),
)


def bytes_written(name: str, home: Home) -> Iterator[Figure]:
    """Measure the bytes that keys write to the terminal."""
    with program(APP, home) as terminal:
        terminal.seen(newest(home)[0], 1.5)
        for one in BYTES:
            gap = 1.0 if one.counted == 1 else 0.25
            sizes = [terminal.react(key, gap=gap).size for key in one.keys][-one.counted :]
            note = f"{min(sizes):,} to {max(sizes):,} B"
            yield Figure(
                f"bytes, {name}: {one.name}", statistics.median(sizes), one.bound, "B", note
            )


def seconds(command: Sequence[str]) -> float:
    """Return how long a command runs."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def help_text(rounds: int) -> Figure:
    """Measure ``launchpad --help`` minus a Python process that does nothing."""
    script = Path(sys.executable).with_name("launchpad")
    command = [str(script), "--help"] if script.exists() else [*APP, "--help"]
    bare, whole = [], []
    for turn in range(-1, rounds):
        one, other = seconds([sys.executable, "-c", "pass"]), seconds(command)
        if turn >= 0:
            bare.append(one * 1000)
            whole.append(other * 1000)
    note = f"{spread(whole)} ms, bare Python {spread(bare)} ms"
    return Figure(
        "launchpad --help, above bare Python",
        statistics.median(whole) - statistics.median(bare),
        150,
        "ms",
        note,
    )


def listing_json(name: str, home: Home, rounds: int) -> Iterator[Figure]:
    """Measure the first row of ``models list --json --all``, and the memory once all are written.

    Runs alternate with a Python process that does nothing.
    """
    command = [*APP, "models", "list", "--json", "--all"]
    environment = {**os.environ, "LAUNCHPAD_HOME": str(home.root)}
    bare, first, busy, used = [], [], [], 0.0
    for turn in range(-1, rounds):
        taken = seconds([sys.executable, "-c", "pass"]) * 1000
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            while b'"id"' not in process.stdout.readline():
                pass
            if turn >= 0:
                first.append((time.perf_counter() - start) * 1000)
                bare.append(taken)
                times = psutil.Process(process.pid).cpu_times()
                busy.append((times.user + times.system) * 1000)
            if turn == rounds - 1:
                for number, _ in enumerate(process.stdout):
                    if number % 1000 == 0:
                        used = max(used, psutil.Process(process.pid).memory_info().rss / 1e6)
            else:
                process.kill()
    note = f"{spread(first)} ms, bare Python {spread(bare)} ms, processor time {spread(busy)} ms"
    what = f"models list --json --all, {name}"
    yield Figure(f"{what}: first row", statistics.median(first), 200, "ms", note)
    yield Figure(f"{what}: memory", used, 40, "MB")


def memory(name: str, home: Home) -> Figure:
    """Measure the peak resident memory of the app and its processes.

    Lists are scrolled, then charts and a comparison of eight models are opened.
    """
    with program(APP, home) as terminal:
        terminal.seen(newest(home)[0], 1.5)
        found = [terminal.memory_mb(children=True)]
        for screen in ("1", "2", "3", "4", "5", "1"):
            for key in (screen, *LISTS):
                terminal.press(key)
                terminal.written_in(0.2)
                terminal.settle(0.3)
                found.append(terminal.memory_mb(children=True))
        # Jumps to the middle of a long list read pages that the keys above do not read.
        for _ in range(30):
            terminal.press("pagedown")
            terminal.written_in(0.1)
            terminal.settle(0.1)
            found.append(terminal.memory_mb(children=True))
        lists = max(found)
        for key in ("home", *["space"] * 8, "m", "pagedown", "enter", "+", "-", *["escape"] * 2):
            terminal.press(key)
            terminal.written_in(0.5)
            terminal.settle(0.5)
            found.append(terminal.memory_mb(children=True))
        terminal.press("c")
        terminal.written_in(2)
        terminal.settle(0.5)
        found.append(terminal.memory_mb(children=True))
    return Figure(
        f"memory of the interface, {name}",
        max(found),
        80,
        "MB",
        f"at first {found[0]:.0f} MB, before charts {lists:.0f} MB",
    )


def timed(action: Callable[[], object], rounds: int) -> list[float]:
    """Return the milliseconds of each of several runs."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        found.append((time.perf_counter() - start) * 1000)
    return found


def windows(home: Home, rounds: int) -> Iterator[Figure]:
    """Measure reading the data of a chart of five series with a million points each."""
    desk: Desk = open_desk(home)
    rows = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, LONG_SERIES)
    long = [desk.metrics.series_of_artifact(DEFAULT_SCOPE, row.artifact.id)[0] for row in rows]
    assert all(one.count == LONG_POINTS for one in long), (
        "the home contains no series of 1,000,000 points"
    )

    def read(start: int | None = None, stop: int | None = None) -> None:
        for one in long:
            desk.metrics.window(one.id, start, stop, points=POINTS_DRAWN)

    what = f"{len(long)} series of {LONG_POINTS:,} points"
    for name, bounds, most in (
        ("whole", (None, None), 150),
        ("a tenth", (400_000, 500_000), 100),
        ("a thousandth", (400_000, 401_000), 50),
    ):
        taken = timed(lambda bounds=bounds: read(*bounds), rounds)  # type: ignore[misc]
        yield Figure(
            f"windows of {what}, {name}",
            statistics.median(taken),
            most,
            "ms",
            f"{spread(taken, 1)} ms, the first {taken[0]:.0f}",
        )
    desk.close()


def figures(big: Home, small: Home, *, quick: bool) -> Iterator[Figure]:
    """Measure all figures, one after the other."""
    name = f"{newest(big)[1]:,} models"
    homes = {f"{newest(small)[1]} models": small, name: big}
    yield from first_paints(homes, 5 if quick else 15)
    yield from moves(homes)
    yield from bytes_written(name, big)
    yield help_text(9 if quick else 31)
    for each, home in homes.items():
        yield from listing_json(each, home, 5 if quick else 15)
    yield memory(name, big)
    yield from windows(big, 5 if quick else 15)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="a home that populate.py filled")
    parser.add_argument(
        "--quick", action="store_true", help="measure less often, on a smaller home"
    )
    given = parser.parse_args()
    # Without byte code on disk every start would compile all imported modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    all_hold = True
    with tempfile.TemporaryDirectory() as folder:
        small = Home.at(Path(folder) / "small")
        populate(small, 30, 3000)
        big = Home.at(given.home.absolute()) if given.home else Home.at(Path(folder) / "big")
        if not given.home:
            populate(big, *((5_000, 5_200_000) if given.quick else (100_000, 10_000_000)))
        for figure in figures(big, small, quick=given.quick):
            print(figure.line(), flush=True)
            all_hold &= figure.holds
    print(f"{os.cpu_count()} processors, load average now {os.getloadavg()[0]:.1f}")
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())

"""The figures that the product promises, each with its bound: a table, and nothing is written anywhere else.

    python -m tests.benchmarks.figures [--home HOME] [--quick]

HOME is one that `populate.py` filled with 100,000 models and 10,000,000 points; without it one is made and thrown away,
which takes some minutes. ``--quick`` measures less often, and makes a smaller home. The exit code is 1 where a figure
does not hold.

Times of start are medians of runs that alternate with what they are held against, so that a machine that is busy now
and idle then disturbs both alike; the spread is that of the middle half of the runs. A program that uses more than one
thread suffers more from other work than one that does not: the load average at the end says how far to trust the rest.
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
    """A line of the table: what was measured, what came out, what it may be at most."""

    name: str
    value: float
    bound: float
    unit: str
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.value <= self.bound

    def line(self) -> str:
        """As the table shows it."""
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        return f"{self.name:<58} {self.value:9,.4g} {self.unit:<2}  at most {self.bound:<5g} {verdict:<13}  {self.note}"


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median and the middle half."""
    low, _, high = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


@contextmanager
def program(command: Sequence[str], home: Home | None = None) -> Iterator[Terminal]:
    """A program in a terminal, ended at the end."""
    environment = {} if home is None else {"LAUNCHPAD_HOME": str(home.root)}
    terminal = Terminal(command, size=SIZE, environment=environment)
    try:
        yield terminal
    finally:
        terminal.close()


def newest(home: Home) -> tuple[str, int]:
    """How the first row of Models begins, as a pattern, and how many models there are."""
    desk = open_desk(home)
    listing = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query())
    found = re.escape(listing.slice(0, 1)[0].artifact.name[:12]), listing.count()
    desk.close()
    return found


def first_paints(homes: Mapping[str, Home], rounds: int) -> Iterator[Figure]:
    """From the start of the program to its first useful picture, held against a Textual program with one Static."""
    wanted = {name: newest(home)[0] for name, home in homes.items()}
    taken: dict[str, list[float]] = {"": [], **{name: [] for name in homes}}
    for turn in range(-1, rounds):
        found = {}
        with program(STATIC) as terminal:
            found[""] = terminal.seen("READY")
        for name, home in homes.items():
            with program(APP, home) as terminal:
                found[name] = terminal.seen(wanted[name])
        # The first turn warms caches.
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
    """Milliseconds and bytes from a key to the last byte of what it changed."""
    for name, home in homes.items():
        with program(APP, home) as terminal:
            terminal.seen(newest(home)[0], 1.5)
            terminal.react("down", gap=0.1)
            found = [terminal.react(key, gap=0.1) for key in MOVES]
        lasting = [one.last_ms for one in found if one.last_ms is not None]
        sizes = [one.size for one in found]
        note = f"{spread(lasting, 1)} ms, slowest {max(lasting):.1f}, {len(lasting)} of {len(MOVES)} keys painted"
        yield Figure(
            f"cursor in Models, {name}: key to paint", statistics.median(lasting), 15, "ms", note
        )
        note = f"median {statistics.median(sizes):.0f} bytes"
        yield Figure(
            f"cursor in Models, {name}: the most bytes for a key", max(sizes), 1024, "B", note
        )


def seconds(command: Sequence[str]) -> float:
    """How long a command runs."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def help_text(rounds: int) -> Figure:
    """The time of ``launchpad --help`` above that of a Python that does nothing."""
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


def memory(name: str, home: Home) -> Figure:
    """Resident memory of the interface and of all that it started, the most seen while scrolling through lists."""
    with program(APP, home) as terminal:
        terminal.seen(newest(home)[0], 1.5)
        found = [terminal.memory_mb(children=True)]
        for screen in ("1", "2", "3", "4", "5", "1"):
            for key in (screen, *LISTS):
                terminal.press(key)
                terminal.written_in(0.2)
                terminal.settle(0.3)
                found.append(terminal.memory_mb(children=True))
        # Ways to the middle of a long list read pages that no key above reads.
        for _ in range(30):
            terminal.press("pagedown")
            terminal.written_in(0.1)
            terminal.settle(0.1)
            found.append(terminal.memory_mb(children=True))
    return Figure(
        f"memory of the interface, {name}", max(found), 120, "MB", f"at first {found[0]:.0f} MB"
    )


def timed(action: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each of several runs."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        found.append((time.perf_counter() - start) * 1000)
    return found


def windows(home: Home, rounds: int) -> Iterator[Figure]:
    """Reading what a chart of five series of a million points shows."""
    desk: Desk = open_desk(home)
    rows = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, LONG_SERIES)
    long = [desk.metrics.series_of_artifact(DEFAULT_SCOPE, row.artifact.id)[0] for row in rows]
    assert all(one.count == LONG_POINTS for one in long), (
        "the home holds no series of 1,000,000 points"
    )
    # Its import is not the speed of reading.
    import numpy  # noqa: F401

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
    """All of them, one after the other."""
    name = f"{newest(big)[1]:,} models"
    homes = {f"{newest(small)[1]} models": small, name: big}
    yield from first_paints(homes, 5 if quick else 15)
    yield from moves(homes)
    yield help_text(9 if quick else 31)
    yield memory(name, big)
    yield from windows(big, 5 if quick else 15)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="a home that populate.py filled")
    parser.add_argument(
        "--quick", action="store_true", help="measure less often, on a smaller home"
    )
    given = parser.parse_args()
    # Without byte code on disk every start would compile everything that is imported.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    holding = True
    with tempfile.TemporaryDirectory() as folder:
        small = Home.at(Path(folder) / "small")
        populate(small, 30, 3000)
        big = Home.at(given.home.absolute()) if given.home else Home.at(Path(folder) / "big")
        if not given.home:
            populate(big, *((5_000, 5_200_000) if given.quick else (100_000, 10_000_000)))
        for figure in figures(big, small, quick=given.quick):
            print(figure.line(), flush=True)
            holding &= figure.holds
    print(f"{os.cpu_count()} processors, load average now {os.getloadavg()[0]:.1f}")
    return 0 if holding else 1


if __name__ == "__main__":
    sys.exit(main())

"""Measure commands on an execution and a model with thousands of metrics, labels and files.

    python -m tests.benchmarks.many_names [--count N]

The time of a run with half as many is printed too: a command whose work grows linearly takes half
the time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.cli.command_walk import run
from tests.cli.large_home import large_home

#: Bound for each command with 2,000 names: seconds.
BOUND = 1.0
LINES = (
    ("metrics", "export", "m-0"),
    ("metrics", "list", "m-0"),
    ("models", "show", "m-0"),
    ("models", "lineage", "m-0"),
    ("datasets", "lineage", "d-00000"),
    ("compare", "m-0", "m-1", "--all"),
    ("executions", "show", "e000000000000000"),
    ("stores", "list"),
    ("groups", "list"),
)


def seconds(home: Path, line: tuple[str, ...]) -> float:
    """Return the shortest of three runs of a command."""
    os.environ["LAUNCHPAD_HOME"] = str(home)
    found = []
    for _ in range(3):
        start = time.perf_counter()
        run(*line)
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> int:
    """Measure and print the figures; return 1 if one exceeds its bound."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.many_names")
    parser.add_argument("--count", type=int, default=2000, metavar="N")
    count = parser.parse_args().count
    os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
    all_hold = True
    with tempfile.TemporaryDirectory(prefix="launchpad-benchmark-") as folder:
        homes = []
        for number in (count // 2, count):
            homes.append(Path(folder) / str(number))
            large_home(homes[-1], Path(folder) / f"lake-{number}", number)
        for line in LINES:
            half, whole = (seconds(home, line) for home in homes)
            all_hold &= whole <= BOUND
            verdict = "holds" if whole <= BOUND else "DOES NOT HOLD"
            name = " ".join(line)
            print(f"{name:<45} {whole:6.2f} s (half: {half:.2f} s)  at most {BOUND:g}: {verdict}")
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())

"""The work of every command grows linearly with the number of metrics, labels, files and groups.

Calls of functions are counted instead of measuring time: a loop over all names for each name
makes four times as many calls for twice as many names.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launchpad_tui.cli.command import Command
from tests.cli.command_walk import (
    KnownValues,
    command_name,
    copied_home,
    run,
    walked_commands,
)
from tests.cli.large_home import large_home

#: Numbers of parts of each object; each is twice the one before.
SIZES = (60, 120, 240)
#: Command lines besides those of the walk.
LINES = (
    ("models", "list", "--wide", "--json"),
    ("models", "show", "m-0", "--json"),
    ("models", "verify", "m-0", "--record"),
    ("models", "lineage", "m-0", "--json"),
    ("datasets", "lineage", "d-00000"),
    ("datasets", "verify", "--all"),
    ("search", "name", "--limit", "100000"),
    ("compare", "m-0", "m-1", "--all"),
    ("compare", "m-0", "m-1", "--all", "--format", "markdown"),
    ("compare", "m-0", "m-1", "--diff"),
    ("metrics", "export", "m-0", "--json"),
    ("boards", "show", "name-00000"),
    ("executions", "list", "--metric", "name-00000", "--sort", "name-00001"),
    ("stores", "browse", "lake", "model", "--limit", "0"),
    ("stores", "browse", "lake", "--recursive", "--limit", "0"),
    ("models", "import", "lake", "model", "--scenario", "tiny", "--dry-run"),
    ("models", "download", "m-0", "downloaded"),
    ("groups", "delete", "name-00001"),
)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Create a home of each size."""
    root = tmp_path_factory.mktemp("large")
    for size in SIZES:
        large_home(root / f"home-{size}", root / f"lake-{size}", size)
    return [root / f"home-{size}" for size in SIZES]


def calls(*line: str) -> int:
    """Return the number of calls of functions that a command line makes."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        if event in {"call", "c_call"}:
            count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        run(*line)
    finally:
        sys.setprofile(before)
    return count


def check(line: tuple[str, ...], homes: list[Path], tmp_path: Path) -> None:
    """Raise AssertionError if the work of a command line grows faster than linearly."""
    found: list[list[int]] = []
    # Finalizers of objects of former tests may be counted once.
    for attempt in range(2):
        counts = []
        for home in homes:
            with copied_home(home, tmp_path / f"{home.name}-{attempt}"):
                # The first run imports modules.
                run("models", "show", "m-0")
                counts.append(calls(*line))
        found.append(counts)
        small, middle, large = counts
        if large - middle <= 2.8 * max(0, middle - small) + 3000:
            return
    raise AssertionError((line, found))


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_work_grows_linearly(line: tuple[str, ...], homes: list[Path], tmp_path: Path) -> None:
    check(line, homes, tmp_path)


@pytest.mark.parametrize("command", walked_commands(), ids=command_name)
def test_work_of_every_command_grows_linearly(
    command: Command, homes: list[Path], tmp_path: Path
) -> None:
    line = (*command.path, *KnownValues(homes[0], tmp_path).required(command))
    check(line, homes, tmp_path)

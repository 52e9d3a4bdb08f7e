"""Lists of any length are printed while they are read, as valid JSON whatever happens."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.cli import list_rows
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.errors import Unreachable
from launchpad_tui.registry import configurations
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.listing import Listing
from tests.cli.cli_support import Cli
from tests.cli.command_walk import run
from tests.scenes.seeds import T0, add_scenario
from tests.scenes.trained_seeds import add_trained

COUNT, BATCH = 45, 10


@pytest.fixture
def long_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fill the home with 45 trained models, which are read in batches of ten."""
    place = Home.at(home).ensure()
    open_desk(place).close()
    registry = Registry(place.registry_path)
    add_scenario(registry)
    with registry.write():
        for number in range(COUNT):
            add_trained(registry, number, f"model-{number:02}", {"rate": "1"}, {"loss": [1.0]})
    registry.close()
    monkeypatch.setattr(list_rows, "_BATCH", BATCH)
    monkeypatch.setattr(configurations, "BATCH", BATCH)
    return home


def observed(monkeypatch: pytest.MonkeyPatch, reads: Callable[[], None]) -> None:
    """Call a function before each batch of rows is read."""
    read_part: Any = Listing.part
    fetched: Any = configurations.from_row

    def part(self: Any, start: int, stop: int, so_far: Any = None) -> Any:
        reads()
        return read_part(self, start, stop, so_far)

    def from_row(*arguments: Any) -> Any:
        reads()
        return fetched(*arguments)

    monkeypatch.setattr(Listing, "part", part)
    monkeypatch.setattr(configurations, "from_row", from_row)


LISTS = (
    ("models", "list"),
    ("artifacts", "list"),
    ("executions", "list"),
    ("configurations", "list"),
)


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_rows_are_printed_while_the_next_ones_are_read(
    command: tuple[str, ...], long_home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed, alive = [], []

    def reading() -> None:
        printed.append(sys.stdout.tell())
        alive.append(sum(isinstance(one, Artifact | Configuration) for one in gc.get_objects()))

    observed(monkeypatch, reading)
    result = cli(*command, "--json")
    data = json.loads(result.out)
    assert data["count"] == len(data["resources"]) == COUNT
    # The output grows before every batch, and only a batch or two are in memory.
    assert len(printed) == COUNT // BATCH + 1
    assert printed[0] == 0
    assert all(before < after for before, after in pairwise(printed))
    assert max(alive) - alive[0] <= 2 * BATCH


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_limits_are_alike_in_all_lists(command: tuple[str, ...], long_home: Path, cli: Cli) -> None:
    def count(*options: str) -> int:
        return int(json.loads(cli(*command, "--json", *options).out)["count"])

    assert count() == COUNT
    assert count("--all") == COUNT
    assert count("--limit", "0") == COUNT
    assert count("--limit", "13") == 13
    assert count("--limit", "13", "--all") == COUNT
    assert count("--limit", str(2 * BATCH)) == 2 * BATCH
    negative = cli(*command, "--limit", "-1")
    assert negative.code == 2
    assert "Invalid limit -1" in negative.err


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_json_stays_valid_after_an_error(
    command: tuple[str, ...], long_home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []

    def reading() -> None:
        batches.append(1)
        if len(batches) == 3:
            raise Unreachable("The registry cannot be read", "The disk failed.", "Replace it.")

    observed(monkeypatch, reading)
    result = cli(*command, "--json")
    assert result.code == 2
    assert "The registry cannot be read" in result.err
    data = json.loads(result.out)
    assert data["count"] == len(data["resources"]) == 2 * BATCH
    assert data["incomplete"] is True


def test_nothing_is_printed_if_the_first_rows_cannot_be_read(
    long_home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading() -> None:
        raise Unreachable("The registry cannot be read", "The disk failed.", "Replace it.")

    observed(monkeypatch, reading)
    result = cli("models", "list", "--json")
    assert (result.code, result.out) == (2, "")


def test_configurations_created_at_the_same_time_are_all_listed(home: Path, cli: Cli) -> None:
    place = Home.at(home).ensure()
    open_desk(place).close()
    registry = Registry(place.registry_path)
    count = configurations.BATCH + 50
    with registry.write():
        for number in range(count):
            configurations.add(
                registry,
                DEFAULT_SCOPE,
                Configuration(
                    f"c-{number:04}",
                    f"name-{number:04}",
                    "tiny",
                    "tiny-train",
                    {"rate": "1"},
                    {},
                    T0 + timedelta(seconds=number // 100),
                ),
            )
    registry.close()
    found = json.loads(cli("configurations", "list", "--json").out)["resources"]
    assert [one["id"] for one in found] == [f"c-{number:04}" for number in range(count)][::-1]
    few = json.loads(cli("configurations", "list", "--json", "--search", "name-0007").out)
    assert [one["id"] for one in few["resources"]] == ["c-0007"]


def test_a_long_search_shows_its_progress_on_a_terminal(
    long_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.registry.scan.FIRST_STEP", 5)
    monkeypatch.setattr("launchpad_tui.registry.scan._MOST", 5)
    monkeypatch.setattr("launchpad_tui.cli.progress._SEARCH_SECONDS", 0)
    monkeypatch.setattr("launchpad_tui.cli.progress._INTERVAL", 0)
    line = ("models", "list", "--where", "name not like %-0_")
    shown = run(*line, terminal=True)
    assert f"Searched 22% of {COUNT} rows" in shown.err
    # The line is erased before rows are printed.
    assert shown.err.endswith("\r\x1b[K")
    assert "model-44" in shown.out
    assert "model-09" not in shown.out
    assert run(*line).err == ""
    assert run(*line, "--quiet", terminal=True).err == ""

"""Output on terminals: tables that fit, short IDs, relative times, and the pager."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.cli.relative_time import relative_time
from launchpad_tui.cli.table import ID, NAME, TableColumn, table_lines
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.text import cell_width
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import artifacts
from launchpad_tui.services.short_ids import Identified, ShortIds
from tests.cli.cli_support import Cli, spawn
from tests.cli.test_cli_output import many, on_terminal


def add_model(home: Path, full: str, name: str) -> None:
    """Add a model with an ID to a home."""
    desk = open_desk(Home.at(home).ensure())
    at = now() - timedelta(hours=3, minutes=10)
    new = Artifact(full, name, ArtifactKind.MODEL, "ai://default/x", "", "s", "", (), 1, at, at)
    artifacts.add(desk.registry, DEFAULT_SCOPE, new)
    desk.close()


IDS = (
    "0a1b2c3d-0000-4000-8000-000000000001",
    "0a1b2c3d-0000-4000-8000-000000000002",
    "0a1b2c3d-1111-4000-8000-000000000003",
    "deadbeef-0000-4000-8000-000000000004",
    "cafe0000-0000-4000-8000-000000000005",
)


def test_short_ids_on_a_terminal_name_one_object(home: Path, cli: Cli) -> None:
    for number, full in enumerate(IDS):
        add_model(home, full, f"model-{number}")
    # Names are preferred to prefixes of IDs.
    add_model(home, "f0000000-0000-4000-8000-000000000006", "deadbeef")
    lines = on_terminal(home, 80, "models", "list", "--sort=name")
    shown = dict(line.split()[1::-1] for line in lines[1:])
    assert shown["model-4"] == "cafe0000"
    assert shown["model-3"] == "deadbeef-"
    assert shown["model-2"] == IDS[2][:10]
    for name, short in shown.items():
        assert cli("models", "show", short, "--json").json["name"] == name
        assert cli("artifacts", "show", short, "--json").json["name"] == name
    assert {line.split()[0] for line in cli("models", "list").lines[1:]} >= set(IDS)
    wide = on_terminal(home, 80, "models", "list", "--wide")
    assert any(line.startswith(IDS[0]) for line in wide)


def test_short_ids_are_unique_among_all_objects(home: Path) -> None:
    for number, full in enumerate(IDS):
        add_model(home, full, f"model-{number}")
    # The list shows one model, but the ID is unique among the others, too.
    lines = on_terminal(home, 80, "models", "list", "--search", "model-0")
    assert lines[1].split()[0] == IDS[0]
    desk = open_desk(Home.at(home))
    short = ShortIds(desk.registry).shorten(DEFAULT_SCOPE, Identified.ARTIFACT, "short")
    desk.close()
    assert short == "short"


def test_times_are_relative_on_a_terminal_only(home: Path, cli: Cli) -> None:
    add_model(home, IDS[0], "one")
    assert on_terminal(home, 80, "models", "list")[1].split()[-1] == "3h"
    assert re.search(r"\d{4}-\d\d-\d\dT", cli("models", "list").lines[1])
    assert "3h" not in " ".join(on_terminal(home, 200, "models", "list", "-o", "wide"))
    shown = on_terminal(home, 80, "models", "show", "one")
    assert any(line.startswith("created") and line.endswith("Z (3h ago)") for line in shown)


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-0.2), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=23), "23h"),
        (timedelta(days=364), "364d"),
        (timedelta(days=800), "2y"),
        (timedelta(minutes=-10), "in 9m"),
    ],
)
def test_relative_times(age: timedelta, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    passed = timedelta(seconds=0.5) if age < timedelta(0) else timedelta(0)
    monkeypatch.setattr("launchpad_tui.domain.timestamps.now", lambda: at + passed)
    assert relative_time(at - age) == text


COLUMNS = (
    ID,
    NAME,
    TableColumn("CONFIGURATION", cut_last=True),
    TableColumn("NOTE", wide=True),
    TableColumn("SIZE", optional=1, right=True),
    "CREATED",
    TableColumn("EXECUTION", optional=2),
    TableColumn("URL", optional=3),
)
ROW = ("0a1b2c3d", "digits-model", "penalty too strong", "n", "78 kB", "3h", "e93e3838", "u" * 60)


@pytest.mark.parametrize("width", range(1, 200, 3))
def test_tables_fit_each_width(width: int) -> None:
    left_out: list[str] = []
    head, row = table_lines(COLUMNS, [ROW], width, wide=False, left_out=left_out)
    assert cell_width(head) <= max(width, 5 * 3)
    assert cell_width(row) <= max(width, 5 * 3)
    # The names are readable, and no head is cut, at every width of a usual terminal.
    if width >= 64:
        assert all(cell in row for cell in ROW[:3])
        assert "…" not in head
    assert left_out == [each for each in ("SIZE", "EXECUTION", "URL") if each not in head]


def test_numbers_and_ids_are_not_cut_before_names() -> None:
    heads = (ID, NAME, TableColumn("VALUE", right=True), "CREATED")
    for width in (60, 42, 39):
        lines = table_lines(heads, [("0a1b2c3d", "a name that is long", "0.12345678", "3h")], width)
        row = list(lines)[1]
        assert all(each in row for each in ("0a1b2c3d", "a name", "0.12345678", "3h"))


def test_numbers_are_aligned_at_the_right() -> None:
    heads = ("NAME", TableColumn("SIZE", right=True), "END")
    lines = list(table_lines(heads, [("a", "5 kB", "x"), ("b", "120 kB", "x")], None))
    assert lines == ["NAME    SIZE  END", "a       5 kB  x", "b     120 kB  x"]


def pager(tmp_path: Path, script: str) -> str:
    """Create a program that can be used as a pager, and return its path."""
    path = tmp_path / "pager.sh"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_output_that_exceeds_the_screen_is_paged(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(home, 40)
    monkeypatch.setenv("PAGER", pager(tmp_path, "echo PAGED; exec cat"))
    assert on_terminal(home, 80, "models", "list")[0] == "PAGED"
    for words in (["-o", "json"], ["-o", "yaml"], ["-o", "csv"], ["-q"], ["-o", "markdown"]):
        lines = on_terminal(home, 80, "models", "list", *words)
        assert lines[0] == "PAGED", words
        assert len(lines) >= 41
    assert on_terminal(home, 80, "models", "list", "--limit", "20")[0].startswith("ID ")
    assert on_terminal(home, 80, "models", "list", "--no-pager")[0].startswith("ID ")
    assert "PAGED" not in spawn(home, "models", "list").out
    # Lines that wrap are counted as the screen shows them.
    assert on_terminal(home, 20, "models", "list", "--limit", "9", "--wide")[0] == "PAGED"


@pytest.mark.parametrize(
    ("setting", "first"), [("never", "ID"), ("auto", "FROM"), ("sh -c 'echo SET; cat'", "SET")]
)
def test_the_setting_selects_the_pager(
    setting: str, first: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(home, 40)
    (home / "settings.toml").write_text(f'[ui]\npager = "{setting}"\n')
    monkeypatch.setenv("PAGER", pager(tmp_path, "echo FROM; exec cat"))
    assert on_terminal(home, 80, "models", "list")[0].split()[0] == first


def test_quitting_the_pager_early_is_no_error(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(home, 5000)
    monkeypatch.setenv("PAGER", pager(tmp_path, "head -n 2"))
    for words in ([], ["--json"], ["--csv"], ["-o", "yaml"], ["-q"]):
        lines = on_terminal(home, 80, "models", "list", *words)
        assert len(lines) == 2, lines


def test_an_error_is_shown_after_the_paged_output(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", pager(tmp_path, "echo PAGED; exec cat"))
    lines = on_terminal(home, 80, "help", "stores")
    assert lines[0] == "PAGED"
    lines = on_terminal(home, 80, "models", "list", "--limit", "-1")
    assert lines[0].startswith("launchpad: Invalid limit")

"""Printed output: escaped, aligned, cut to the width of terminals only, and of any length."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.cli.output import json_text
from launchpad_tui.cli.table import table_lines
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.text import cell_width, clip
from launchpad_tui.registry import artifacts
from tests.cli.cli_support import Cli, environment, spawn

EVIL = "\x1b]52;c;AAAA\x07\x9b31m\u202eevil\u200b\ud83d"


def on_terminal(home: Path, columns: int, *words: str) -> list[str]:
    """Return the lines that a command writes to a terminal with this number of columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", *words],
        env=environment(home, TERM="xterm-256color"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:
            break
        if not block:
            break
        seen += block
    os.close(ours)
    child.wait(20)
    return seen.decode().replace("\r\n", "\n").splitlines()


def many(home: Path, count: int, name: str = "model {}") -> None:
    """Add models to a home in one transaction."""
    desk = open_desk(Home.at(home).ensure())
    with desk.registry.write():
        for number in range(count):
            artifacts.add(desk.registry, DEFAULT_SCOPE, _artifact(number, name.format(number)))
    desk.close()


def _artifact(number: int, name: str) -> Artifact:
    from launchpad_tui.domain.timestamps import from_micros

    at = from_micros(1_700_000_000_000_000 + number)
    return Artifact(
        f"m-{number:06}",
        name,
        ArtifactKind.MODEL,
        f"ai://default/{number}",
        "",
        "s",
        "",
        (),
        number,
        at,
        at,
    )


def test_json_is_escaped_without_loss() -> None:
    text = json_text({"name": EVIL + "é漢"})
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in text)
    assert "\u202e" not in text
    assert "é漢" in text
    text.encode()
    assert json.loads(text)["name"] == EVIL + "é漢"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("漢字", 4),
        ("e\u0301", 1),
        ("한글", 4),
        ("\u1112\u1161\u11ab", 2),
        ("ﬀ", 1),
        ("🙂", 2),
        ("", 0),
    ],
)
def test_cell_width(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize("width", range(8))
def test_clipped_text_fits_the_width(width: int) -> None:
    for text in ("abcdefgh", "漢字漢字", "a漢b字c"):
        cut = clip(text, width)
        assert cell_width(cut) <= width
        assert cut == text or width == 0 or cut.endswith("…")


def test_columns_stay_aligned() -> None:
    rows = [("漢字漢字", "one"), ("plain", "two"), (EVIL, "three"), ("line\nbreak", "four")]
    lines = list(table_lines(("NAME", "WHAT"), rows, None))
    starts = {
        cell_width(line[: line.rindex(word)])
        for line, word in zip(lines[1:], ["one", "two", "three", "four"], strict=True)
    }
    assert len(starts) == 1
    assert all(len(line.splitlines()) == 1 and "\x1b" not in line for line in lines)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_table_fits_the_terminal(width: int) -> None:
    rows = [("0123456789", "漢" * 100, "x" * 5000)]
    lines = list(table_lines(("ID", "NAME", "URL"), rows, width))
    assert all(cell_width(line) <= width for line in lines)
    if width >= 40:
        assert lines[1].startswith("0123456789 ")


def test_a_long_cell_does_not_widen_other_rows_in_a_pipe() -> None:
    lines = list(
        table_lines(("ID", "TEXT", "END"), [("a", "x" * 5000, "e"), ("b", "y", "e")], None)
    )
    assert len(lines[1]) > 5000
    assert len(lines[2]) < 100


def test_tables_are_cut_on_terminals_but_not_in_pipes(home: Path) -> None:
    many(home, 3, "a very long name of a model that does not fit a narrow terminal, number {}")
    lines = on_terminal(home, 60, "models", "list")
    assert len(lines) == 4
    assert all(cell_width(line) <= 60 for line in lines)
    assert any("…" in line for line in lines)
    assert lines[1].startswith("m-000002  ")
    piped = spawn(home, "models", "list")
    assert "…" not in piped.out
    assert "number 2" in piped.lines[1]


def test_long_lists_are_printed_completely(home: Path, cli: Cli) -> None:
    many(home, 1201)
    listed = cli("models", "list", "--json", "--sort", "createdAt").json
    assert listed["count"] == 1201
    assert [each["id"] for each in listed["resources"]] == [
        f"m-{number:06}" for number in range(1201)
    ]
    assert cli("models", "list", "--quiet", "--limit", "501").lines == [
        f"m-{n:06}" for n in range(1200, 699, -1)
    ]
    assert cli("models", "list", "--limit", "-1").code == 2
    assert len(cli("models", "list").lines) == 1202


def test_a_closed_pipe_is_silent(home: Path) -> None:
    many(home, 5000)
    done = subprocess.run(
        f'"{sys.executable}" -m launchpad_tui models list | head -n 2',
        shell=True,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 2


def test_control_characters_in_names_are_not_printed(home: Path, cli: Cli) -> None:
    many(home, 1, EVIL.replace("\ud83d", ""))
    for words in (["models", "list"], ["models", "show", "m-000000"], ["models", "list", "--json"]):
        shown = cli(*words)
        assert not any(char in shown.out for char in "\x1b\x07\x9b\u202e")
    assert cli("models", "list", "--json").json["resources"][0]["name"].startswith("\x1b]52")


def test_heads_are_escaped_and_short_rows_are_filled() -> None:
    lines = list(table_lines(("ID", EVIL), [("a",), ("b", "x")], None))
    assert not any(char in "".join(lines) for char in "\x1b\x07\x9b\u202e\n")
    assert lines[1:] == ["a", "b   x"]


def test_heads_of_a_comparison_are_escaped(home: Path, cli: Cli) -> None:
    many(home, 2, EVIL.replace("\ud83d", ""))
    shown = cli("compare", "m-000000", "m-000001")
    assert shown.code == 0
    assert not any(char in shown.out for char in "\x1b\x07\x9b\u202e")


def test_ragged_csv_files_are_previewed(home: Path, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("a,b\n1\n2,3,4\n\n5,6\n")
    assert cli("stores", "add", "here", "--type", "file", "--set", f"root={tmp_path}").code == 0
    shown = cli("stores", "preview", "here", "ragged.csv")
    assert shown.code == 0
    assert "2  3  4" in shown.out


def test_characters_missing_in_the_encoding_are_escaped(home: Path) -> None:
    many(home, 1, "漢字")
    shown = spawn(home, "models", "list", env={"PYTHONIOENCODING": "ascii"})
    assert (shown.code, shown.err) == (0, "")
    assert "\\u6f22" in shown.out


def test_a_full_disk_is_reported(home: Path) -> None:
    many(home, 2000)
    done = subprocess.run(
        f'"{sys.executable}" -m launchpad_tui models list > /dev/full',
        shell=True,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "launchpad: Writing the output failed",
        "  No space left on device",
        "  Free space on the device, or write to another one.",
    ]


def test_closed_standard_streams_are_accepted(home: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m launchpad_tui groups list >&- 2>&-',
        shell=True,
        env=environment(home),
        check=False,
    )
    assert done.returncode == 0

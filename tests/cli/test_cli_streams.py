"""Commands end without a traceback if the output is closed, full, narrow or not Unicode."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.cli_support import environment
from tests.cli.large_home import large_home

#: Commands whose output is longer than the buffer of a pipe, or is written in different ways.
LINES = (
    ("models", "show", "m-0"),
    ("datasets", "list", "--json"),
    ("metrics", "export", "m-0"),
    ("metrics", "chart", "m-0", "--metric", "name-00000"),
    ("compare", "m-0", "m-1", "--all"),
    ("help", "commands"),
    ("--help",),
)
#: What the shell does with the output, the variables, and the exit codes that are possible.
CASES: Mapping[str, tuple[str, Mapping[str, str], set[int]]] = {
    "closed pipe": ("| head -n 0", {}, {0}),
    "full disk": ("> /dev/full", {}, {2}),
    "closed stdout": (">&-", {}, {0}),
    "closed streams": (">&- 2>&- <&-", {}, {0}),
    "one column": ("", {"COLUMNS": "1", "LINES": "1"}, {0}),
    "no locale": ("", {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}, {0}),
    "no terminal": ("", {"TERM": "dumb"}, {0}),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a home with long lists."""
    root = tmp_path_factory.mktemp("streams")
    large_home(root / "home", root / "lake", 400)
    return root / "home"


@pytest.mark.parametrize("case", CASES)
def test_the_state_of_the_output_causes_no_traceback(case: str, home: Path) -> None:
    redirection, variables, codes = CASES[case]
    for line in LINES:
        done = subprocess.run(
            [
                "/bin/sh",
                "-c",
                f'"{sys.executable}" -m launchpad_tui "$@" {redirection}',
                "-",
                *line,
            ],
            env={**environment(home, **variables), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        shown = done.stderr.decode("utf-8", "replace")
        assert done.returncode in codes, (line, shown)
        assert "Traceback" not in shown, line
        assert "unexpected" not in shown, (line, shown)
        assert "Exception ignored" not in shown, (line, shown)

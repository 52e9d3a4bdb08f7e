"""Rules of the repository: its top level, the size of modules, docstrings, unfinished code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "launchpad_tui"


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository that match the patterns, without ignored files."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        return [
            path
            for pattern in patterns or ("*",)
            for path in ROOT.rglob(pattern)
            if ".venv" not in path.parts
        ]
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).exists()]


def test_the_top_level_has_only_the_designed_entries() -> None:
    allowed = {"pyproject.toml", "README.md", "launchpad_tui", "tests", "screenshots"}
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} <= allowed


def test_modules_stay_small() -> None:
    too_long = {}
    for path in PACKAGE.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > 500:
            too_long[str(path.relative_to(ROOT))] = lines
    assert not too_long


def test_every_package_has_a_docstring() -> None:
    undocumented = [
        str(path.parent.relative_to(ROOT))
        for path in PACKAGE.rglob("__init__.py")
        if not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert not undocumented


def test_no_unfinished_code() -> None:
    markers = re.compile(
        r"\b(TO"
        + r"DO|FIX"
        + r"ME|XX"
        + r"X|HA"
        + r"CK|NotImplemented"
        + r"Error)\b|pragma: no "
        + "cover"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if markers.search(line)
    ]
    assert not found

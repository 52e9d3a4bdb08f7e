"""The rules that no linter checks: the top level, the size of modules, docstrings of packages, loose ends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "launchpad_tui"


def tracked(*patterns: str) -> list[Path]:
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
    long = {}
    for path in PACKAGE.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > 500:
            long[str(path.relative_to(ROOT))] = lines
    assert not long


def test_every_package_has_a_docstring() -> None:
    silent = [
        str(p.parent.relative_to(ROOT))
        for p in PACKAGE.rglob("__init__.py")
        if not p.read_text().startswith('"""')
    ]
    assert not silent


def test_no_unfinished_code() -> None:
    words = re.compile(
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
        if words.search(line)
    ]
    assert not found

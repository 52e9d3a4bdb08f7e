"""The copy of the code and the Python interpreter of an execution."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.code_copy import copy_code
from launchpad_tui.runtimes.embedded.workspace import interpreter


def files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def test_generated_folders_are_not_copied(tmp_path: Path) -> None:
    files(
        tmp_path / "code", "a.py", "sub/b.py", ".git/HEAD", "__pycache__/a.pyc", ".venv/bin/python"
    )
    assert copy_code(tmp_path / "code", tmp_path / "copy", 1) == 2
    copied = sorted(
        str(each.relative_to(tmp_path / "copy")) for each in (tmp_path / "copy").rglob("*.*")
    )
    assert copied == ["a.py", "sub/b.py"]
    (tmp_path / "code" / "big").write_bytes(b"x" * 1_100_000)
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        copy_code(tmp_path / "code", tmp_path / "other", 1)


def test_the_interpreter_of_an_execution(tmp_path: Path) -> None:
    assert interpreter("", tmp_path, sys.executable) == Path(sys.executable)
    beside = tmp_path / ".venv" / "bin" / "python"
    files(tmp_path, ".venv/bin/python")
    beside.chmod(0o700)
    assert interpreter("", tmp_path, sys.executable) == beside
    assert interpreter(str(tmp_path / ".venv"), tmp_path / "other", sys.executable) == beside
    with pytest.raises(ConfigError, match="interpreter"):
        interpreter(str(tmp_path / "nothing"), tmp_path, sys.executable)

"""The ignore file, compared with Git, whose format it has."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.code_copy import copy_code
from launchpad_tui.runtimes.embedded.ignore_file import IGNORE_FILE

FILES = (
    "train.py",
    "notes.md",
    "a b.txt",
    "#hash.txt",
    "!bang.txt",
    "data/big.bin",
    "data/keep/small.csv",
    "data/other/small.csv",
    "src/data/inner.csv",
    "src/model.py",
    "src/model.pyx",
    "src/[x].py",
    "docs/deep/er/page.md",
    "docs/page.md",
    "build/out.o",
    "sub/build/out.o",
    "file1.log",
    "file2.log",
    "filea.log",
)
PATTERNS = (
    "*.md",
    "data",
    "data/",
    "/data",
    "train.py/",
    "src/*.py",
    "docs/**",
    "docs/**/page.md",
    "**/build",
    "build/\n!build/out.o",
    "*.csv\n!data/keep/small.csv",
    "*.csv\n!small.csv\n",
    "/*\n!/src",
    "file[0-9].log",
    "file[!0-9].log",
    "file[^a].log",
    "file?.log",
    "# a comment\n\n*.log   \n",
    "\\#hash.txt",
    "\\!bang.txt",
    "a\\ b.txt",
    "src/\\[x\\].py",
    "src/[[]x].py",
    "*",
    "*\n!*/\n!*.py",
    "model.py?",
    "src/**/inner.csv",
    "a/**",
    "deep/er",
    "file[12",
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("patterns", PATTERNS)
def test_the_files_are_those_of_git(tmp_path: Path, patterns: str) -> None:
    source = tmp_path / "source"
    for name in FILES:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("1")
    (source / IGNORE_FILE).write_text(patterns)
    copy_code(source, tmp_path / "copy", 1)
    copied = {
        path.relative_to(tmp_path / "copy").as_posix()
        for path in (tmp_path / "copy").rglob("*")
        if path.is_file()
    }
    subprocess.run(["git", "init", "-q"], cwd=source, check=True)
    command = ["git", "ls-files", "-z", "--others", f"--exclude-from={source / IGNORE_FILE}"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, check=True)
    assert copied == set(done.stdout.decode().split("\0")) - {""}


def test_ignored_files_do_not_count(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "data" / "big.bin").write_bytes(bytes(2_000_000))
    (source / "train.py").write_text("1")
    with pytest.raises(ConfigError, match="larger than 1 MB") as raised:
        copy_code(source, tmp_path / "copy", 1)
    assert IGNORE_FILE in raised.value.hint
    (source / IGNORE_FILE).write_text("data/\n")
    copy_code(source, tmp_path / "copy", 1)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [IGNORE_FILE, "train.py"]


def test_an_invalid_pattern_is_named(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).write_text("*.md\nfile[z-a].log\n")
    with pytest.raises(ConfigError, match="Line 2"):
        copy_code(tmp_path, tmp_path / "copy", 1)

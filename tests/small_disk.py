"""Small disks that tests fill or make read-only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of some megabytes at a new folder; skip the test without the permission."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def set_read_only(folder: Path, read_only: bool) -> None:
    """Mount the disk at a folder again, read-only or writable."""
    option = "remount,ro" if read_only else "remount,rw"
    subprocess.run(["mount", "-o", option, str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file that leaves no space on the disk of a folder, and return its path."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    if not file.write(b"x" * size):
                        break
            except OSError:
                continue
    found = os.statvfs(folder)
    assert found.f_bavail * found.f_frsize < 65536
    return path

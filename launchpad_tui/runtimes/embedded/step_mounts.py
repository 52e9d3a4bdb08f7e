"""The mounts of a step: its input artifacts, its outputs and the code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.step_errors import StepFailed


def input_mount(source: Path, path: str) -> Mount:
    """Return the mount of an input: its folder, or its only file if the path names a file."""
    if is_file_path(path) and source.is_dir():
        files = [each for each in source.rglob("*") if each.is_file()]
        if len(files) == 1:
            source = files[0]
    return Mount(source, path.rstrip("/"))


def is_file_path(path: str) -> bool:
    """Return whether a path appears to name a file, because its last part has a dot."""
    return not path.endswith("/") and "." in os.path.basename(path)


def output_place(mounts: dict[str, Mount], folder: Path, path: str, *, is_file: bool) -> Path:
    """Add a mount for a step's output and return its path on this machine.

    For an output file, its folder is mounted. Other files of the folder, such as the code, stay
    visible.
    """
    target = os.path.dirname(path) if is_file else path.rstrip("/")
    name = os.path.basename(path)
    source = folder / (target.strip("/").replace("/", "-") or "root")
    known = mounts.get(f"{target}/") or mounts.get(target)
    if is_file and known is not None and known.source == source:
        mounts[mount_key(known)] = replace(known, files=(*known.files, name) if known.files else ())
        return source / name
    source.mkdir(parents=True, exist_ok=True)
    if not is_file:
        add_mount(mounts, Mount(source, target))
        return source
    if target == "/":
        # The root itself cannot be mounted.
        (source / name).touch()
        add_mount(mounts, Mount(source / name, path))
    else:
        add_mount(mounts, Mount(source, target, files=(name,) if _is_there(target, mounts) else ()))
    return source / name


def image_output_place(mounts: dict[str, Mount], folder: Path, path: str, *, is_file: bool) -> Path:
    """Add a mount for an output of a container and return its path on this machine.

    An output file is mounted by itself, because a folder would hide those of the image.
    """
    source = folder / (path.strip("/").replace("/", "-") or "root")
    if is_file:
        source.parent.mkdir(parents=True, exist_ok=True)
        source.touch()
    else:
        source.mkdir(parents=True, exist_ok=True)
    add_mount(mounts, Mount(source, path.rstrip("/")))
    return source


def _is_there(target: str, mounts: Mapping[str, Mount]) -> bool:
    """Return whether a folder exists in the view even if it is not mounted."""
    above = [
        each
        for each in mounts.values()
        if f"{target}/".startswith(f"{each.target}/") and not each.files
    ]
    if above:
        nearest = max(above, key=lambda each: len(each.target))
        return (nearest.source / target.removeprefix(nearest.target).strip("/")).is_dir()
    return os.path.isdir(target)


def mount_key(mount: Mount) -> str:
    """Return the key of a mount, which differs for an entire folder and for single files of it."""
    return f"{mount.target}/" if mount.files else mount.target


def add_mount(mounts: dict[str, Mount], mount: Mount) -> None:
    known = mounts.get(mount_key(mount))
    if known is not None and known.source != mount.source:
        raise StepFailed(f"Two artifacts have the same path {mount.target}", reason="paths")
    mounts[mount_key(mount)] = mount


def is_covered(path: str, mounts: list[Mount]) -> bool:
    return any(
        path.rstrip("/") == each.target or path.startswith(f"{each.target}/") for each in mounts
    )

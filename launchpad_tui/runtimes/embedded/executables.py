"""Executables of the embedded runtime: workflow templates of files and folders, and their
settings."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.domain.connection import Field, FieldKind, Scope
from launchpad_tui.domain.fields import checked
from launchpad_tui.domain.scenario import AddedExecutables, Executable
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.templates import parse_templates
from launchpad_tui.runtimes.host import Records

#: the settings of an executable
EXECUTABLE_FIELDS = (
    Field(
        "python",
        "Python",
        FieldKind.PATH,
        help="The interpreter that python and python3 run. Empty: a virtual environment .venv or "
        "venv beside the template, else the interpreter that runs launchpad.",
    ),
    Field(
        "path",
        "Search path",
        help="Folders that are put in front of PATH, separated by ':'.",
    ),
    Field(
        "environment",
        "Environment",
        help="Environment variables of the training, written as NAME=value and separated by spaces; "
        "quoted as in a shell.",
    ),
    Field(
        "code",
        "Code folder",
        FieldKind.PATH,
        help="The folder of the code that the image would contain. Empty: the template's folder.",
    ),
)


def add_executables(records: Records, scope: Scope, path: Path) -> AddedExecutables:
    """Add the workflow templates of a file or folder; each replaces one with the same ID.

    Raises:
        InvalidInput: there is neither a file nor a folder.
    """
    found = parse_templates(path)
    added: list[tuple[Executable, str]] = []
    with records.transaction():
        for each in found.templates:
            records.put_scenario(scope, each.scenario)
            outcome = records.put_executable(scope, each.executable)
            added.append((records.executable(scope, each.executable.id), outcome))
    return AddedExecutables(tuple(added), found.refused)


def checked_settings(values: Mapping[str, str]) -> dict[str, str]:
    """Return valid settings of an executable; relative paths are resolved in the current folder.

    Args:
        values: by the names of `EXECUTABLE_FIELDS`.

    Raises:
        InvalidInput: a value is not valid.
    """
    settings, _ = checked(EXECUTABLE_FIELDS, values)
    for field in EXECUTABLE_FIELDS:
        if field.kind is FieldKind.PATH and field.name in settings:
            # Executions run in another folder.
            settings[field.name] = str(Path(settings[field.name]).expanduser().absolute())
    python, code = (
        Path(settings[name]) if name in settings else None for name in ("python", "code")
    )
    if python is not None and not os.access(
        python / "bin" / "python" if python.is_dir() else python, os.X_OK
    ):
        raise InvalidInput(
            f"There is no Python interpreter at {python}",
            hint="Give an interpreter, or the folder of a virtual environment.",
            field="python",
        )
    if code is not None and not code.is_dir():
        raise InvalidInput(f"There is no folder {code}", field="code")
    _check_environment(settings.get("environment", ""))
    return settings


def _check_environment(text: str) -> None:
    """Raise InvalidInput if a text is not a list of variables such as ``SEED=1 NAME="two
    words"``."""
    try:
        items = shlex.split(text)
    except ValueError as error:
        raise InvalidInput(
            "The environment is not valid", str(error), "Close all quotes.", field="environment"
        ) from error
    for item in items:
        if not re.fullmatch(r"[A-Za-z_]\w*=.*", item, re.ASCII | re.DOTALL):
            raise InvalidInput(
                f"{item[:60]!r} is not NAME=value",
                hint='For example: SEED=1 NAME="two words"',
                field="environment",
            )

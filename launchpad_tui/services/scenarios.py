"""Scenarios and executables."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Field, FieldKind, Scope
from launchpad_tui.domain.fields import checked
from launchpad_tui.domain.scenario import Executable, Scenario
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import scenarios
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.domain.scenario import AddedExecutables

#: settings of an executable of the embedded runtime
EXECUTABLE_FIELDS = (
    Field(
        "python",
        "Python",
        FieldKind.PATH,
        help="The interpreter that python and python3 mean. Empty: a virtual environment .venv or venv beside the "
        "template, else the one that runs launchpad.",
    ),
    Field(
        "path",
        "Search path",
        help="Folders put in front of PATH, separated by ':'.",
    ),
    Field(
        "environment",
        "Environment",
        help="Variables for the training, written NAME=value, separated by spaces; quote as in a shell.",
    ),
    Field(
        "code",
        "Code folder",
        FieldKind.PATH,
        help="The folder with the code that the image would carry. Empty: the template's own folder.",
    ),
)


class ScenarioService:
    """Scenarios and executables of a connection. Safe for threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def scenarios(self, scope: Scope) -> list[Scenario]:
        """All scenarios, by name. Raises NotFound."""
        return scenarios.scenarios(self._registry, scope)

    def scenario(self, scope: Scope, scenario_id: str) -> Scenario:
        """The scenario with this ID. Raises NotFound."""
        return scenarios.scenario(self._registry, scope, scenario_id)

    def executables(self, scope: Scope, scenario_id: str | None = None) -> list[Executable]:
        """All executables, or those of a scenario, by name. Raises NotFound."""
        return scenarios.executables(self._registry, scope, scenario_id)

    def executable(self, scope: Scope, executable_id: str) -> Executable:
        """The executable with this ID. Raises NotFound."""
        return scenarios.executable(self._registry, scope, executable_id)

    def add_executables(self, scope: Scope, path: Path) -> AddedExecutables:
        """Read the workflow templates of a file or folder and add them; see `services.executables`."""
        from launchpad_tui.services.executables import add_executables

        return add_executables(self._registry, scope, path)

    def executable_fields(self) -> tuple[Field, ...]:
        """What can be set of an executable."""
        return EXECUTABLE_FIELDS

    def set_executable(
        self, scope: Scope, executable_id: str, values: Mapping[str, str]
    ) -> Executable:
        """The executable with other settings; executions created from now on use them. Paths that are not absolute are
        meant from where this process works.

        Raises:
            NotFound: there is none.
            InvalidInput: a value is wrong.
        """
        settings, _ = checked(self.executable_fields(), values)
        for field in self.executable_fields():
            if field.kind is FieldKind.PATH and field.name in settings:
                # Executions run elsewhere.
                settings[field.name] = str(Path(settings[field.name]).expanduser().absolute())
        _check(settings)
        return scenarios.set_executable_settings(self._registry, scope, executable_id, settings)

    def delete_executable(self, scope: Scope, executable_id: str) -> None:
        """Forget an executable; its configurations and executions stay. Raises NotFound."""
        scenarios.delete_executable(self._registry, scope, executable_id)


def _check(settings: Mapping[str, str]) -> None:
    """Refuse now what executions would stumble over later. Raises InvalidInput."""
    python, code = (
        Path(settings[name]) if name in settings else None for name in ("python", "code")
    )
    if python is not None and not os.access(
        python / "bin" / "python" if python.is_dir() else python, os.X_OK
    ):
        hint = "An interpreter, or the folder of a virtual environment."
        raise InvalidInput(f"There is no interpreter at {python}", hint=hint, field="python")
    if code is not None and not code.is_dir():
        raise InvalidInput(f"There is no folder {code}", field="code")
    try:
        words = shlex.split(settings.get("environment", ""))
    except ValueError as error:
        title = "The environment cannot be read"
        raise InvalidInput(title, str(error), "Close all quotes.", field="environment") from error
    for word in words:
        if not re.fullmatch(r"[A-Za-z_]\w*=.*", word, re.ASCII | re.DOTALL):
            hint = 'For example: SEED=1 NAME="two words"'
            raise InvalidInput(f"{word[:60]!r} is not NAME=value", hint=hint, field="environment")

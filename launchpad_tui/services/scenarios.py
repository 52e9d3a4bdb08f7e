"""Scenarios and executables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Field, Scope
from launchpad_tui.domain.scenario import (
    AddedExecutables,
    Executable,
    Scenario,
    check_scenario_id,
)
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.trash import EXECUTABLE
from launchpad_tui.errors import Conflict
from launchpad_tui.records import replace
from launchpad_tui.registry import scenarios, trash, undo
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.annotations import current_user

if TYPE_CHECKING:
    from launchpad_tui.services.runtimes import Runtimes


class ScenarioService:
    """Lists scenarios, and adds, changes and removes executables. Thread-safe."""

    def __init__(self, registry: Registry, runtimes: Callable[[], Runtimes]) -> None:
        self._registry = registry
        self._runtimes = runtimes

    def scenarios(self, scope: Scope) -> list[Scenario]:
        """Return all scenarios, by name. Raises NotFound."""
        return scenarios.scenarios(self._registry, scope)

    def scenario(self, scope: Scope, scenario_id: str) -> Scenario:
        """Return the scenario with this ID. Raises NotFound."""
        return scenarios.scenario(self._registry, scope, scenario_id)

    def add(
        self, scope: Scope, scenario_id: str, name: str = "", description: str = ""
    ) -> Scenario:
        """Add a scenario without executables and return it.

        Args:
            scope: The connection and resource group.
            scenario_id: The ID.
            name: The name; empty for the ID.
            description: The description.

        Raises:
            InvalidInput: The ID is not valid.
            Conflict: The scenario exists.
            CapabilityMissing: Scenarios cannot be added to the runtime, which creates them from
                workflow templates.
        """
        scenario_id = check_scenario_id(scenario_id)
        self._runtimes().runtime(scope, "add_executable")
        at = now()
        new = Scenario(scenario_id, name.strip() or scenario_id, description.strip(), {}, at, at)
        with self._registry.write("scenarios"):
            if any(one.id == scenario_id for one in self.scenarios(scope)):
                raise Conflict(
                    f"Scenario {scenario_id!r} exists",
                    "The ID of a scenario is unique in a connection.",
                    f"Show it with: launchpad scenarios show {scenario_id}",
                )
            scenarios.put_scenario(self._registry, scope, new)
        return new

    def executables(self, scope: Scope, scenario_id: str | None = None) -> list[Executable]:
        """Return all executables, or those of a scenario, by name. Raises NotFound."""
        return scenarios.executables(self._registry, scope, scenario_id)

    def executable(self, scope: Scope, executable_id: str) -> Executable:
        """Return the executable with this ID. Raises NotFound."""
        return scenarios.executable(self._registry, scope, executable_id)

    def add_executables(
        self, scope: Scope, path: Path, *, overwrite: bool = False
    ) -> AddedExecutables:
        """Add the workflow templates of a file or folder; each replaces one with the same ID.

        For a Python script, a template is written beside it first.

        Args:
            scope: The connection and resource group.
            path: The file or folder.
            overwrite: Whether to replace a file that has the name of the template of a script.

        Raises:
            InvalidInput: The path is neither a file nor a folder, or the script is not valid.
            Conflict: A file has the name of the template of the script, and other content.
            CapabilityMissing: Executables cannot be added to the runtime.
        """
        runtime = self._runtimes().runtime(scope, "add_executable")
        if path.suffix != ".py" or not path.is_file():
            return runtime.add_executables(path)
        from launchpad_tui.services.script_templates import write_template

        written = write_template(path, overwrite=overwrite)
        found = runtime.add_executables(written.file)
        return replace(found, template_file=str(written.file), script_notes=written.notes)

    def executable_fields(self, scope: Scope) -> tuple[Field, ...]:
        """Return the settings that executables have in the scope's runtime. Raises NotFound."""
        return self._runtimes().runtime(scope).executable_fields()

    def set_executable(
        self, scope: Scope, executable_id: str, values: Mapping[str, str]
    ) -> Executable:
        """Replace the settings of an executable and return it. Executions created later use them.

        Relative paths are relative to the working folder of this process.

        Raises:
            NotFound: There is no such executable.
            InvalidInput: A value is not valid.
            CapabilityMissing: Executables of the runtime have no settings.
        """
        runtime = self._runtimes().runtime(scope, "add_executable")
        return runtime.set_executable(executable_id, values)

    def delete_executable(self, scope: Scope, executable_id: str) -> None:
        """Remove an executable, which can be restored from the trash. Its configurations and
        executions are kept.

        Raises:
            NotFound: There is no such executable.
            CapabilityMissing: Executables of the runtime cannot be removed.
        """
        runtime = self._runtimes().runtime(scope, "add_executable")
        with self._registry.write():
            trash.copy(self._registry, scope, "executables", executable_id, current_user())
            runtime.delete_executable(executable_id)
            title = f"removal of the executable {executable_id}"
            pairs = [(EXECUTABLE, executable_id)]
            undo.record_deletion(self._registry, scope, title, pairs, current_user())

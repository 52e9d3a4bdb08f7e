"""Scenarios and executables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.domain.connection import Field, Scope
from launchpad_tui.domain.scenario import AddedExecutables, Executable, Scenario
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.registry import connections, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.catalog import is_remote


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
        """Read the workflow templates of a file or folder and add them; see
        `launchpad_tui.runtimes.embedded.executables`."""
        from launchpad_tui.runtimes.embedded.executables import add_executables
        from launchpad_tui.services.runtime_host import RegistryRecords

        if is_remote(connections.connection(self._registry, scope.connection)):
            raise CapabilityMissing(
                f"Executables cannot be added to {scope.connection}",
                hint="They come to it from its own git repositories.",
            )
        return add_executables(RegistryRecords(self._registry), scope, path)

    def executable_fields(self) -> tuple[Field, ...]:
        """What can be set of an executable."""
        from launchpad_tui.runtimes.embedded.executables import EXECUTABLE_FIELDS

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
        from launchpad_tui.runtimes.embedded.executables import checked_settings

        settings = checked_settings(values)
        return scenarios.set_executable_settings(self._registry, scope, executable_id, settings)

    def delete_executable(self, scope: Scope, executable_id: str) -> None:
        """Forget an executable; its configurations and executions stay. Raises NotFound."""
        scenarios.delete_executable(self._registry, scope, executable_id)

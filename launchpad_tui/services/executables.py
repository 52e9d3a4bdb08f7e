"""Adding executables to the embedded runtime: workflow templates from files and folders."""

from __future__ import annotations

from pathlib import Path

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.scenario import AddedExecutables, Executable
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.registry import connections, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.catalog import is_remote


def add_executables(registry: Registry, scope: Scope, path: Path) -> AddedExecutables:
    """Read the workflow templates of a file or folder and add them, each replacing an older one of the same ID.

    Raises:
        InvalidInput: there is neither file nor folder.
        CapabilityMissing: the connection is not of this machine.
    """
    from launchpad_tui.runtimes.embedded.templates import parse_templates

    if is_remote(connections.connection(registry, scope.connection)):
        raise CapabilityMissing(
            f"Executables cannot be added to {scope.connection}",
            hint="They come to it from its own git repositories.",
        )
    found = parse_templates(path)
    added: list[tuple[Executable, str]] = []
    with registry.write("scenarios"):
        for each in found.templates:
            scenarios.put_scenario(registry, scope, each.scenario)
            outcome = scenarios.put_executable(registry, scope, each.executable)
            added.append((scenarios.executable(registry, scope, each.executable.id), outcome))
    return AddedExecutables(tuple(added), found.refused)

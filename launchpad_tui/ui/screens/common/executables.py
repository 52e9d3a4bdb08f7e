"""Whether the executable of a configuration or execution exists, for the actions that need it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from launchpad_tui.domain.scenario import Executable
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

    _Base = LaunchpadScreen
else:
    _Base = object


class NeedsExecutables(_Base):
    """Mixin for screens whose actions run an executable; `read_executables` belongs in `load`."""

    _executables: Mapping[str, Executable] = MappingProxyType({})

    async def read_executables(self) -> None:
        """Read which executables the resource group has."""
        found = await self.read(self.desk.scenarios.executables, self.scope)
        self._executables = {one.id: one for one in found}

    def why_no_executable(self, executable_id: str) -> str | None:
        """Return why nothing can be run with an executable, None if it can.

        While no executables were read from a remote runtime, every one may exist.
        """
        if not self._executables or executable_id in self._executables:
            return None
        return f"The executable {executable_id} was deleted, or it is one of a deployment"

    def why_no_sweep(self, executable_id: str) -> str | None:
        """Return why the parameters of an executable cannot be varied, None if they can."""
        one = self._executables.get(executable_id)
        if one is not None and not one.parameters:
            return f"The executable {executable_id} has no parameters to vary"
        return self.why_no_executable(executable_id)

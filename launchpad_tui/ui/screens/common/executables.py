"""Whether the executable of a configuration or execution exists, for the actions that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

    _Base = LaunchpadScreen
else:
    _Base = object


class NeedsExecutables(_Base):
    """Mixin for screens whose actions run an executable; `read_executables` belongs in `load`."""

    _executable_ids: frozenset[str] = frozenset()

    async def read_executables(self) -> None:
        """Read which executables the resource group has."""
        found = await self.read(self.desk.scenarios.executables, self.scope)
        self._executable_ids = frozenset(one.id for one in found)

    def why_no_executable(self, executable_id: str) -> str | None:
        """Return why nothing can be run with an executable, None if it can.

        While no executables were read from a remote runtime, every one may exist.
        """
        if not self._executable_ids or executable_id in self._executable_ids:
            return None
        return f"The executable {executable_id} was deleted, or it is one of a deployment"

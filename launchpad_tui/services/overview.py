"""Numbers of objects for the header, and whether there is anything to show."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Overview
from launchpad_tui.registry import overview
from launchpad_tui.registry.database import Registry

#: The greatest number that is counted.
LIMIT = 10_000


class OverviewService:
    """Counts objects. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def counts(self, scope: Scope) -> Overview:
        """Return the numbers of objects of a resource group, each at most `LIMIT`. Raises NotFound
        for an unknown scope."""
        return overview.overview(self._registry, scope, LIMIT)

    def is_empty(self) -> bool:
        """Return whether the home folder contains no object besides what every home contains."""
        return overview.is_empty(self._registry)

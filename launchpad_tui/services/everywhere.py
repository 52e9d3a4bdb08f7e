"""Search in all connections and resource groups that the registry contains."""

from __future__ import annotations

from launchpad_tui.domain.query import Hit
from launchpad_tui.registry import global_search
from launchpad_tui.registry.database import Registry

#: The default maximum number of hits.
LIMIT = 500


class EverywhereService:
    """Searches all connections and resource groups. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def search(self, text: str, limit: int = LIMIT) -> list[Hit]:
        """Return the items whose name, description, ID or labels contain every word, ignoring case.

        Models come first, then other artifacts, then executions; each newest first.
        """
        return global_search.search(self._registry, text, limit)

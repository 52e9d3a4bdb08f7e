"""A search over all connections and resource groups at once, as far as the registry knows them."""

from __future__ import annotations

from launchpad_tui.domain.query import Hit
from launchpad_tui.registry import everywhere
from launchpad_tui.registry.database import Registry

#: hits that are looked for
LIMIT = 500


class EverywhereService:
    """Searches everywhere. Safe for threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def search(self, text: str, limit: int = LIMIT) -> list[Hit]:
        """What holds every word of the text in name, description, ID or labels, in any case: models first, then other
        artifacts, then executions; of each the newest first."""
        return everywhere.search(self._registry, text, limit)

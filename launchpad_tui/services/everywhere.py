"""Search in all connections and resource groups that the registry contains."""

from __future__ import annotations

from launchpad_tui.domain.query import Hit
from launchpad_tui.registry import global_search
from launchpad_tui.registry.cancellation import QueryCancellation
from launchpad_tui.registry.database import Registry

#: The default maximum number of hits.
LIMIT = 500


class EverywhereSearch:
    """A search in parts, so that the first hits can be shown before the others are found.

    Models come first, then other artifacts, then executions; each newest first.
    """

    def __init__(self, registry: Registry, text: str, limit: int) -> None:
        self._registry = registry
        self._text = text
        self._limit = limit
        self._part = 0
        self._cancellation = QueryCancellation()
        #: the hits of the parts that were searched
        self.hits: list[Hit] = []

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be searched."""
        return self._part == len(global_search.PARTS) or len(self.hits) >= self._limit

    def search_next(self) -> None:
        """Search the next part.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        left = self._limit - len(self.hits)
        self.hits += global_search.search_part(
            self._registry, self._part, self._text, left, self._cancellation
        )
        self._part += 1

    def cancel(self) -> None:
        """End a call of another thread with `QueryCancelled`, and refuse further calls."""
        self._cancellation.cancel()


class EverywhereService:
    """Searches all connections and resource groups. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def search(self, text: str, limit: int = LIMIT) -> list[Hit]:
        """Return the items whose name, description, ID or labels contain every word, ignoring case.

        Models come first, then other artifacts, then executions; each newest first.
        """
        return global_search.search(self._registry, text, limit)

    def start(self, text: str, limit: int = LIMIT) -> EverywhereSearch:
        """Return a search that finds the same in parts and can be cancelled."""
        return EverywhereSearch(self._registry, text, limit)

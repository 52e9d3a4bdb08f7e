"""Saved views of lists: search, conditions, order and columns, by name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from launchpad_tui.domain.query import MetricColumn, Query, ValueColumn
from launchpad_tui.domain.stored_query import view_form, view_query
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.records import record
from launchpad_tui.registry import preferences
from launchpad_tui.registry.database import Registry

_PREFIX = "view."
#: the largest number of characters of a name
NAME_LIMIT = 100


@record
class SavedView:
    """A view that was saved.

    Attributes:
        list_name: the list, such as ``models`` or ``executions``.
    """

    list_name: str
    name: str
    query: Query

    @property
    def text(self) -> str:
        """Search, conditions and order, such as ``accuracy > 0.9, by size descending``."""
        order = self.query.order
        title = order.by.title if isinstance(order.by, ValueColumn) else str(order.by)
        parts = [f"search {self.query.search}"] if self.query.search else []
        parts += map(str, self.query.conditions)
        return ", ".join([*parts, f"by {title}{' descending' if order.descending else ''}"])

    @property
    def columns(self) -> tuple[MetricColumn | ValueColumn, ...]:
        """The columns that the view adds to the list."""
        return (*self.query.metrics, *self.query.values)


class ViewService:
    """Saves and restores views of lists, which belong to all resource groups. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def list(self, list_name: str = "") -> tuple[SavedView, ...]:
        """Return the views of a list, or of all lists, sorted by list and name."""
        found = []
        for key in preferences.keys(self._registry, _PREFIX):
            of, _, name = key.removeprefix(_PREFIX).partition(".")
            if list_name in {"", of}:
                saved = preferences.get(self._registry, key)
                if saved is not None:
                    found.append(SavedView(of, name, view_query(saved, _AnyName())))
        return tuple(found)

    def get(self, list_name: str, name: str, sorts: Collection[Any]) -> SavedView:
        """Return a view.

        Args:
            sorts: The attributes by which the list can be sorted; another order is ignored.

        Raises:
            NotFound: The list has no view of this name.
        """
        saved = preferences.get(self._registry, _key(list_name, name))
        if saved is None:
            from launchpad_tui.domain.suggestions import did_you_mean, nearest

            known = [one.name for one in self.list(list_name)]
            raise NotFound(
                f"The list of {list_name} has no view {name[:80]!r}",
                did_you_mean(nearest(name, known)) or f"Its views: {', '.join(known) or 'none'}.",
                "List all views with: launchpad views list",
            )
        return SavedView(list_name, name, view_query(saved, sorts))

    def save(self, list_name: str, name: str, query: Query) -> SavedView:
        """Save a view; a view of the same name is replaced. Raises InvalidInput for the name."""
        name = name.strip()
        if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
            raise InvalidInput(
                f"Invalid name of a view: {name[:80]!r}",
                f"It has {len(name):,} characters.",
                f"Use 1 to {NAME_LIMIT} printable characters.",
                field="name",
            )
        preferences.put(self._registry, _key(list_name, name), view_form(query))
        return SavedView(list_name, name, query)

    def delete(self, list_name: str, name: str) -> None:
        """Delete a view. Raises NotFound."""
        self.get(list_name, name, ())
        preferences.put(self._registry, _key(list_name, name), None)


class _AnyName(Collection[Any]):
    """Contains every name: the order of a view that is only listed is not checked."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _key(list_name: str, name: str) -> str:
    return f"{_PREFIX}{list_name}.{name}"

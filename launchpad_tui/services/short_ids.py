"""Short IDs for tables on terminals, which commands accept in place of the full ones."""

from __future__ import annotations

from enum import StrEnum

from launchpad_tui.domain.connection import Scope
from launchpad_tui.registry.ambiguity import short_id
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry


class Identified(StrEnum):
    """The objects that have IDs: the name of their table in the registry."""

    ARTIFACT = "artifacts"
    EXECUTION = "executions"
    CONFIGURATION = "configurations"
    SCHEDULE = "execution_schedules"


class ShortIds:
    """Shortens the IDs of the objects of resource groups."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._groups: dict[Scope, int] = {}

    def shorten(self, scope: Scope, kind: Identified, full: str) -> str:
        """Return the shortest prefix of an ID, of at least 8 characters, that is unique among all
        objects of the kind in the resource group.

        Raises:
            NotFound: the resource group does not exist.
        """
        with self._registry.read() as db:
            if scope not in self._groups:
                self._groups[scope] = group_pk(db, scope)
            return short_id(db, kind.value, self._groups[scope], full)

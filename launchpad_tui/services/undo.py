"""Undoes the last changes of a resource group: edits, aliases, deletions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.artifact_attributes import AttributeKind
from launchpad_tui.domain.undo import UndoKind
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import artifacts, sweeps, trash, undo, versions
from launchpad_tui.services.annotations import current_user, digest

if TYPE_CHECKING:
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.undo import UndoEntry
    from launchpad_tui.registry.database import Registry


class UndoService:
    """Lists and undoes changes. They are recorded by the services that make them. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def entries(self, scope: Scope) -> list[UndoEntry]:
        """Return the changes that can be undone, newest first, at most 100. Raises NotFound."""
        return undo.entries(self._registry, scope)

    def last(self, scope: Scope) -> UndoEntry | None:
        """Return the newest change, None if there is none. Raises NotFound for an unknown scope."""
        return next(iter(self.entries(scope)), None)

    def undo(self, scope: Scope, entry: UndoEntry) -> None:
        """Undo a change. A further call with the next entry undoes the one before it.

        Raises:
            NotFound: The change was undone already, or an object of it does not exist any more.
            Conflict: An object was changed since.
        """
        operations: dict[UndoKind, Callable[[Scope, UndoEntry, dict[str, Any]], None]] = {
            UndoKind.EDIT: self._edit,
            UndoKind.ALIAS: self._alias,
            UndoKind.TRASH: self._trash,
            UndoKind.SWEEP: self._sweep,
            UndoKind.VALUES: self._values,
        }
        with self._registry.write():
            content = undo.content_of(self._registry, scope, entry)
            operations[entry.kind](scope, entry, content)
            undo.remove(self._registry, scope, entry)

    def _edit(self, scope: Scope, entry: UndoEntry, content: dict[str, Any]) -> None:
        undo.restore_edit(self._registry, scope, entry.title, content["before"], content["after"])

    def _alias(self, scope: Scope, entry: UndoEntry, content: dict[str, Any]) -> None:
        alias, target, previous = content["alias"], content["artifact"], content["previous"]
        names = artifacts.by_id(self._registry, scope, [one for one in (target, previous) if one])
        for one in (target, previous):
            if one and one not in names:
                raise NotFound(
                    f"The {entry.title} cannot be undone",
                    f"The model {one} does not exist any more.",
                    "If it was deleted, restore it first with: launchpad trash restore",
                )
        holder = versions.holder(self._registry, scope, content["scenario"], content["name"], alias)
        if holder != target:
            raise Conflict(
                f"The {entry.title} cannot be undone",
                f"The alias {alias} of {content['name']} was changed since.",
                "Show its changes with: launchpad models aliases --history",
            )
        if previous:
            versions.set_alias(self._registry, scope, previous, alias, current_user())
        else:
            versions.remove_alias(self._registry, scope, target, alias, current_user())

    def _trash(self, scope: Scope, entry: UndoEntry, content: dict[str, Any]) -> None:
        wanted = {tuple(pair) for pair in content["entries"]}
        found = [
            one for one in trash.entries(self._registry, scope) if (one.kind, one.id) in wanted
        ]
        if not found:
            raise NotFound(
                f"The {entry.title} cannot be undone",
                "The objects were restored already, or deleted for good.",
                "List the trash with: launchpad trash list",
            )
        for one in found:
            trash.restore(self._registry, scope, one)

    def _values(self, scope: Scope, entry: UndoEntry, content: dict[str, Any]) -> None:
        from launchpad_tui.registry import artifact_records

        artifact_id, before = content["artifact"], content["before"]
        if artifact_id not in artifacts.by_id(self._registry, scope, [artifact_id]):
            raise NotFound(
                f"The {entry.title} cannot be undone",
                f"The artifact {artifact_id} does not exist any more.",
                "If it was deleted, restore it first with: launchpad trash restore",
            )
        names: dict[AttributeKind, list[str]] = {}
        for part, name, _source, _value in before:
            names.setdefault(AttributeKind(part), []).append(name)
        current = artifact_records.state(self._registry, scope, artifact_id, names)
        if digest(current) != content["after"]:
            raise Conflict(
                f"The {entry.title} cannot be undone",
                "The values were changed since.",
                "Add or remove values instead.",
            )
        artifact_records.restore(self._registry, scope, artifact_id, before)

    def _sweep(self, scope: Scope, _entry: UndoEntry, content: dict[str, Any]) -> None:
        sweeps.restore(self._registry, scope, content)

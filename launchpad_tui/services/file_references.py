"""Artifacts to which files of an object store belong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from launchpad_tui.domain.artifact import ArtifactReference
from launchpad_tui.domain.connection import ObjectStoreRecord, Scope
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.url_references import referring
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.locations import StoreLocation, store_location


def references(
    registry: Registry,
    default_folder: str,
    scope: Scope,
    store: str,
    paths: Sequence[str],
    limit: int,
) -> tuple[list[ArtifactReference], int]:
    """Return artifacts whose files are at these paths, above or below them, and their number.

    Several object stores may have the same location: by default those that are named ``default``
    in all resource groups.

    Args:
        registry: The registry.
        default_folder: The folder of a file store without one.
        scope: The connection and resource group of the object store.
        store: The name of the object store.
        paths: The paths in the object store.
        limit: The maximum number of artifacts to return.

    Raises:
        NotFound: The resource group has no such object store.
    """
    record = connections.store(registry, scope, store)
    location = _location(record, default_folder)
    others = [
        (other_scope, each.name, other)
        for other_scope, each in _all_stores(registry)
        if (other_scope, each.name) != (scope, store)
        and location is not None
        and (other := _location(each, default_folder)) is not None
        and other.overlaps(location)
    ]
    found: dict[tuple[Scope, str], ArtifactReference] = {}
    count = 0

    def add(some: Sequence[ArtifactReference], number: int) -> None:
        # An artifact above or below several of the paths is counted once if it is returned.
        nonlocal count
        count += number - sum((each.scope, each.id) in found for each in some)
        for each in some:
            found.setdefault((each.scope, each.id), each)

    for path in (each.strip("/") for each in paths):
        add(*referring(registry, scope, store, path, limit, exact=True))
        for other_scope, name, other in others:
            assert location is not None
            place = _place(path, location, other)
            if place is not None:
                some, number = referring(registry, other_scope, name, place, limit, exact=False)
                add([_seen_from(location, other, each) for each in some], number)
    return list(found.values())[:limit], count


def _place(path: str, location: StoreLocation, other: StoreLocation) -> str | None:
    """Return where a path of a store is in another one; None if it is outside.

    The result is empty if the path contains the whole other store. Case does not matter in it.
    """
    full = (*location.folders, *path.split("/"))
    # The folders of locations are in a form in which case does not matter.
    comparable = tuple(part.casefold() for part in full)
    length = min(len(full), len(other.folders))
    return "/".join(full[length:]) if comparable[:length] == other.folders[:length] else None


def _seen_from(
    location: StoreLocation, other: StoreLocation, reference: ArtifactReference
) -> ArtifactReference:
    """Return a reference of another store with its path in the store with this location."""
    full = (*other.folders, *reference.path.split("/"))
    return replace(reference, path="/".join(full[len(location.folders) :]))


def _all_stores(registry: Registry) -> Iterator[tuple[Scope, ObjectStoreRecord]]:
    """Yield the object stores of all resource groups of all connections."""
    for connection in connections.connections(registry):
        for group in connections.groups(registry, connection.name):
            scope = Scope(connection.name, group.name)
            for each in connections.stores(registry, scope):
                yield scope, each


def _location(record: ObjectStoreRecord, default_folder: str) -> StoreLocation | None:
    kind = KINDS.get(record.kind)
    return None if kind is None else store_location(kind, record.settings, default_folder)

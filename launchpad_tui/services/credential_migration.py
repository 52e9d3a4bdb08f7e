"""Credentials that former versions stored in the registry, moved to the stored secrets once.

Users typed them inside of settings: a signature in a URL, a token in a header, a password in a
variable. `launchpad_tui.domain.fields.checked` separates them since.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials, store_owner
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.fields import separated
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry import connections, preferences, scenarios
from launchpad_tui.registry.database import Registry

#: the preference while credentials were moved, but the registry was not rewritten
_REWRITE = "rewrite"
_log = logging.getLogger(__name__)


def move_credentials(
    registry: Registry, credentials: Callable[[], Credentials], folder: Path
) -> None:
    """Move credentials from the settings of connections, stores and executables.

    What cannot be moved stays as it is until the next start, and is logged without the credential.
    The registry is rewritten afterwards, because the free space of its file may still have former
    contents of the settings.

    Args:
        credentials: returns the stored secrets; called only if there are credentials to move.
        folder: the folder with the secrets of executables.
    """
    try:
        moves = [*_connection_moves(registry, credentials), *_executable_moves(registry, folder)]
        if moves:
            with registry.overwriting():
                for move in moves:
                    move()
                preferences.put(registry, preferences.CREDENTIALS_MOVED, _REWRITE)
        if preferences.get(registry, preferences.CREDENTIALS_MOVED) == _REWRITE:
            registry.rewrite()
        preferences.put(registry, preferences.CREDENTIALS_MOVED, True)
    except LaunchpadError as error:
        _log.warning("credentials in the registry cannot be moved to the secrets: %s", error.title)


def _connection_moves(
    registry: Registry, credentials: Callable[[], Credentials]
) -> Iterator[Callable[[], object]]:
    from launchpad_tui.runtimes.catalog import kind_of

    for connection in connections.connections(registry):
        kind, name = kind_of(connection), connection.name
        settings, secrets = separated(kind.fields if kind else (), connection.settings)
        if secrets:
            yield partial(connections.edit_connection, registry, name, settings)
            yield partial(_keep, credentials, CONNECTION, name, secrets)
        for group in connections.groups(registry, name):
            yield from _store_moves(registry, credentials, Scope(name, group.name))


def _store_moves(
    registry: Registry, credentials: Callable[[], Credentials], scope: Scope
) -> Iterator[Callable[[], object]]:
    from launchpad_tui.stores.catalog import KINDS

    for store in connections.stores(registry, scope):
        kind = KINDS.get(store.kind)
        settings, secrets = separated(kind.fields if kind else (), store.settings)
        if secrets:
            owner = store_owner(scope, store.name)
            yield partial(
                connections.edit_store,
                registry,
                scope,
                store.name,
                settings,
                restricted=store.restricted,
            )
            yield partial(_keep, credentials, STORE, owner, secrets)


def _executable_moves(registry: Registry, folder: Path) -> Iterator[Callable[[], object]]:
    from launchpad_tui.runtimes.embedded.executables import EXECUTABLE_FIELDS
    from launchpad_tui.runtimes.embedded.secrets import store_settings, stored_settings

    for executable in scenarios.executables(registry, DEFAULT_SCOPE, None):
        settings, secrets = separated(EXECUTABLE_FIELDS, executable.settings)
        if secrets:
            kept = stored_settings(folder, DEFAULT_SCOPE.connection, executable.id)
            yield partial(
                scenarios.set_executable_settings,
                registry,
                DEFAULT_SCOPE,
                executable.id,
                settings,
            )
            name = DEFAULT_SCOPE.connection
            yield partial(store_settings, folder, name, executable.id, {**secrets, **kept})


def _keep(
    credentials: Callable[[], Credentials], kind: str, owner: str, secrets: Mapping[str, str]
) -> None:
    """Add secrets of an owner; those that are stored already take precedence."""
    stored = credentials().names(kind, owner)
    added = {name: value for name, value in secrets.items() if name not in stored}
    if added:
        credentials().merge(kind, owner, added)

"""Restriction of artifacts that a client of one resource group may have registered before.

Former versions did not record who registered an artifact. An artifact that no execution created, in
a resource group with a client that is bound to it, is therefore treated as one of this client: the
access to its files is checked before each use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.registry import artifacts
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.clients import ClientService

_log = logging.getLogger(__name__)


def restrict_artifacts(registry: Registry, clients: Callable[[], ClientService]) -> bool:
    """Restrict the artifacts of former versions in resource groups with a bound client.

    Args:
        registry: The registry.
        clients: Returns the service of clients.

    Returns:
        Whether this succeeded. Otherwise it has to be repeated at the next start.
    """
    try:
        groups = {each.group for each in clients().list() if each.group}
        for group in sorted(groups):
            try:
                artifacts.restrict_registered(registry, Scope(DEFAULT_SCOPE.connection, group))
            except NotFound:
                # The resource group was deleted.
                continue
    except LaunchpadError as error:
        _log.warning("the artifacts of clients cannot be restricted: %s", error.title)
        return False
    return True

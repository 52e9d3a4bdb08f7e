"""Changes to the data of former versions, once for each home folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from launchpad_tui.config.credentials import Credentials
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.name_forms import unify_names
from launchpad_tui.services.client_migration import restrict_artifacts
from launchpad_tui.services.clients import ClientService
from launchpad_tui.services.credential_migration import move_credentials

_log = logging.getLogger(__name__)


def upgrade(
    registry: Registry,
    clients: Callable[[], ClientService],
    credentials: Callable[[], Credentials],
    secrets: Path,
) -> None:
    """Change the data of former versions. What fails is logged and repeated at the next start.

    Args:
        registry: The registry.
        clients: Returns the clients of the served API.
        credentials: Returns the stored secrets.
        secrets: The folder with the secrets of executables.
    """
    try:
        unify_names(registry)
    except LaunchpadError as error:
        _log.warning("the names of metrics cannot be unified: %s", error.title)
        return
    if restrict_artifacts(registry, clients):
        move_credentials(registry, credentials, secrets)

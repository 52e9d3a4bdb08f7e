"""The clients that may call the AI API of this machine (``launchpad serve``)."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from launchpad_tui.config.api_clients import ApiClients
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import CONNECTION_NAME, DEFAULT_SCOPE, Scope, check_name
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry

_NAME_RULE = (
    "Use lower-case letters, digits, '-' and '.', with a letter or digit at both ends; "
    "at most 63 characters."
)


class ClientService:
    """Clients of this machine's AI API. Thread-safe.

    All methods raise PermissionDenied if other users can read the file of clients, and ConfigError
    if it is damaged or cannot be read or written.
    """

    def __init__(self, clients: ApiClients, registry: Registry) -> None:
        self._clients = clients
        self._registry = registry

    def list(self) -> builtins.list[ApiClient]:
        """Return all clients, ordered by name."""
        return builtins.list(self._clients.list())

    def add(self, name: str, group: str = "") -> tuple[ApiClient, str]:
        """Add a client; return it and its secret, which is not stored and cannot be shown again.

        Args:
            group: The only resource group that the client may use; empty for all.

        Raises:
            InvalidInput: The name is not valid.
            NotFound: The resource group does not exist.
            Conflict: A client with this name exists.
        """
        name = check_name(name, CONNECTION_NAME, "The client's name", _NAME_RULE)
        if group:
            with self._registry.read() as db:
                connections.group_pk(db, Scope(DEFAULT_SCOPE.connection, group))
        return self._clients.add(name, group)

    def delete(self, name: str) -> None:
        """Delete a client; a running server rejects its tokens from now on. Raises NotFound."""
        self._clients.delete(name)

    def get(self, client_id: str) -> ApiClient | None:
        """Return the client with this ID; None if it does not exist."""
        return self._clients.get(client_id)

    def check(self, client_id: str, secret: str) -> ApiClient | None:
        """Return the client if the secret is correct, otherwise None.

        Both take about 50 ms, so that the time does not reveal which IDs exist.
        """
        return self._clients.check(client_id, secret)


def service_key(client: ApiClient, secret: str, url: str) -> Mapping[str, Any]:
    """Return the service key of a client in the form of SAP BTP, which SAP's SDK and launchpad
    accept.

    Args:
        url: The address of ``launchpad serve``, for example ``http://127.0.0.1:7070``.
    """
    url = url.rstrip("/")
    return {
        "clientid": client.id,
        "clientsecret": secret,
        "url": url,
        "identityzone": "launchpad",
        "identityzoneid": "launchpad",
        "appname": client.name,
        "serviceurls": {"AI_API_URL": url},
    }

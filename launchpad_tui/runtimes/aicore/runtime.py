"""Open SAP AI Core: create a client from the fields of a connection."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.domain.connection import Connection
from launchpad_tui.runtimes.aicore.client import AICoreClient
from launchpad_tui.runtimes.aicore.credentials import ServiceKey, connection_key
from launchpad_tui.runtimes.aicore.http import PAUSE
from launchpad_tui.runtimes.host import RuntimeHost


class AICoreRuntime:
    """A tenant of SAP AI Core. Credentials are read and requests sent only on first use.

    Args:
        settings, secrets: the fields of a connection.
        pause: seconds before the first retry of a request.
    """

    def __init__(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], pause: float = PAUSE
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._pause = pause

    @property
    def ca_file(self) -> str:
        """File of certificate authorities that are trusted in addition; empty for none."""
        return self._settings.get("ca_file", "")

    def key(self) -> ServiceKey:
        """Read and return the credentials.

        Raises:
            InvalidInput, ConfigError: they are missing, incomplete or invalid.
        """
        return connection_key(self._settings, self._secrets)

    def client(self, resource_group: str = "") -> AICoreClient:
        """Return a new client of a resource group; the caller closes it.

        Args:
            resource_group: empty for the one in the credentials, else ``default``.

        Raises:
            InvalidInput, ConfigError: the credentials are missing, incomplete or invalid.
        """
        return AICoreClient(self.key(), resource_group, ca_file=self.ca_file, pause=self._pause)


def open_runtime(
    connection: Connection,
    secrets: Mapping[str, str],
    host: RuntimeHost,  # noqa: ARG001
) -> AICoreClient:
    """Open the runtime of a connection to SAP AI Core; it uses nothing of this machine.

    Raises:
        InvalidInput, ConfigError: the credentials are missing, incomplete or invalid.
    """
    return AICoreRuntime(connection.settings, secrets).client()

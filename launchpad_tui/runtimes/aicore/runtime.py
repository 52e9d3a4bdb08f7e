"""Opening SAP AI Core: from the fields of a connection to a client."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.domain.connection import Connection
from launchpad_tui.runtimes.aicore.client import AICoreClient
from launchpad_tui.runtimes.aicore.credentials import ServiceKey, of_connection
from launchpad_tui.runtimes.aicore.http import PAUSE
from launchpad_tui.runtimes.host import RuntimeHost


class AICoreRuntime:
    """A tenant of SAP AI Core. Nothing is read or called before it is used.

    Args:
        settings, secrets: a connection's fields.
        pause: seconds before a request is repeated for the first time.
    """

    def __init__(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], pause: float = PAUSE
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._pause = pause

    @property
    def ca_file(self) -> str:
        """Authorities that are trusted beside those of the environment; empty for none."""
        return self._settings.get("ca_file", "")

    def key(self) -> ServiceKey:
        """The credentials, read anew. Raises InvalidInput, ConfigError."""
        return of_connection(self._settings, self._secrets)

    def client(self, resource_group: str = "") -> AICoreClient:
        """A client of a resource group, to be closed; empty: what the credentials name, else ``default``.

        Raises:
            InvalidInput, ConfigError: there are no credentials, or not all.
        """
        return AICoreClient(self.key(), resource_group, ca_file=self.ca_file, pause=self._pause)


def open_runtime(
    connection: Connection,
    secrets: Mapping[str, str],
    host: RuntimeHost,  # noqa: ARG001
) -> AICoreClient:
    """Open the runtime of a connection to SAP AI Core; it uses nothing of this machine.

    Raises:
        InvalidInput, ConfigError: credentials are missing or not valid.
    """
    return AICoreRuntime(connection.settings, secrets).client()

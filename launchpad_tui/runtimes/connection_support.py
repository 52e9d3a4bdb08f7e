"""The hooks through which a kind of connection adapts credentials and connection checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from launchpad_tui.domain.cluster import Cluster
from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import InvalidInput


class ConnectionSupport:
    """The hooks of a kind of connection, with defaults.

    A kind with special credentials or checks overrides methods and names its class in
    `ConnectionKind.support`.
    """

    def check(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], stored: Collection[str]
    ) -> None:
        """Check values that depend on each other.

        Args:
            stored: the names of the secrets that are stored already.

        Raises:
            InvalidInput: a value is missing or contradicts another; ``field`` names it.
        """

    def stores_secrets(self, settings: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Return whether secrets of a connection with these settings are stored on this machine."""
        return True

    def replaces_secrets(self, secrets: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Return whether these secrets are complete and therefore replace all stored secrets."""
        return False

    def parse_key(self, text: str) -> dict[str, str]:  # noqa: ARG002
        """Return the field values that a service key contains, secrets included.

        Raises:
            InvalidInput: the key is not valid, or the kind has no service keys.
        """
        raise InvalidInput(
            "Connections of this type have no service key",
            hint="Fill in the fields of the connection instead.",
            field="service-key",
        )

    def profiles(self) -> list[str]:
        """Return the credential profiles on this machine, the default profile first."""
        return []

    def store_values(
        self,
        settings: Mapping[str, str],  # noqa: ARG002
        secrets: Mapping[str, str],  # noqa: ARG002
    ) -> Mapping[str, str]:
        """Return the field values of an object store of the kind ``launchpad`` for the files that
        the runtime serves; empty if it serves none.

        Raises:
            InvalidInput, ConfigError: credentials are missing.
        """
        return {}

    def cluster(self, settings: Mapping[str, str]) -> Cluster | None:  # noqa: ARG002
        """Return the state of the cluster on which executions run; None if there is none.

        Raises:
            LaunchpadError: the cluster does not respond.
        """
        return None

    def check_steps(
        self,
        settings: Mapping[str, str],  # noqa: ARG002
        secrets: Mapping[str, str],  # noqa: ARG002
        resource_group: str,  # noqa: ARG002
    ) -> Iterator[CheckStep]:
        """Yield the steps of a connection check, up to the first failure.

        Args:
            resource_group: the group to check; empty for the group in the credentials, or
                ``default`` if they name none.
        """
        yield CheckStep(CheckPart.SETTINGS, "this machine: no server to connect to")

"""The hooks through which a kind of connection adapts credentials and connection checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import InvalidInput


class ConnectionSupport:
    """What a kind of connection does beyond its fields: credentials, connection checks. A kind with
    special needs overrides methods and names its class in `ConnectionKind.support`."""

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
        """Return whether these secrets replace all secrets that are stored, because they are
        complete."""
        return False

    def parse_key(self, text: str) -> dict[str, str]:  # noqa: ARG002
        """Return the field values that a service key contains, secrets included.

        Raises:
            InvalidInput: the key is not valid, or the kind has no service keys.
        """
        raise InvalidInput("Connections of this type have no service key", field="service-key")

    def profiles(self) -> list[str]:
        """Return the credential profiles on this machine, the default profile first."""
        return []

    def store_values(
        self,
        settings: Mapping[str, str],  # noqa: ARG002
        secrets: Mapping[str, str],  # noqa: ARG002
    ) -> Mapping[str, str]:
        """Return the field values with which a store of the kind ``launchpad`` reaches the files
        that the runtime serves; empty if it serves none.

        Raises:
            InvalidInput, ConfigError: credentials are missing.
        """
        return {}

    def check_steps(
        self,
        settings: Mapping[str, str],  # noqa: ARG002
        secrets: Mapping[str, str],  # noqa: ARG002
        resource_group: str,  # noqa: ARG002
    ) -> Iterator[CheckStep]:
        """Yield the steps of a connection check, up to the first failure.

        Args:
            resource_group: the group to check; empty for the one in the credentials, or else
                ``default``.
        """
        yield CheckStep(CheckPart.SETTINGS, "this machine: no server to connect to")

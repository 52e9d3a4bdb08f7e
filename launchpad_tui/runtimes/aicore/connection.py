"""Connections to SAP AI Core: their credentials, service keys, profiles and checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from launchpad_tui.domain.connection_check import CheckStep
from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.aicore.credentials import connection_key, parse_service_key, profiles
from launchpad_tui.runtimes.catalog import KEYS
from launchpad_tui.runtimes.connection_support import ConnectionSupport

#: the two ways to authenticate: a client secret, or a certificate with its private key
_SECRET = "client_secret"
_CERTIFICATE = {"certificate": "Certificate", "private_key": "Private key"}
_HINT = "Enter either a client secret, or a certificate and its private key."
_ADDRESS = ("base_url", "auth_url", "client_id", "client_secret")


class AICoreConnectionSupport(ConnectionSupport):
    """Credentials and checks of connections to SAP AI Core."""

    def check(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], stored: Collection[str]
    ) -> None:
        """Raise InvalidInput unless the secrets, new and stored, are a client secret or else a
        certificate and its private key."""
        if not self.stores_secrets(settings):
            return
        entered = [name for name in _CERTIFICATE if name in secrets]
        if _SECRET in secrets and entered:
            raise InvalidInput(
                "There are two ways to authenticate",
                "Both a client secret and a certificate were entered.",
                _HINT,
                field=entered[0],
            )
        known = {*secrets, *stored}
        if entered or (_SECRET not in known and any(name in stored for name in _CERTIFICATE)):
            for name, title in _CERTIFICATE.items():
                if name not in known:
                    raise InvalidInput(f"{title} is missing", hint=_HINT, field=name)
        elif _SECRET not in known:
            raise InvalidInput("Client secret is missing", hint=_HINT, field=_SECRET)

    def stores_secrets(self, settings: Mapping[str, str]) -> bool:
        """Return whether the credentials are entered, not taken from environment or profile."""
        return settings.get("credentials", KEYS) == KEYS

    def replaces_secrets(self, secrets: Mapping[str, str]) -> bool:
        """Return whether the secrets are a client secret, or a certificate with its private key."""
        return _SECRET in secrets or set(_CERTIFICATE) <= set(secrets)

    def parse_key(self, text: str) -> dict[str, str]:
        """Return the field values of a service key in JSON. Raises InvalidInput."""
        return parse_service_key(text).fields()

    def profiles(self) -> list[str]:
        """Return the profiles of SAP AI Core's SDK on this machine, the default profile first."""
        return profiles()

    def store_values(
        self, settings: Mapping[str, str], secrets: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Return address and credentials of the AI API as fields of a store ``launchpad``."""
        fields = connection_key(settings, secrets).fields()
        found = {name: fields.get(name, "") for name in _ADDRESS}
        return {**found, "ca_file": settings.get("ca_file", "")}

    def check_steps(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], resource_group: str
    ) -> Iterator[CheckStep]:
        """Yield the steps of a check of credentials, servers, API and resource group."""
        from launchpad_tui.runtimes.aicore.connection_check import check_connection
        from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime

        return check_connection(AICoreRuntime(settings, secrets), resource_group)

"""TLS contexts from the fields of an object store."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from launchpad_tui.net.tls import create_context


def store_context(values: Mapping[str, str], *, client_certificate: bool) -> ssl.SSLContext:
    """Create a TLS context from the fields verify_tls, ca_file, client_cert and client_key.

    With a CA file, only its authorities are trusted, regardless of environment variables.

    Args:
        client_certificate: whether the client certificate, if any, may be presented.

    Raises:
        ConfigError: the CA file, or the certificate with its key, cannot be loaded.
    """
    return create_context(
        values.get("ca_file", ""),
        only_ca_file=True,
        verify=values.get("verify_tls", "true") != "false",
        certificate=values.get("client_cert", "") if client_certificate else "",
        private_key=values.get("client_key", "") if client_certificate else "",
    )

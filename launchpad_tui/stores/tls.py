"""TLS as a store's fields say, whatever the environment's variables want."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from typing import NoReturn

from launchpad_tui.errors import ConfigError


def tls_context(values: Mapping[str, str], *, certificate: bool) -> ssl.SSLContext:
    """TLS by the fields ``verify_tls``, ``ca_file``, ``client_cert`` and ``client_key``. With a CA file nothing else is
    trusted; without one, what this machine trusts (for which ``SSL_CERT_FILE`` has a say).

    Args:
        certificate: whether the client's certificate may be shown.

    Raises:
        ConfigError: the CA file, or certificate and key, cannot be used.
    """
    authority = values.get("ca_file", "")
    try:
        context = ssl.create_default_context(cafile=authority or None)
    except OSError as error:
        raise ConfigError(
            "The CA file cannot be used", f"{authority}: {error.strerror or error}"
        ) from error
    paths = ssl.get_default_verify_paths()
    if not authority and not any((paths.cafile, paths.capath)):
        import certifi

        context.load_verify_locations(certifi.where())
    if values.get("verify_tls", "true") == "false":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate and values.get("client_cert"):
        _show(context, values["client_cert"], values.get("client_key", ""))
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        with _file(f"{certificate.strip()}\n{key.strip()}\n") as path:
            context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        # What OpenSSL says names neither file nor content.
        reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
        raise ConfigError(
            "The client's certificate and key cannot be used",
            reason or "They are no PEM text, or do not belong together.",
            "Both are PEM text, the key without a password.",
        ) from error


def _no_password() -> NoReturn:
    # Without this OpenSSL would ask at the terminal.
    raise ValueError("the key has a password")


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    """A file that holds this text for a moment; in memory where the system can, since ssl reads files only."""
    if hasattr(os, "memfd_create"):
        with open(os.memfd_create("certificate", os.MFD_CLOEXEC), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield file.name

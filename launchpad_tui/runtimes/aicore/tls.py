"""TLS to SAP AI Core: always verified; what the environment trusts, and a CA file beside it."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from launchpad_tui.errors import ConfigError

#: bundles that other tools of the user trust, SAP's SDK among them; OpenSSL itself reads SSL_CERT_FILE and SSL_CERT_DIR
_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def context(ca_file: str = "", certificate: str = "", private_key: str = "") -> ssl.SSLContext:
    """TLS for a client.

    Args:
        ca_file: authorities that are trusted too; empty for none.
        certificate: PEM text of the client's certificate and those above it; empty for none.
        private_key: PEM text, without a password.

    Raises:
        ConfigError: a file of authorities, or certificate and key, cannot be used.
    """
    made = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not any((paths.cafile, paths.capath)):
        import certifi

        made.load_verify_locations(certifi.where())
    for name in _VARIABLES:
        if path := os.environ.get(name):
            _trust(made, path, f"The CA file of {name} cannot be used")
    if ca_file:
        _trust(made, str(Path(ca_file).expanduser()), "The CA file cannot be used")
    if certificate:
        _show(made, certificate, private_key)
    return made


def _trust(made: ssl.SSLContext, path: str, title: str) -> None:
    try:
        if os.path.isdir(path):
            made.load_verify_locations(capath=path)
        else:
            made.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        reason = (
            error.reason
            if isinstance(error, ssl.SSLError)
            else getattr(error, "strerror", "") or ""
        )
        raise ConfigError(title, f"{path}: {reason or 'it has no certificates'}") from error


def _show(made: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        with _file(f"{certificate.strip()}\n{key.strip()}\n") as path:
            made.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        # What OpenSSL says names neither file nor content.
        reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
        raise ConfigError(
            "The certificate and key of the service key cannot be used",
            reason or "They are no PEM text, or do not belong together.",
            "Both are PEM text, the key without a password. A certificate that ran out needs a new service key.",
        ) from error


def _no_password() -> NoReturn:
    # Without this OpenSSL would ask at the terminal.
    raise ValueError("the key has a password")


@contextmanager
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

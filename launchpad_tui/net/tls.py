"""TLS contexts: trusted certificate authorities and client certificates."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from launchpad_tui.errors import ConfigError

#: variables that name the CA bundles of other HTTP tools; OpenSSL itself reads SSL_CERT_FILE and
#: SSL_CERT_DIR
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class _Location(NamedTuple):
    file: str | None
    folder: str | None


def create_context(
    ca_file: str = "",
    *,
    only_ca_file: bool = False,
    environment: bool = False,
    verify: bool = True,
    certificate: str = "",
    private_key: str = "",
) -> ssl.SSLContext:
    """Create a TLS context for a client.

    Args:
        ca_file: PEM file or folder of certificate authorities; empty for none.
        only_ca_file: whether nothing but ``ca_file``, if set, is trusted; otherwise it is trusted
            in addition to the authorities of this machine.
        environment: whether the bundles that REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name are
            trusted too.
        verify: whether the server's certificate is verified.
        certificate: PEM text of the client certificate and its chain; empty for none.
        private_key: PEM text of its private key, without a password.

    Raises:
        ConfigError: a file of authorities, or the certificate with its key, cannot be loaded.
    """
    if only_ca_file and ca_file:
        with _loading(ca_file, "The CA file cannot be loaded") as location:
            context = ssl.create_default_context(cafile=location.file, capath=location.folder)
    else:
        context = _default_context()
        for name in _BUNDLE_VARIABLES if environment else ():
            if path := os.environ.get(name):
                with _loading(path, f"The CA file of {name} cannot be loaded") as location:
                    context.load_verify_locations(location.file, location.folder)
        if ca_file:
            with _loading(ca_file, "The CA file cannot be loaded") as location:
                context.load_verify_locations(location.file, location.folder)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _load_client_certificate(context, certificate, private_key)
    return context


def _default_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not any((paths.cafile, paths.capath)):
        # Python was built without the system's authorities, as python.org's macOS installer does.
        import certifi

        context.load_verify_locations(certifi.where())
    return context


@contextlib.contextmanager
def _loading(ca_file: str, title: str) -> Iterator[_Location]:
    """Yield where authorities are loaded from, and translate the errors of loading them."""
    path = Path(ca_file).expanduser()
    try:
        yield _Location(None, str(path)) if path.is_dir() else _Location(str(path), None)
    except (OSError, ValueError) as error:
        reason = (
            error.reason
            if isinstance(error, ssl.SSLError)
            else getattr(error, "strerror", "") or ""
        )
        raise ConfigError(
            title,
            f"{path}: {reason or 'it contains no certificates'}",
            "The file must contain certificates in PEM format.",
        ) from error


def _load_client_certificate(context: ssl.SSLContext, certificate: str, private_key: str) -> None:
    try:
        with _temporary_file(f"{certificate.strip()}\n{private_key.strip()}\n") as path:
            context.load_cert_chain(path, password=_refuse_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        # OpenSSL's reason contains neither the file's name nor its content.
        reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
        raise ConfigError(
            "The client certificate and its key cannot be loaded",
            reason or "They are not PEM text, or do not belong together.",
            "Both must be PEM text, the key without a password.",
        ) from error


def _refuse_password() -> NoReturn:
    # Without this callback OpenSSL would prompt at the terminal.
    raise ValueError("the key has a password")


@contextlib.contextmanager
def _temporary_file(text: str) -> Iterator[str]:
    """Yield the path of a file with this text, in memory where the system supports it.

    Python's ssl module loads certificates from files only.
    """
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

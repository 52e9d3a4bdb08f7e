"""A check of a server step by step: name resolution, network connection, TLS handshake."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import ConfigError, LaunchpadError, Unreachable
from launchpad_tui.net.timeouts import within
from launchpad_tui.records import record

if TYPE_CHECKING:
    import ssl

#: seconds for each of name resolution, connection and handshake
_STEP_SECONDS = 6.0


@record
class ServerAddress:
    """The address of a server.

    ``verify`` and ``ca_file`` determine how its certificate is verified; ``context`` creates a TLS
    context of another kind, for example one with a client certificate.
    """

    host: str
    port: int
    tls: bool
    verify: bool = True
    ca_file: str = ""
    context: Callable[[], ssl.SSLContext] | None = None


def check_server(server: ServerAddress) -> Iterator[CheckStep]:
    """Check name resolution, connection and TLS of a server, up to the first failure. If a proxy is
    configured, its name and connection are checked instead.
    """
    proxy = _proxy(server)
    host, port = (server.host, server.port) if proxy is None else proxy
    shown = f"{host}:{port}" + ("" if proxy is None else f", the proxy to {server.host}")
    try:
        found = within(
            _STEP_SECONDS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError) as error:
        failure = Unreachable(
            f"The host name {host!r} cannot be resolved", str(error), "Check the endpoint and DNS."
        )
        yield CheckStep(CheckPart.NAME, failure.title, failure)
        return
    except Unreachable as error:
        yield CheckStep(CheckPart.NAME, f"Resolving the host name {host!r} timed out", error)
        return
    yield CheckStep(
        CheckPart.NAME,
        f"{host} resolves to {', '.join(sorted({str(each[4][0]) for each in found})[:3])}",
    )
    try:
        connection = within(
            2 * _STEP_SECONDS, lambda: socket.create_connection((host, port), timeout=_STEP_SECONDS)
        )
    except (OSError, Unreachable) as error:
        failure = Unreachable(
            f"No connection to {shown}", str(error), "Check network, firewall and port."
        )
        yield CheckStep(CheckPart.NETWORK, failure.title, failure)
        return
    with connection:
        yield CheckStep(CheckPart.NETWORK, f"connected to {shown}")
        if server.tls and proxy is None:
            yield _handshake(connection, server)


def _handshake(connection: socket.socket, server: ServerAddress) -> CheckStep:
    import ssl

    # Loads OpenSSL, too, which takes 4 MB; stores import this module for the address.
    from launchpad_tui.net.errors import certificate_hint

    try:
        context = (
            server.context()
            if server.context
            else ssl.create_default_context(cafile=server.ca_file or None)
        )
        if not server.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection.settimeout(_STEP_SECONDS)
        with context.wrap_socket(connection, server_hostname=server.host) as secured:
            version = str(secured.version())
    except ssl.SSLCertVerificationError as error:
        failure: LaunchpadError = Unreachable(
            f"TLS certificate verification failed for {server.host}",
            error.verify_message or str(error),
            certificate_hint(error.verify_message or str(error)),
        )
        return CheckStep(CheckPart.TLS, failure.title, failure)
    except ConfigError as error:
        return CheckStep(CheckPart.TLS, error.title, error)
    except FileNotFoundError as error:
        failure = ConfigError(
            "The CA file does not exist", server.ca_file, "Correct the path in the field CA file."
        )
        failure.__cause__ = error
        return CheckStep(CheckPart.TLS, failure.title, failure)
    except (OSError, ValueError) as error:
        failure = Unreachable(
            f"The TLS handshake with {server.host} failed", str(error), "Check port and CA file."
        )
        return CheckStep(CheckPart.TLS, failure.title, failure)
    return CheckStep(CheckPart.TLS, version if server.verify else f"{version}, not verified")


def _proxy(server: ServerAddress) -> tuple[str, int] | None:
    """Return host and port of the proxy that the environment configures for the server."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(f"{server.host}:{server.port}"):
        return None
    url = getproxies().get("https" if server.tls else "http", "")
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port or 80) if parts.hostname else None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is a loopback address of this machine."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

"""A look at an object store step by step, so that somebody whose store does not answer learns what is wrong with it."""

from __future__ import annotations

import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.services.timeouts import within
from launchpad_tui.stores.base import Endpoint, ObjectStore

#: seconds for a name, a connection, a handshake; and for what the store is asked
_STEP, _ASK = 6.0, 45.0


class StepName(StrEnum):
    """The parts that can be wrong, in the order in which they are looked at."""

    SETTINGS = "settings"
    NAME = "name"
    NETWORK = "network"
    TLS = "TLS"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"
    PLACE = "bucket"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Step:
    """What was found of one part. ``error`` is None where it is right."""

    name: StrEnum
    message: str
    error: LaunchpadError | None = None


def probe(opener: Callable[[], ObjectStore]) -> Iterator[Step]:
    """Look at a store part by part, up to the first that is wrong. Every step takes some seconds at most.

    Args:
        opener: gives the store; what it raises is the step SETTINGS.
    """
    try:
        store = opener()
        server = store.endpoint()
    except LaunchpadError as error:
        yield Step(StepName.SETTINGS, error.title, error)
        return
    yield Step(StepName.SETTINGS, "complete")
    if server is not None:
        for step in reach(server):
            yield step
            if step.error is not None:
                return
    yield from _ask(store, remote=server is not None)


def reach(server: Endpoint) -> Iterator[Step]:
    """Look at name, network and TLS of a server, or name and network of the proxy to it, up to the first that is
    wrong."""
    proxy = _proxy(server)
    host, port = (server.host, server.port) if proxy is None else proxy
    shown = f"{host}:{port}" + ("" if proxy is None else f", the proxy to {server.host}")
    try:
        found = within(_STEP, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        failure = Unreachable(
            f"The name {host!r} is not known", str(error), "Check the endpoint, and the DNS."
        )
        yield Step(StepName.NAME, failure.title, failure)
        return
    except Unreachable as error:
        yield Step(StepName.NAME, f"No answer for the name {host!r}", error)
        return
    yield Step(
        StepName.NAME, f"{host} is {', '.join(sorted({str(each[4][0]) for each in found})[:3])}"
    )
    try:
        connection = within(
            2 * _STEP, lambda: socket.create_connection((host, port), timeout=_STEP)
        )
    except (OSError, Unreachable) as error:
        failure = Unreachable(
            f"{shown} does not answer", str(error), "Check network, firewall and port."
        )
        yield Step(StepName.NETWORK, failure.title, failure)
        return
    with connection:
        yield Step(StepName.NETWORK, f"{shown} answers")
        if server.tls and proxy is None:
            yield _shake(connection, server)


def _shake(connection: socket.socket, server: Endpoint) -> Step:
    try:
        context = (
            server.context()
            if server.context
            else ssl.create_default_context(cafile=server.ca_file or None)
        )
        if not server.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection.settimeout(_STEP)
        with context.wrap_socket(connection, server_hostname=server.host) as secured:
            version = str(secured.version())
    except ssl.SSLCertVerificationError as error:
        failure: LaunchpadError = Unreachable(
            f"TLS certificate verification failed for {server.host}",
            error.verify_message or str(error),
            "A certificate of your own authority is trusted by the field CA file.",
        )
        return Step(StepName.TLS, failure.title, failure)
    except ConfigError as error:
        return Step(StepName.TLS, error.title, error)
    except FileNotFoundError as error:
        failure = ConfigError("The CA file is not there", server.ca_file)
        failure.__cause__ = error
        return Step(StepName.TLS, failure.title, failure)
    except (OSError, ValueError) as error:
        failure = Unreachable(
            f"{server.host} does not speak TLS with us", str(error), "Check port and CA file."
        )
        return Step(StepName.TLS, failure.title, failure)
    return Step(StepName.TLS, version if server.verify else f"{version}, not verified")


def _ask(store: ObjectStore, *, remote: bool) -> Iterator[Step]:
    try:
        where = within(_ASK, store.check)
        first = within(_ASK, lambda: next(store.list(limit=1), None))
    except LaunchpadError as error:
        passed, failed = _blame(error)
        yield from (Step(name, "right") for name in passed)
        yield Step(failed, error.title, error)
        return
    for name in (StepName.CREDENTIALS, StepName.PERMISSION) if remote else (StepName.PERMISSION,):
        yield Step(name, "right")
    yield Step(StepName.PLACE, where)
    yield Step(
        StepName.PREFIX,
        "nothing is in it yet" if first is None else f"has objects, such as {first.path}",
    )


def _blame(error: LaunchpadError) -> tuple[tuple[StepName, ...], StepName]:
    """What must be right where this error comes, and what is wrong."""
    if isinstance(error, AuthenticationFailed):
        return (), StepName.CREDENTIALS
    if isinstance(error, PermissionDenied):
        return (StepName.CREDENTIALS,), StepName.PERMISSION
    if isinstance(error, ConfigError | ObjectMissing):
        return (StepName.CREDENTIALS,), StepName.PLACE
    return (), StepName.NETWORK


def _proxy(server: Endpoint) -> tuple[str, int] | None:
    """Host and port of the proxy that the environment has for the server."""
    from urllib.parse import urlsplit

    if urllib.request.proxy_bypass(f"{server.host}:{server.port}"):
        return None
    url = urllib.request.getproxies().get("https" if server.tls else "http", "")
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port or 80) if parts.hostname else None
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

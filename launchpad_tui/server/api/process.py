"""The server process: check its address and clients, listen, serve, shut down."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.errors import ConfigError, DependencyMissing, InvalidInput
from launchpad_tui.net.server_check import is_loopback
from launchpad_tui.records import record
from launchpad_tui.services.desk import Desk

if TYPE_CHECKING:
    import ssl

#: maximum size of a request's line and headers in bytes: 1000 executable IDs of 64 characters fit
_HEAD_LIMIT = 256 * 1024
#: seconds that running requests have left when the server shuts down
_GRACE = 3
#: Seconds that a connection may be idle. It is longer than clients keep theirs, so that no client
#: sends a request on a connection that the server is closing.
_IDLE = 75


#: seconds in which a TLS handshake must be complete
_HANDSHAKE_SECONDS = 10.0


@record
class ListenAddress:
    """The address on which the server listens.

    Attributes:
        port: 0 selects a free port.
        certificate, key: PEM files; None for plain HTTP.
        insecure: whether plain HTTP is allowed for other machines.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False

    @property
    def secure(self) -> bool:
        """Whether the server uses HTTPS."""
        return self.certificate is not None

    def url(self, port: int) -> str:
        """Return the server's URL without a path."""
        host = socket.gethostname() if self.host in {"0.0.0.0", "::"} else self.host
        return (
            f"{'https' if self.secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        )


def require_packages() -> None:
    """Raise DependencyMissing unless the packages of the extra ``serve`` are installed."""
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise DependencyMissing(
            "launchpad serve requires packages that are not installed",
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing.",
            "Install them: pip install 'launchpad-tui[serve]', or in a clone: "
            "pip install '.[serve]'",
            extra="serve",
        )


def check(address: ListenAddress, clients: int) -> None:
    """Reject an address that would expose the API to other machines without protection.

    Args:
        clients: the number of clients.

    Raises:
        InvalidInput: only one of certificate and key is given.
        ConfigError: other machines can reach the address, and there is no client, or neither TLS
            nor permission for plain HTTP.
    """
    if (address.certificate is None) is not (address.key is None):
        raise InvalidInput(
            "Certificate or key is missing",
            "TLS requires both.",
            "Use --tls-cert and --tls-key together.",
            field="tls-cert",
        )
    if is_loopback(address.host):
        return
    if not clients:
        raise ConfigError(
            "The server has no clients",
            f"Other machines can reach {address.host}, but no client may call the API.",
            "Add a client first: launchpad serve clients add NAME",
        )
    if not address.secure and not address.insecure:
        raise ConfigError(
            f"Other machines would reach {address.host} without TLS",
            "Plain HTTP exposes client secrets, tokens and data to the network.",
            "Use --tls-cert and --tls-key, or --insecure-http behind a proxy that terminates TLS.",
        )


def serve(desk: Desk, address: ListenAddress, ready: Callable[[str], None]) -> None:
    """Serve the API until SIGTERM, or SIGINT, which raises KeyboardInterrupt after the shutdown.

    Args:
        ready: called with the server's URL as soon as it accepts requests.

    Raises:
        DependencyMissing: the extra ``serve`` is not installed.
        ConfigError: the address is in use or does not belong to this machine, or certificate or key
            is not valid; or as `check`.
    """
    require_packages()
    check(address, len(desk.clients.list()))
    if address.secure:
        _check_certificate(address)
    with closing(_listen(address)) as listening:
        _run(desk, address, listening, ready)


def _as_network(text: str) -> str:
    """Return an address or network without bits of a host, which uvicorn does not accept."""
    return str(ipaddress.ip_network(text, strict=False)) if "/" in text else text


def _listen(address: ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address.host, address.port))
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        listening.close()
        where = f"{address.host}:{address.port}"
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"The server cannot listen on {where}",
            reason,
            "Choose another --port; 0 selects a free one.",
        ) from error
    return listening


def _check_certificate(address: ListenAddress) -> None:
    import ssl

    context: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(str(address.certificate), str(address.key))
    except (OSError, ValueError) as error:
        detail = (
            f"{address.certificate}, {address.key}: {getattr(error, 'strerror', None) or error}"
        )
        raise ConfigError(
            "Certificate or key is not valid", detail, "Use PEM files that belong together."
        ) from error


def _run(
    desk: Desk, address: ListenAddress, listening: socket.socket, ready: Callable[[str], None]
) -> None:
    import uvicorn

    from launchpad_tui.server.api.app import ApiApplication, access_log
    from launchpad_tui.server.api.connection_limits import limited_protocol
    from launchpad_tui.server.api.maintenance import MaintenanceThread

    url = address.url(listening.getsockname()[1])

    class Server(uvicorn.Server):
        """Calls ``ready`` after the start."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            if address.secure:
                # uvicorn has no parameter for it, and asyncio's default is a minute.
                loop = asyncio.get_running_loop()
                create = partial(loop.create_server, ssl_handshake_timeout=_HANDSHAKE_SECONDS)
                loop.create_server = create  # type: ignore[method-assign]
            await super().startup(sockets)
            if self.started:
                ready(url)

    access_log.setLevel(logging.INFO)
    outer = logging.getLogger("uvicorn")
    outer.handlers, outer.propagate = list(logging.getLogger("launchpad_tui").handlers), False
    outer.setLevel(logging.WARNING)
    # uvicorn's default is to believe what any program on this machine says about its address.
    proxies = [each.strip(" []") for each in desk.settings.serve.trusted_proxies.split(",")]
    proxies = [_as_network(each) for each in proxies if each]
    config = uvicorn.Config(
        ApiApplication(desk).application(),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        http=limited_protocol(),
        loop="asyncio",
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        h11_max_incomplete_event_size=_HEAD_LIMIT,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_IDLE,
        ssl_certfile=None if address.certificate is None else str(address.certificate),
        ssl_keyfile=None if address.key is None else str(address.key),
    )
    # uvicorn raises the signal that stopped it again: SIGTERM ends the process normally, SIGINT
    # raises KeyboardInterrupt.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    before_hangup = signal.getsignal(signal.SIGHUP)
    if before_hangup != signal.SIG_IGN:
        # A server whose terminal is closed shuts down as after SIGTERM. nohup keeps it running.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    maintenance = MaintenanceThread(desk)
    maintenance.start()
    try:
        Server(config).run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGHUP, before_hangup)
        maintenance.stop()

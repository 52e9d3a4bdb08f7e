"""The server process: where it listens, what it refuses to do, how it ends."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.errors import ConfigError, DependencyMissing, InvalidInput
from launchpad_tui.net.server_check import is_loopback
from launchpad_tui.services.desk import Desk

if TYPE_CHECKING:
    import ssl

#: bytes of a request's line and headers: 1000 executable IDs of 64 characters stay below
_HEAD_LIMIT = 256 * 1024
#: seconds that requests have to end when the server does
_GRACE = 3
#: seconds that a connection may be silent between two requests: longer than clients keep theirs, so that none sends a
#: request into a connection that is being closed
_IDLE = 75


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen.

    Args:
        port: 0 takes a free one.
        certificate, key: PEM files; None for plain HTTP.
        insecure: whether plain HTTP may leave this machine.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False

    @property
    def secure(self) -> bool:
        """Whether it is HTTPS."""
        return self.certificate is not None

    def url(self, port: int) -> str:
        """The server's URL, without a path."""
        host = socket.gethostname() if self.host in {"0.0.0.0", "::"} else self.host
        return (
            f"{'https' if self.secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        )


def require_packages() -> None:
    """Raises DependencyMissing where the packages of the extra ``serve`` are not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise DependencyMissing(
            "launchpad serve needs packages that are not installed",
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing.",
            "pip install 'launchpad-tui[serve]'",
            extra="serve",
        )


def check(address: ListenAddress, clients: int) -> None:
    """Refuse what would be a door without a lock.

    Args:
        clients: how many clients there are.

    Raises:
        InvalidInput: only one of certificate and key is given.
        ConfigError: the address can be reached from other machines, and there is no client, or no TLS and no word that
            this is wanted.
    """
    if (address.certificate is None) is not (address.key is None):
        raise InvalidInput(
            "Certificate and key go together",
            hint="Give --tls-cert and --tls-key.",
            field="tls-cert",
        )
    if is_loopback(address.host):
        return
    if not clients:
        raise ConfigError(
            "There is no client that may call this server",
            f"{address.host} can be reached from other machines.",
            "Add one first: launchpad serve clients add NAME",
        )
    if not address.secure and not address.insecure:
        raise ConfigError(
            "The server would be reached from other machines without TLS",
            "Over plain HTTP everybody on the way reads the client secrets, the tokens and the data.",
            "Give --tls-cert and --tls-key; or --insecure-http where something in front of it does TLS.",
        )


def serve(desk: Desk, address: ListenAddress, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM, or SIGINT, which raises KeyboardInterrupt when all is closed.

    Args:
        ready: told the server's URL when it answers.

    Raises:
        DependencyMissing: the extra ``serve`` is not installed.
        ConfigError: the address is taken or is none of this machine, or certificate and key are not what they should
            be; or as `check`.
    """
    require_packages()
    check(address, len(desk.clients.list()))
    if address.secure:
        _check_certificate(address)
    with closing(_listen(address)) as listening:
        _run(desk, address, listening, ready)


def _listen(address: ListenAddress) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address.host, address.port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        made.close()
        where = f"{address.host}:{address.port}"
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            "The server cannot listen there",
            f"{where}: {reason}",
            "Choose another --port (0: any that is free).",
        ) from error
    return made


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
            "Certificate or key cannot be used", detail, "Both are PEM files."
        ) from error


def _run(
    desk: Desk, address: ListenAddress, listening: socket.socket, ready: Callable[[str], None]
) -> None:
    import uvicorn

    from launchpad_tui.server.api.app import ApiApplication, access_log
    from launchpad_tui.server.api.maintenance import MaintenanceThread

    url = address.url(listening.getsockname()[1])

    class Server(uvicorn.Server):
        """Says when it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready(url)

    access_log.setLevel(logging.INFO)
    outer = logging.getLogger("uvicorn")
    outer.handlers, outer.propagate = list(logging.getLogger("launchpad_tui").handlers), False
    outer.setLevel(logging.WARNING)
    config = uvicorn.Config(
        ApiApplication(desk).application(),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        http="h11",
        loop="asyncio",
        ws="none",
        h11_max_incomplete_event_size=_HEAD_LIMIT,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_IDLE,
        ssl_certfile=None if address.certificate is None else str(address.certificate),
        ssl_keyfile=None if address.key is None else str(address.key),
    )
    # uvicorn raises the signal that ended it once more: SIGTERM is a clean end, SIGINT a KeyboardInterrupt.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    maintenance = MaintenanceThread(desk)
    maintenance.start()
    try:
        Server(config).run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)
        maintenance.stop()

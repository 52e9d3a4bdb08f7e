"""Which servers requests on behalf of restricted clients may reach, checked when a socket connects.

A name is resolved once, each of its addresses is checked, and the socket connects to a checked
address. So neither the spelling of an address (decimal, IPv6-mapped), nor a name that resolves to
an internal address, nor a redirect leads around the check. Proxies are not used, because the check
would see the proxy's address only.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

if TYPE_CHECKING:
    import ssl

    import httpx2

#: the key under which the values of a store contain its policy as text
POLICY = "address_policy"
#: begins the text of a policy
_PREFIX = "public"
#: IPv6 addresses whose last 32 bits are an IPv4 address that a gateway reaches (RFC 6052)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: the IPv6 addresses that are assigned for global unicast (IANA)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
#: a host name, or one that begins with a full stop; underscores occur in practice
_HOST = re.compile(r"\.?(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
#: IPv4 addresses of relays to IPv6 (RFC 7526: deprecated)
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressRefused(InvalidInput):
    """A server is not public and not allowed, or its name cannot be resolved.

    Both cases have the same text, so that clients cannot explore an internal network.
    """

    @classmethod
    def of(cls, field: str = "") -> AddressRefused:
        """Return the error; ``field`` is the one with the address."""
        return cls(
            "The address of the object store is not allowed",
            "Clients of one resource group may use public servers, and those that the setting "
            "serve.allowed_addresses names.",
            "Check the address, or ask the administrator of the server.",
            field=field,
        )


@record
class AddressPolicy:
    """Public addresses, and the hosts and networks that are allowed in addition.

    ``hosts`` are lower case; one that begins with a full stop allows all names that end with it.
    """

    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, allowed: Iterable[str]) -> AddressPolicy:
        """Return the policy that allows host names (``s3.example.com``, ``.example.com``),
        addresses and networks (``10.1.0.0/16``)."""
        hosts: list[str] = []
        networks: list[Network] = []
        for text in filter(None, (each.strip() for each in allowed)):
            try:
                networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
            except ValueError:
                hosts.append(text.lower().rstrip("."))
        return cls(tuple(hosts), tuple(networks))

    def text(self) -> str:
        """Return the policy as text, for the values of a store."""
        return ",".join((_PREFIX, *self.hosts, *map(str, self.networks)))

    def allows(self, host: str, address: str) -> bool:
        """Return whether a server may be reached at an address to which its name was resolved."""
        name = host.lower().rstrip(".")
        if any(name == each or (each[:1] == "." and name.endswith(each)) for each in self.hosts):
            return True
        forms = _forms(ipaddress.ip_address(address.partition("%")[0]))
        return any(_is_in(each, self.networks) for each in forms) or all(map(_is_public, forms))

    def resolve(self, host: str, port: int) -> list[tuple[int, str]]:
        """Return the address family and the address of each address of a host.

        Raises:
            AddressRefused: the name cannot be resolved, or one of its addresses is not allowed.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise AddressRefused.of() from None
        addresses = [(int(family), str(where[0])) for family, _, _, _, where in found]
        if not addresses or not all(self.allows(host, address) for _, address in addresses):
            raise AddressRefused.of()
        return addresses

    def connect(
        self,
        host: str,
        port: int,
        timeout: float | None,
        socket_options: Iterable[tuple[Any, ...]] | None = None,
    ) -> socket.socket:
        """Return a socket that is connected to a host.

        Raises:
            AddressRefused: see `resolve`.
            OSError: no address accepts the connection.
        """
        failure: OSError | None = None
        for family, address in self.resolve(host, port):
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                for option in socket_options or ():
                    connection.setsockopt(*option)
                connection.settimeout(timeout)
                connection.connect((address, port))
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure or OSError("the host has no address")


def invalid_address(text: str, *, names: bool) -> str:
    """Return the first entry of a list, separated by commas, that is neither an address nor a
    network; empty if there is none.

    Args:
        names: whether host names, and names that begin with a full stop, are allowed, too.
    """
    for entry in filter(None, (each.strip() for each in text.split(","))):
        try:
            ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            # A name whose last label is a number is a mistyped address (RFC 3696, section 2).
            label = entry.rstrip(".").rpartition(".")[2]
            if not names or not _HOST.fullmatch(entry) or label.isdigit():
                return entry
    return ""


def refusal_in(error: BaseException) -> AddressRefused | None:
    """Return the refusal that an SDK has wrapped into an exception; None if there is none."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, AddressRefused):
        cause = cause.__cause__ or cause.__context__
    return cause


def policy_of(values: Mapping[str, str]) -> AddressPolicy | None:
    """Return the policy among the values of a store; None if it may reach any server."""
    prefix, *allowed = values.get(POLICY, "").split(",")
    return AddressPolicy.parse(allowed) if prefix == _PREFIX else None


def http_transport(
    policy: AddressPolicy, context: ssl.SSLContext, limits: httpx2.Limits
) -> httpx2.HTTPTransport:
    """Return a transport of the HTTP library that connects as the policy allows."""
    import httpcore2
    import httpx2

    class Backend(httpcore2.SyncBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,  # noqa: ARG002  the policy's sockets have none
            socket_options: Any = None,
        ) -> httpcore2.NetworkStream:
            addresses = [address for _, address in policy.resolve(host, port)]
            for number, address in enumerate(addresses, 1):
                try:
                    return super().connect_tcp(
                        address, port, timeout, socket_options=socket_options
                    )
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                    if number == len(addresses):
                        raise
            raise AssertionError("a resolved host has an address")

    transport = httpx2.HTTPTransport(verify=context, trust_env=False, limits=limits)
    # The transport has no parameter for the backend of its pool.
    transport._pool.close()
    transport._pool = httpcore2.ConnectionPool(
        ssl_context=context,
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
        network_backend=Backend(),
    )
    return transport


def urllib3_pools(policy: AddressPolicy) -> dict[str, Any]:
    """Return the connection pools by scheme for ``pool_classes_by_scheme`` of urllib3's manager.

    The cloud SDKs connect by urllib3.
    """
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    def connect(connection: HTTPConnection) -> socket.socket:
        seconds = connection.timeout
        try:
            return policy.connect(
                connection._dns_host,
                connection.port or 443,
                seconds if isinstance(seconds, int | float) else None,
                connection.socket_options,
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, str(error)) from error
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _is_public(address: Address) -> bool:
    assigned = (
        address not in _RELAYS
        if isinstance(address, ipaddress.IPv4Address)
        else address in _GLOBAL_UNICAST
    )
    return assigned and address.is_global and not address.is_multicast


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == each.version and address in each for each in networks)


def _forms(address: Address) -> list[Address]:
    """Return the addresses that an address reaches: itself, or the IPv4 addresses inside it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    inner: list[Address] = []
    if address.ipv4_mapped is not None:
        inner.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return inner or [address]

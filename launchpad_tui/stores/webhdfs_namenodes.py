"""Addresses of the NameNodes of a cluster, of which one is active.

With high availability, a cluster has two or more NameNodes. Those on standby reject requests with
a StandbyException, and the active one changes when its machine fails.

Source: Apache Hadoop 3.3.6, "HDFS High Availability Using the Quorum Journal Manager".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from launchpad_tui.errors import ConfigError
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.records import record
from launchpad_tui.stores.base import server_of
from launchpad_tui.stores.tls import store_context

_API = "/webhdfs/v1"


@record
class NameNode:
    """A NameNode: the URL to which paths are appended, and its server."""

    base: str
    server: ServerAddress

    @property
    def host(self) -> str:
        """The host name in lower case."""
        return self.server.host.lower()


class NameNodes:
    """The NameNodes of a cluster. Safe for threads.

    Args:
        values: The fields of the store. ``namenode`` contains one address or several, separated by
            commas or spaces.

    Raises:
        ConfigError: An address is invalid, or only some of them use TLS.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        addresses = re.split(r"[\s,]+", values.get("namenode", "").strip(" ,\t\r\n"))
        self._nodes = tuple(_namenode(each, values) for each in dict.fromkeys(addresses))
        if len({each.server.tls for each in self._nodes}) > 1:
            raise ConfigError(
                "Invalid addresses of the NameNodes",
                "Some use https and others http.",
                "Enter addresses with the same protocol.",
            )
        self._lock = threading.Lock()
        self._active = 0

    def __len__(self) -> int:
        """Return the number of NameNodes."""
        return len(self._nodes)

    @property
    def active(self) -> NameNode:
        """The NameNode to which requests are sent."""
        return self._nodes[self._active]

    @property
    def hosts(self) -> frozenset[str]:
        """The host names of all NameNodes in lower case."""
        return frozenset(each.host for each in self._nodes)

    @property
    def title(self) -> str:
        """Host and port of all NameNodes, as shown in messages."""
        return ", ".join(f"{each.server.host}:{each.server.port}" for each in self._nodes)

    def leave(self, node: NameNode) -> None:
        """Send requests to the next NameNode, unless another thread has left this one already."""
        with self._lock:
            if self._nodes[self._active] == node:
                self._active = (self._active + 1) % len(self._nodes)


def _namenode(address: str, values: Mapping[str, str]) -> NameNode:
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "Invalid address of the NameNode",
            "It contains more than server and path.",
            "Example: http://host:9870",
        )
    base = address.rstrip("/")
    base = base if base.endswith(_API) else base + _API
    server = server_of(base, values)
    return NameNode(
        base, replace(server, context=lambda: store_context(values, client_certificate=True))
    )

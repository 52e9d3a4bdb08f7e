"""Azurite, Microsoft's emulator of Azure Blob Storage, from npm.

It verifies shared access signatures. This module creates them by the published algorithm from an
account key of the tests.

``python -m tests.stores.azurite`` installs Azurite. Otherwise the first test installs it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.stores import certificates, shared_server
from tests.stores.shared_server import (
    Missing,
    call,
    free_ports,
    prepared,
    running,
    tool,
    wait_until,
)

#: the last version that runs with Node 10 and later; 3.36 requires Node 22
_VERSION = "3.35.0"
ACCOUNT = "launchpadtests"
KEY = base64.b64encode(
    b"an account key for tests of launchpad, of 64 bytes as Azure's are"
).decode()
CONTAINER = "launchpad-tests"
#: version of the storage services in the signatures
_SERVICE = "2021-12-02"
#: read, add, create, write, delete, list
ALL = "racwdl"
READ = "rl"


@dataclass(frozen=True)
class Server:
    """Two running servers (HTTP and HTTPS), each with its own data.

    Args:
        container_uri, tls_container_uri: without a token, as Azure's portal shows them;
            ``tls_container_uri`` is empty without openssl.
        sas: token with all permissions on the container, without the leading question mark.
        reader_sas: token with permission to read the container.
        expired_sas: token that expired an hour ago.
        account_sas: token with all permissions on the account.
    """

    container_uri: str
    tls_container_uri: str
    ca_file: str
    sas: str
    reader_sas: str
    expired_sas: str
    account_sas: str

    def values(self, prefix: str = "", **more: str) -> dict[str, str]:
        """Return the values of a store with all permissions on the container."""
        return {
            "container_uri": self.container_uri,
            "path_prefix": prefix,
            "sas_token": self.sas,
            **more,
        }


def shared() -> Server:
    """Return the server of this test run; skip the test if Node or Azurite is not available."""
    return shared_server.join("azurite", Server)


def ready() -> Path:
    """Return the folder in which Azurite is installed; it is installed if necessary.

    Raises:
        Missing: Node, npm or the network is not available.
    """
    tool("node", "apt-get install nodejs npm")

    def install(folder: Path) -> None:
        quiet = [
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--omit=dev",
            "--omit=optional",
            "--no-package-lock",
        ]
        call(
            [tool("npm", "apt-get install npm"), "install", *quiet, f"azurite@{_VERSION}"],
            cwd=folder,
        )

    return prepared(f"azurite-{_VERSION}", install)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run Azurite on free ports until the block ends; its data is in memory.

    Raises:
        Missing: Node or Azurite is not available.
        Broken: Azurite does not start.
    """
    main = ready() / "node_modules/azurite/dist/src/blob/main.js"
    ports = free_ports(2)
    sas, all_permissions = container_sas(ALL), account_sas()
    files = None
    with contextlib.suppress(Missing):
        files = certificates.make(folder)
    with contextlib.ExitStack() as stack:
        uris = []
        for port, tls in zip(ports, (None, files), strict=True):
            data = folder / str(port)
            data.mkdir()
            command = [tool("node", ""), str(main), "--blobPort", str(port)]
            command += [
                "--inMemoryPersistence",
                "--disableTelemetry",
                "--skipApiVersionCheck",
                "--silent",
            ]
            if tls is not None:
                command += ["--cert", str(tls.server), "--key", str(tls.server_key)]
            if port == ports[0] or tls is not None:
                log = data / "log"
                process = stack.enter_context(
                    running(command, log, cwd=data, env={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"})
                )
                uri = f"{'https' if tls else 'http'}://127.0.0.1:{port}/{ACCOUNT}/{CONTAINER}"
                uris.append((uri, process, log))
        for uri, process, log in uris:
            wait_until(lambda uri=uri: _container_exists(uri, all_permissions), {log: process})  # type: ignore[misc]
        tls_uri = uris[1][0] if files else ""
        expired = container_sas(ALL, hours=-1)
        ca_file = str(files.ca) if files else ""
        yield Server(
            uris[0][0], tls_uri, ca_file, sas, container_sas(READ), expired, all_permissions
        )


def _container_exists(uri: str, sas: str) -> bool:
    """Create the container; return whether it exists now."""
    address = urlsplit(uri)
    assert address.hostname is not None
    if address.scheme == "https":
        context = ssl._create_unverified_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            address.hostname, address.port, timeout=10, context=context
        )
    else:
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        connection.request(
            "PUT", f"{address.path}?restype=container&{sas}", headers={"x-ms-version": _SERVICE}
        )
        return connection.getresponse().status in {201, 409}
    finally:
        connection.close()


def container_sas(
    permissions: str, *, hours: float = 2, container: str = CONTAINER, key: str = KEY
) -> str:
    """Return a service SAS for a container.

    https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas

    Args:
        permissions: letters, in the order racwdl.
        hours: hours until it expires; it is valid from an hour ago, or from an hour before an
            expiry in the past.
        key: account key, base64.
    """
    start, end = _times(hours)
    resource = f"/blob/{ACCOUNT}/{container}"
    protocol = "https,http"
    # The empty fields are identifier and IP addresses, and at the end snapshot, encryption scope
    # and five response headers.
    text = "\n".join(
        [permissions, start, end, resource, "", "", protocol, _SERVICE, "c", *[""] * 7]
    )
    fields = {"sv": _SERVICE, "sr": "c", "sp": permissions, "st": start, "se": end, "spr": protocol}
    return urlencode({**fields, "sig": _signature(text, key)})


def account_sas(permissions: str = "rwdlac", *, hours: float = 2, key: str = KEY) -> str:
    """Return an account SAS for blobs, with access to the service, containers and objects.

    https://learn.microsoft.com/en-us/rest/api/storageservices/create-account-sas
    """
    start, end = _times(hours)
    protocol = "https,http"
    # The empty fields are IP addresses and encryption scope; the text ends with a line feed.
    text = "\n".join([ACCOUNT, permissions, "b", "sco", start, end, "", protocol, _SERVICE, "", ""])
    fields = {
        "sv": _SERVICE,
        "ss": "b",
        "srt": "sco",
        "sp": permissions,
        "st": start,
        "se": end,
        "spr": protocol,
    }
    return urlencode({**fields, "sig": _signature(text, key)})


def _times(hours: float) -> tuple[str, str]:
    end = datetime.now(UTC) + timedelta(hours=hours)
    start = min(end, datetime.now(UTC)) - timedelta(hours=1)
    return start.strftime("%Y-%m-%dT%H:%M:%SZ"), end.strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature(text: str, key: str) -> str:
    return base64.b64encode(
        hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    ).decode()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ready()}\n")
    except Missing as missing:
        sys.exit(str(missing))

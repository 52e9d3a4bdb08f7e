"""A real server of Azure Blob Storage's protocol for tests: Azurite, Microsoft's own, from npm.

It checks shared access signatures. These are made here by the published algorithm, of an account key of our own.

python tests/stores/azurite.py puts it in place, which the first test would otherwise do (about a quarter of a minute).
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

#: runs with Node 10 and later; 3.36 and later want Node 22
_VERSION = "3.35.0"
ACCOUNT = "launchpadtests"
KEY = base64.b64encode(
    b"an account key for tests of launchpad, of 64 bytes as Azure's are"
).decode()
CONTAINER = "launchpad-tests"
#: the version of the storage services that the signatures are of
_SERVICE = "2021-12-02"
#: read, add, create, write, delete, list
ALL = "racwdl"
READ = "rl"


@dataclass(frozen=True)
class Server:
    """Container URIs as Azure's portal shows them, without a token; the two servers (HTTP, HTTPS) have their own data
    each. ``tls_container_uri`` is empty where there is no openssl.

    Tokens are queries without their question mark: all rights on the container, reading only, run out an hour ago, and
    all rights on the account.
    """

    container_uri: str
    tls_container_uri: str
    ca_file: str
    sas: str
    reader_sas: str
    expired_sas: str
    account_sas: str

    def values(self, prefix: str = "", **more: str) -> dict[str, str]:
        """Of a store with all rights on the container."""
        return {
            "container_uri": self.container_uri,
            "path_prefix": prefix,
            "sas_token": self.sas,
            **more,
        }


def shared() -> Server:
    """The one server of this test run; skips the test where Node or npm's package cannot be had."""
    return shared_server.join("azurite", Server)


def ready() -> Path:
    """The folder that Azurite is installed in.

    Raises:
        Missing: Node, npm or the network is not there.
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
    """Run it until the block ends; its ports are free ones, its data is in memory.

    Raises:
        Missing: Node or npm's package cannot be had.
        Broken: it does not start.
    """
    main = ready() / "node_modules/azurite/dist/src/blob/main.js"
    ports = free_ports(2)
    sas, everything = container_sas(ALL), account_sas()
    made = None
    with contextlib.suppress(Missing):
        made = certificates.make(folder)
    with contextlib.ExitStack() as stack:
        uris = []
        for port, tls in zip(ports, (None, made), strict=True):
            place = folder / str(port)
            place.mkdir()
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
                log = place / "log"
                process = stack.enter_context(
                    running(command, log, cwd=place, env={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"})
                )
                uri = f"{'https' if tls else 'http'}://127.0.0.1:{port}/{ACCOUNT}/{CONTAINER}"
                uris.append((uri, process, log))
        for uri, process, log in uris:
            wait_until(lambda uri=uri: _made(uri, everything), {log: process})  # type: ignore[misc]
        tls_uri = uris[1][0] if made else ""
        expired = container_sas(ALL, hours=-1)
        ca_file = str(made.ca) if made else ""
        yield Server(uris[0][0], tls_uri, ca_file, sas, container_sas(READ), expired, everything)


def _made(uri: str, sas: str) -> bool:
    """Whether the container is there now."""
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
    """A service SAS for a container.

    https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas

    Args:
        permissions: letters, in the order racwdl.
        hours: from now until it runs out; it begins an hour before either.
        key: of the account, base64.
    """
    start, end = _times(hours)
    resource = f"/blob/{ACCOUNT}/{container}"
    protocol = "https,http"
    # identifier and IP addresses stand between; snapshot, encryption scope and five headers of answers at the end
    text = "\n".join(
        [permissions, start, end, resource, "", "", protocol, _SERVICE, "c", *[""] * 7]
    )
    fields = {"sv": _SERVICE, "sr": "c", "sp": permissions, "st": start, "se": end, "spr": protocol}
    return urlencode({**fields, "sig": _signature(text, key)})


def account_sas(permissions: str = "rwdlac", *, hours: float = 2, key: str = KEY) -> str:
    """An account SAS for blobs, for the service, containers and objects.

    https://learn.microsoft.com/en-us/rest/api/storageservices/create-account-sas
    """
    start, end = _times(hours)
    protocol = "https,http"
    # IP addresses stand between; the encryption scope at the end, and the text ends with a line feed
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

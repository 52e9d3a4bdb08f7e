"""A simulation of Alibaba OSS for tests, written from Alibaba's published description.

Alibaba provides no server for tests. The simulation verifies that requests are signed and formed as
published; it cannot verify that OSS accepts them. It contains no code of an SDK. It accepts only
signatures of version 4, as new buckets do. Objects are in memory.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.stores import certificates, shared_server
from tests.stores.http_server import Handler, listening, server_context
from tests.stores.memory_bucket import Bucket, Rejected
from tests.stores.oss_operations import respond
from tests.stores.oss_protocol import Response, StoreRequest, crc64, escape
from tests.stores.oss_signature import Key, Request, verify
from tests.stores.oss_uploads import SMALLEST_PART
from tests.stores.shared_server import Missing

REGION = "cn-hangzhou"
BUCKET = "launchpad-tests"
OTHER_BUCKET = "launchpad-others"
#: a host name of the bucket, besides ``<bucket>.localhost``
CNAME = "files.example"
ADMIN = Key("LTAI5tLaunchpadAdmin", "oss-test-secret-0001-abcdefghij")
READER = Key("LTAI5tLaunchpadReader", "oss-test-secret-0002-abcdefghij", writes=False)
#: a key of the security token service, which is valid only with its token
TEMPORARY = Key(
    "STS.NTLaunchpadTemporary",
    "oss-test-secret-0003-abcdefghij",
    token="CAIS-test-token-0001-abcdefghijklmnop",
)
EXPIRED = Key(
    "STS.NTLaunchpadExpired",
    "oss-test-secret-0004-abcdefghij",
    token="CAIS-test-token-0002-abc",
    expired=True,
)
KEYS = {key.id: key for key in (ADMIN, READER, TEMPORARY, EXPIRED)}


@dataclass(frozen=True)
class Server:
    """The endpoints of a running server; ``tls_endpoint`` is empty without openssl."""

    endpoint: str
    tls_endpoint: str
    ca_file: str

    def values(
        self, prefix: str, key: Key = ADMIN, *, tls: bool = True, **more: str
    ) -> dict[str, str]:
        """Return the values of a store, which uses TLS if the server does."""
        secure = tls and bool(self.tls_endpoint)
        return {
            "bucket": BUCKET,
            "endpoint": self.tls_endpoint if secure else self.endpoint,
            "ca_file": self.ca_file if secure else "",
            "region": REGION,
            "path_prefix": prefix,
            "access_key_id": key.id,
            "secret_access_key": key.secret,
            "session_token": key.token,
            **more,
        }


def shared() -> Server:
    """Return the server of this test run; skip the test without the library of CRC-64."""
    return shared_server.join("oss_server", Server)


@contextmanager
def serve(
    folder: Path, *, clock_ahead: float = 0, garbled: str = "", charges: bool = False
) -> Iterator[Server]:
    """Run a server until the block ends.

    Args:
        clock_ahead: seconds by which its clock is ahead of the clock of this machine; with more
            than 900, every request is rejected.
        charges: whether the buckets charge the requester.
        garbled: ``up`` or ``down``: a byte of every object and part is changed in this direction.

    Raises:
        Missing: the library of CRC-64 is not installed.
    """
    try:
        crc64(b"")
    except ImportError as error:
        raise Missing("requires the package alibabacloud-oss-v2, or crcmod-plus") from error
    buckets = {name: Bucket(SMALLEST_PART) for name in (BUCKET, OTHER_BUCKET)}
    handler = functools.partial(_Handler, buckets, clock_ahead, garbled, charges)
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(listening(handler))
        ca_file = tls_endpoint = ""
        with contextlib.suppress(Missing):
            files = certificates.make(folder)
            tls_port = stack.enter_context(listening(handler, server_context(files)))
            tls_endpoint = f"https://127.0.0.1:{tls_port}"
            ca_file = str(files.ca)
        yield Server(f"http://127.0.0.1:{port}", tls_endpoint, ca_file)


class _Handler(Handler):
    server_version = "AliyunOSS"
    sys_version = ""

    def __init__(
        self,
        buckets: Mapping[str, Bucket],
        clock_ahead: float,
        garbled: str,
        charges: bool,
        *connection: Any,
    ) -> None:
        self._charges = charges
        self._buckets = buckets
        self._garbled = garbled
        self._clock_ahead = clock_ahead
        super().__init__(*connection)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header by the clock of this server."""
        return super().date_time_string(
            time.time() + self._clock_ahead if timestamp is None else timestamp
        )

    def serve(self) -> None:
        number = uuid.uuid4().hex[:24].upper()
        try:
            self._send(self._execute(), number)
        except Rejected as refused:
            self._send(self._error(refused, number), number)

    def _execute(self) -> Response:
        address = urlsplit(self.path)
        try:
            path = unquote(address.path, errors="strict").removeprefix("/")
        except UnicodeDecodeError:
            raise Rejected(400, "InvalidObjectName", "The specified object is not valid.") from None
        host = self.headers.get("host", "").partition(":")[0]
        virtual = re.fullmatch(r"([a-z0-9-]+)\.localhost", host)
        of_host = BUCKET if host == CNAME else virtual[1] if virtual else ""
        bucket, _, key = (of_host, "", path) if of_host else path.partition("/")
        pairs = tuple(
            (name, value)
            for name, _, value in (each.partition("=") for each in address.query.split("&"))
            if name
        )
        headers = {name.lower(): value for name, value in self.headers.items()}
        assert self.command is not None
        signer = verify(
            Request(self.command, bucket, key, pairs, headers), KEYS, REGION, self._clock_ahead
        )
        if self._charges and headers.get("x-oss-request-payer") != "requester":
            raise Rejected(
                403, "AccessDenied", "The bucket you visit is requester pays, but no payer is set."
            )
        changes = self.command not in {"GET", "HEAD"}
        if changes and not signer.writes:
            raise Rejected(
                403,
                "AccessDenied",
                "You have no right to access this object because of bucket acl.",
            )
        query = {unquote(name): unquote(value.replace("+", " ")) for name, value in pairs}
        body = self.body()
        if self._garbled == "up" and self.command == "PUT":
            body = _changed(body)
        response = respond(
            self._buckets, REGION, StoreRequest(self.command, bucket, key, query, headers, body)
        )
        if self._garbled == "down" and self.command == "GET" and key:
            return dataclasses.replace(response, body=_changed(response.body))
        return response

    def _error(self, refused: Rejected, number: str) -> Response:
        text = f"<Code>{refused.code}</Code><Message>{escape(refused.message)}</Message>"
        host = escape(self.headers.get("host", ""))
        ids = f"<RequestId>{number}</RequestId><HostId>{host}</HostId><EC>0000-00000000</EC>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}{ids}</Error>'.encode()
        # A response to HEAD has no body, so a header contains the error.
        error = {"x-oss-err": base64.b64encode(body).decode()} if self.command == "HEAD" else {}
        return Response(
            refused.status,
            body,
            {"Content-Type": "application/xml", "x-oss-ec": "0000-00000000", **error},
        )

    def _send(self, response: Response, number: str) -> None:
        headers = {"x-oss-request-id": number, **response.headers}
        self.reply(response.status, response.body, headers, length=response.length)


def _changed(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:] if content else content

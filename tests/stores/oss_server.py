"""An object store of Alibaba's kind for tests. It is our own, made from what Alibaba publishes of OSS, as no server of
theirs can be had: what it proves is that requests are signed and shaped as published, not that OSS takes them.

It has no code of an SDK in it. Signatures are version 4 only, as new buckets want it. Objects live in memory.
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
from tests.stores.memory_bucket import Bucket, Refused
from tests.stores.oss_answers import answer
from tests.stores.oss_signature import Key, Request, verify
from tests.stores.oss_uploads import SMALLEST_PART
from tests.stores.oss_wire import Answer, Call, crc64, escaped
from tests.stores.serving import Handler, listening, server_context
from tests.stores.shared_server import Missing

REGION = "cn-hangzhou"
BUCKET = "launchpad-tests"
OTHER_BUCKET = "launchpad-others"
#: the host that is the bucket's own, besides ``<bucket>.localhost``
CNAME = "files.example"
ADMIN = Key("LTAI5tLaunchpadAdmin", "oss-test-secret-0001-abcdefghij")
READER = Key("LTAI5tLaunchpadReader", "oss-test-secret-0002-abcdefghij", writes=False)
#: of the security token service: valid with its token only
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
    """Its addresses, as endpoints of an SDK (a host that is an IP address is addressed by path); ``tls_endpoint`` is
    empty where there is no openssl."""

    endpoint: str
    tls_endpoint: str
    ca_file: str

    def values(
        self, prefix: str, key: Key = ADMIN, *, tls: bool = True, **more: str
    ) -> dict[str, str]:
        """Of a store, by the fields of the catalog; over TLS where there is any."""
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
    """The one server of this test run; skips the test where its checksum's library is not installed."""
    return shared_server.join("oss_server", Server)


@contextmanager
def serve(folder: Path, *, clock_ahead: float = 0, garbled: str = "") -> Iterator[Server]:
    """Run one until the block ends.

    Args:
        clock_ahead: seconds by which its clock is ahead of this machine's; beyond 900 every request is refused.
        garbled: ``up`` or ``down``: something on the way changes a byte of every object and part in this direction.

    Raises:
        Missing: the checksum's library is not installed.
    """
    try:
        crc64(b"")
    except ImportError as error:
        raise Missing("needs the package alibabacloud-oss-v2, or crcmod-plus") from error
    buckets = {name: Bucket(SMALLEST_PART) for name in (BUCKET, OTHER_BUCKET)}
    handler = functools.partial(_Handler, buckets, clock_ahead, garbled)
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(listening(handler))
        ca_file = tls_endpoint = ""
        with contextlib.suppress(Missing):
            made = certificates.make(folder)
            tls_endpoint = (
                f"https://127.0.0.1:{stack.enter_context(listening(handler, server_context(made)))}"
            )
            ca_file = str(made.ca)
        yield Server(f"http://127.0.0.1:{port}", tls_endpoint, ca_file)


class _Handler(Handler):
    server_version = "AliyunOSS"
    sys_version = ""

    def __init__(
        self, buckets: Mapping[str, Bucket], clock_ahead: float, garbled: str, *connection: Any
    ) -> None:
        self._buckets = buckets
        self._garbled = garbled
        self._clock_ahead = clock_ahead
        super().__init__(*connection)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The head's Date: by this server's clock."""
        return super().date_time_string(
            time.time() + self._clock_ahead if timestamp is None else timestamp
        )

    def serve(self) -> None:
        number = uuid.uuid4().hex[:24].upper()
        try:
            self._send(self._answer(), number)
        except Refused as refused:
            self._send(self._refusal(refused, number), number)

    def _answer(self) -> Answer:
        address = urlsplit(self.path)
        try:
            path = unquote(address.path, errors="strict").removeprefix("/")
        except UnicodeDecodeError:
            raise Refused(400, "InvalidObjectName", "The specified object is not valid.") from None
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
        changes = self.command not in {"GET", "HEAD"}
        if changes and not signer.writes:
            raise Refused(
                403,
                "AccessDenied",
                "You have no right to access this object because of bucket acl.",
            )
        query = {unquote(name): unquote(value.replace("+", " ")) for name, value in pairs}
        body = self.body()
        if self._garbled == "up" and self.command == "PUT":
            body = _changed(body)
        answered = answer(
            self._buckets, REGION, Call(self.command, bucket, key, query, headers, body)
        )
        if self._garbled == "down" and self.command == "GET" and key:
            return dataclasses.replace(answered, body=_changed(answered.body))
        return answered

    def _refusal(self, refused: Refused, number: str) -> Answer:
        text = f"<Code>{refused.code}</Code><Message>{escaped(refused.message)}</Message>"
        place = f"<RequestId>{number}</RequestId><HostId>{escaped(self.headers.get('host', ''))}</HostId>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}{place}<EC>0000-00000000</EC></Error>'.encode()
        # HEAD has no body: the same comes in a header there.
        error = {"x-oss-err": base64.b64encode(body).decode()} if self.command == "HEAD" else {}
        return Answer(
            refused.status,
            body,
            {"Content-Type": "application/xml", "x-oss-ec": "0000-00000000", **error},
        )

    def _send(self, answered: Answer, number: str) -> None:
        headers = {"x-oss-request-id": number, **answered.headers}
        self.reply(answered.status, answered.body, headers, length=answered.length)


def _changed(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:] if content else content

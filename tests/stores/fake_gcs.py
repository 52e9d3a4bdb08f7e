"""A server of Google Cloud Storage's JSON API for tests, and of the OAuth service that gives it tokens. Our own.

It proves what the published description says of credentials: a token is given for a JWT only whose RS256 signature,
audience, scope and times are right, by a public key that the server alone holds; every request needs a token that it
gave, and one that has not run out. Conditions, ranges, pages, resumable uploads and rewrites are done as described. It
is written by the same hands as the adapter: what Google does beyond its description, it does not prove. Names with line
breaks are refused, as Google does.
"""

from __future__ import annotations

import base64
import email.parser
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.stores import certificates, shared_server
from tests.stores.memory_bucket import Bucket, Refused, Stored, md5
from tests.stores.serving import Handler, listening, server_context
from tests.stores.shared_server import Missing

BUCKET = "launchpad-tests"
ACCOUNT = "tests@launchpad.iam.gserviceaccount.com"
READER = "reader@launchpad.iam.gserviceaccount.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_QUANTUM = 256 << 10


@dataclass(frozen=True)
class Server:
    """Two addresses of the same data; ``tls_endpoint`` is empty where there is no openssl. ``key``, ``reader_key``:
    JSON of service accounts, with all rights and with reading only."""

    endpoint: str
    tls_endpoint: str
    ca_file: str
    key: str
    reader_key: str

    def values(self, prefix: str = "", **more: str) -> dict[str, str]:
        """Of a store with all rights on the bucket."""
        return {
            "bucket": BUCKET,
            "endpoint": self.endpoint,
            "path_prefix": prefix,
            "private_key": self.key,
            **more,
        }


def shared() -> Server:
    """The one server of this test run."""
    return shared_server.join("fake_gcs", Server)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run it until the block ends."""
    world = World()
    with ExitStack() as stack:
        port = stack.enter_context(listening(world.handler()))
        world.audience = f"http://127.0.0.1:{port}/token"
        tls, ca_file = "", ""
        with suppress(Missing):
            made = certificates.make(folder)
            tls_port = stack.enter_context(listening(world.handler(), server_context(made)))
            tls, ca_file = f"https://localhost:{tls_port}", str(made.ca)
        yield Server(
            f"http://127.0.0.1:{port}", tls, ca_file, world.account(ACCOUNT), world.account(READER)
        )


class World:
    """What the server holds. ``lifetime``: seconds that its tokens hold."""

    def __init__(self) -> None:
        self.bucket = Bucket(0)
        self.audience = ""
        self.lifetime = 3600.0
        self.lock = threading.Lock()
        self.keys: dict[str, Any] = {}
        self.tokens: dict[str, tuple[str, float]] = {}
        self.uploads: dict[str, Session] = {}
        self.seen: list[str] = []

    def account(self, name: str) -> str:
        """Make a service account; gives its key as Google's console does."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        private = rsa.generate_private_key(65537, 2048)
        self.keys[name] = private.public_key()
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "launchpad",
                "private_key_id": uuid.uuid4().hex,
                "private_key": pem.decode(),
                "client_email": name,
                "token_uri": self.audience,
            }
        )

    def handler(self) -> Any:
        world = self

        class Bound(_Handler):
            def __init__(self, *arguments: Any) -> None:
                self.world = world
                super().__init__(*arguments)

        return Bound

    def token(self, assertion: str) -> str:
        """A token for a JWT. Raises Refused."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        try:
            head, claims, signature = assertion.split(".")
            told, said = (json.loads(_decoded(each)) for each in (head, claims))
            self.keys[said["iss"]].verify(
                _decoded(signature),
                f"{head}.{claims}".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (ValueError, KeyError, InvalidSignature):
            raise Refused(400, "invalid_grant", "Invalid JWT Signature.") from None
        at = time.time()
        right = told["alg"] == "RS256" and said["aud"] == self.audience and said["scope"] == _SCOPE
        if not right or not said["iat"] - 60 < at < said["exp"] <= said["iat"] + 3600:
            raise Refused(400, "invalid_grant", "Invalid JWT: audience, scope or times.")
        token = f"ya29.{uuid.uuid4().hex}"
        self.tokens[token] = (said["iss"], at + self.lifetime)
        return token


@dataclass
class Session:
    """A resumable upload."""

    name: str
    metadata: dict[str, str]
    content: bytearray


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Handler(Handler):
    world: World

    def serve(self) -> None:
        parts = urlsplit(self.path)
        self.query = {
            name: each[0] for name, each in parse_qs(parts.query, keep_blank_values=True).items()
        }
        self.world.seen.append(
            f"{self.command} {self.path} {self.headers.get('content-range', '')}"
        )
        try:
            if parts.path == "/token":
                self._token()
                return
            self._enter()
            found = re.fullmatch(
                r"(/upload)?/storage/v1/b/([^/]+)/o(?:/([^/]+))?(?:/rewriteTo/b/([^/]+)/o/([^/]+))?",
                parts.path,
            )
            if found is None:
                raise Refused(404, "notFound", "Not Found")
            upload, bucket, name, other, target = (
                each and unquote(each) for each in found.groups()
            )
            if bucket != BUCKET or other not in {None, BUCKET}:
                raise Refused(404, "notFound", "The specified bucket does not exist.")
            if upload:
                self._upload()
            elif target:
                self._rewrite(name or "", target)
            elif name:
                getattr(self, f"_{self.command.lower()}")(name)
            else:
                self._list()
        except Refused as error:
            told = {
                "code": error.status,
                "message": error.message,
                "errors": [{"reason": error.code}],
            }
            self._json({"error": told}, error.status)

    def _token(self) -> None:
        form = parse_qs(self.body().decode())
        try:
            if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
                raise Refused(400, "unsupported_grant_type")
            token = self.world.token(form["assertion"][0])
        except Refused as error:
            self._json({"error": error.code, "error_description": error.message}, error.status)
            return
        self._json(
            {"access_token": token, "expires_in": self.world.lifetime, "token_type": "Bearer"}
        )

    def _enter(self) -> None:
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        account, until = self.world.tokens.get(token, ("", 0.0))
        if time.time() >= until:
            raise Refused(401, "authError", "Invalid Credentials")
        if account == READER and self.command != "GET":
            raise Refused(
                403, "forbidden", f"{account} does not have storage.objects.create access."
            )

    def _list(self) -> None:
        after = base64.b64decode(self.query.get("pageToken", "")).decode()
        page = self.world.bucket.page(
            self.query.get("prefix", ""),
            self.query.get("delimiter", ""),
            int(self.query.get("maxResults", "1000")),
            after_entry=after,
        )
        items = [self._resource(key) for key in page.keys]
        more = {"nextPageToken": base64.b64encode(page.last.encode()).decode()} if page.last else {}
        self._json({"items": items, "prefixes": list(page.prefixes), **more})

    def _resource(self, key: str) -> dict[str, Any]:
        stored = self.world.bucket.get(key)
        return {
            "name": key,
            "size": str(len(stored.content)),
            "updated": stored.modified.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "generation": str(stored.generation),
            "metadata": dict(stored.headers),
            "crc32c": stored.etag,
        }

    def _get(self, name: str) -> None:
        stored = self.world.bucket.find(name)
        if stored is None:
            raise Refused(404, "notFound", f"No such object: {BUCKET}/{name}")
        if self.query.get("alt") != "media":
            self._json(self._resource(name))
            return
        if self.query.get("ifGenerationMatch", str(stored.generation)) != str(stored.generation):
            raise Refused(
                412,
                "conditionNotMet",
                "At least one of the pre-conditions you specified did not hold.",
            )
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        if asked is None:
            self.reply(200, stored.content)
            return
        start, end = int(asked[1]), int(asked[2] or len(stored.content) - 1) + 1
        if start >= len(stored.content):
            raise Refused(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
        self.reply(206, stored.content[start:end])

    def _delete(self, name: str) -> None:
        if not self.world.bucket.delete(name):
            raise Refused(404, "notFound", f"No such object: {BUCKET}/{name}")
        self.reply(204)

    def _rewrite(self, name: str, target: str) -> None:
        stored = self.world.bucket.find(name)
        if stored is None:
            raise Refused(404, "notFound", f"No such object: {BUCKET}/{name}")
        if "rewriteToken" not in self.query and len(stored.content) > _QUANTUM:
            self._json({"done": False, "rewriteToken": "more"})
            return
        self._store(target, stored.content, dict(stored.headers))
        self._json({"done": True})

    def _upload(self) -> None:
        kind = self.query.get("uploadType")
        if "upload_id" in self.query:
            self._resume(self.query["upload_id"])
        elif kind == "media":
            self._stored(self.query["name"], self.body(), {})
        elif kind == "multipart":
            head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
            whole = self.body()
            boundary = email.parser.BytesHeaderParser().parsebytes(head).get_param("boundary")
            _, told, sent, last = whole.split(f"--{boundary}".encode(), 3)
            if last.strip() != b"--":
                raise Refused(400, "parseError", "Parse Error")
            about = json.loads(told.partition(b"\r\n\r\n")[2])
            self._stored(
                about["name"], sent.partition(b"\r\n\r\n")[2][:-2], about.get("metadata", {})
            )
        else:
            about = json.loads(self.body())
            session = Session(about["name"], about.get("metadata", {}), bytearray())
            identity = uuid.uuid4().hex
            self.world.uploads[identity] = session
            # The address is another server's on purpose: nothing is to go there.
            self.reply(
                200, headers={"Location": f"http://elsewhere.invalid/upload?upload_id={identity}"}
            )

    def _resume(self, identity: str) -> None:
        session = self.world.uploads.get(identity)
        if session is None:
            raise Refused(404, "notFound", "No such upload")
        if self.command == "DELETE":
            del self.world.uploads[identity]
            self.reply(499)
            return
        content_range = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.headers["content-range"])
        assert content_range is not None
        start, end, total = map(int, content_range.groups())
        sent = self.body()
        if start != len(session.content) or len(sent) != end + 1 - start:
            raise Refused(400, "invalid", "Invalid Content-Range")
        if end + 1 < total:
            if len(sent) % _QUANTUM:
                raise Refused(400, "invalid", "Not a multiple of 256 KiB")
            # A little less than what came, now and then, as Google may.
            session.content += sent if start else sent[:-_QUANTUM]
            self.reply(308, headers={"Range": f"bytes=0-{len(session.content) - 1}"})
            return
        session.content += sent
        del self.world.uploads[identity]
        self._stored(session.name, bytes(session.content), session.metadata)

    def _stored(self, name: str, content: bytes, metadata: dict[str, str]) -> None:
        self._store(name, content, metadata)
        self._json(self._resource(name))

    def _store(self, name: str, content: bytes, metadata: dict[str, str]) -> None:
        if "\n" in name or "\r" in name or len(name.encode()) > 1024:
            raise Refused(400, "invalid", "Disallowed unicode characters present in object name")

        def condition(there: Stored | None) -> None:
            if self.query.get("ifGenerationMatch") == "0" and there is not None:
                raise Refused(
                    412,
                    "conditionNotMet",
                    "At least one of the pre-conditions you specified did not hold.",
                )

        self.world.bucket.put(name, Stored(content, md5(content), metadata), condition)

    def _json(self, told: dict[str, Any], status: int = 200) -> None:
        self.reply(
            status, json.dumps(told).encode(), {"Content-Type": "application/json; charset=UTF-8"}
        )

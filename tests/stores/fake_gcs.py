"""A simulation of Google Cloud Storage's JSON API and of the OAuth service that issues its tokens.

It follows the published description. A token is issued only for a JWT with a valid RS256 signature,
audience, scope and times, and every request must carry an unexpired token. Conditions, ranges,
pages, resumable uploads and rewrites work as described, and names with line breaks are rejected.
Behavior of Google beyond its description is not covered.
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
from tests.stores.http_server import Handler, listening, server_context
from tests.stores.memory_bucket import Bucket, Rejected, Stored, md5
from tests.stores.shared_server import Missing

BUCKET = "launchpad-tests"
ACCOUNT = "tests@launchpad.iam.gserviceaccount.com"
READER = "reader@launchpad.iam.gserviceaccount.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_QUANTUM = 256 << 10


@dataclass(frozen=True)
class Server:
    """A running server.

    Args:
        endpoint, tls_endpoint: two addresses of the same data; ``tls_endpoint`` is empty without
            openssl.
        key, reader_key: JSON of service accounts with all permissions, and with read permission.
    """

    endpoint: str
    tls_endpoint: str
    ca_file: str
    key: str
    reader_key: str

    def values(self, prefix: str = "", **more: str) -> dict[str, str]:
        """Return the values of a store with all permissions on the bucket."""
        return {
            "bucket": BUCKET,
            "endpoint": self.endpoint,
            "path_prefix": prefix,
            "private_key": self.key,
            **more,
        }


def shared() -> Server:
    """Return the server of this test run."""
    return shared_server.join("fake_gcs", Server)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run the server until the block ends."""
    state = ServerState()
    with ExitStack() as stack:
        port = stack.enter_context(listening(state.handler()))
        state.audience = f"http://127.0.0.1:{port}/token"
        tls, ca_file = "", ""
        with suppress(Missing):
            files = certificates.make(folder)
            tls_port = stack.enter_context(listening(state.handler(), server_context(files)))
            tls, ca_file = f"https://localhost:{tls_port}", str(files.ca)
        yield Server(
            f"http://127.0.0.1:{port}",
            tls,
            ca_file,
            state.create_account(ACCOUNT),
            state.create_account(READER),
        )


class ServerState:
    """Objects, accounts, tokens and uploads. ``lifetime``: validity of tokens in seconds."""

    def __init__(self) -> None:
        self.bucket = Bucket(0)
        self.audience = ""
        self.lifetime = 3600.0
        #: the only project that may be charged; empty if the bucket does not charge the requester
        self.payer = ""
        self.lock = threading.Lock()
        self.keys: dict[str, Any] = {}
        self.tokens: dict[str, tuple[str, float]] = {}
        self.uploads: dict[str, Session] = {}
        self.requests: list[str] = []

    def create_account(self, name: str) -> str:
        """Create a service account; return its key in the form of Google's console."""
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
        """Return a handler class for this state."""
        state = self

        class Bound(_Handler):
            def __init__(self, *arguments: Any) -> None:
                self.state = state
                super().__init__(*arguments)

        return Bound

    def issue_token(self, assertion: str) -> str:
        """Issue a token for a JWT. Raises Rejected."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        try:
            head, claims, signature = assertion.split(".")
            header, payload = (json.loads(_decode(each)) for each in (head, claims))
            self.keys[payload["iss"]].verify(
                _decode(signature),
                f"{head}.{claims}".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (ValueError, KeyError, InvalidSignature):
            raise Rejected(400, "invalid_grant", "Invalid JWT Signature.") from None
        at = time.time()
        matches = (
            header["alg"] == "RS256"
            and payload["aud"] == self.audience
            and payload["scope"] == _SCOPE
        )
        issued, expires = payload["iat"], payload["exp"]
        if not matches or not issued - 60 < at < expires <= issued + 3600:
            raise Rejected(400, "invalid_grant", "Invalid JWT: audience, scope or times.")
        token = f"ya29.{uuid.uuid4().hex}"
        self.tokens[token] = (payload["iss"], at + self.lifetime)
        return token


@dataclass
class Session:
    """A resumable upload."""

    name: str
    metadata: dict[str, str]
    content: bytearray


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Handler(Handler):
    state: ServerState

    def serve(self) -> None:
        parts = urlsplit(self.path)
        self.query = {
            name: each[0] for name, each in parse_qs(parts.query, keep_blank_values=True).items()
        }
        self.state.requests.append(
            f"{self.command} {self.path} {self.headers.get('content-range', '')}"
        )
        try:
            if parts.path == "/token":
                self._token()
                return
            self._authorize()
            found = re.fullmatch(
                r"(/upload)?/storage/v1/b/([^/]+)/o(?:/([^/]+))?(?:/rewriteTo/b/([^/]+)/o/([^/]+))?",
                parts.path,
            )
            if found is None:
                raise Rejected(404, "notFound", "Not Found")
            upload, bucket, name, other, target = (
                each and unquote(each) for each in found.groups()
            )
            if bucket != BUCKET or other not in {None, BUCKET}:
                raise Rejected(404, "notFound", "The specified bucket does not exist.")
            if self.state.payer and "userProject" not in self.query:
                message = "Bucket is a requester pays bucket but no user project provided."
                raise Rejected(400, "required", message)
            if self.state.payer not in {"", self.query.get("userProject")}:
                raise Rejected(403, "forbidden", "The caller may not use this project.")
            if upload:
                self._upload()
            elif target:
                self._rewrite(name or "", target)
            elif name:
                getattr(self, f"_{self.command.lower()}")(name)
            else:
                self._list()
        except Rejected as error:
            details = {
                "code": error.status,
                "message": error.message,
                "errors": [{"reason": error.code}],
            }
            self._json({"error": details}, error.status)

    def _token(self) -> None:
        form = parse_qs(self.body().decode())
        try:
            if form["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
                raise Rejected(400, "unsupported_grant_type")
            token = self.state.issue_token(form["assertion"][0])
        except Rejected as error:
            self._json({"error": error.code, "error_description": error.message}, error.status)
            return
        self._json(
            {"access_token": token, "expires_in": self.state.lifetime, "token_type": "Bearer"}
        )

    def _authorize(self) -> None:
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        account, until = self.state.tokens.get(token, ("", 0.0))
        if time.time() >= until:
            raise Rejected(401, "authError", "Invalid Credentials")
        if account == READER and self.command != "GET":
            raise Rejected(
                403, "forbidden", f"{account} does not have storage.objects.create access."
            )

    def _list(self) -> None:
        after = base64.b64decode(self.query.get("pageToken", "")).decode()
        page = self.state.bucket.page(
            self.query.get("prefix", ""),
            self.query.get("delimiter", ""),
            int(self.query.get("maxResults", "1000")),
            after_entry=after,
        )
        items = [self._resource(key) for key in page.keys]
        more = {"nextPageToken": base64.b64encode(page.last.encode()).decode()} if page.last else {}
        self._json({"items": items, "prefixes": list(page.prefixes), **more})

    def _resource(self, key: str) -> dict[str, Any]:
        stored = self.state.bucket.get(key)
        return {
            "name": key,
            "size": str(len(stored.content)),
            "updated": stored.modified.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "generation": str(stored.generation),
            "metadata": dict(stored.headers),
            "crc32c": stored.etag,
        }

    def _get(self, name: str) -> None:
        stored = self.state.bucket.find(name)
        if stored is None:
            raise Rejected(404, "notFound", f"No such object: {BUCKET}/{name}")
        if self.query.get("alt") != "media":
            self._json(self._resource(name))
            return
        if self.query.get("ifGenerationMatch", str(stored.generation)) != str(stored.generation):
            raise Rejected(
                412,
                "conditionNotMet",
                "At least one of the pre-conditions you specified did not hold.",
            )
        requested = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        if requested is None:
            self.reply(200, stored.content)
            return
        start, end = int(requested[1]), int(requested[2] or len(stored.content) - 1) + 1
        if start >= len(stored.content):
            raise Rejected(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
        self.reply(206, stored.content[start:end])

    def _delete(self, name: str) -> None:
        if not self.state.bucket.delete(name):
            raise Rejected(404, "notFound", f"No such object: {BUCKET}/{name}")
        self.reply(204)

    def _rewrite(self, name: str, target: str) -> None:
        stored = self.state.bucket.find(name)
        if stored is None:
            raise Rejected(404, "notFound", f"No such object: {BUCKET}/{name}")
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
            self._store_and_reply(self.query["name"], self.body(), {})
        elif kind == "multipart":
            head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
            whole = self.body()
            boundary = email.parser.BytesHeaderParser().parsebytes(head).get_param("boundary")
            _, metadata, content, end = whole.split(f"--{boundary}".encode(), 3)
            if end.strip() != b"--":
                raise Rejected(400, "parseError", "Parse Error")
            resource = json.loads(metadata.partition(b"\r\n\r\n")[2])
            self._store_and_reply(
                resource["name"],
                content.partition(b"\r\n\r\n")[2][:-2],
                resource.get("metadata", {}),
            )
        else:
            resource = json.loads(self.body())
            session = Session(resource["name"], resource.get("metadata", {}), bytearray())
            identity = uuid.uuid4().hex
            self.state.uploads[identity] = session
            # The address names another host, to which nothing must be sent.
            self.reply(
                200, headers={"Location": f"http://other-host.invalid/upload?upload_id={identity}"}
            )

    def _resume(self, identity: str) -> None:
        session = self.state.uploads.get(identity)
        if session is None:
            raise Rejected(404, "notFound", "No such upload")
        if self.command == "DELETE":
            del self.state.uploads[identity]
            self.reply(499)
            return
        content_range = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.headers["content-range"])
        assert content_range is not None
        start, end, total = map(int, content_range.groups())
        sent = self.body()
        if start != len(session.content) or len(sent) != end + 1 - start:
            raise Rejected(400, "invalid", "Invalid Content-Range")
        if end + 1 < total:
            if len(sent) % _QUANTUM:
                raise Rejected(400, "invalid", "Not a multiple of 256 KiB")
            # Google may store less than it received, as this does for the first part.
            session.content += sent if start else sent[:-_QUANTUM]
            self.reply(308, headers={"Range": f"bytes=0-{len(session.content) - 1}"})
            return
        session.content += sent
        del self.state.uploads[identity]
        self._store_and_reply(session.name, bytes(session.content), session.metadata)

    def _store_and_reply(self, name: str, content: bytes, metadata: dict[str, str]) -> None:
        self._store(name, content, metadata)
        self._json(self._resource(name))

    def _store(self, name: str, content: bytes, metadata: dict[str, str]) -> None:
        if "\n" in name or "\r" in name or len(name.encode()) > 1024:
            raise Rejected(400, "invalid", "Disallowed unicode characters present in object name")

        def condition(existing: Stored | None) -> None:
            expected = self.query.get("ifGenerationMatch")
            if expected not in {None, str(existing.generation if existing is not None else 0)}:
                raise Rejected(
                    412,
                    "conditionNotMet",
                    "At least one of the pre-conditions you specified did not hold.",
                )

        self.state.bucket.put(name, Stored(content, md5(content), metadata), condition)

    def _json(self, data: dict[str, Any], status: int = 200) -> None:
        self.reply(
            status, json.dumps(data).encode(), {"Content-Type": "application/json; charset=UTF-8"}
        )

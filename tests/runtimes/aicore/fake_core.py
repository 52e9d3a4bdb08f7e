"""A token server and an AI API whose responses, valid or invalid, are defined by a test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from tests.stores import http_server
from tests.stores.certificates import Certificates

SECRET = "hush-hush-this-is-secret"


@dataclass
class Request:
    """A received request; ``query`` has the last value of each parameter."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the JSON of the body."""
        return json.loads(self.body)


@dataclass
class Reply:
    """A response; ``length`` is the announced length of the body, None for the actual one."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


def reply(data: object, status: int = 200, **headers: str) -> Reply:
    """Return a JSON response."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(data).encode(), {"Content-Type": "application/json", **named})


def refused(status: int, code: str, message: str, **headers: str) -> Reply:
    """Return an error response in the API's form."""
    return reply(
        {"error": {"code": code, "message": message, "requestId": "req-1", "target": "/x"}},
        status,
        **headers,
    )


@dataclass
class Core:
    """The server.

    Args:
        answer: returns the response to an API request that has a valid token.
        tokens: all issued tokens, in their order; ``valid`` are those that are accepted.
        life: the lifetime in seconds that responses state for a token.
        token_answers: the first responses of the token server.
        requests: all API requests in their order, those with an invalid token included.
        token_requests: all requests to the token server in their order.
    """

    port: int = 0
    scheme: str = "http"
    answer: Callable[[Request], Reply] = lambda _: reply({"count": 0, "resources": []})
    tokens: list[str] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    life: object = 43199
    token_answers: list[Reply] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    token_requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Return the server's URL."""
        return f"{self.scheme}://localhost:{self.port}"

    def key(self, **more: str) -> ServiceKey:
        """Return credentials for the server."""
        values = {"client_id": "me", "client_secret": SECRET, **more}
        return ServiceKey(f"{self.url}/v2", f"{self.url}/oauth/token", **values)

    def token(self, request: Request) -> Reply:
        """Return a token for the right secret or any certificate."""
        self.token_requests.append(request)
        if self.token_answers:
            return self.token_answers.pop(0)
        fields = parse_qs(request.body.decode())
        if self.scheme == "http" and fields.get("client_secret") != [SECRET]:
            return reply({"error": "unauthorized", "error_description": "Bad credentials"}, 401)
        token = f"token-{len(self.tokens)}-of-the-tests"
        self.tokens.append(token)
        self.valid.add(token)
        return reply({"access_token": token, "expires_in": self.life, "token_type": "bearer"})


@contextmanager
def serve(made: Certificates | None = None) -> Iterator[Core]:
    """Run the server until the block ends; with certificates, over mutual TLS."""
    core = Core(scheme="https" if made else "http")

    class Handler(http_server.Handler):
        def serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer: Reply | None
            request = Request(self.command, parts.path, query, headers, self.body())
            with core.lock:
                if parts.path == "/oauth/token":
                    answer = core.token(request)
                else:
                    core.requests.append(request)
                    bearer = headers.get("authorization", "").removeprefix("Bearer ")
                    answer = (
                        None
                        if bearer in core.valid
                        else refused(401, "01010101", "Token is not valid")
                    )
            answer = answer or core.answer(request)
            self.reply(answer.status, answer.body, answer.headers, length=answer.length)
            if answer.length is not None:
                self.close_connection = True

    with http_server.listening(
        Handler, http_server.server_context(made, demand_client=True) if made else None
    ) as core.port:
        yield core

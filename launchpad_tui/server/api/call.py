"""A request and its answer, as the resources see them: nothing of HTTP but method, path, query and body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.api.errors import Refusal
from launchpad_tui.server.api.query import Query
from launchpad_tui.services.desk import Desk

#: bytes of a body: the largest configuration that the API allows, all of it escaped as ``\uXXXX``, stays below
BODY_LIMIT = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no error: ``data`` becomes JSON, a ``text`` stands as it is, chunks (of type ``media``) are
    sent one by one."""

    status: int = 200
    data: Any = None
    text: str | None = None
    chunks: Iterable[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that was written to a file, which is gone after the answer. ``sha256`` hexadecimal."""

    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    ``scope`` is the resource group that it is about, ``prefix`` what stands before the path (``/v2``), ``parts`` what
    the path's places hold, ``sent`` the body where its entry wants it as a file.
    """

    desk: Desk
    client: ApiClient
    scope: Scope
    path: str
    prefix: str
    parts: Mapping[str, str]
    query: Query
    headers: Mapping[str, str]
    content: bytes
    request_id: str
    sent: Sent | None = None

    def json(self) -> Any:
        """The body's JSON. Raises InvalidInput where it is none."""
        kind = (
            self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        )
        if kind not in {"application/json", "application/merge-patch+json", ""}:
            raise InvalidInput(
                f"The body is {kind[:60]!r}", "It has to be application/json.", field="Content-Type"
            )
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise InvalidInput("The body is encoded", "Send it without.", field="Content-Encoding")
        try:
            return json.loads(self.content)
        except RecursionError as error:
            raise InvalidInput("The body is nested too deeply", field="body") from error
        except ValueError as error:
            # The error's text may hold a part of the body, secrets among it.
            raise InvalidInput("The body is not valid JSON", field="body") from error

    def body(self) -> Mapping[str, Any]:
        """The body's JSON object. Raises InvalidInput where it is none."""
        data = self.json()
        if not isinstance(data, dict):
            raise InvalidInput("The body is not a JSON object", field="body")
        return data

    def created(self, place: str, item_id: str) -> dict[str, str]:
        """The header that says where a new thing is."""
        return {"Location": f"{self.prefix}{place}/{item_id}"}

    def unbound(self) -> None:
        """Raises Refusal where the client belongs to one resource group, so that it has no say in others."""
        if self.client.group:
            raise Refusal(403, f"This client belongs to the resource group {self.client.group}.")


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Entry:
    """A method of a path.

    ``conflict`` and ``missing`` are the statuses of a Conflict and of a NotFound that the handler raises; ``listed``:
    errors have their details as a list; ``limit``: bytes of the body; ``tenant``: it is about no resource group;
    ``file``: the body is written to a file.
    """

    method: str
    path: str
    handler: Handler
    conflict: int = 409
    missing: int = 404
    listed: bool = False
    limit: int = BODY_LIMIT
    tenant: bool = False
    file: bool = False


Entries = Sequence[Entry]


def in_scope(group: str) -> Scope:
    """The resource group of this name on this machine."""
    return Scope(DEFAULT_SCOPE.connection, group)

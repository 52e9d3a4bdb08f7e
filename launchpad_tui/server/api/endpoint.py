"""Requests, responses and the endpoints that the resources of the API declare."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from launchpad_tui.aiapi.json_limit import require_few_values
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import field, record
from launchpad_tui.server.api.query_parameters import QueryParameters
from launchpad_tui.services.desk import Desk

#: bytes of a body, of which only those of configurations and metrics are larger
BODY_LIMIT = 1024 * 1024


@record
class ApiResponse:
    """A successful response.

    Attributes:
        data: sent as JSON.
        text: sent as it is, as plain text.
        chunks: sent one by one, with the media type ``media``.
    """

    status: int = 200
    data: Any = None
    text: str | None = None
    chunks: Iterable[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


@record
class ReceivedFile:
    """A body that was written to a file, which is deleted after the response.

    ``sha256`` is hexadecimal.
    """

    file: Path
    sha256: str


@record
class ApiRequest:
    """An authenticated request.

    Attributes:
        scope: the resource group that the request addresses.
        prefix: what precedes the path, such as ``/v2``.
        path_parameters: the values of the path's parameters.
        content: the body, empty if it was written to a file.
        received: the body as a file, for endpoints with ``body_to_file``.
    """

    desk: Desk
    client: ApiClient
    scope: Scope
    path: str
    prefix: str
    path_parameters: Mapping[str, str]
    query: QueryParameters
    headers: Mapping[str, str]
    content: bytes
    request_id: str
    method: str
    received: ReceivedFile | None = None

    def json(self) -> Any:
        """Return the body's JSON. Raises InvalidInput if the body is not JSON, LimitExceeded if it
        has too many values."""
        header = self.headers.get("content-type", "application/json")
        media_type = header.partition(";")[0].strip().lower()
        if media_type not in {"application/json", "application/merge-patch+json", ""}:
            raise InvalidInput(
                f"The body's media type is {media_type[:60]!r}",
                hint="Send application/json.",
                field="Content-Type",
            )
        self.require_identity_encoding()
        try:
            require_few_values(self.content)
            return json.loads(self.content)
        except RecursionError as error:
            raise InvalidInput(
                "The body is nested too deeply",
                hint="Send the form that the AI API specifies.",
                field="body",
            ) from error
        except ValueError as error:
            # The error's text may contain a part of the body, which may have secrets.
            raise InvalidInput(
                "The body is not valid JSON", hint="Send JSON encoded as UTF-8.", field="body"
            ) from error

    def require_identity_encoding(self) -> None:
        """Raise InvalidInput if the body is compressed."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise InvalidInput(
                "The body is encoded",
                hint="Send the body without Content-Encoding.",
                field="Content-Encoding",
            )

    def body(self) -> Mapping[str, Any]:
        """Return the body's JSON object. Raises InvalidInput if the body is not one."""
        data = self.json()
        if not isinstance(data, dict):
            raise InvalidInput(
                "The body is not a JSON object",
                hint="Send the object that the AI API specifies.",
                field="body",
            )
        return data

    def location_header(self, path: str, resource_id: str) -> dict[str, str]:
        """Return the header with the location of a resource that was created."""
        return {"Location": f"{self.prefix}{path}/{resource_id}"}


Handler = Callable[[ApiRequest], ApiResponse]


@record
class Endpoint:
    """A method of a path.

    Attributes:
        authorize: checks whether the client may send a request, see
            `launchpad_tui.server.api.authorization`.
        conflict: the status of a Conflict that the handler raises.
        missing: the status of a NotFound that the handler raises.
        listed_details: whether errors have a list of details, as in the metrics API.
        body_limit: the maximum size of the body in bytes.
        tenant_wide: whether the request addresses no resource group.
        body_to_file: whether the body is written to a file.
    """

    method: str
    path: str
    handler: Handler
    authorize: Callable[[ApiRequest], None]
    conflict: int = 409
    missing: int = 404
    listed_details: bool = False
    body_limit: int = BODY_LIMIT
    tenant_wide: bool = False
    body_to_file: bool = False


Endpoints = Sequence[Endpoint]


def local_scope(group: str) -> Scope:
    """Return the scope of a resource group of this machine."""
    return Scope(DEFAULT_SCOPE.connection, group)

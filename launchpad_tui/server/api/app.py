"""The ASGI application: from a request to the resource that answers it.

Services block, so each request is answered on a thread of Starlette's pool; the event loop only moves bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.errors import CODE_TOO_LARGE
from launchpad_tui.aiapi.values import ID
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.server.api import (
    artifacts,
    authentication,
    configurations,
    executions,
    files,
    groups,
    meta,
    metrics,
    scenarios,
    schedules,
    stores,
)
from launchpad_tui.server.api.endpoint import (
    ApiRequest,
    ApiResponse,
    Endpoint,
    ReceivedFile,
    local_scope,
)
from launchpad_tui.server.api.errors import ApiError, api_error
from launchpad_tui.server.api.query_parameters import QueryParameters
from launchpad_tui.server.api.tokens import IssuedTokens
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.local_files import local_error

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

#: one line for each request goes here, whatever the level of other messages
access_log = logging.getLogger("launchpad_tui.access")
#: where the API is; SAP's SDK puts the first in front of paths where it is told a bare host
PREFIXES = ("/v2", "")
#: a body over its limit is read up to here and thrown away, so that its sender is still there to hear the answer
_DRAIN_LIMIT = 256 * 1024 * 1024
#: secrets that are hashed at a time: each costs 16 MB and a core
_CHECKS = 2
_ENTRIES: tuple[Endpoint, ...] = (
    *scenarios.ENDPOINTS,
    *artifacts.ENDPOINTS,
    *configurations.ENDPOINTS,
    *executions.ENDPOINTS,
    *schedules.ENDPOINTS,
    *metrics.ENDPOINTS,
    *meta.ENDPOINTS,
    *groups.ENDPOINTS,
    *stores.ENDPOINTS,
    *files.ENDPOINTS,
)


@dataclass(slots=True)
class _Trace:
    """What the access log says of a request."""

    method: str
    path: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    began: float = field(default_factory=time.perf_counter)
    client: str = "-"
    group: str = "-"
    listed: bool = False

    def write(self, status: int) -> None:
        """One line; no query, as that may hold what is nobody's business, and no header."""
        milliseconds = (time.perf_counter() - self.began) * 1000
        access_log.info(
            "%s %s %d %.0f ms client=%s group=%s id=%s",
            self.method[:16],
            self.path[:300],
            status,
            milliseconds,
            self.client,
            self.group[:64],
            self.request_id,
        )


class ApiApplication:
    """The application over a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tokens = IssuedTokens(desk.clients.get)

    def application(self) -> ASGIApp:
        """The ASGI application."""
        import anyio
        from starlette.applications import Starlette
        from starlette.convertors import PathConvertor, register_url_convertor
        from starlette.exceptions import HTTPException
        from starlette.routing import Route

        class AnyPath(PathConvertor):
            # Starlette's own stops at a line break.
            regex = "(?s:.*)"

        register_url_convertor("anypath", AnyPath())
        limiter = anyio.CapacityLimiter(_CHECKS)

        async def token(request: Request) -> Response:
            content, refused = await _content(request, authentication.FORM_LIMIT)
            return await anyio.to_thread.run_sync(
                self._token, _headers(request), content, refused, limiter=limiter
            )

        routes = [Route(authentication.TOKEN_PATH, token, methods=["POST"])]
        for prefix in PREFIXES:
            for path, entries in _by_path(_ENTRIES).items():
                methods = {entry.method: entry for entry in entries}
                routes.append(
                    Route(prefix + path, self._endpoint(prefix, methods), methods=list(methods))
                )
                if "$" in path:
                    # Otherwise other methods would take $count for an ID.
                    others = sorted({entry.method for entry in _ENTRIES} - set(methods))
                    routes.append(Route(prefix + path, self._not_allowed(methods), methods=others))
        handlers: Mapping[Any, Any] = {HTTPException: self._unknown, Exception: self._broken}
        application = Starlette(routes=routes, exception_handlers=handlers)
        application.router.redirect_slashes = False
        return application

    @staticmethod
    def _not_allowed(methods: Iterable[str]) -> Any:
        from starlette.exceptions import HTTPException

        allowed = ", ".join(sorted(methods))

        async def endpoint(_request: Request) -> Response:
            raise HTTPException(405, headers={"Allow": allowed})

        return endpoint

    def _endpoint(self, prefix: str, methods: Mapping[str, Endpoint]) -> Any:
        from starlette.concurrency import run_in_threadpool

        async def endpoint(request: Request) -> Response:
            entry = methods.get(request.method) or methods["GET"]
            trace = _Trace(request.method, request.url.path, listed=entry.listed_details)
            try:
                client = authentication.authenticated_client(request.headers, self._tokens)
            except (ApiError, LaunchpadError) as error:
                await _content(request, 0)
                return _error_response(error, trace)
            trace.client = client.name
            answer = partial(self._answer, request, entry, prefix, client, trace)
            if not entry.body_to_file:
                return await run_in_threadpool(answer, *await _content(request, entry.body_limit))
            with ExitStack() as held:
                try:
                    file = await run_in_threadpool(
                        held.enter_context, self._desk.served_files.incoming()
                    )
                    sent, refused = await _to_file(request, file, entry.body_limit)
                except LaunchpadError as error:
                    await _content(request, 0)
                    return _error_response(error, trace)
                return await run_in_threadpool(answer, b"", refused, sent)

        return endpoint

    def _answer(
        self,
        request: Request,
        entry: Endpoint,
        prefix: str,
        client: ApiClient,
        trace: _Trace,
        content: bytes,
        refused: ApiError | None,
        sent: ReceivedFile | None = None,
    ) -> Response:
        parts = dict(request.path_params)
        try:
            if refused is not None:
                raise refused
            group = self._group(request, client)
            trace.group = group
            scope = local_scope(group)
            if not entry.tenant_wide:
                self._require(scope.resource_group, client)
            path = request.url.path
            query = QueryParameters(request.query_params.multi_items())
            call = ApiRequest(
                self._desk,
                client,
                scope,
                path,
                prefix,
                parts,
                query,
                _headers(request),
                content,
                trace.request_id,
                sent,
            )
            return _response(entry.handler(call), trace)
        except Exception as error:  # noqa: BLE001  whatever it is, the client gets an answer
            if isinstance(error, NotFound) and entry.path.startswith("/lm"):
                ids = (name for name in parts if name != files.PATH)
                wrong = next((name for name in ids if not ID.fullmatch(parts[name])), "")
                error = ApiError(400, f"{wrong} is no ID.", field=wrong) if wrong else error
            return _error_response(error, trace, conflict=entry.conflict, missing=entry.missing)

    @staticmethod
    def _group(request: Request, client: ApiClient) -> str:
        """The resource group that a request names. Without a word: that of the client, else ``default``."""
        named = request.headers.get("ai-resource-group", "").strip()
        return named or client.group or DEFAULT_SCOPE.resource_group

    def _require(self, group: str, client: ApiClient) -> None:
        if client.group not in {"", group}:
            raise ApiError(
                403,
                f"This client belongs to the resource group {client.group}.",
                field="AI-Resource-Group",
            )
        try:
            self._desk.serving.require_group(local_scope(group))
        except NotFound as error:
            message = f"There is no resource group {group[:80]!r}."
            raise ApiError(
                404, message, code="ResourceGroupNotFound", field="AI-Resource-Group"
            ) from error

    def _token(
        self, headers: Mapping[str, str], content: bytes, refused: ApiError | None
    ) -> Response:
        trace = _Trace("POST", authentication.TOKEN_PATH)
        try:
            if refused is not None:
                raise refused
            answer, trace.client = authentication.token_response(
                headers, content, self._desk.clients, self._tokens
            )
            return _response(answer, trace)
        except Exception as error:  # noqa: BLE001  whatever it is, the client gets an answer
            return _error_response(error, trace)

    async def _broken(self, request: Request, error: Exception) -> Response:
        """What no resource is to blame for; uvicorn keeps the traceback."""
        return _error_response(error, _Trace(request.method, request.url.path))

    async def _unknown(self, request: Request, error: Any) -> Response:
        """No such path, or not this method; who has no token does not learn which."""
        await _content(request, 0)
        trace = _Trace(request.method, request.url.path)
        try:
            if request.url.path != authentication.TOKEN_PATH:
                trace.client = authentication.authenticated_client(
                    request.headers, self._tokens
                ).name
        except (ApiError, LaunchpadError) as refused:
            return _error_response(refused, trace)
        if error.status_code == 405:
            allowed = (error.headers or {}).get("Allow", "")
            message = f"{request.method[:16]} is not offered here; {allowed} is."
            return _error_response(ApiError(405, message, headers={"Allow": allowed}), trace)
        return _error_response(ApiError(error.status_code, "There is nothing here."), trace)


def _by_path(entries: Iterable[Endpoint]) -> dict[str, list[Endpoint]]:
    found: dict[str, list[Endpoint]] = {}
    for each in entries:
        found.setdefault(each.path, []).append(each)
    return found


def _headers(request: Request) -> Mapping[str, str]:
    return dict(request.headers)


async def _content(request: Request, limit: int) -> tuple[bytes, ApiError | None]:
    """The body, read to its end so that the connection can go on; the refusal of one over the limit."""
    from starlette.requests import ClientDisconnect

    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size <= limit:
                pieces.append(piece)
            else:
                pieces.clear()
            if size > _DRAIN_LIMIT:
                break
    except ClientDisconnect:
        return b"", ApiError(400, "The body ended early.")
    if size > limit:
        return b"", ApiError(
            413, f"The body has {size} bytes; at most {limit}.", code=CODE_TOO_LARGE
        )
    return b"".join(pieces), None


async def _to_file(
    request: Request, file: Path, limit: int
) -> tuple[ReceivedFile | None, ApiError | None]:
    """Write the body to a file; the refusal of one over the limit, or that ended early.

    Raises:
        StorageFull, PermissionDenied: it cannot be written.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect

    digest, size = hashlib.sha256(), 0
    try:
        with await run_in_threadpool(file.open, "wb") as target:
            async for piece in request.stream():
                size += len(piece)
                if size > limit:
                    return None, ApiError(
                        413, f"The body has more than {limit} bytes.", code=CODE_TOO_LARGE
                    )
                digest.update(piece)
                await run_in_threadpool(target.write, piece)
    except ClientDisconnect:
        return None, ApiError(400, "The body ended early.")
    except OSError as error:
        raise local_error(error, file) from error
    return ReceivedFile(file, digest.hexdigest()), None


def _response(answer: ApiResponse, trace: _Trace) -> Response:
    from starlette.responses import Response, StreamingResponse

    headers = {**answer.headers, "X-Request-ID": trace.request_id}
    trace.write(answer.status)
    if answer.chunks is not None:
        return StreamingResponse(answer.chunks, answer.status, headers, answer.media)
    if answer.text is not None:
        return Response(answer.text, answer.status, headers, "text/plain")
    if answer.data is None:
        return Response(None, answer.status, headers)
    content = json.dumps(answer.data, separators=(",", ":")).encode()
    return Response(content, answer.status, headers, "application/json")


def _error_response(
    error: Exception, trace: _Trace, *, conflict: int = 409, missing: int = 404
) -> Response:
    found = api_error(error, conflict=conflict, missing=missing)
    body = found.body(trace.request_id, trace.path, listed=trace.listed)
    return _response(ApiResponse(found.status, body, headers=found.headers), trace)

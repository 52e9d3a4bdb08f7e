"""The ASGI application of the served API: from an HTTP request to the endpoint that handles it.

Services block, so each request is handled on a thread of Starlette's pool; the event loop only
transfers bytes.
"""

from __future__ import annotations

import json
import logging
import math
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import ID
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.server.api import (
    artifacts,
    authentication,
    authorization,
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
from launchpad_tui.server.api.bodies import busy, read_body, write_body
from launchpad_tui.server.api.connection_limits import ClientRequests, admit
from launchpad_tui.server.api.endpoint import (
    ApiRequest,
    ApiResponse,
    Endpoint,
    ReceivedFile,
    local_scope,
)
from launchpad_tui.server.api.errors import ApiError, api_error
from launchpad_tui.server.api.query_parameters import QueryParameters
from launchpad_tui.server.api.rate_limit import FailureLimit, counted_address
from launchpad_tui.server.api.tokens import IssuedTokens
from launchpad_tui.server.body_budget import BodyBudget
from launchpad_tui.services.desk import Desk

if TYPE_CHECKING:
    from anyio import CapacityLimiter
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

#: receives one line for each request, whatever the level of other messages
access_log = logging.getLogger("launchpad_tui.access")
#: Prefixes of the API's paths. SAP's SDK adds the first one to a URL without a path.
PREFIXES = ("/v2", "")
#: number of client secrets that are hashed at the same time: each takes 16 MB and a core
_CONCURRENT_HASHES = 2
#: maximum number of token requests that wait for that
_WAITING_HASHES = 64
#: failed token requests that are allowed at once, and the seconds after which one more is: for an
#: address and client ID, and for an address
_CLIENT_FAILURES, _ADDRESS_FAILURES = (10, 5.0), (100, 1.0)
#: maximum number of requests of one client that are handled at the same time: the others of the 40
#: threads are left to other clients
_CONCURRENT_REQUESTS = 16
#: bytes of bodies that are kept in memory at the same time
_BODIES_LIMIT = 256 * 1024 * 1024
#: all endpoints of the API but that of tokens
ENDPOINTS: tuple[Endpoint, ...] = (
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
class _AccessRecord:
    """What the access log has of a request."""

    method: str
    path: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.perf_counter)
    client: str = "-"
    group: str = "-"
    listed_details: bool = False

    def write(self, status: int) -> None:
        """Write one line, without query and headers, which may be confidential."""
        milliseconds = (time.perf_counter() - self.started) * 1000
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


class _CountedResponse:
    """An ASGI application that sends a response and closes a context after it."""

    def __init__(self, response: Response, context: ExitStack) -> None:
        self._response = response
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._context:
            await self._response(scope, receive, send)


class ApiApplication:
    """The served API over the services of a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tokens = IssuedTokens(desk.clients.get)
        self._bodies = BodyBudget(_BODIES_LIMIT)
        #: by client ID
        self._limiters: dict[str, CapacityLimiter] = {}
        self._client_requests = ClientRequests()
        self._client_failures = FailureLimit(*_CLIENT_FAILURES)
        self._address_failures = FailureLimit(*_ADDRESS_FAILURES)

    def application(self) -> ASGIApp:
        """Return the ASGI application."""
        import anyio
        from starlette.applications import Starlette
        from starlette.convertors import PathConvertor, register_url_convertor
        from starlette.exceptions import HTTPException
        from starlette.routing import Route

        class AnyPath(PathConvertor):
            # Starlette's own convertor does not match line breaks.
            regex = "(?s:.*)"

        register_url_convertor("anypath", AnyPath())
        limiter = anyio.CapacityLimiter(_CONCURRENT_HASHES)

        async def token(request: Request) -> Response:
            address = counted_address(request.client.host if request.client else "")
            record = _AccessRecord("POST", authentication.TOKEN_PATH)
            if limiter.statistics().tasks_waiting >= _WAITING_HASHES:
                return _refused(request, busy(), record)
            if wait := self._address_failures.wait(address):
                return _refused(request, _too_many_attempts(wait), record)
            with self._bodies.request() as budget:
                content, error = await read_body(request, authentication.FORM_LIMIT, budget)
                return await anyio.to_thread.run_sync(
                    self._token, _headers(request), content, error, address, limiter=limiter
                )

        routes = [Route(authentication.TOKEN_PATH, token, methods=["POST"])]
        for prefix in PREFIXES:
            for path, endpoints in _by_path(ENDPOINTS).items():
                methods = {each.method: each for each in endpoints}
                routes.append(
                    Route(prefix + path, self._route(prefix, methods), methods=list(methods))
                )
                if "$" in path:
                    # Without this route, other methods would match $count as an ID.
                    others = sorted({each.method for each in ENDPOINTS} - set(methods))
                    routes.append(Route(prefix + path, self._not_allowed(methods), methods=others))
        handlers: Mapping[Any, Any] = {HTTPException: self._no_endpoint, Exception: self._failed}
        application = Starlette(routes=routes, exception_handlers=handlers)
        application.router.redirect_slashes = False
        return application

    @staticmethod
    def _not_allowed(methods: Iterable[str]) -> Any:
        from starlette.exceptions import HTTPException

        allowed = ", ".join(sorted(methods))

        async def route(_request: Request) -> Response:
            raise HTTPException(405, headers={"Allow": allowed})

        return route

    def _route(self, prefix: str, methods: Mapping[str, Endpoint]) -> Any:
        import anyio
        from starlette.concurrency import run_in_threadpool

        async def route(request: Request) -> Response | _CountedResponse:
            endpoint = methods.get(request.method) or methods["GET"]
            record = _AccessRecord(
                request.method, request.url.path, listed_details=endpoint.listed_details
            )
            try:
                client = authentication.authenticated_client(request.headers, self._tokens)
            except (ApiError, LaunchpadError) as error:
                return _refused(request, error, record)
            record.client = client.name
            with ExitStack() as stack:
                if not stack.enter_context(self._client_requests.request(client.id)):
                    return _refused(request, busy(), record)
                admit(request.scope)
                response = await handled(request, endpoint, client, record)
                return _CountedResponse(response, stack.pop_all())

        async def handled(
            request: Request, endpoint: Endpoint, client: ApiClient, record: _AccessRecord
        ) -> Response:
            respond = partial(self._respond, request, endpoint, prefix, client, record)
            limiter = self._limiters.setdefault(
                client.id, anyio.CapacityLimiter(_CONCURRENT_REQUESTS)
            )
            if endpoint.body_to_file:
                return await self._with_file(request, endpoint, client, respond, record, limiter)
            with self._bodies.request() as budget:
                body = await read_body(request, endpoint.body_limit, budget)
                async with limiter:
                    return await run_in_threadpool(respond, *body)

        return route

    async def _with_file(
        self,
        request: Request,
        endpoint: Endpoint,
        client: ApiClient,
        respond: Callable[..., Response],
        record: _AccessRecord,
        limiter: CapacityLimiter,
    ) -> Response:
        """Write the body to a file and respond."""
        from starlette.concurrency import run_in_threadpool

        with ExitStack() as stack:
            try:
                file, reservation = await run_in_threadpool(
                    stack.enter_context, self._desk.served_files.incoming(client.id)
                )
                length = request.headers.get("content-length", "")
                if length.isdecimal():
                    await run_in_threadpool(reservation.require, int(length[:20]))
                received, refused = await write_body(
                    request, file, endpoint.body_limit, reservation.grow
                )
            except LaunchpadError as error:
                return _refused(request, error, record)
            async with limiter:
                return await run_in_threadpool(respond, b"", refused, received)

    def _respond(
        self,
        request: Request,
        endpoint: Endpoint,
        prefix: str,
        client: ApiClient,
        record: _AccessRecord,
        content: bytes,
        body_error: ApiError | None,
        received: ReceivedFile | None = None,
    ) -> Response:
        parameters = dict(request.path_params)
        try:
            if body_error is not None:
                raise body_error
            group = self._group(request, client)
            record.group = group
            api_request = ApiRequest(
                self._desk,
                client,
                local_scope(group),
                request.url.path,
                prefix,
                parameters,
                QueryParameters(request.query_params.multi_items()),
                _headers(request),
                content,
                record.request_id,
                request.method,
                received,
            )
            authorization.authorize(endpoint, api_request)
            return _response(endpoint.handler(api_request), record)
        except Exception as error:  # noqa: BLE001  the client gets a response to any error
            if isinstance(error, NotFound) and endpoint.path.startswith("/lm"):
                names = (name for name in parameters if name != authorization.FILE)
                invalid = next((name for name in names if not ID.fullmatch(parameters[name])), "")
                if invalid:
                    error = ApiError(400, f"{invalid} is not a valid ID.", field=invalid)
            return _error_response(
                error, record, conflict=endpoint.conflict, missing=endpoint.missing
            )

    @staticmethod
    def _group(request: Request, client: ApiClient) -> str:
        """Return the resource group that a request names; by default the client's, then
        ``default``."""
        named = request.headers.get("ai-resource-group", "").strip()
        return named or client.group or DEFAULT_SCOPE.resource_group

    def _token(
        self,
        headers: Mapping[str, str],
        content: bytes,
        body_error: ApiError | None,
        address: str,
    ) -> Response:
        record = _AccessRecord("POST", authentication.TOKEN_PATH)
        try:
            if body_error is not None:
                raise body_error
            request = authentication.parse_token_request(headers, content)
            key = f"{address} {request.client_id[:200]}"
            if wait := self._client_failures.wait(key):
                raise _too_many_attempts(wait)
            try:
                response, record.client = authentication.token_response(
                    request, self._desk.clients, self._tokens
                )
            except authentication.WrongSecret:
                self._client_failures.failed(key)
                self._address_failures.failed(address)
                raise
            return _response(response, record)
        except Exception as error:  # noqa: BLE001  the client gets a response to any error
            return _error_response(error, record)

    async def _failed(self, request: Request, error: Exception) -> Response:
        """Respond to an error outside of endpoints; uvicorn logs its traceback."""
        return _error_response(error, _AccessRecord(request.method, request.url.path))

    async def _no_endpoint(self, request: Request, error: Any) -> Response:
        """Respond to an unknown path or method; without a token, the response is 401."""
        record = _AccessRecord(request.method, request.url.path)
        try:
            if request.url.path != authentication.TOKEN_PATH:
                client = authentication.authenticated_client(request.headers, self._tokens)
                record.client = client.name
        except (ApiError, LaunchpadError) as refused:
            return _refused(request, refused, record)
        if error.status_code == 405:
            allowed = (error.headers or {}).get("Allow", "")
            message = f"{request.method[:16]} is not allowed here. Allowed methods: {allowed}."
            found = ApiError(405, message, headers={"Allow": allowed})
            return _refused(request, found, record)
        return _refused(request, ApiError(error.status_code, "This path does not exist."), record)


def _by_path(endpoints: Iterable[Endpoint]) -> dict[str, list[Endpoint]]:
    found: dict[str, list[Endpoint]] = {}
    for each in endpoints:
        found.setdefault(each.path, []).append(each)
    return found


def _headers(request: Request) -> Mapping[str, str]:
    return dict(request.headers)


def _refused(request: Request, error: Exception, record: _AccessRecord) -> Response:
    """Respond to a request whose body is not needed, at once.

    The connection stays open: uvicorn discards the rest of the body, within the
    limits of `connection_limits`. A sender that is still writing could not read the response if
    the connection was closed. One that waits for permission to send its body never sends it.
    """
    response = _error_response(error, record)
    if request.headers.get("expect", "").lower() == "100-continue":
        response.headers["Connection"] = "close"
    return response


def _too_many_attempts(seconds: float) -> ApiError:
    wait = str(math.ceil(seconds))
    return ApiError(
        429,
        f"Too many failed attempts to get a token. Try again in {wait} seconds.",
        headers={"Retry-After": wait},
    )


def _response(response: ApiResponse, record: _AccessRecord) -> Response:
    from starlette.responses import Response, StreamingResponse

    headers = {**response.headers, "X-Request-ID": record.request_id}
    record.write(response.status)
    if response.chunks is not None:
        return StreamingResponse(response.chunks, response.status, headers, response.media)
    if response.text is not None:
        return Response(response.text, response.status, headers, "text/plain")
    if response.data is None:
        return Response(None, response.status, headers)
    content = json.dumps(response.data, separators=(",", ":")).encode()
    return Response(content, response.status, headers, "application/json")


def _error_response(
    error: Exception, record: _AccessRecord, *, conflict: int = 409, missing: int = 404
) -> Response:
    found = api_error(error, conflict=conflict, missing=missing)
    body = found.body(record.request_id, record.path, listed=record.listed_details)
    return _response(ApiResponse(found.status, body, headers=found.headers), record)

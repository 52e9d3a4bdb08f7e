"""The endpoints of ``/lm/metrics``.

Training code inside an execution uses an endpoint of its own, `launchpad_tui.server.tracking`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from launchpad_tui.aiapi.metrics import parse_metric_request, serialize_metric_resource
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import MetricResource
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints
from launchpad_tui.server.metric_query import (
    BODY_LIMIT,
    matches_tags,
    requested_executions,
    selected_attributes,
)
from launchpad_tui.services.metrics import MetricService

_PATH = "/lm/metrics"
#: the API's maximum number of resources in a response, and its default
_TOP_LIMIT, _TOP = 10_000, 1000
#: points that are serialized at a time, which bounds the memory for resources of any size
_POINTS_AT_ONCE = 10_000


def _get(request: ApiRequest) -> ApiResponse:
    query, service = request.query, request.desk.metrics
    execution_ids = requested_executions(query.all("executionIds"), query.all("$filter"))
    select = selected_attributes(query.all("$select"))
    tag_filters = query.all("tagFilters")
    top, skip = query.page(_TOP, _TOP_LIMIT)
    found: list[MetricResource] = []
    for execution_id in execution_ids:
        try:
            resource = service.resource(execution_id, request.scope, limit=0)
        except NotFound:
            continue
        logged = resource.created_at is not None
        if logged and all(matches_tags(resource.tags, text) for text in tag_filters):
            found.append(resource)
    return ApiResponse(chunks=_chunks(service, request.scope, found[skip : skip + top], select))


def _chunks(
    service: MetricService, scope: Scope, found: Sequence[MetricResource], select: frozenset[str]
) -> Iterator[bytes]:
    yield f'{{"count":{len(found)},"resources":['.encode()
    for number, resource in enumerate(found):
        data = serialize_metric_resource(resource, select - {"metrics"})
        yield ("," if number else "").encode() + json.dumps(data, separators=(",", ":")).encode()[
            :-1
        ]
        if "metrics" in select:
            yield b',"metrics":['
            yield from _points(service, scope, resource.execution_id)
            yield b"]"
        yield b"}"
    yield b"]}"


def _points(service: MetricService, scope: Scope, execution_id: str) -> Iterator[bytes]:
    first = True
    # Series by series: while one is read, others may grow.
    for key in dict.fromkeys(one.key for one in service.series(scope, execution_id)):
        after = 0
        while points := service.points(scope, execution_id, key, after, _POINTS_AT_ONCE):
            some = serialize_metric_resource(
                MetricResource(execution_id, points), frozenset({"metrics"})
            )["metrics"]
            yield (b"" if first else b",") + json.dumps(some, separators=(",", ":")).encode()[1:-1]
            after, first = after + len(points), False


def _patch(request: ApiRequest) -> ApiResponse:
    request.require_identity_encoding()
    execution_id, logged = parse_metric_request(request.content, now())
    try:
        request.desk.serving.require_execution(request.scope, execution_id)
        request.desk.metrics.record(
            execution_id, logged.metrics, logged.tags, logged.custom_info, request.scope
        )
    except NotFound as error:
        raise InvalidInput(
            error.title,
            hint="Use the ID of an execution of this resource group.",
            field="executionId",
        ) from error
    return ApiResponse(204)


def _delete(request: ApiRequest) -> ApiResponse:
    # The specification has no 400 here: a missing execution ID is answered with 404.
    execution_id = ",".join(request.query.all("executionId"))
    if not execution_id:
        raise NotFound(
            "executionId is missing", hint="Name the execution whose metrics are to be deleted."
        )
    if not _has_metrics(request.desk.metrics, request.scope, execution_id):
        raise NotFound(
            f"The execution {execution_id[:64]!r} has no metrics",
            hint="Check the execution ID and the resource group.",
        )
    request.desk.metrics.delete(execution_id, request.scope)
    return ApiResponse(
        data={"id": execution_id, "message": "Metric Resource was successfully deleted"}
    )


def _has_metrics(service: MetricService, scope: Scope, execution_id: str) -> bool:
    stored: Iterable[object] = (
        service.series(scope, execution_id),
        service.tags(scope, execution_id),
    )
    return any(stored) or bool(service.custom_info(scope, execution_id))


ENDPOINTS: Endpoints = (
    Endpoint("GET", _PATH, _get, authorization.own_group, listed_details=True),
    Endpoint(
        "PATCH", _PATH, _patch, authorization.own_group, listed_details=True, body_limit=BODY_LIMIT
    ),
    Endpoint("DELETE", _PATH, _delete, authorization.own_group, listed_details=True),
)

"""The endpoints of ``/lm/executions`` and their logs."""

from __future__ import annotations

from datetime import timedelta

from launchpad_tui.aiapi.executions import (
    parse_new_execution,
    parse_target_status,
    parse_target_statuses,
    serialize_execution,
    serialize_execution_status,
    serialize_log,
)
from launchpad_tui.aiapi.values import Json, resource_list
from launchpad_tui.domain.execution import Outcome, Status, TargetStatus
from launchpad_tui.domain.filters import ExecutionFilter
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints
from launchpad_tui.server.api.errors import ApiError, api_error
from launchpad_tui.services.serving import ServedExecution, log_lines

#: the API's maximum number of log lines in one response, and its default
_LINES, _LINES_DEFAULT = 5000, 1000
_MESSAGES = {
    TargetStatus.STOPPED: "Execution modification scheduled",
    TargetStatus.DELETED: "Deletion scheduled",
}


def _filter(request: ApiRequest) -> ExecutionFilter:
    query = request.query
    return ExecutionFilter(
        query.id("scenarioId", short=True),
        query.ids("executableIds"),
        query.id("configurationId"),
        query.id("executionScheduleId"),
        query.choice("status", Status),
    )


def _list(request: ApiRequest) -> ApiResponse:
    selected = _filter(request)
    whole = not request.query.one_of("$select", "status")
    found = request.desk.serving.executions(
        request.scope, selected, *request.query.page(), outputs=whole
    )
    return ApiResponse(data=resource_list(_serialize(each, whole) for each in found))


def _serialize(served: ServedExecution, whole: bool) -> Json:
    if whole:
        return serialize_execution(served.execution, served.outputs)
    return serialize_execution_status(served.execution)


def _count(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        text=str(request.desk.serving.count_executions(request.scope, _filter(request)))
    )


def _get(request: ApiRequest) -> ApiResponse:
    whole = not request.query.one_of("$select", "status")
    found = request.desk.serving.execution(request.scope, request.path_parameters["executionId"])
    return ApiResponse(data=_serialize(found, whole))


def _create(request: ApiRequest) -> ApiResponse:
    configuration = parse_new_execution(request.body())
    try:
        created = request.desk.executions.create(request.scope, configuration)
    except ConfigError as error:
        # A secret of the template is missing, so the configuration cannot be executed.
        raise ApiError(
            400, f"{error.title}. {error.hint}".strip(), field="configurationId"
        ) from error
    return ApiResponse(
        202,
        {
            "id": created.id,
            "message": "Execution scheduled",
            "status": str(Status.UNKNOWN),
            "targetStatus": str(TargetStatus.COMPLETED),
        },
        headers=request.location_header("/lm/executions", created.id),
    )


def _change(request: ApiRequest, execution_id: str, target: TargetStatus) -> Outcome:
    service = request.desk.executions
    (outcome,) = (service.stop if target is TargetStatus.STOPPED else service.delete)(
        request.scope, [execution_id]
    )
    return outcome


def _stop(request: ApiRequest) -> ApiResponse:
    return _changed(request, parse_target_status(request.body(), TargetStatus.STOPPED))


def _delete(request: ApiRequest) -> ApiResponse:
    return _changed(request, TargetStatus.DELETED)


def _changed(request: ApiRequest, target: TargetStatus) -> ApiResponse:
    outcome = _change(request, request.path_parameters["executionId"], target)
    if outcome.error is not None:
        raise outcome.error
    return ApiResponse(202, {"id": outcome.id, "message": _MESSAGES[target]})


def _bulk(request: ApiRequest) -> ApiResponse:
    answers: list[Json] = []
    for execution_id, target in parse_target_statuses(request.body()):
        outcome = _change(request, execution_id, target)
        if outcome.error is None:
            answers.append({"id": execution_id, "message": _MESSAGES[target]})
        else:
            body = api_error(outcome.error, conflict=412).body(
                request.request_id, f"{request.path}/{execution_id}"
            )
            answers.append({"id": execution_id, **body})
    return ApiResponse(202, {"executions": answers})


def _logs(request: ApiRequest) -> ApiResponse:
    at, query = now(), request.query
    start, end = query.timestamp("start", at - timedelta(hours=1)), query.timestamp("end", at)
    limit = query.number("$top", _LINES_DEFAULT, 1, _LINES)
    newest_first = query.one_of("$order", "asc", "desc") == "desc"
    execution_id = request.path_parameters["executionId"]
    log = request.desk.executions.log(request.scope, execution_id)
    lines = log_lines(log, start, end, limit, newest_first)
    return ApiResponse(data=serialize_log(lines, execution_id))


_ONE = "/lm/executions/{executionId}"
ENDPOINTS: Endpoints = (
    Endpoint("GET", "/lm/executions/$count", _count, authorization.own_group),
    Endpoint("GET", "/lm/executions", _list, authorization.own_group),
    Endpoint("POST", "/lm/executions", _create, authorization.own_group, missing=400, conflict=400),
    Endpoint("PATCH", "/lm/executions", _bulk, authorization.own_group, conflict=412),
    Endpoint("GET", _ONE, _get, authorization.own_group),
    Endpoint("PATCH", _ONE, _stop, authorization.own_group, conflict=412),
    Endpoint("DELETE", _ONE, _delete, authorization.own_group, conflict=412),
    Endpoint("GET", f"{_ONE}/logs", _logs, authorization.own_group),
)

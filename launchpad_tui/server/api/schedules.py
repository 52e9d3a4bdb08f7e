"""The endpoints of ``/lm/executionSchedules``."""

from __future__ import annotations

from launchpad_tui.aiapi.schedules import parse_schedule_request, serialize_schedule
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints


def _found(request: ApiRequest) -> list[Schedule]:
    configuration, status = (
        request.query.id("configurationId"),
        request.query.choice("status", ScheduleStatus),
    )
    newest_first = request.desk.schedules.list(
        request.scope, configuration_id=configuration, status=status
    )
    # Oldest first like all lists, so that new resources come last while a client reads pages.
    return newest_first[::-1]


def _list(request: ApiRequest) -> ApiResponse:
    top, skip = request.query.page()
    return ApiResponse(
        data=resource_list(map(serialize_schedule, _found(request)[skip : skip + top]))
    )


def _count(request: ApiRequest) -> ApiResponse:
    return ApiResponse(text=str(len(_found(request))))


def _get(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        data=serialize_schedule(
            request.desk.schedules.get(
                request.scope, request.path_parameters["executionScheduleId"]
            )
        )
    )


def _create(request: ApiRequest) -> ApiResponse:
    new = parse_schedule_request(request.body(), new=True)
    created = request.desk.schedules.create(
        request.scope, new.name, new.cron, new.configuration_id, new.start, new.end
    )
    return ApiResponse(
        202,
        {"id": created.id, "message": "Execution Schedule created"},
        headers=request.location_header("/lm/executionSchedules", created.id),
    )


def _change(request: ApiRequest) -> ApiResponse:
    body = request.body()
    schedule_id = request.desk.schedules.get(
        request.scope, request.path_parameters["executionScheduleId"]
    ).id
    changes = parse_schedule_request(body)
    try:
        request.desk.schedules.change(
            request.scope,
            schedule_id,
            cron=changes.cron or None,
            configuration_id=changes.configuration_id or None,
            status=changes.status,
            start=changes.start,
            end=changes.end,
        )
    except NotFound as error:
        raise InvalidInput(
            error.title,
            error.detail,
            "Use the ID of a configuration of this resource group.",
            field="configurationId",
        ) from error
    return ApiResponse(202, {"id": schedule_id, "message": "Execution Schedule modified"})


def _delete(request: ApiRequest) -> ApiResponse:
    schedule_id = request.path_parameters["executionScheduleId"]
    request.desk.schedules.delete(request.scope, schedule_id)
    return ApiResponse(202, {"id": schedule_id, "message": "Execution Schedule deleted"})


_ONE = "/lm/executionSchedules/{executionScheduleId}"
ENDPOINTS: Endpoints = (
    Endpoint("GET", "/lm/executionSchedules/$count", _count, authorization.own_group),
    Endpoint("GET", "/lm/executionSchedules", _list, authorization.own_group),
    Endpoint(
        "POST",
        "/lm/executionSchedules",
        _create,
        authorization.own_group,
        missing=400,
        conflict=400,
    ),
    Endpoint("GET", _ONE, _get, authorization.own_group),
    Endpoint("PATCH", _ONE, _change, authorization.own_group, conflict=400),
    Endpoint("DELETE", _ONE, _delete, authorization.own_group),
)

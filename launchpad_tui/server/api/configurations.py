"""The endpoints of ``/lm/configurations``."""

from __future__ import annotations

from launchpad_tui.aiapi.configurations import parse_new_configuration, serialize_configuration
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.filters import ConfigurationFilter
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.artifacts import expanded
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints


def _filter(request: ApiRequest) -> ConfigurationFilter:
    query = request.query
    return ConfigurationFilter(
        query.id("scenarioId", short=True),
        query.ids("executableIds"),
        query.search(),
        query.flag("searchCaseInsensitive"),
    )


def _list(request: ApiRequest) -> ApiResponse:
    selected, scenarios = _filter(request), expanded(request)
    found = request.desk.serving.configurations(request.scope, selected, *request.query.page())
    return ApiResponse(
        data=resource_list(serialize_configuration(each, scenarios) for each in found)
    )


def _count(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        text=str(request.desk.serving.count_configurations(request.scope, _filter(request)))
    )


def _get(request: ApiRequest) -> ApiResponse:
    scenarios = expanded(request)
    found = request.desk.configurations.get(
        request.scope, request.path_parameters["configurationId"]
    )
    return ApiResponse(data=serialize_configuration(found, scenarios))


def _create(request: ApiRequest) -> ApiResponse:
    new = parse_new_configuration(request.body())
    executable = request.desk.scenarios.executable(request.scope, new.executable_id)
    if executable.scenario_id != new.scenario_id:
        raise NotFound(
            f"The scenario {new.scenario_id[:80]!r} has no executable {new.executable_id[:80]!r}",
            hint="Use an executable that GET /lm/scenarios/{scenarioId}/executables returns.",
        )
    for slot, artifact_id in new.inputs.items():
        # The service would also accept names and prefixes of IDs.
        try:
            request.desk.artifacts.get(request.scope, artifact_id)
        except NotFound as error:
            raise InvalidInput(
                error.title,
                f"Input {slot[:80]}.",
                "Use the ID of an artifact of this resource group.",
                field="inputArtifactBindings",
            ) from error
    created = request.desk.configurations.create(
        request.scope, new.name, new.executable_id, new.parameters, new.inputs
    )
    return ApiResponse(
        201,
        {"id": created.id, "message": "Configuration created"},
        headers=request.location_header("/lm/configurations", created.id),
    )


#: bytes of a body: the largest configuration that the API allows, all of it escaped as ``\uXXXX``,
#: stays below
_BODY_LIMIT = 48 * 1024 * 1024
ENDPOINTS: Endpoints = (
    Endpoint("GET", "/lm/configurations/$count", _count, authorization.own_group),
    Endpoint("GET", "/lm/configurations", _list, authorization.own_group),
    Endpoint(
        "POST",
        "/lm/configurations",
        _create,
        authorization.own_group,
        missing=400,
        body_limit=_BODY_LIMIT,
    ),
    Endpoint("GET", "/lm/configurations/{configurationId}", _get, authorization.own_group),
)

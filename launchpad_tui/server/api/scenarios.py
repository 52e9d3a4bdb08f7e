"""The endpoints of ``/lm/scenarios``, which all resource groups share."""

from __future__ import annotations

from launchpad_tui.aiapi.scenarios import (
    serialize_executable,
    serialize_scenario,
    serialize_version,
)
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.scenario import Executable, Version
from launchpad_tui.errors import NotFound
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints


def _list(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        data=resource_list(map(serialize_scenario, request.desk.scenarios.scenarios(request.scope)))
    )


def _get(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        data=serialize_scenario(
            request.desk.scenarios.scenario(request.scope, request.path_parameters["scenarioId"])
        )
    )


def _executables(request: ApiRequest) -> ApiResponse:
    version = request.query.text("versionId")
    return ApiResponse(
        data=resource_list(
            serialize_executable(each)
            for each in _of_scenario(request)
            if version in {"", each.version}
        )
    )


def _executable(request: ApiRequest) -> ApiResponse:
    found = request.desk.scenarios.executable(
        request.scope, request.path_parameters["executableId"]
    )
    if found.scenario_id != request.path_parameters["scenarioId"]:
        raise NotFound(
            f"The scenario has no executable {found.id!r}",
            hint="Use an executable that the list of the scenario returns.",
        )
    return ApiResponse(data=serialize_executable(found))


def _versions(request: ApiRequest) -> ApiResponse:
    # Versions of this machine have no labels, so only conditions with != match.
    selected = all(condition.differs for condition in request.query.label_selector("labelSelector"))
    versions: dict[str, list[Executable]] = {}
    for each in _of_scenario(request):
        if selected:
            versions.setdefault(each.version, []).append(each)
    return ApiResponse(
        data=resource_list(
            serialize_version(
                Version(
                    version,
                    "",
                    min(each.created_at for each in found),
                    max(each.modified_at for each in found),
                ),
                request.path_parameters["scenarioId"],
            )
            for version, found in sorted(versions.items())
        )
    )


def _of_scenario(request: ApiRequest) -> list[Executable]:
    scenario = request.desk.scenarios.scenario(request.scope, request.path_parameters["scenarioId"])
    return request.desk.scenarios.executables(request.scope, scenario.id)


_ONE = "/lm/scenarios/{scenarioId}"
# The specification has no 404 for the lists of executables and versions.
ENDPOINTS: Endpoints = (
    Endpoint("GET", "/lm/scenarios", _list, authorization.shared_by_all),
    Endpoint("GET", _ONE, _get, authorization.shared_by_all),
    Endpoint("GET", f"{_ONE}/executables", _executables, authorization.shared_by_all, missing=400),
    Endpoint(
        "GET", f"{_ONE}/executables/{{executableId}}", _executable, authorization.shared_by_all
    ),
    Endpoint("GET", f"{_ONE}/versions", _versions, authorization.shared_by_all, missing=400),
)

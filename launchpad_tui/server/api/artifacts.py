"""The endpoints of ``/lm/artifacts``."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.aiapi.artifacts import parse_new_artifact, serialize_artifact
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import RESOURCE_NAME
from launchpad_tui.domain.filters import ArtifactFilter
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints


def _filter(request: ApiRequest) -> ArtifactFilter:
    query = request.query
    name = query.text("name")
    if name and not RESOURCE_NAME.fullmatch(name):
        raise InvalidInput(
            "name is not a valid artifact name",
            repr(name[:80]),
            "Use the name that the list of artifacts shows.",
            field="name",
        )
    return ArtifactFilter(
        query.id("scenarioId", short=True),
        query.id("executionId"),
        name,
        query.choice("kind", ArtifactKind),
        query.label_selector("artifactLabelSelector"),
        query.search(),
        query.flag("searchCaseInsensitive"),
    )


def expanded(request: ApiRequest) -> Mapping[str, Scenario] | None:
    """Return the scenarios by ID if ``$expand`` requests them."""
    if not request.query.one_of("$expand", "scenario"):
        return None
    return {each.id: each for each in request.desk.scenarios.scenarios(request.scope)}


def _list(request: ApiRequest) -> ApiResponse:
    selected, scenarios = _filter(request), expanded(request)
    found = request.desk.serving.artifacts(request.scope, selected, *request.query.page())
    return ApiResponse(data=resource_list(serialize_artifact(each, scenarios) for each in found))


def _count(request: ApiRequest) -> ApiResponse:
    return ApiResponse(
        text=str(request.desk.serving.count_artifacts(request.scope, _filter(request)))
    )


def _get(request: ApiRequest) -> ApiResponse:
    scenarios = expanded(request)
    return ApiResponse(
        data=serialize_artifact(
            request.desk.artifacts.get(request.scope, request.path_parameters["artifactId"]),
            scenarios,
        )
    )


def _create(request: ApiRequest) -> ApiResponse:
    new = parse_new_artifact(request.body())
    created = request.desk.artifacts.add(
        request.scope,
        new.kind,
        new.name,
        new.url,
        new.scenario_id,
        new.description,
        new.labels,
        restricted=bool(request.client.group),
    )
    return ApiResponse(
        201,
        {"id": created.id, "message": "Artifact acknowledged", "url": created.url},
        headers=request.location_header("/lm/artifacts", created.id),
    )


ENDPOINTS: Endpoints = (
    Endpoint("GET", "/lm/artifacts/$count", _count, authorization.own_group),
    Endpoint("GET", "/lm/artifacts", _list, authorization.own_group),
    Endpoint("POST", "/lm/artifacts", _create, authorization.new_artifact, missing=400),
    Endpoint("GET", "/lm/artifacts/{artifactId}", _get, authorization.own_group),
)

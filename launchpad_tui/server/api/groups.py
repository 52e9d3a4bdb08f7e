"""The endpoints of ``/admin/resourceGroups``."""

from __future__ import annotations

import base64
import re
import uuid
from urllib.parse import urlencode

from launchpad_tui.aiapi.resource_groups import (
    parse_group_labels,
    parse_new_group,
    serialize_resource_group,
)
from launchpad_tui.aiapi.values import Json, generic_id, resource_list
from launchpad_tui.domain.connection import DEFAULT_SCOPE, ResourceGroup
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import (
    ApiRequest,
    ApiResponse,
    Endpoint,
    Endpoints,
    local_scope,
)
from launchpad_tui.server.api.errors import ApiError
from launchpad_tui.server.api.query_parameters import UNLIMITED

_PATH = "/admin/resourceGroups"
_PAGE = re.compile(
    r"(?:^|[,;\s])(?:odata\.)?maxpagesize\s*=\s*\"?([1-9][0-9]{0,8})\"?(?:$|[,;\s])", re.IGNORECASE
)
_TENANT = {"tenantId": "launchpad", "zoneId": ""}


def _list(request: ApiRequest) -> ApiResponse:
    found = _visible(request)
    for condition in request.query.label_selector("labelSelector", UNLIMITED):
        found = [
            each
            for each in found
            if (each.labels.get(condition.key) == condition.value) is not condition.differs
        ]
    total = len(found)
    top, skip = request.query.page(total, UNLIMITED)
    found = found[skip : skip + top]
    after = _after(request.query.text("continueToken"))
    start = next(
        (number for number, each in enumerate(found) if _key(each.name) > _key(after)), len(found)
    )
    left = found[start if after else 0 :]
    page = _PAGE.search(request.headers.get("prefer", ""))
    size = int(page.group(1)) if page else len(left)
    shown = left[:size]
    headers: dict[str, str] = {}
    if len(left) > len(shown):
        token = base64.urlsafe_b64encode(shown[-1].name.encode()).decode()
        headers["Link"] = (
            f'<{request.prefix}{_PATH}?{urlencode({"continueToken": token})}>; rel="next"'
        )
    if page:
        headers["Preference-Applied"] = f"maxpagesize={size}"
    count = total if request.query.flag("$count") else None
    return ApiResponse(data=resource_list(map(_group, shown), count), headers=headers)


def _key(name: str) -> tuple[bool, str]:
    """Return the key that orders the list: ``default`` first."""
    return name != DEFAULT_SCOPE.resource_group, name


def _after(token: str) -> str:
    """Return the group after which a page starts; empty for the first page."""
    try:
        return base64.b64decode(token.encode("ascii"), b"-_", validate=True).decode()
    except ValueError as error:
        raise ApiError(
            410, "The continueToken was not issued by this server.", field="continueToken"
        ) from error


def _visible(request: ApiRequest) -> list[ResourceGroup]:
    found = request.desk.connections.groups(DEFAULT_SCOPE.connection)
    return authorization.listed_groups(request, found)


def _get(request: ApiRequest) -> ApiResponse:
    name = request.path_parameters["resourceGroupId"]
    return ApiResponse(data=_group(request.desk.serving.group(local_scope(name))))


def _create(request: ApiRequest) -> ApiResponse:
    name, labels = parse_new_group(request.body())
    name = name or str(uuid.uuid4())
    created = request.desk.connections.add_group(DEFAULT_SCOPE.connection, name, labels)
    return ApiResponse(
        202,
        {"resourceGroupId": created.name, **_TENANT},
        headers=request.location_header(_PATH, created.name),
    )


def _change(request: ApiRequest) -> ApiResponse:
    request.desk.serving.label_group(
        local_scope(request.path_parameters["resourceGroupId"]), parse_group_labels(request.body())
    )
    return ApiResponse(202)


def _delete(request: ApiRequest) -> ApiResponse:
    name = request.path_parameters["resourceGroupId"]
    request.desk.connections.delete_group(local_scope(name))
    return ApiResponse(
        202, {"id": generic_id(name), "message": "Resource Group deletion scheduled"}
    )


def _group(group: ResourceGroup) -> Json:
    return {**serialize_resource_group(group), **_TENANT}


_ONE = f"{_PATH}/{{resourceGroupId}}"
ENDPOINTS: Endpoints = (
    Endpoint("GET", _PATH, _list, authorization.own_groups, tenant_wide=True),
    Endpoint("POST", _PATH, _create, authorization.tenant, tenant_wide=True),
    Endpoint("GET", _ONE, _get, authorization.named_group, tenant_wide=True),
    Endpoint("PATCH", _ONE, _change, authorization.tenant, tenant_wide=True),
    Endpoint("DELETE", _ONE, _delete, authorization.tenant, tenant_wide=True),
)

"""Authorization: what each request may reach. Every endpoint declares one of these checks.

A client belongs to one resource group or to none; those of none may use everything. A check runs
before the handler of its endpoint. `launchpad_tui.services.group_access` decides about files and
locations, for requests as well as for the inputs of executions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from launchpad_tui.aiapi.artifacts import parse_new_artifact
from launchpad_tui.domain.artifact import parse_url
from launchpad_tui.domain.connection import DEFAULT_STORE, ResourceGroup
from launchpad_tui.errors import NotFound, PermissionDenied
from launchpad_tui.server.api.endpoint import ApiRequest, Endpoint, local_scope
from launchpad_tui.server.api.errors import ApiError

#: the name of the path parameter with a file's path
FILE = "file"


def authorize(endpoint: Endpoint, request: ApiRequest) -> None:
    """Check whether the client may send a request.

    Raises:
        ApiError: it may not, or the resource group does not exist.
        InvalidInput: the body, of which the decision depends, is invalid.
    """
    if not endpoint.tenant_wide:
        _require_group(request)
    endpoint.authorize(request)


def own_group(_request: ApiRequest) -> None:
    """Allow resources of the request's resource group, which is the client's."""


def shared_by_all(_request: ApiRequest) -> None:
    """Allow what is the same for all resource groups and cannot be changed by clients."""


def tenant(request: ApiRequest) -> None:
    """Allow clients only that may use all resource groups."""
    if request.client.group:
        raise ApiError(403, f"This client belongs to the resource group {request.client.group}.")


def named_group(request: ApiRequest) -> None:
    """Allow the resource group that the path names if it is the client's."""
    if request.client.group not in {"", request.path_parameters["resourceGroupId"]}:
        tenant(request)


def own_groups(_request: ApiRequest) -> None:
    """Allow to list resource groups: the handler lists those of `listed_groups`."""


def listed_groups(request: ApiRequest, groups: Iterable[ResourceGroup]) -> list[ResourceGroup]:
    """Return the resource groups that the client may use."""
    return [each for each in groups if request.client.group in {"", each.name}]


def new_artifact(request: ApiRequest) -> None:
    """Allow to register an artifact if the client may read the files at its URL."""
    if request.client.group:
        url = parse_new_artifact(request.body()).url
        # Otherwise the handler explains that there is no such object store.
        if _has_store(request, parse_url(url).store):
            _translated(lambda: request.desk.files.access.require_url(request.scope, url))


def stored_secret(request: ApiRequest) -> None:
    """Allow an object store whose location is not another group's and whose server is allowed."""
    if request.client.group:
        secret = request.desk.serving.parse_store_secret(request.body())
        access = request.desk.files.access
        _translated(lambda: access.require_location(request.scope, secret.kind, secret.values))


def files(request: ApiRequest) -> None:
    """Allow files of object stores whose location is the client's resource group's alone.

    Reading outputs of the group's own executions is always allowed.
    """
    if not request.client.group:
        return
    access, path = request.desk.files.access, file_path(request)
    name = store_name(request)
    if not _has_store(request, name):
        # The handler reports that there is no such object store.
        return
    if request.method == "GET" and path:
        _translated(lambda: access.require_path(request.scope, name, path))
    else:
        _translated(lambda: access.require_store(request.scope, name))


def store_name(request: ApiRequest) -> str:
    """Return the name of the object store that a request for files addresses."""
    if FILE in request.path_parameters:
        return DEFAULT_STORE
    return request.query.text("objectStore") or DEFAULT_STORE


def file_path(request: ApiRequest) -> str:
    """Return the path that a request for files addresses; empty for the root of the store."""
    return request.path_parameters.get(FILE) or request.query.text("path")


def _has_store(request: ApiRequest, name: str) -> bool:
    try:
        request.desk.stores.get(request.scope, name)
    except NotFound:
        return False
    return True


def _translated(check: Callable[[], None]) -> None:
    try:
        check()
    except PermissionDenied as error:
        raise ApiError(403, f"{error.title}. {error.detail} {error.hint}") from error


def _require_group(request: ApiRequest) -> None:
    """Raise ApiError if the client may not use the resource group, or if it does not exist."""
    group = request.scope.resource_group
    if request.client.group not in {"", group}:
        raise ApiError(
            403,
            f"This client belongs to the resource group {request.client.group}.",
            field="AI-Resource-Group",
        )
    try:
        request.desk.serving.require_group(local_scope(group))
    except NotFound as error:
        message = f"There is no resource group {group[:80]!r}."
        raise ApiError(
            404, message, code="ResourceGroupNotFound", field="AI-Resource-Group"
        ) from error

"""The endpoints of ``/admin/objectStoreSecrets``: object stores, returned without their secrets."""

from __future__ import annotations

from launchpad_tui.aiapi.store_secrets import SECRET_SUFFIX
from launchpad_tui.aiapi.values import Json, generic_id, resource_list
from launchpad_tui.domain.connection import ObjectStoreRecord
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints
from launchpad_tui.server.api.query_parameters import UNLIMITED

_PATH = "/admin/objectStoreSecrets"


def _list(request: ApiRequest) -> ApiResponse:
    found = request.desk.stores.list(request.scope)
    top, skip = request.query.page(len(found), UNLIMITED)
    count = len(found) if request.query.flag("$count") else None
    return ApiResponse(
        data=resource_list((_serialize(request, each) for each in found[skip : skip + top]), count)
    )


def _get(request: ApiRequest) -> ApiResponse:
    return ApiResponse(data=_serialize(request, _one(request)))


def _create(request: ApiRequest) -> ApiResponse:
    secret = request.desk.serving.parse_store_secret(request.body())
    created = request.desk.stores.add(
        request.scope,
        secret.name,
        secret.kind,
        secret.values,
        restricted=bool(request.client.group),
    )
    return ApiResponse(
        202,
        {"message": "secret has been created"},
        headers=request.location_header(_PATH, created.name),
    )


def _change(request: ApiRequest) -> ApiResponse:
    found = _one(request)
    secret = request.desk.serving.parse_store_secret(request.body())
    if secret.name.removesuffix(SECRET_SUFFIX) != found.name:
        raise InvalidInput(
            "name differs from the name in the path",
            f"The path names {found.name}.",
            "Send the name that the path has.",
            field="name",
        )
    if secret.kind != found.kind:
        raise InvalidInput(
            f"The type of object store {found.name} cannot be changed",
            f"It is {found.kind}.",
            "Delete the object store and create it with the other type.",
            field="type",
        )
    # The secret is replaced: a stored credential is not sent to a server that the request names.
    request.desk.stores.edit(
        request.scope,
        found.name,
        secret.values,
        keep_secrets=False,
        restricted=bool(request.client.group),
    )
    return ApiResponse(202, {"id": generic_id(found.name), "message": "secret has been modified"})


def _delete(request: ApiRequest) -> ApiResponse:
    found = _one(request)
    request.desk.stores.delete(request.scope, found.name)
    return ApiResponse(202, {"id": generic_id(found.name), "message": "secret has been deleted"})


def _one(request: ApiRequest) -> ObjectStoreRecord:
    """Return the store by its own name or by the name of its secret."""
    name = request.path_parameters["objectStoreName"]
    stores = {each.name: each for each in request.desk.stores.list(request.scope)}
    found = stores.get(name) or stores.get(name.removesuffix(SECRET_SUFFIX))
    if found is None:
        raise NotFound(
            f"There is no object store {name[:80]!r}",
            hint="Use a name that GET /admin/objectStoreSecrets returns.",
        )
    return found


def _serialize(request: ApiRequest, store: ObjectStoreRecord) -> Json:
    return request.desk.serving.returned_secret(store)


_ONE = f"{_PATH}/{{objectStoreName}}"
ENDPOINTS: Endpoints = (
    Endpoint("GET", _PATH, _list, authorization.own_group),
    Endpoint("POST", _PATH, _create, authorization.stored_secret),
    Endpoint("GET", _ONE, _get, authorization.own_group),
    Endpoint("PATCH", _ONE, _change, authorization.stored_secret),
    Endpoint("DELETE", _ONE, _delete, authorization.own_group),
)

"""``/admin/objectStoreSecrets``: the object stores of a resource group. What is secret is taken and never given."""

from __future__ import annotations

from launchpad_tui.aiapi.store_secrets import SECRET_SUFFIX
from launchpad_tui.aiapi.values import Json, generic_id, resource_list
from launchpad_tui.domain.connection import ObjectStoreRecord
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry
from launchpad_tui.server.api.query import UNLIMITED

_PATH = "/admin/objectStoreSecrets"


def _list(call: Call) -> Answer:
    found = call.desk.stores.list(call.scope)
    top, skip = call.query.page(len(found), UNLIMITED)
    count = len(found) if call.query.flag("$count") else None
    return Answer(
        data=resource_list((_serialize(call, each) for each in found[skip : skip + top]), count)
    )


def _get(call: Call) -> Answer:
    return Answer(data=_serialize(call, _one(call)))


def _create(call: Call) -> Answer:
    secret = call.desk.serving.parse_store_secret(call.body())
    made = call.desk.stores.add(call.scope, secret.name, secret.kind, secret.values)
    return Answer(
        202, {"message": "secret has been created"}, headers=call.created(_PATH, made.name)
    )


def _change(call: Call) -> Answer:
    found = _one(call)
    secret = call.desk.serving.parse_store_secret(call.body())
    if secret.name.removesuffix(SECRET_SUFFIX) != found.name:
        raise InvalidInput("name is not that of the path", f"{found.name}.", field="name")
    if secret.kind != found.kind:
        raise InvalidInput(
            f"{found.name} is of type {found.kind}", "Its type cannot be changed.", field="type"
        )
    call.desk.stores.edit(call.scope, found.name, secret.values)
    return Answer(202, {"id": generic_id(found.name), "message": "secret has been modified"})


def _delete(call: Call) -> Answer:
    found = _one(call)
    call.desk.stores.delete(call.scope, found.name)
    return Answer(202, {"id": generic_id(found.name), "message": "secret has been deleted"})


def _one(call: Call) -> ObjectStoreRecord:
    """The store by its own name, or by that of its secret."""
    name = call.parts["objectStoreName"]
    stores = {each.name: each for each in call.desk.stores.list(call.scope)}
    found = stores.get(name) or stores.get(name.removesuffix(SECRET_SUFFIX))
    if found is None:
        raise NotFound(f"There is no object store {name[:80]!r}")
    return found


def _serialize(call: Call, store: ObjectStoreRecord) -> Json:
    return call.desk.serving.returned_secret(store)


_ONE = f"{_PATH}/{{objectStoreName}}"
ENTRIES: Entries = (
    Entry("GET", _PATH, _list),
    Entry("POST", _PATH, _create),
    Entry("GET", _ONE, _get),
    Entry("PATCH", _ONE, _change),
    Entry("DELETE", _ONE, _delete),
)

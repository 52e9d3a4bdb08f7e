"""``/admin/objectStoreSecrets``: the object stores of a resource group. What is secret is taken and never given."""

from __future__ import annotations

import json
from collections.abc import Mapping

from launchpad_tui.domain.connection import ObjectStoreRecord
from launchpad_tui.domain.store_secret import SECRET_SUFFIX, metadata, parse_secrets
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api import writing
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry
from launchpad_tui.server.api.query import UNLIMITED

_PATH = "/admin/objectStoreSecrets"


def _list(call: Call) -> Answer:
    found = call.desk.stores.list(call.scope)
    top, skip = call.query.page(len(found), UNLIMITED)
    count = len(found) if call.query.flag("$count") else None
    return Answer(data=writing.resources(map(_store, found[skip : skip + top]), count))


def _get(call: Call) -> Answer:
    return Answer(data=_store(_one(call)))


def _create(call: Call) -> Answer:
    (made,) = call.desk.stores.import_secrets(call.scope, _secret(call.body()))
    return Answer(
        202, {"message": "secret has been created"}, headers=call.created(_PATH, made.name)
    )


def _change(call: Call) -> Answer:
    found = _one(call)
    (secret,) = parse_secrets(_secret(call.body()))
    if secret.name.removesuffix(SECRET_SUFFIX) != found.name:
        raise InvalidInput("name is not that of the path", f"{found.name}.", field="name")
    if secret.kind != found.kind:
        raise InvalidInput(
            f"{found.name} is of type {found.kind}", "Its type cannot be changed.", field="type"
        )
    call.desk.stores.edit(call.scope, found.name, secret.values)
    return Answer(
        202, {"id": writing.generic_id(found.name), "message": "secret has been modified"}
    )


def _delete(call: Call) -> Answer:
    found = _one(call)
    call.desk.stores.delete(call.scope, found.name)
    return Answer(202, {"id": writing.generic_id(found.name), "message": "secret has been deleted"})


def _one(call: Call) -> ObjectStoreRecord:
    """The store by its own name, or by that of its secret."""
    name = call.parts["objectStoreName"]
    stores = {each.name: each for each in call.desk.stores.list(call.scope)}
    found = stores.get(name) or stores.get(name.removesuffix(SECRET_SUFFIX))
    if found is None:
        raise NotFound(f"There is no object store {name[:80]!r}")
    return found


def _secret(body: Mapping[str, object]) -> str:
    """One secret as text. What the file import also takes (a list, what a server gave back) is none here."""
    if "resources" in body or "data" not in body:
        raise InvalidInput(
            "data is missing", "The body is one secret: name, type, data.", field="data"
        )
    return json.dumps(body)


def _store(one: ObjectStoreRecord) -> writing.Json:
    return {"name": one.name + SECRET_SUFFIX, "metadata": metadata(one.kind, one.settings)}


_ONE = f"{_PATH}/{{objectStoreName}}"
ENTRIES: Entries = (
    Entry("GET", _PATH, _list),
    Entry("POST", _PATH, _create),
    Entry("GET", _ONE, _get),
    Entry("PATCH", _ONE, _change),
    Entry("DELETE", _ONE, _delete),
)

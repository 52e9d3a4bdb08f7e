"""``/admin/resourceGroups``."""

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
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry, in_scope
from launchpad_tui.server.api.errors import Refusal
from launchpad_tui.server.api.query import UNLIMITED

_PATH = "/admin/resourceGroups"
_PAGE = re.compile(
    r"(?:^|[,;\s])(?:odata\.)?maxpagesize\s*=\s*\"?([1-9][0-9]{0,8})\"?(?:$|[,;\s])", re.IGNORECASE
)
_TENANT = {"tenantId": "launchpad", "zoneId": ""}


def _list(call: Call) -> Answer:
    found = _visible(call)
    for condition in call.query.labels("labelSelector", UNLIMITED):
        found = [
            each
            for each in found
            if (each.labels.get(condition.key) == condition.value) is not condition.differs
        ]
    total = len(found)
    top, skip = call.query.page(total, UNLIMITED)
    found = found[skip : skip + top]
    after = _after(call.query.text("continueToken"))
    start = next(
        (number for number, each in enumerate(found) if _key(each.name) > _key(after)), len(found)
    )
    left = found[start if after else 0 :]
    page = _PAGE.search(call.headers.get("prefer", ""))
    size = int(page.group(1)) if page else len(left)
    shown = left[:size]
    headers: dict[str, str] = {}
    if len(left) > len(shown):
        token = base64.urlsafe_b64encode(shown[-1].name.encode()).decode()
        headers["Link"] = (
            f'<{call.prefix}{_PATH}?{urlencode({"continueToken": token})}>; rel="next"'
        )
    if page:
        headers["Preference-Applied"] = f"maxpagesize={size}"
    count = total if call.query.flag("$count") else None
    return Answer(data=resource_list(map(_group, shown), count), headers=headers)


def _key(name: str) -> tuple[bool, str]:
    """By which the list is ordered: ``default`` first."""
    return name != DEFAULT_SCOPE.resource_group, name


def _after(token: str) -> str:
    """The group behind which a page begins; empty for the first one."""
    try:
        return base64.b64decode(token.encode("ascii"), b"-_", validate=True).decode()
    except ValueError as error:
        raise Refusal(
            410, "The continueToken is not one of this server's.", field="continueToken"
        ) from error


def _visible(call: Call) -> list[ResourceGroup]:
    found = call.desk.connections.groups(DEFAULT_SCOPE.connection)
    return [each for each in found if call.client.group in {"", each.name}]


def _get(call: Call) -> Answer:
    name = call.parts["resourceGroupId"]
    if call.client.group not in {"", name}:
        call.unbound()
    return Answer(data=_group(call.desk.serving.group(in_scope(name))))


def _create(call: Call) -> Answer:
    call.unbound()
    name, labels = parse_new_group(call.body())
    name = name or str(uuid.uuid4())
    made = call.desk.connections.add_group(DEFAULT_SCOPE.connection, name, labels)
    return Answer(
        202, {"resourceGroupId": made.name, **_TENANT}, headers=call.created(_PATH, made.name)
    )


def _change(call: Call) -> Answer:
    call.unbound()
    call.desk.serving.label_group(
        in_scope(call.parts["resourceGroupId"]), parse_group_labels(call.body())
    )
    return Answer(202)


def _delete(call: Call) -> Answer:
    call.unbound()
    name = call.parts["resourceGroupId"]
    call.desk.connections.delete_group(in_scope(name))
    return Answer(202, {"id": generic_id(name), "message": "Resource Group deletion scheduled"})


def _group(group: ResourceGroup) -> Json:
    return {**serialize_resource_group(group), **_TENANT}


_ONE = f"{_PATH}/{{resourceGroupId}}"
ENTRIES: Entries = (
    Entry("GET", _PATH, _list, tenant=True),
    Entry("POST", _PATH, _create, tenant=True),
    Entry("GET", _ONE, _get, tenant=True),
    Entry("PATCH", _ONE, _change, tenant=True),
    Entry("DELETE", _ONE, _delete, tenant=True),
)

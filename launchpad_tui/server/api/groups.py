"""``/admin/resourceGroups``."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from launchpad_tui.domain.connection import DEFAULT_SCOPE, ResourceGroup
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.api import fields, writing
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry, in_scope
from launchpad_tui.server.api.errors import Refusal
from launchpad_tui.server.api.query import UNLIMITED

_PATH = "/admin/resourceGroups"
#: AI API: keys of a resource group's labels, and the most characters of one
_KEY = re.compile(r"ext\.ai\.sap\.com/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_KEY_LIMIT = 63
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
    return Answer(data=writing.resources(map(_group, shown), count), headers=headers)


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
    body = call.body()
    name = fields.text(body, "resourceGroupId", needed=False) or str(uuid.uuid4())
    made = call.desk.connections.add_group(DEFAULT_SCOPE.connection, name, _labels(body))
    return Answer(
        202, {"resourceGroupId": made.name, **_TENANT}, headers=call.created(_PATH, made.name)
    )


def _change(call: Call) -> Answer:
    call.unbound()
    call.desk.serving.label_group(in_scope(call.parts["resourceGroupId"]), _labels(call.body()))
    return Answer(202)


def _delete(call: Call) -> Answer:
    call.unbound()
    name = call.parts["resourceGroupId"]
    call.desk.connections.delete_group(in_scope(name))
    return Answer(
        202, {"id": writing.generic_id(name), "message": "Resource Group deletion scheduled"}
    )


def _labels(body: Mapping[str, object]) -> dict[str, str]:
    found = fields.mapping(body, "labels", "value", 1000)
    for key in found:
        if not _KEY.fullmatch(key) or len(key) > _KEY_LIMIT:
            hint = f"Such as ext.ai.sap.com/team; at most {_KEY_LIMIT} characters."
            raise InvalidInput(f"{key[:80]!r} is no key of a label", hint=hint, field="labels")
    return found


def _group(one: ResourceGroup) -> writing.Json:
    return {
        "resourceGroupId": one.name,
        **_TENANT,
        "status": one.status,
        "statusMessage": "",
        "labels": writing.labels(one.labels.items()),
        **writing.moments(createdAt=one.created_at),
    }


_ONE = f"{_PATH}/{{resourceGroupId}}"
ENTRIES: Entries = (
    Entry("GET", _PATH, _list, tenant=True),
    Entry("POST", _PATH, _create, tenant=True),
    Entry("GET", _ONE, _get, tenant=True),
    Entry("PATCH", _ONE, _change, tenant=True),
    Entry("DELETE", _ONE, _delete, tenant=True),
)

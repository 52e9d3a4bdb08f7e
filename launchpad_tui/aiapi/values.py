"""Values that resources of the AI API have in common: IDs, times, numbers, labels, lists."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.timestamps import to_rfc3339

Json = dict[str, Any]
JsonObject = Mapping[str, Any]
#: IDs of the AI API's specification
ID = re.compile(r"[\w.-]{4,64}", re.ASCII)


def rfc3339(value: datetime | None) -> str | None:
    """Return a timestamp as RFC 3339 text; None for None."""
    return None if value is None else to_rfc3339(value)


def json_number(value: float | None) -> float | str | None:
    """Return a number as standard JSON can express it: numbers that are not finite become the
    strings ``NaN``, ``Infinity`` and ``-Infinity``."""
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def serialize_labels(
    labels: Mapping[str, str] | Iterable[tuple[str, str]], key: str = "key"
) -> list[Json]:
    """Return labels, bindings or tags as the list of objects that the API uses.

    Args:
        key: the name of the key's field: ``key``, or ``name`` in the metrics API.
    """
    pairs = labels.items() if isinstance(labels, Mapping) else labels
    return [{key: name, "value": value} for name, value in pairs]


def resource_list(resources: Iterable[Json], count: int | None = None) -> Json:
    """Return a list response; ``count`` is the number of its resources unless it is given."""
    found = list(resources)
    return {"count": len(found) if count is None else count, "resources": found}


def without_nulls(data: Json) -> Json:
    """Return an object without the fields that are null: the API leaves unknown values out."""
    return {name: value for name, value in data.items() if value is not None}


def generic_id(name: str) -> str:
    """Return an ID of the form that the specification requires (``BckndId``, 4 to 64 characters).

    Names of resource groups and object stores may be shorter or longer; a UUID derived from such a
    name takes its place.
    """
    if ID.fullmatch(name):
        return name
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))

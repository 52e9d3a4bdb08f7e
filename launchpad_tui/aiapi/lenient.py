"""Read fields of responses leniently.

A server may be newer than this client: unknown fields are ignored, unknown enumeration values get a
default, and an unreadable timestamp is replaced by another one of the resource, else by 1970. A
resource without the fields that make it usable is skipped and logged, so that one invalid resource
does not hide the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from launchpad_tui.aiapi.values import JsonObject
from launchpad_tui.domain.timestamps import EPOCH, parse_rfc3339
from launchpad_tui.errors import RuntimeRejected

Value = TypeVar("Value", bound=StrEnum)
Parsed = TypeVar("Parsed")
#: The specification's IDs have 4 to 64 of these characters; servers are not always that strict.
_ID = re.compile(r"[\w.-]{1,256}", re.ASCII)


def parse_list(
    data: object, parse: Callable[[JsonObject], Parsed], *, key: str = "resources"
) -> Iterator[Parsed]:
    """Yield the parsed entries of a list; entries that cannot be parsed are skipped and logged.

    Args:
        data: the response's JSON.
        parse: parses one entry; an exception of its conversions marks the entry as invalid.
        key: the field that holds the list.
    """
    found = data.get(key) if isinstance(data, Mapping) else None
    for entry in found if isinstance(found, list) else ():
        try:
            yield parse(entry)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            import logging

            logging.getLogger(__name__).warning(
                "an entry of the AI API's response cannot be parsed: %s", type(error).__name__
            )


def parse_one(data: object, parse: Callable[[JsonObject], Parsed]) -> Parsed:
    """Return the parsed resource of a response that holds exactly one.

    Raises:
        RuntimeRejected: the response is not such a resource.
    """
    for parsed in parse_list({"resources": [data]}, parse):
        return parsed
    raise RuntimeRejected(
        "The AI API returned an unexpected response",
        "The response has no ID.",
        "Check that the connection's URL is that of an AI API.",
    )


def identity(data: JsonObject) -> str:
    """Return the resource's ID.

    Raises:
        ValueError: it has none, or one that cannot be part of a URL.
    """
    found = data.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found) or not found.strip("."):
        raise ValueError("id")
    return found


def text(data: JsonObject, name: str) -> str:
    """Return a field as text: empty if missing, JSON if the value is not a string."""
    value = data.get(name)
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def required_text(data: JsonObject, name: str) -> str:
    """Return a field as text. Raises KeyError if it is missing or empty."""
    if not (value := text(data, name)):
        raise KeyError(name)
    return value


def timestamp(data: JsonObject, name: str) -> datetime | None:
    """Return a timestamp, None if it is missing or unreadable.

    Times before 1970 count as missing: servers written in Go send the year 1 for "no time".
    """
    try:
        found = parse_rfc3339(data[name])
        return found if found >= EPOCH else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def created_at(data: JsonObject) -> datetime:
    """Return when the resource was created; falls back to its last change, then to 1970."""
    return timestamp(data, "createdAt") or timestamp(data, "modifiedAt") or EPOCH


def modified_at(data: JsonObject) -> datetime:
    """Return when the resource was last changed; falls back to its creation."""
    return timestamp(data, "modifiedAt") or created_at(data)


def enumeration(kind: type[Value], value: object, default: Value) -> Value:
    """Return the member of an enumeration, the default if the value is unknown."""
    try:
        return kind(str(value))
    except ValueError:
        return default


def flag(data: JsonObject, name: str, default: bool) -> bool:
    """Return a boolean field, the default if it is missing or not a boolean."""
    value = data.get(name)
    return value if isinstance(value, bool) else default


def child(data: JsonObject, name: str) -> JsonObject:
    """Return an object field, empty if it is missing or not an object."""
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def objects(data: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects of a list field; entries that are not objects are skipped."""
    found = data.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def pairs(
    data: JsonObject, name: str, *, key: str = "key", value: str = "value"
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a list of ``{key: …, value: …}``; pairs without a key are skipped."""
    return tuple(
        (text(each, key), text(each, value)) for each in objects(data, name) if text(each, key)
    )

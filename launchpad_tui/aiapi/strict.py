"""Read fields of requests strictly.

Each function raises InvalidInput if the value is not what the API specifies; the error's ``field``
is the position in the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from launchpad_tui.aiapi.values import ID, JsonObject
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import InvalidInput

Value = TypeVar("Value", bound=StrEnum)
ID_HINT = "An ID has 4 to 64 letters, digits, '_', '-' and '.'."
TIMESTAMP_HINT = "Use a timestamp such as 2026-01-31T12:00:00Z."
#: characters of a label's key and of other values that have no limit of their own
_KEY_LIMIT, _VALUE_LIMIT = 256, 5000


def text(data: JsonObject, key: str, *, required: bool = True, limit: int | None = None) -> str:
    """Return a text field; empty if it is missing and not required.

    Args:
        limit: the maximum number of characters.
    """
    value = data.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(
            f"{key} is missing" if value is None else f"{key} is not a string",
            hint=f"Set {key} to a string.",
            field=key,
        )
    if limit is not None and len(value) > limit:
        raise InvalidInput(
            f"{key} is too long",
            f"It has {len(value)} characters; the maximum is {limit}.",
            f"Shorten {key}.",
            field=key,
        )
    check_unicode(value, key)
    return value


def check_unicode(value: str, place: str) -> None:
    """Raise InvalidInput if a text contains half a surrogate pair, which has no UTF-8 form."""
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{place} contains an unpaired surrogate",
            "It cannot be encoded as UTF-8.",
            "Remove or replace the character.",
            field=place,
        ) from error


def identity(data: JsonObject, key: str) -> str:
    """Return an ID."""
    value = text(data, key)
    if not ID.fullmatch(value):
        raise InvalidInput(f"{key} is not a valid ID", repr(value[:80]), ID_HINT, field=key)
    return value


def choice(data: JsonObject, key: str, allowed: Iterable[Value]) -> Value:
    """Return one of the allowed values of an enumeration."""
    value = text(data, key)
    members = tuple(allowed)
    for member in members:
        if member == value:
            return member
    raise InvalidInput(
        f"{key} cannot be {value[:40]!r}",
        hint=f"Allowed values: {', '.join(members)}.",
        field=key,
    )


def objects(data: JsonObject, key: str, limit: int | None = None) -> Sequence[JsonObject]:
    """Return a list of objects; empty if it is missing.

    Args:
        limit: the maximum number of objects.
    """
    value = data.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InvalidInput(
            f"{key} is not a list of objects", hint=f"Set {key} to a list of objects.", field=key
        )
    if limit is not None and len(value) > limit:
        raise InvalidInput(
            f"{key} has {len(value)} entries",
            f"The maximum is {limit}.",
            "Send several requests.",
            field=key,
        )
    return value


def pairs(
    data: JsonObject, key: str, value: str = "value", limit: int | None = None
) -> list[tuple[str, str]]:
    """Return the pairs of a list of ``{"key": …, value: …}``.

    Args:
        value: the name of the value's field.
        limit: the maximum number of pairs.
    """
    found: list[tuple[str, str]] = []
    for number, each in enumerate(objects(data, key, limit)):
        try:
            found.append(
                (text(each, "key", limit=_KEY_LIMIT), text(each, value, limit=_VALUE_LIMIT))
            )
        except InvalidInput as error:
            place = f"{key}[{number}]"
            raise InvalidInput(
                f"{place}: {error.title}", error.detail, error.hint, field=f"{place}.{error.field}"
            ) from error
    return found


def mapping(data: JsonObject, key: str, value: str = "value", limit: int = 1000) -> dict[str, str]:
    """Return the same pairs as a mapping; a key must not occur twice."""
    found: dict[str, str] = {}
    for name, bound in pairs(data, key, value, limit):
        if name in found:
            raise InvalidInput(
                f"{key} contains the key {name[:80]!r} twice", hint="Use each key once.", field=key
            )
        found[name] = bound
    return found


def timestamp(data: JsonObject, key: str) -> datetime | None:
    """Return a timestamp, rounded down to the second; None if it is missing."""
    value = text(data, key, required=False)
    if not value:
        return None
    try:
        return parse_rfc3339(value).replace(microsecond=0)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{key} is not an RFC 3339 timestamp", repr(value[:40]), TIMESTAMP_HINT, field=key
        ) from error

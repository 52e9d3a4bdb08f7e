"""What bodies hold: texts and lists of a shape, checked. All raise InvalidInput; ``field`` is the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.api.query import ID

_MOMENT_HINT = "Such as 2026-01-31T12:00:00Z."


def text(
    data: Mapping[str, Any], key: str, *, needed: bool = True, limit: int | None = None
) -> str:
    """The text under a key; empty where there is none and none is needed."""
    value = data.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(
            f"{key} is missing" if value is None else f"{key} is not text", field=key
        )
    if limit is not None and len(value) > limit:
        raise InvalidInput(
            f"{key} is too long", f"{len(value)} characters; at most {limit}.", field=key
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(f"{key} has half a surrogate pair in it", field=key) from error
    return value


def identity(data: Mapping[str, Any], key: str) -> str:
    """The ID under a key."""
    value = text(data, key)
    if not ID.fullmatch(value):
        hint = "An ID has 4 to 64 letters, digits, '_', '-' and '.'."
        raise InvalidInput(f"{key} is no ID", repr(value[:80]), hint, field=key)
    return value


def objects(
    data: Mapping[str, Any], key: str, limit: int | None = None
) -> Sequence[Mapping[str, Any]]:
    """The list of objects under a key; empty where there is none."""
    value = data.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InvalidInput(f"{key} is not a list of objects", field=key)
    if limit is not None and len(value) > limit:
        raise InvalidInput(f"{key} has {len(value)} entries", f"At most {limit}.", field=key)
    return value


def pairs(
    data: Mapping[str, Any], key: str, value: str, limit: int | None = None, *, longest: int = 5000
) -> list[tuple[str, str]]:
    """The pairs of a list of ``{"key": …, value: …}``."""
    found: list[tuple[str, str]] = []
    for number, each in enumerate(objects(data, key, limit)):
        try:
            found.append((text(each, "key", limit=256), text(each, value, limit=longest)))
        except InvalidInput as error:
            place = f"{key}[{number}].{error.field}"
            raise InvalidInput(
                f"{key}[{number}]: {error.title}", error.detail, field=place
            ) from error
    return found


def mapping(data: Mapping[str, Any], key: str, value: str, limit: int) -> dict[str, str]:
    """The same as a mapping; no key may come twice."""
    found: dict[str, str] = {}
    for name, bound in pairs(data, key, value, limit):
        if name in found:
            raise InvalidInput(f"{key} has {name[:80]!r} twice", field=key)
        found[name] = bound
    return found


def moment(data: Mapping[str, Any], key: str) -> datetime | None:
    """The moment under a key, to the second; None where there is none."""
    value = text(data, key, needed=False)
    if not value:
        return None
    try:
        return parse_rfc3339(value).replace(microsecond=0)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{key} is not RFC 3339", repr(value[:40]), _MOMENT_HINT, field=key
        ) from error

"""Conversion between columns and values: timestamps, JSON, search text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.execution import STATUS_MESSAGE_LIMIT
from launchpad_tui.domain.timestamps import from_micros, to_micros
from launchpad_tui.errors import InvalidInput

_SURROGATES = re.compile("[\ud800-\udfff]")
#: The maximum number of terms of a search. SQLite limits the depth of expressions to 1,000
#: (https://www.sqlite.org/limits.html), and every term is a condition.
MAX_TERMS = 100
#: text that counts as a number; `float` would also accept "1_000" and " 1 "
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def clean(text: str) -> str:
    """Return the text with unpaired surrogates replaced, which UTF-8 in SQLite cannot store."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def cut(text: str) -> str:
    """Return a status message, cut to the permitted length."""
    text = clean(text)
    return text if len(text) <= STATUS_MESSAGE_LIMIT else text[: STATUS_MESSAGE_LIMIT - 1] + "…"


def timestamp(micros: int | None) -> datetime | None:
    """Return the timestamp in a column that may be NULL."""
    return None if micros is None else from_micros(micros)


def micros(at: datetime | None) -> int | None:
    """Return the column value of a timestamp that may be None."""
    return None if at is None else to_micros(at)


def to_json(value: object) -> str:
    """Return compact JSON: mappings become objects, tuples become arrays."""
    return json.dumps(
        value if not isinstance(value, Mapping) else dict(value), separators=(",", ":")
    )


def text_map(text: str) -> dict[str, str]:
    """Return the mapping in a JSON column."""
    return {} if text == "{}" else dict(json.loads(text))


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs in a JSON column."""
    return () if text == "[]" else tuple((key, value) for key, value in json.loads(text))


def from_json(text: str) -> Any:
    """Return the value in a JSON column."""
    return json.loads(text)


def number(text: str) -> float | None:
    """Return the number that a text represents, None if it is not a number."""
    stripped = text.strip()
    return float(stripped) if _NUMBER.fullmatch(stripped) else None


def search_text(parts: Iterable[str]) -> str:
    """Return the text that searches match: the case-folded parts, one per line.

    NUL is replaced by a space, because some functions of SQLite end a text at NUL.
    """
    return "\n".join(clean(part).replace("\0", " ").casefold() for part in parts if part)


def terms(search: str) -> tuple[str, ...]:
    """Return the different terms of a search in the form of `search_text`.

    Raises:
        InvalidInput: There are more than `MAX_TERMS`.
    """
    found = tuple(dict.fromkeys(clean(search).replace("\0", " ").casefold().split()))
    if len(found) > MAX_TERMS:
        raise InvalidInput(
            "The search has too many terms",
            f"It has {len(found):,} different terms. At most {MAX_TERMS} are supported.",
            "Search for fewer terms.",
            field="search",
        )
    return found

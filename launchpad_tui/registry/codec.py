"""Columns to values and back: moments, JSON, search text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.timestamps import from_micros, to_micros

_SURROGATES = re.compile("[\ud800-\udfff]")
#: what reads as a number; Python's own `float` would also take "1_000" and " 1 "
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def clean(text: str) -> str:
    """The text with lone surrogates replaced: SQLite stores UTF-8, which has none."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def moment(micros: int | None) -> datetime | None:
    """The moment in a column that may be NULL."""
    return None if micros is None else from_micros(micros)


def micros(at: datetime | None) -> int | None:
    """The column of a moment that may be None."""
    return None if at is None else to_micros(at)


def to_json(value: object) -> str:
    """Compact JSON; mappings become objects, pairs and tuples arrays."""
    return json.dumps(
        value if not isinstance(value, Mapping) else dict(value), separators=(",", ":")
    )


def text_map(text: str) -> dict[str, str]:
    """The mapping in a JSON column."""
    return {} if text == "{}" else dict(json.loads(text))


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """The pairs in a JSON column."""
    return () if text == "[]" else tuple((key, value) for key, value in json.loads(text))


def from_json(text: str) -> Any:
    """Whatever is in a JSON column."""
    return json.loads(text)


def number(text: str) -> float | None:
    """The number that the text is, None where it is none."""
    stripped = text.strip()
    return float(stripped) if _NUMBER.fullmatch(stripped) else None


def search_text(parts: Iterable[str]) -> str:
    """What a search looks at: the parts, case-folded, a line each. NUL would end the text for SQLite's functions."""
    return "\n".join(clean(part).replace("\0", " ").casefold() for part in parts if part)


def terms(search: str) -> tuple[str, ...]:
    """The words of a search, as `search_text` spells them."""
    return tuple(clean(search).replace("\0", " ").casefold().split())

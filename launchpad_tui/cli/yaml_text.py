"""Write JSON data as YAML, without the import of a YAML library.

Mappings and lists are written as blocks, and every text that is not a plain word in double quotes,
so that no reader takes it for a number, a date or a boolean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from launchpad_tui.domain.text import escape_json

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*(?:[ +-][A-Za-z0-9_./]+)*")
#: Words that readers of YAML 1.1 or 1.2 take for booleans, null or numbers.
_RESERVED = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
#: A pair of surrogates, as JSON escapes a character beyond U+FFFF.
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def yaml_lines(data: Any, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a value as a YAML block.

    Args:
        data: None, a boolean, a number, a text, a list or a mapping with texts as keys.
        indent: the number of spaces before each line.
    """
    space = " " * indent
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _entry(f"{space}{_scalar(str(key))}:", value, indent + 2)
    elif isinstance(data, list | tuple) and data:
        for value in data:
            yield from item_lines(value, indent)
    else:
        yield f"{space}{_scalar(data)}"


def item_lines(value: Any, indent: int = 0) -> Iterator[str]:
    """Yield the lines of an item of a YAML list."""
    if not _nested(value):
        yield f"{' ' * indent}- {_scalar(value)}"
        return
    first, *rest = yaml_lines(value, indent + 2)
    yield f"{' ' * indent}- {first[indent + 2 :]}"
    yield from rest


def _entry(head: str, value: Any, indent: int) -> Iterator[str]:
    if _nested(value):
        yield head
        yield from yaml_lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    if value is None or isinstance(value, bool | int | float):
        number = json.dumps(value)
        # YAML 1.1 takes 1e+300 for a text.
        whole = isinstance(value, float) and "." not in number
        return number.replace("e", ".0e") if whole else number
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    escaped = escape_json(json.dumps(text, ensure_ascii=False))
    # YAML has no pairs of surrogates: an escape stands for a whole character.
    return _PAIR.sub(_character, escaped)


def _character(match: re.Match[str]) -> str:
    units = bytes.fromhex(match[2] + match[3])
    return f"{match[1]}\\U{ord(units.decode('utf-16-be')):08x}"

"""Changes single values in TOML text and keeps every other character.

Only tables ``[section]`` with one scalar per line are supported, as settings need no more. The
caller verifies the result.
"""

from __future__ import annotations

import json
import re

_TABLE = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
#: key, equals sign with spaces, value, and trailing comment
_PAIR = re.compile(
    r"""(\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_.\s-]+?)(\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^#"']*?)(\s*(?:\#.*)?)"""
)


def find_line(text: str, section: str, key: str) -> int:
    """Return the number of the line, from 1, of a key or, without a key, of the section.

    0 means that the key or section is missing.
    """
    table = ""
    for number, line in enumerate(_lines(text), 1):
        if heading := _TABLE.fullmatch(line):
            table = _plain(heading.group(1))
            if table == section and not key:
                return number
        elif pair := _PAIR.fullmatch(line):
            name = _plain(pair.group(2))
            if (table, name) == (section, key) or (
                not table and name == (f"{section}.{key}" if key else section)
            ):
                return number
    return 0


def with_value(text: str, section: str, key: str, value: str | int | float | bool) -> str:
    """Return the text with the value set; a missing key or section is appended."""
    lines = _lines(text)
    written = _literal(value)
    number = find_line(text, section, key)
    if number:
        pair = _PAIR.fullmatch(lines[number - 1])
        if pair:
            indent, name, equals, _, comment = pair.groups()
            lines[number - 1] = f"{indent}{name}{equals}{written}{comment}"
            return "\n".join(lines) + "\n"
    pair_line = f"{key if _BARE_KEY.fullmatch(key) else _quoted(key)} = {written}"
    heading = find_line(text, section, "")
    if not heading:
        lines += ["", f"[{section}]", pair_line] if lines else [f"[{section}]", pair_line]
        return "\n".join(lines) + "\n"
    end = heading
    while end < len(lines) and not _TABLE.fullmatch(lines[end]):
        end += 1
    while end > heading and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, pair_line)
    return "\n".join(lines) + "\n"


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if not lines[-1] else lines


def _plain(key: str) -> str:
    key = key.strip()
    if key.startswith('"'):
        try:
            return str(json.loads(key))
        except (ValueError, RecursionError):
            # TOML has escapes that JSON has not, for example of characters beyond U+FFFF.
            return key
    return key.strip("'")


def _literal(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    # TOML has the escapes of JSON, but DEL must be escaped as well.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

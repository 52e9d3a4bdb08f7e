"""Reads values of JSON by a path, as the function ``jsonpath`` of Argo's expressions does.

Supported are names, indices, slices, wildcards, unions and ``..`` (RFC 9535); filters are not.
"""

from __future__ import annotations

import re

from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError

#: the largest number of values that a path may visit
_VALUES = 100_000
_STEP = re.compile(
    r"(?P<deep>\.\.)?(?:\.?(?P<name>[^\s.\[\]'\"*()?@]+)|\.?(?P<star>\*)|\[(?P<keys>[^\[\]]*)\])"
)
_KEY = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\"|(\*)|(-?\d+)?(:)?(-?\d+)?)\s*")


def json_path(value: object, path: object) -> object:
    """Return the value at a path; a list of values if the path may name several.

    Raises:
        ExpressionError: the path is not valid or not supported, or names nothing.
    """
    if not isinstance(path, str) or not path.startswith("$"):
        raise ExpressionError(f"a path of JSON starts with $: {str(path)[:60]!r}")
    found, several, position = [value], False, 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None or match.end() == position:
            raise ExpressionError(
                f"the path {path[:60]!r} is not supported at {path[position:][:20]!r}"
            )
        position = match.end()
        several = several or bool(match["deep"] or match["star"])
        if match["deep"]:
            found = _descendants(found)
        if match["name"] is not None:
            name = match["name"]
            found = [each[name] for each in found if isinstance(each, dict) and name in each]
        elif match["star"]:
            found = [item for each in found for item in _items(each)]
        else:
            found, more = _selected(found, match["keys"])
            several = several or more
        if len(found) > _VALUES:
            raise ExpressionError(f"the path {path[:60]!r} names more than {_VALUES:,} values")
    if several:
        return found
    if not found:
        raise ExpressionError(f"there is no value at {path[:60]!r}")
    return found[0]


def _items(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _descendants(values: list[object]) -> list[object]:
    found: list[object] = []
    pending = list(reversed(values))
    while pending:
        each = pending.pop()
        found.append(each)
        pending += reversed(_items(each))
        if len(found) + len(pending) > _VALUES:
            raise ExpressionError(f"a path of JSON visits more than {_VALUES:,} values")
    return found


def _selected(values: list[object], keys: str) -> tuple[list[object], bool]:
    """Return the values that the keys between brackets select, and whether there may be several."""
    found: list[object] = []
    parts = re.split(r",(?=(?:[^'\"]|'[^']*'|\"[^\"]*\")*$)", keys)
    several = len(parts) > 1
    for part in parts:
        match = _KEY.fullmatch(part)
        if match is None or not part.strip():
            raise ExpressionError(f"[{keys[:60]}] is not supported in a path of JSON")
        single, double, star, first, colon, last = match.groups()
        name = single if single is not None else double
        several = several or bool(star or colon)
        for each in values:
            if name is not None:
                found += [each[name]] if isinstance(each, dict) and name in each else []
            elif star:
                found += _items(each)
            elif isinstance(each, list) and colon:
                found += each[int(first) if first else None : int(last) if last else None]
            elif isinstance(each, list) and first and -len(each) <= int(first) < len(each):
                found.append(each[int(first)])
    return found, several

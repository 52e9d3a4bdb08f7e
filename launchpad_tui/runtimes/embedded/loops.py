"""The items of loops: ``withItems``, ``withParam`` and ``withSequence``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError
from launchpad_tui.runtimes.embedded.expressions import result_text

#: a verb of Go's fmt for integers, such as ``%03d`` or ``%02X``
_VERB = re.compile(r"%%|%([-+ #0]*)(\d{0,3})([dxXobv])")


def sequence_numbers(sequence: Mapping[str, str], limit: int) -> list[str]:
    """Return the numbers of ``withSequence`` as formatted texts.

    Args:
        sequence: ``count`` or ``end``, and ``start`` and ``format``; hexadecimal numbers begin with
            0x.
        limit: the largest number of numbers.

    Raises:
        ExpressionError: a text is not valid, or there are too many numbers.
    """
    numbers = {
        key: _number(key, text) for key, text in sequence.items() if key != "format" and text
    }
    start = numbers.get("start", 0)
    if "count" in numbers and "end" in numbers:
        raise ExpressionError("a sequence cannot have both count and end")
    if "count" in numbers:
        count, step = max(0, numbers["count"]), 1
    elif "end" in numbers:
        count, step = abs(numbers["end"] - start) + 1, 1 if numbers["end"] >= start else -1
    else:
        raise ExpressionError("count or end is missing")
    if count > limit:
        raise ExpressionError(f"a sequence has {count:,} numbers, more than {limit}")
    form = sequence.get("format", "") or "%d"
    if not _VERB.search(form) or "%" in _VERB.sub("", form):
        raise ExpressionError(f"{form[:40]!r} is not a format such as %02d")
    return [_formatted(form, start + step * place) for place in range(count)]


def _number(key: str, text: str) -> int:
    try:
        return int(text, 16 if text.lower().lstrip("-").startswith("0x") else 10)
    except ValueError as error:
        raise ExpressionError(f"{key} must be an integer, not {text[:40]!r}") from error


def _formatted(form: str, number: int) -> str:
    def verb(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        flags, width, kind = match.groups()
        if kind == "b":
            return f"{number:b}".rjust(int(width or 0), "0" if "0" in flags else " ")
        return f"%{flags}{width}{'d' if kind == 'v' else kind}" % number

    return _VERB.sub(verb, form)


def parameter_items(text: str, limit: int) -> list[object]:
    """Return the items of ``withParam``: a JSON list, or texts that each are JSON.

    Raises:
        ExpressionError: the text is not a list, or has too many items.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExpressionError(f"{text[:80]!r} is not a JSON list: {error}") from error
    if not isinstance(found, list):
        raise ExpressionError(f"{text[:80]!r} is not a JSON list")
    if len(found) > limit:
        raise ExpressionError(f"the list has {len(found):,} items, more than {limit}")
    return found


def iteration_name(step: str, place: int, item: object) -> str:
    """Return the name of an iteration of a step, as Argo writes it: ``train(0:lr:0.1)``."""
    if isinstance(item, dict):
        shown = ",".join(f"{key}:{result_text(item[key])}" for key in sorted(item))
    else:
        shown = result_text(item)
    return f"{step}({place}:{shown[:60]})"

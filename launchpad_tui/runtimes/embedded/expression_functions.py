"""The functions of expressions in workflow templates.

These are the functions of expr-lang, those that Argo adds (``asInt``, ``asFloat``, ``jsonpath``,
``toJson``), and the functions of Sprig that compute with text, numbers, lists and maps.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeGuard

from launchpad_tui.domain.timestamps import now
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError
from launchpad_tui.runtimes.embedded.json_path import json_path

#: the largest number of characters of a string
SIZE_LIMIT = 1_000_000
#: seconds after which the search for a regular expression is ended
_MATCH_SECONDS = 5
#: A regular expression may take exponential time, and a thread cannot be ended; a process can.
_MATCH_PROGRAM = (
    "import json, re, sys; pattern, text = json.load(sys.stdin); "
    "sys.exit(0 if re.search(pattern, text) else 3)"
)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind_of(value: object) -> str:
    """Return the kind of a value for messages, with its article."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "a boolean"
    if is_number(value):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "a map"


def compare(left: object, right: object) -> int:
    """Return a negative number, 0 or a positive number for the order of two values.

    Raises:
        ExpressionError: they are neither two numbers nor two strings.
    """
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return (left > right) - (left < right)  # type: ignore[operator]
    raise ExpressionError(f"{kind_of(left)} and {kind_of(right)} have no order")


def matches(text: str, pattern: str) -> bool:
    """Return whether a part of a text matches a regular expression.

    Raises:
        ExpressionError: the pattern is not valid, or the search takes too long.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ExpressionError(f"invalid regular expression {pattern[:60]!r}: {error}") from error
    if not set(pattern) & set("*+?{|("):
        return re.search(pattern, text) is not None
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _MATCH_PROGRAM],
            input=json.dumps([pattern, text]).encode(),
            timeout=_MATCH_SECONDS,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ExpressionError(
            f"the regular expression {pattern[:60]!r} needs more than {_MATCH_SECONDS} seconds"
        ) from error
    return done.returncode == 0


@record
class Function:
    """A function with the numbers of its arguments; ``most`` is None for any number."""

    compute: Callable[..., object]
    least: int
    most: int | None

    def check_count(self, name: str, count: int) -> None:
        """Raise ExpressionError if the function cannot have so many arguments."""
        if count < self.least or (self.most is not None and count > self.most):
            expected = str(self.least) if self.least == self.most else f"at least {self.least}"
            raise ExpressionError(f"{name} requires {expected} arguments, not {count}")

    def __call__(self, name: str, arguments: list[object], count: Callable[[int], None]) -> object:
        """Return the result; ``count`` raises an error if too much was computed."""
        self.check_count(name, len(arguments))
        count(sum(len(each) for each in arguments if isinstance(each, (list, dict))) + 1)
        try:
            found = self.compute(*arguments)
        except ExpressionError:
            raise
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
            binascii.Error,
        ) as error:
            shown = ", ".join(kind_of(each) for each in arguments)
            raise ExpressionError(f"{name} of {shown} fails: {error}") from error
        if isinstance(found, (str, list)) and len(found) > SIZE_LIMIT:
            raise ExpressionError(f"the result of {name} is larger than {SIZE_LIMIT:,}")
        return found


def _integer(value: object) -> int:
    if isinstance(value, str):
        return int(value.strip(), 10)
    if isinstance(value, bool) or not is_number(value):
        raise ExpressionError(f"an integer is required, not {kind_of(value)}")
    return int(value)


def _number(value: object) -> float:
    if isinstance(value, str):
        return float(value)
    if not is_number(value):
        raise ExpressionError(f"a number is required, not {kind_of(value)}")
    return float(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return _json(value)


def _json(value: object) -> str:
    def plain(each: Any) -> Any:
        if isinstance(each, float) and each.is_integer() and abs(each) < 1e21:
            return int(each)
        if isinstance(each, list):
            return [plain(item) for item in each]
        if isinstance(each, dict):
            return {key: plain(item) for key, item in each.items()}
        return each

    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def _parsed(text: Any) -> object:
    return json.loads(text)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"a string is required, not {kind_of(value)}")
    return value


def _numbers(values: tuple[object, ...]) -> list[Any]:
    items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    for each in items:
        if not is_number(each):
            raise ExpressionError(f"a number is required, not {kind_of(each)}")
    return items


def _repeated(text: Any, number: object) -> str:
    count = _integer(number)
    if len(_string(text)) * max(count, 0) > SIZE_LIMIT:
        raise ExpressionError(f"a string has more than {SIZE_LIMIT:,} characters")
    return str(text * count)


def _is_empty(value: object) -> bool:
    """Return whether a value is empty for Sprig: zero, false and empty texts and lists are."""
    return not value


def _unique(items: Any) -> list[object]:
    found: dict[str, object] = {}
    for each in items:
        found.setdefault(_json(each), each)
    return list(found.values())


def _flattened(items: Any) -> list[object]:
    found: list[object] = []
    for each in items:
        found += _flattened(each) if isinstance(each, list) else [each]
    return found


def _rounded(value: object, digits: object = 0) -> float:
    """Round half away from zero, as Go does."""
    number, scale = _number(value), math.pow(10.0, _integer(digits))
    magnitude: float = math.floor(abs(number) * scale + 0.5) / scale
    return math.copysign(magnitude, number)


def _integer_range(*bounds: object) -> list[int]:
    numbers = [_integer(each) for each in bounds]
    found = range(*numbers)
    if len(found) > SIZE_LIMIT // 10:
        raise ExpressionError("the list is too long")
    return list(found)


def _indented(number: object, text: Any) -> str:
    margin = " " * min(_integer(number), 100)
    return "\n".join(margin + line for line in _string(text).split("\n"))


def _decoded(text: Any) -> str:
    return base64.b64decode(text, validate=True).decode("utf-8")


def _encoded(text: Any) -> str:
    return base64.b64encode(_string(text).encode()).decode()


def _replaced(text: Any, old: Any, new: Any) -> str:
    if _string(text).count(old) * len(new) > SIZE_LIMIT:
        raise ExpressionError(f"a string has more than {SIZE_LIMIT:,} characters")
    return str(text.replace(old, new))


def _joined(items: Any, separator: Any = "") -> str:
    return str(separator).join(_text(each) for each in items)


def _split(text: Any, separator: Any) -> list[str]:
    return list(_string(text)) if separator == "" else _string(text).split(separator)


def _trimmed(text: Any, characters: Any = None) -> str:
    return _string(text).strip(characters)


def _length(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else len(value)


def _part(text: Any, start: object, end: object) -> str:
    first, last = _integer(start), _integer(end)
    return _string(text)[max(first, 0) : None if last < 0 else last]


def _mean(*values: object) -> float:
    numbers = _numbers(values)
    return float(sum(numbers)) / len(numbers)


def _median(*values: object) -> float:
    numbers = sorted(_numbers(values))
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return float(numbers[middle])
    return float(numbers[middle - 1] + numbers[middle]) / 2


def _sorted(items: Any, order: Any = "asc") -> list[object]:
    return sorted(items, reverse=order == "desc")


def _truncated(number: object, text: Any) -> str:
    count = _integer(number)
    return _string(text)[:count] if count >= 0 else _string(text)[count:]


def _merged(*maps: Any) -> dict[str, object]:
    """Merge maps; the first one that has a key decides."""
    found: dict[str, object] = {}
    for each in reversed(maps):
        found |= each
    return found


def _pairs(*values: Any) -> dict[str, object]:
    return {_text(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _timestamp() -> str:
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _kind(value: object) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return {float: "float", str: "string", list: "array", dict: "map"}.get(type(value), "unknown")


def _quotient(left: object, right: object) -> int:
    """Divide integers as Go does, which rounds towards zero."""
    divided = abs(_integer(left)) // abs(_integer(right))
    return divided if (_integer(left) < 0) == (_integer(right) < 0) else -divided


def _title(text: Any) -> str:
    return re.sub(r"(^|\s)(\S)", lambda match: match[1] + match[2].upper(), _string(text))


def _digest(name: str) -> Callable[[Any], str]:
    return lambda text: hashlib.new(name, _string(text).encode(), usedforsecurity=False).hexdigest()


def _prefix_removed(text: Any, prefix: Any) -> str:
    return _string(text).removeprefix(prefix)


def _suffix_removed(text: Any, suffix: Any) -> str:
    return _string(text).removesuffix(suffix)


#: functions of expr-lang (https://expr-lang.org/docs/language-definition) and of Argo
_EXPRESSION: dict[str, tuple[Callable[..., object], int, int | None]] = {
    "asInt": (_integer, 1, 1),
    "asFloat": (_number, 1, 1),
    "jsonpath": (lambda text, path: json_path(_parsed(text), path), 2, 2),
    "toJson": (_json, 1, 1),
    "toJSON": (_json, 1, 1),
    "fromJSON": (_parsed, 1, 1),
    "int": (_integer, 1, 1),
    "float": (_number, 1, 1),
    "string": (_text, 1, 1),
    "type": (_kind, 1, 1),
    "trim": (_trimmed, 1, 2),
    "trimPrefix": (_prefix_removed, 2, 2),
    "trimSuffix": (_suffix_removed, 2, 2),
    "upper": (lambda text: _string(text).upper(), 1, 1),
    "lower": (lambda text: _string(text).lower(), 1, 1),
    "split": (_split, 2, 2),
    "splitAfter": (
        lambda text, end: [part + end for part in text.split(end)[:-1]] + [text.split(end)[-1]],
        2,
        2,
    ),
    "replace": (_replaced, 3, 3),
    "repeat": (_repeated, 2, 2),
    "join": (_joined, 1, 2),
    "indexOf": (lambda text, part: _string(text).find(part), 2, 2),
    "lastIndexOf": (lambda text, part: _string(text).rfind(part), 2, 2),
    "hasPrefix": (lambda text, part: _string(text).startswith(part), 2, 2),
    "hasSuffix": (lambda text, part: _string(text).endswith(part), 2, 2),
    "len": (_length, 1, 1),
    "abs": (lambda value: abs(_numbers((value,))[0]), 1, 1),
    "ceil": (lambda value: float(math.ceil(_number(value))), 1, 1),
    "floor": (lambda value: float(math.floor(_number(value))), 1, 1),
    "round": (_rounded, 1, 1),
    "max": (lambda *values: max(_numbers(values)), 1, None),
    "min": (lambda *values: min(_numbers(values)), 1, None),
    "sum": (lambda *values: sum(_numbers(values)), 1, 1),
    "mean": (_mean, 1, None),
    "median": (_median, 1, None),
    "first": (lambda items: items[0] if items else None, 1, 1),
    "last": (lambda items: items[-1] if items else None, 1, 1),
    "take": (lambda items, number: items[: _integer(number)], 2, 2),
    "reverse": (lambda items: items[::-1], 1, 1),
    "sort": (_sorted, 1, 2),
    "uniq": (_unique, 1, 1),
    "flatten": (_flattened, 1, 1),
    "concat": (lambda *lists: [item for each in lists for item in list(each)], 1, None),
    "keys": (lambda value: list(value.keys()), 1, 1),
    "values": (lambda value: list(value.values()), 1, 1),
    "get": (
        lambda value, key: (
            value.get(key) if isinstance(value, dict) else value[key] if key < len(value) else None
        ),
        2,
        2,
    ),
    "toPairs": (lambda value: [[key, each] for key, each in value.items()], 1, 1),
    "fromPairs": (lambda pairs: {_text(key): each for key, each in pairs}, 1, 1),
    "toBase64": (_encoded, 1, 1),
    "fromBase64": (_decoded, 1, 1),
    "now": (_timestamp, 0, 0),
}
#: functions of Sprig (https://masterminds.github.io/sprig/), in which the subject is the last
#: argument
_SPRIG: dict[str, tuple[Callable[..., object], int, int | None]] = {
    "trim": (_trimmed, 1, 1),
    "trimAll": (lambda characters, text: _trimmed(text, characters), 2, 2),
    "trimPrefix": (lambda prefix, text: _prefix_removed(text, prefix), 2, 2),
    "trimSuffix": (lambda suffix, text: _suffix_removed(text, suffix), 2, 2),
    "upper": (lambda text: _string(text).upper(), 1, 1),
    "lower": (lambda text: _string(text).lower(), 1, 1),
    "title": (_title, 1, 1),
    "nospace": (lambda text: "".join(_string(text).split()), 1, 1),
    "repeat": (lambda number, text: _repeated(text, number), 2, 2),
    "substr": (lambda start, end, text: _part(text, start, end), 3, 3),
    "trunc": (_truncated, 2, 2),
    "contains": (lambda part, text: part in _string(text), 2, 2),
    "hasPrefix": (lambda part, text: _string(text).startswith(part), 2, 2),
    "hasSuffix": (lambda part, text: _string(text).endswith(part), 2, 2),
    "replace": (lambda old, new, text: _replaced(text, old, new), 3, 3),
    "quote": (lambda *values: " ".join(json.dumps(_text(each)) for each in values), 1, None),
    "squote": (lambda *values: " ".join(f"'{_text(each)}'" for each in values), 1, None),
    "cat": (lambda *values: " ".join(_text(each) for each in values), 1, None),
    "indent": (_indented, 2, 2),
    "nindent": (lambda number, text: "\n" + _indented(number, text), 2, 2),
    "splitList": (lambda separator, text: _split(text, separator), 2, 2),
    "join": (lambda separator, items: _joined(items, separator), 2, 2),
    "regexMatch": (lambda pattern, text: matches(_string(text), pattern), 2, 2),
    "default": (lambda value, given: value if _is_empty(given) else given, 2, 2),
    "empty": (_is_empty, 1, 1),
    "coalesce": (
        lambda *values: next((each for each in values if not _is_empty(each)), None),
        1,
        None,
    ),
    "ternary": (lambda positive, negative, test: positive if test else negative, 3, 3),
    "int": (_integer, 1, 1),
    "int64": (_integer, 1, 1),
    "atoi": (_integer, 1, 1),
    "float64": (_number, 1, 1),
    "toString": (_text, 1, 1),
    "toJson": (_json, 1, 1),
    "fromJson": (_parsed, 1, 1),
    "add": (lambda *values: sum(_integer(each) for each in values), 1, None),
    "add1": (lambda value: _integer(value) + 1, 1, 1),
    "sub": (lambda left, right: _integer(left) - _integer(right), 2, 2),
    "mul": (lambda *values: math.prod(_integer(each) for each in values), 1, None),
    "div": (_quotient, 2, 2),
    "mod": (lambda left, right: int(math.fmod(_integer(left), _integer(right))), 2, 2),
    "max": (lambda *values: max(_integer(each) for each in values), 1, None),
    "min": (lambda *values: min(_integer(each) for each in values), 1, None),
    "ceil": (lambda value: float(math.ceil(_number(value))), 1, 1),
    "floor": (lambda value: float(math.floor(_number(value))), 1, 1),
    "round": (_rounded, 2, 2),
    "until": (_integer_range, 1, 1),
    "untilStep": (_integer_range, 3, 3),
    "list": (lambda *values: list(values), 0, None),
    "first": (lambda items: items[0] if items else None, 1, 1),
    "last": (lambda items: items[-1] if items else None, 1, 1),
    "rest": (lambda items: items[1:], 1, 1),
    "initial": (lambda items: items[:-1], 1, 1),
    "append": (lambda items, item: [*items, item], 2, 2),
    "prepend": (lambda items, item: [item, *items], 2, 2),
    "concat": (lambda *lists: [item for each in lists for item in list(each)], 1, None),
    "reverse": (lambda items: items[::-1], 1, 1),
    "uniq": (_unique, 1, 1),
    "without": (lambda items, *others: [each for each in items if each not in others], 1, None),
    "has": (lambda item, items: item in items, 2, 2),
    "compact": (lambda items: [each for each in items if not _is_empty(each)], 1, 1),
    "sortAlpha": (lambda items: sorted(_text(each) for each in items), 1, 1),
    "dict": (_pairs, 0, None),
    "get": (lambda value, key: value.get(key, ""), 2, 2),
    "hasKey": (lambda value, key: key in value, 2, 2),
    "keys": (lambda *maps: [key for each in maps for key in list(each.keys())], 1, None),
    "values": (lambda value: list(value.values()), 1, 1),
    "pick": (lambda value, *keys: {key: value[key] for key in keys if key in value}, 1, None),
    "omit": (
        lambda value, *keys: {key: each for key, each in value.items() if key not in keys},
        1,
        None,
    ),
    "merge": (_merged, 1, None),
    "b64enc": (_encoded, 1, 1),
    "b64dec": (_decoded, 1, 1),
    "sha1sum": (_digest("sha1"), 1, 1),
    "sha256sum": (_digest("sha256"), 1, 1),
    "now": (_timestamp, 0, 0),
}
FUNCTIONS: dict[str, Function] = {
    **{name: Function(*each) for name, each in _EXPRESSION.items()},
    **{f"sprig.{name}": Function(*each) for name, each in _SPRIG.items()},
}

"""Filter expressions such as ``accuracy > 0.9 and status = COMPLETED``: parsing and completion."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from launchpad_tui.domain.artifact import LABEL_PREFIX
from launchpad_tui.domain.metric import normal_name
from launchpad_tui.domain.query import Condition, Op, Subject
from launchpad_tui.errors import InvalidInput

_HINT = (
    "Write conditions such as: name contains churn, createdAt after 2026-01-31, "
    "label.stage = prod, accuracy > 0.9; join them with and. metric.NAME and param.NAME "
    "distinguish a metric from a parameter; quote names with spaces."
)
_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_TOKEN = re.compile(
    rf"\s*(?:(?P<quoted>{_QUOTED})|(?P<op>==|!=|<=|>=|=|<|>)|(?P<word>[^\s=<>!\"'{{]+(?:\{{[^}}]*\}})?))",
    re.DOTALL,
)
_OPS = {"==": Op.EQUALS, **{str(op): op for op in Op}}
_PREFIXES = {"label": Subject.LABEL, "metric": Subject.METRIC, "param": Subject.PARAMETER}
#: former names of attributes, which saved expressions may contain
_ALIASES = {"gone_at": "deleted_at"}
#: the part of an attribute's name that a column heading omits
_ENDINGS = ("_id", "_name", "_at", "_state")
_TIMESTAMPS = {"created_at", "modified_at", "submitted_at", "started_at", "completed_at"}


def parse_where(
    text: str,
    attributes: Collection[str],
    metrics: Callable[[], Collection[str]],
    parameters: Callable[[], Collection[str]],
) -> tuple[Condition, ...]:
    """Parse the conditions of an expression, all of which must hold.

    Args:
        attributes: the columns of the list in snake case; expressions may also use camel case.
        metrics, parameters: return the existing names; called only if a name is not an attribute.

    Raises:
        InvalidInput: the expression cannot be parsed, or a name is unknown.
    """
    tokens = list(_tokens(text))
    found = []
    while tokens:
        end = next(
            (
                index
                for index, (kind, word) in enumerate(tokens)
                if kind == "word" and word == "and"
            ),
            len(tokens),
        )
        found.append(_condition(tokens[:end], attributes, metrics, parameters))
        if end == len(tokens) - 1:
            raise _invalid("A condition is missing after the last 'and'")
        tokens = tokens[end + 1 :]
    if not found:
        raise _invalid("The filter expression is empty")
    return tuple(found)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _invalid(f"Unexpected text in the condition: {text[position : position + 40]!r}")
        kind = str(match.lastgroup)
        word = match.group(kind)
        yield (kind, re.sub(r"\\(.)", r"\1", word[1:-1])) if kind == "quoted" else (kind, word)
        position = match.end()


def _condition(
    tokens: Sequence[tuple[str, str]],
    attributes: Collection[str],
    metrics: Callable[[], Collection[str]],
    parameters: Callable[[], Collection[str]],
) -> Condition:
    shown = " ".join(word for _, word in tokens)
    if len(tokens) < 3 or tokens[1][0] == "quoted" or tokens[1][1] not in _OPS:
        raise _invalid(f"{shown[:80]!r} is not a condition of the form NAME OPERATOR VALUE")
    op = _OPS[tokens[1][1]]
    # A value of several words may be written without quotes: it ends with the condition.
    value = " ".join(word for _, word in tokens[2:])
    subject, name = _subject(tokens[0], attributes, metrics, parameters)
    if subject is Subject.ATTRIBUTE and name in _TIMESTAMPS and op in {Op.LESS, Op.GREATER}:
        op = Op.BEFORE if op is Op.LESS else Op.AFTER
    if subject is Subject.ATTRIBUTE and name in {"status", "target_status"}:
        value = value.upper()
    return Condition(subject, name, op, value)


def _subject(
    token: tuple[str, str],
    attributes: Collection[str],
    metrics: Callable[[], Collection[str]],
    parameters: Callable[[], Collection[str]],
) -> tuple[Subject, str]:
    kind, word = token
    prefix, dot, rest = word.partition(".")
    if kind == "word" and dot and rest and prefix in _PREFIXES:
        subject = _PREFIXES[prefix]
        return subject, rest if subject is not Subject.LABEL or "/" in rest else LABEL_PREFIX + rest
    snake = re.sub(r"(?<!^)([A-Z])", r"_\1", word).lower()
    snake = _ALIASES.get(snake, snake)
    if kind == "word" and snake in attributes:
        return Subject.ATTRIBUTE, snake
    known_metrics, known_parameters = metrics(), parameters()
    if normal_name(word) in map(normal_name, known_metrics):
        return Subject.METRIC, normal_name(word)
    if word in known_parameters:
        return Subject.PARAMETER, word
    # Column headings omit the ending, such as Scenario for scenario_id.
    if kind == "word" and (
        full := next((snake + end for end in _ENDINGS if snake + end in attributes), "")
    ):
        return Subject.ATTRIBUTE, full
    from launchpad_tui.domain.suggestions import did_you_mean, nearest

    names = [*sorted(attributes), *known_metrics, *known_parameters]
    suggestion = did_you_mean(nearest(word, names))
    raise InvalidInput(
        f"There is no {word[:80]!r} to filter by",
        suggestion or f"Attributes: {', '.join(sorted(attributes))}.",
        _HINT,
        field="where",
    )


def _invalid(title: str) -> InvalidInput:
    return InvalidInput(title, hint=_HINT, field="where")


def complete(text: str, names: Sequence[str]) -> list[str]:
    """Return completions of the last name or operator of an expression, best first.

    Args:
        names: the names that conditions may use, in the form that `written` returns.
    """
    done, last = _typed(text)
    condition = done[max((i for i, word in enumerate(done) if word == "and"), default=-1) + 1 :]
    if not condition:
        choices = list(names)
    elif len(condition) == 1:
        choices = [str(op) for op in Op]
    elif len(condition) >= 3:
        choices = ["and"]
    else:
        return []
    start = text[: len(text) - len(last)]
    begin = [one for one in choices if one.lower().startswith(last.lower()) and one != last]
    inside = [
        one
        for one in choices
        if last and last.lower() in one.lower() and one not in begin and one != last
    ]
    return [start + one for one in (*begin, *inside)]


def written(subject: Subject, name: str) -> str:
    """Return a name in the form that expressions use.

    A label has the prefix ``label.``; a name with dots has a prefix too, one with spaces is quoted.
    """
    prefix = next((word for word, each in _PREFIXES.items() if each is subject), "")
    if subject is Subject.LABEL:
        name = name.removeprefix(LABEL_PREFIX)
        return f"label.{name}"
    if re.fullmatch(r"[^\s=<>!\"'{.]+(\{[^}\s]*\})?", name):
        return name
    return f"{prefix}.{name}" if prefix and not re.search(r"[\s=<>!\"']", name) else f'"{name}"'


def _typed(text: str) -> tuple[list[str], str]:
    """Return the complete words of a text, and its last word, which may be unfinished."""
    words: list[str] = []
    position = 0
    while match := _TOKEN.match(text, position):
        words.append(match.group(str(match.lastgroup)))
        position = match.end()
        if position == len(text):
            # The word ends with the text, so it may be unfinished.
            return words[:-1], words[-1]
    return words, text[position:].lstrip()

"""Conditions as text: ``accuracy > 0.9 and status = COMPLETED``. Read, and completed while they are typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from launchpad_tui.domain.artifact import LABEL_PREFIX
from launchpad_tui.domain.query import Condition, Op, Subject
from launchpad_tui.errors import InvalidInput

_HINT = (
    "Write conditions such as: name contains churn, createdAt after 2026-01-31, label.stage = prod, accuracy > 0.9; "
    "join them with and. metric.NAME and param.NAME tell a metric from a parameter; names with spaces stand in quotes."
)
_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_TOKEN = re.compile(
    rf"\s*(?:(?P<quoted>{_QUOTED})|(?P<op>==|!=|<=|>=|=|<|>)|(?P<word>[^\s=<>!\"'{{]+(?:\{{[^}}]*\}})?))",
    re.DOTALL,
)
_OPS = {"==": Op.EQUALS, **{str(op): op for op in Op}}
_PREFIXES = {"label": Subject.LABEL, "metric": Subject.METRIC, "param": Subject.PARAMETER}
#: what a list's heading leaves out of an attribute's name
_ENDINGS = ("_id", "_name", "_at", "_state")
_MOMENTS = {"created_at", "modified_at", "submitted_at", "started_at", "completed_at"}


def parse_where(
    text: str,
    attributes: Collection[str],
    metrics: Callable[[], Collection[str]],
    parameters: Callable[[], Collection[str]],
) -> tuple[Condition, ...]:
    """The conditions of a text; all must hold.

    Args:
        attributes: columns of the list, in snake case; the text may have them in camelCase too.
        metrics, parameters: the names that there are, asked for where a name is no attribute.

    Raises:
        InvalidInput: it cannot be read, or a name is not known; the detail says where.
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
            raise _wrong("Nothing stands behind the last and")
        tokens = tokens[end + 1 :]
    if not found:
        raise _wrong("The condition is empty")
    return tuple(found)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _wrong(f"The condition cannot be read from {text[position : position + 40]!r} on")
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
        raise _wrong(f"{shown[:80]!r} is not NAME OPERATOR VALUE")
    op = _OPS[tokens[1][1]]
    # A value of several words needs no quotes: it ends where the condition ends.
    value = " ".join(word for _, word in tokens[2:])
    subject, name = _subject(tokens[0], attributes, metrics, parameters)
    if subject is Subject.ATTRIBUTE and name in _MOMENTS and op in {Op.LESS, Op.GREATER}:
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
    if kind == "word" and snake in attributes:
        return Subject.ATTRIBUTE, snake
    known_metrics, known_parameters = metrics(), parameters()
    if word in known_metrics:
        return Subject.METRIC, word
    if word in known_parameters:
        return Subject.PARAMETER, word
    # The headings of lists say Scenario, Created and Files.
    if kind == "word" and (
        full := next((snake + end for end in _ENDINGS if snake + end in attributes), "")
    ):
        return Subject.ATTRIBUTE, full
    import difflib

    near = difflib.get_close_matches(word, [*attributes, *known_metrics, *known_parameters], 3)
    names = ", ".join(near or sorted(attributes))
    raise InvalidInput(
        f"There is no {word[:80]!r} to filter by",
        f"{'Near it' if near else 'Attributes'}: {names}.",
        _HINT,
        field="where",
    )


def _wrong(title: str) -> InvalidInput:
    return InvalidInput(title, hint=_HINT, field="where")


def complete(text: str, names: Sequence[str]) -> list[str]:
    """What the text may become: with the name, operator or word that is being typed completed, best first.

    Args:
        names: what conditions may look at, as `written`.
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
    """How a condition's name is written in an expression: labels and names that are no word are told by their kind."""
    prefix = next((word for word, each in _PREFIXES.items() if each is subject), "")
    if subject is Subject.LABEL:
        name = name.removeprefix(LABEL_PREFIX)
        return f"label.{name}"
    if re.fullmatch(r"[^\s=<>!\"'{.]+(\{[^}\s]*\})?", name):
        return name
    return f"{prefix}.{name}" if prefix and not re.search(r"[\s=<>!\"']", name) else f'"{name}"'


def _typed(text: str) -> tuple[list[str], str]:
    """The words that are complete, and the one that is being typed."""
    words: list[str] = []
    position = 0
    while match := _TOKEN.match(text, position):
        words.append(match.group(str(match.lastgroup)))
        position = match.end()
        if position == len(text):
            # Its end is the text's: it may go on.
            return words[:-1], words[-1]
    return words, text[position:].lstrip()

"""Filter expressions such as ``accuracy > 0.9 and status = COMPLETED``: parsing and completion."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from launchpad_tui.domain.artifact import LABEL_PREFIX
from launchpad_tui.domain.metric import normal_name
from launchpad_tui.domain.query import (
    Combination,
    Condition,
    Filter,
    Junction,
    MetricColumn,
    Op,
    Subject,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

_HINT = (
    "Write conditions such as: name contains churn, createdAt after 2026-01-31, "
    "label.stage in (prod, test), accuracy:best > 0.9, size is missing; join them with and, or, "
    "not and parentheses. metric.NAME and param.NAME distinguish a metric from a parameter; quote "
    "names with spaces."
)
_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_TOKEN = re.compile(
    rf"\s*(?:(?P<quoted>{_QUOTED})|(?P<op>==|!=|<=|>=|=|<|>)|(?P<open>\()|(?P<close>\))"
    rf"|(?P<comma>,)|(?P<word>[^\s=<>!\"'{{(),]+(?:\{{[^}}]*\}}(?::\w+)?)?))",
    re.DOTALL,
)
_OPS = {"==": Op.EQUALS, **{str(op): op for op in Op}}
_PREFIXES = {"label": Subject.LABEL, "metric": Subject.METRIC, "param": Subject.PARAMETER}
#: other names of attributes: former ones, which saved expressions may contain, and heads of columns
_ALIASES = {"gone_at": "deleted_at", "message": "status_message"}
#: the part of an attribute's name that a column heading omits
_ENDINGS = ("_name", "_id", "_at", "_state")
#: what may follow ``is`` and ``is not``
_MISSING = ("missing", "null", "none", "empty")
#: the largest depth of parentheses and ``not``
_DEPTH = 50
_TIMESTAMPS = {"created_at", "modified_at", "submitted_at", "started_at", "completed_at"}


@record
class _Token:
    """A token; ``glued`` is set if no space precedes it."""

    kind: str
    text: str
    glued: bool

    def is_word(self, *words: str) -> bool:
        """Return whether it is one of some keywords, in lower or upper case."""
        return self.kind == "word" and self.text.lower() in words and not self.text.istitle()


def parse_where(
    text: str,
    attributes: Collection[str],
    metrics: Callable[[], Collection[str]],
    parameters: Callable[[], Collection[str]],
) -> tuple[Filter, ...]:
    """Parse an expression into filters, all of which must hold.

    Args:
        attributes: the columns of the list in snake case; expressions may also use camel case.
        metrics, parameters: return the existing names; called only if a name is not an attribute.

    Raises:
        InvalidInput: the expression cannot be parsed, or a name is unknown.
    """
    tokens = list(_tokens(text))
    if not tokens:
        raise _invalid("The filter expression is empty")
    found = _Parser(tokens, attributes, metrics, parameters).parse()
    if isinstance(found, Combination) and found.junction is Junction.AND:
        return found.parts
    return (found,)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _invalid(f"Unexpected text in the condition: {text[position : position + 40]!r}")
        kind = str(match.lastgroup)
        word = match.group(kind)
        glued = match.start(kind) == position and position > 0
        if kind == "quoted":
            word = re.sub(r"\\(.)", r"\1", word[1:-1])
        yield _Token(kind, word, glued)
        position = match.end()


#: the token after the last one
_END = _Token("end", "", glued=False)


class _Parser:
    """Parses the tokens of an expression by recursive descent."""

    def __init__(
        self,
        tokens: Sequence[_Token],
        attributes: Collection[str],
        metrics: Callable[[], Collection[str]],
        parameters: Callable[[], Collection[str]],
    ) -> None:
        self._tokens = tokens
        self._names = (attributes, metrics, parameters)
        self._position = 0
        self._depth = 0

    def parse(self) -> Filter:
        found = self._alternatives()
        if self._position < len(self._tokens):
            raise _invalid(f"Unexpected {self._rest()!r} after a condition")
        return found

    def _token(self, ahead: int = 0) -> _Token:
        index = self._position + ahead
        return self._tokens[index] if index < len(self._tokens) else _END

    def _rest(self) -> str:
        return _joined(self._tokens[self._position :])[:80]

    def _alternatives(self) -> Filter:
        return self._joined_by("or", Junction.OR, self._all)

    def _all(self) -> Filter:
        return self._joined_by("and", Junction.AND, self._factor)

    def _joined_by(self, word: str, junction: Junction, part: Callable[[], Filter]) -> Filter:
        parts = [part()]
        while self._token().is_word(word):
            self._position += 1
            if self._token() is _END:
                raise _invalid(f"A condition is missing after the last '{word}'")
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        # Parts of the same kind in parentheses are joined, too.
        flat = [
            inner
            for one in parts
            for inner in (
                one.parts if isinstance(one, Combination) and one.junction is junction else (one,)
            )
        ]
        return Combination(junction, tuple(flat))

    def _factor(self) -> Filter:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _invalid("The filter expression is nested too deeply")
        try:
            if self._token().is_word("not"):
                self._position += 1
                return Combination(Junction.NOT, (self._factor(),))
            if self._token().kind != "open":
                return self._condition()
            self._position += 1
            found = self._alternatives()
            if self._token().kind != "close":
                raise _invalid("A closing parenthesis is missing")
            self._position += 1
            return found
        finally:
            self._depth -= 1

    def _condition(self) -> Filter:
        start = self._position
        subject, name = self._name()
        negated = self._token().is_word("not")
        self._position += negated
        token = self._token()
        self._position += 1
        found: Filter
        if token.is_word("is") and not negated:
            negated = self._token().is_word("not")
            self._position += negated
            if not self._token().is_word(*_MISSING):
                raise self._not_a_condition(start)
            self._position += 1
            found = Condition(subject, name, Op.MISSING, "")
        elif token.is_word("in"):
            conditions = tuple(
                _compared(subject, name, Op.EQUALS, value) for value in self._values(start)
            )
            found = conditions[0] if len(conditions) == 1 else Combination(Junction.OR, conditions)
        else:
            word = token.text.lower() if token.kind == "word" else token.text
            if token.kind not in {"word", "op"} or word not in _OPS:
                raise self._not_a_condition(start)
            values = self._value("and", "or")
            if not values:
                raise self._not_a_condition(start)
            found = _compared(subject, name, _OPS[word], _joined(values))
        return Combination(Junction.NOT, (found,)) if negated else found

    def _not_a_condition(self, start: int) -> InvalidInput:
        shown = _joined(self._tokens[start:])[:80]
        return _invalid(f"{shown!r} is not a condition of the form NAME OPERATOR VALUE")

    def _name(self) -> tuple[Subject, str]:
        """Parse a name: a word, a quoted text, or both, such as ``"f1 score":best``."""
        first = self._token()
        if first.kind not in {"word", "quoted"}:
            raise self._not_a_condition(self._position)
        self._position += 1
        text, quoted, prefix = first.text, first.kind == "quoted", ""
        if not quoted and text.endswith(".") and text[:-1] in _PREFIXES:
            after = self._token()
            if after.kind == "quoted" and after.glued:
                self._position += 1
                text, quoted, prefix = after.text, True, text[:-1]
        while self._token().glued and (
            self._token().kind == "open" or (quoted and self._token().text.startswith(":"))
        ):
            # A name may contain parentheses, and a statistic follows a quoted name.
            nested = self._value_tokens(stop_after_close=self._token().kind == "open")
            text += _joined(nested)
        return _subject(text, *self._names, quoted=quoted, prefix=prefix)

    def _value_tokens(self, *, stop_after_close: bool) -> list[_Token]:
        if not stop_after_close:
            self._position += 1
            return [self._tokens[self._position - 1]]
        start, nested = self._position, 0
        while self._token() is not _END:
            nested += {"open": 1, "close": -1}.get(self._token().kind, 0)
            self._position += 1
            if not nested:
                return list(self._tokens[start : self._position])
        raise _invalid("A closing parenthesis is missing")

    def _value(self, *end: str) -> list[_Token]:
        """Parse a value, which may have several words: it ends with the condition."""
        start, nested = self._position, 0
        while (token := self._token()) is not _END:
            if not nested and (token.is_word(*end) or token.kind == "close"):
                break
            if not nested and not end and token.kind == "comma":
                break
            nested += {"open": 1, "close": -1}.get(token.kind, 0)
            self._position += 1
        return list(self._tokens[start : self._position])

    def _values(self, start: int) -> list[str]:
        """Parse a list of values in parentheses."""
        if self._token().kind != "open":
            raise _invalid("The values after 'in' are not in parentheses")
        found = []
        while self._token().kind in {"open", "comma"}:
            self._position += 1
            value = self._value()
            if not value:
                raise self._not_a_condition(start)
            found.append(_joined(value))
        if self._token().kind != "close":
            raise _invalid("A closing parenthesis is missing")
        self._position += 1
        return found


def _joined(tokens: Sequence[_Token]) -> str:
    """Return the text of tokens, with one space where there were any."""
    return "".join(
        token.text if token.glued or not index else f" {token.text}"
        for index, token in enumerate(tokens)
    )


def _compared(subject: Subject, name: str, op: Op, value: str) -> Condition:
    """Return a condition, with the operators of times and the case of statuses."""
    if subject is Subject.ATTRIBUTE and name in _TIMESTAMPS and op in {Op.LESS, Op.GREATER}:
        op = Op.BEFORE if op is Op.LESS else Op.AFTER
    if subject is Subject.ATTRIBUTE and name in {"status", "target_status"}:
        value = value.upper()
    return Condition(subject, name, op, value)


def _subject(
    word: str,
    attributes: Collection[str],
    metrics: Callable[[], Collection[str]],
    parameters: Callable[[], Collection[str]],
    *,
    quoted: bool = False,
    prefix: str = "",
) -> tuple[Subject, str]:
    """Return what a name in an expression means. Raises InvalidInput.

    Args:
        word: the name, which may begin with a prefix such as ``param.`` unless it was quoted.
        attributes, metrics, parameters: as for `parse_where`.
        quoted: whether the name was quoted.
        prefix: the prefix before a quoted name.
    """
    if not prefix and not quoted:
        before, dot, rest = word.partition(".")
        if dot and rest and before in _PREFIXES:
            prefix, word = before, rest
    if prefix:
        subject = _PREFIXES[prefix]
        return subject, word if subject is not Subject.LABEL or "/" in word else LABEL_PREFIX + word
    snake = _snake(word)
    if not quoted and snake in attributes:
        return Subject.ATTRIBUTE, snake
    known_metrics, known_parameters = metrics(), parameters()
    normal_metrics = set(map(normal_name, known_metrics))
    if normal_name(word) in normal_metrics:
        return Subject.METRIC, normal_name(word)
    if word in known_parameters:
        return Subject.PARAMETER, word
    column = MetricColumn.parse(word)
    if column is not None and column.key in normal_metrics:
        return Subject.METRIC, str(column)
    # Column headings omit the ending, such as Scenario for scenario_id.
    if not quoted and (
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


def _snake(name: str) -> str:
    """Return a name in snake case, from one in camel case or in capitals."""
    snake = name.lower() if name.isupper() else re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    return _ALIASES.get(snake, snake)


def sort_name(text: str, attributes: Collection[str]) -> str:
    """Return the attribute in snake case, or the metric, that a list is sorted by.

    Names are written as in expressions: in snake or camel case, as in the head of the column,
    quoted, or with the prefix ``metric.``.

    Args:
        text: the name, which may end with a statistic such as ``:best``.
        attributes: the attributes by which the list can be sorted.

    Raises:
        InvalidInput: the name is that of a label or a parameter.
    """
    prefix, _, rest = text.partition(".")
    if rest and prefix in {"label", "param"}:
        noun = "labels" if prefix == "label" else "parameters"
        raise InvalidInput(
            f"The list cannot be sorted by {noun}",
            f"{text[:80]!r} names one of the {noun}.",
            f"Sort by an attribute or a metric: {', '.join(sorted(attributes))}.",
            field="sort",
        )
    if match := re.fullmatch(rf"(metric\.)?({_QUOTED})(:\w+)?", text, re.DOTALL):
        return re.sub(r"\\(.)", r"\1", match[2][1:-1]) + (match[3] or "")
    if rest and prefix == "metric":
        return rest
    snake = _snake(text)
    return next(
        (one for one in (snake, *(snake + end for end in _ENDINGS)) if one in attributes), text
    )


def _invalid(title: str) -> InvalidInput:
    return InvalidInput(title, hint=_HINT, field="where")


def complete(text: str, names: Sequence[str]) -> list[str]:
    """Return completions of the last name or operator of an expression, best first.

    Args:
        names: the names that conditions may use, in the form that `written` returns.
    """
    done, last = _typed(text)
    starts = (i for i, word in enumerate(done) if word in {"and", "or", "not", "("})
    condition = done[max(starts, default=-1) + 1 :]
    if not condition:
        choices = [*names, "not"]
    elif len(condition) == 1:
        choices = [*(str(op) for op in Op), "in ("]
    elif len(condition) >= 3:
        choices = ["and", "or"]
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

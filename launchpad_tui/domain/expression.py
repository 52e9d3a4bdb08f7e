"""Filter expressions such as ``accuracy > 0.9 and status = COMPLETED``: parsing and completion."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from launchpad_tui.domain.list_names import (
    HINT,
    PREFIXES,
    QUOTED,
    Names,
    no_names,
    of_title,
    subject_of,
)
from launchpad_tui.domain.query import (
    Combination,
    Condition,
    Filter,
    Junction,
    Op,
    Subject,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

_TOKEN = re.compile(
    rf"\s*(?:(?P<quoted>{QUOTED})|(?P<op>==|!=|<=|>=|=|<|>)|(?P<open>\()|(?P<close>\))"
    rf"|(?P<comma>,)|(?P<word>[^\s=<>!\"'{{(),]+(?:\{{[^}}]*\}}(?::\w+)?)?))",
    re.DOTALL,
)
_OPS = {"==": Op.EQUALS, **{str(op): op for op in Op}}
#: other spellings of words
_JUNCTIONS = {"&&": "and", "||": "or"}
#: the words that may follow a name
_AFTER_NAME = frozenset({"is", "in", "not", *_OPS})
#: what may follow ``is`` and ``is not``
_MISSING = ("missing", "null", "none", "empty")
#: the largest depth of parentheses and ``not``
_DEPTH = 50
_TIMESTAMPS = {
    "created_at",
    "modified_at",
    "submitted_at",
    "started_at",
    "completed_at",
    "start_at",
    "end_at",
    "next_at",
}


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
    labels: Callable[[], Collection[str]] = no_names,
    tags: Callable[[], Collection[str]] = no_names,
) -> tuple[Filter, ...]:
    """Parse an expression into filters, all of which must hold.

    Args:
        attributes, metrics, parameters, labels, tags: the existing names, see `Names`.

    Raises:
        InvalidInput: the expression cannot be parsed, or a name is unknown. A label, metric,
            parameter or tag that is named by its prefix is accepted if there are none at all.
    """
    tokens = list(_tokens(text))
    if not tokens:
        raise _invalid("The filter expression is empty")
    names = Names(attributes, metrics, parameters, labels, tags)
    found = _Parser(tokens, names).parse()
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
        if kind == "word":
            word = _JUNCTIONS.get(word, word)
        if kind == "quoted":
            word = re.sub(r"\\(.)", r"\1", word[1:-1])
        yield _Token(kind, word, glued)
        position = match.end()


#: the token after the last one
_END = _Token("end", "", glued=False)


class _Parser:
    """Parses the tokens of an expression by recursive descent."""

    def __init__(self, tokens: Sequence[_Token], names: Names) -> None:
        self._tokens = tokens
        self._names = names
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
        if not quoted and text.endswith(".") and text[:-1] in PREFIXES:
            after = self._token()
            if after.kind == "quoted" and after.glued:
                self._position += 1
                text, quoted, prefix = after.text, True, text[:-1]
        if not quoted:
            text = self._title(text)
        while self._token().glued and (
            self._token().kind == "open" or (quoted and self._token().text.startswith(":"))
        ):
            # A name may contain parentheses, and a statistic follows a quoted name.
            nested = self._value_tokens(stop_after_close=self._token().kind == "open")
            text += _joined(nested)
        return subject_of(text, self._names, quoted=quoted, prefix=prefix)

    def _title(self, text: str) -> str:
        """Parse further words of the head of a metric's column, such as ``val accuracy``."""
        words = [text]
        for token in self._tokens[self._position :]:
            if token.kind != "word" or token.glued or token.text.lower() in _AFTER_NAME:
                break
            words.append(token.text)
        keys = self._names.metrics() if len(words) > 1 else ()
        for count in range(len(words), 1, -1):
            title = " ".join(words[:count])
            if of_title(title, keys):
                self._position += count - 1
                return title
        return text

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


def _invalid(title: str) -> InvalidInput:
    return InvalidInput(title, hint=HINT, field="where")


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

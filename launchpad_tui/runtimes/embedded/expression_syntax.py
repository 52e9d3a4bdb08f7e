"""Parses the expressions of workflow templates into trees.

Argo uses three languages, which share their operators:

- expression tags ``{{=…}}``, ``expression`` and ``fromExpression``: expr-lang
  (https://expr-lang.org/docs/language-definition);
- ``when``: govaluate, in which a word without quotes is a string;
- ``depends`` of DAG tasks: names of tasks with ``&&``, ``||``, ``!`` and parentheses.

The last two are parsed with ``words``: a word without quotes is a `Word`, not a variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from launchpad_tui.records import record

#: the largest number of characters of an expression, and of nested operations
_LENGTH_LIMIT, _DEPTH_LIMIT = 20_000, 60
#: binary operators with their precedence (expr-lang, ``parser/operator``)
_PRECEDENCE = {
    "||": 10,
    "or": 10,
    "&&": 15,
    "and": 15,
    "==": 20,
    "!=": 20,
    "<": 20,
    ">": 20,
    "<=": 20,
    ">=": 20,
    "in": 20,
    "not in": 20,
    "matches": 20,
    "contains": 20,
    "startsWith": 20,
    "endsWith": 20,
    "=~": 20,
    "!~": 20,
    "..": 25,
    "+": 30,
    "-": 30,
    "*": 60,
    "/": 60,
    "%": 60,
    "**": 100,
    "^": 100,
    "??": 500,
}
_RIGHT = frozenset({"**", "^"})
_EQUALITY = frozenset({"==", "!="})
#: operators that are written as words, with the symbols of those that have one
_WORD_OPERATORS = {"or": "||", "and": "&&", "=~": "matches", "^": "**"}
_SYMBOLS = r"\|\||&&|==|!=|<=|>=|=~|!~|\*\*|\.\.|\?\?|\?\.|[-+*/%^<>=!?:,.;|#()\[\]{}]"
_NUMBER = r"0[xX][0-9a-fA-F_]+|(?:\d[\d_]*)(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+"
_STRING = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_TOKEN = re.compile(
    rf"\s*(?:(?P<string>{_STRING})|(?P<number>{_NUMBER})|(?P<name>[A-Za-z_$][\w$]*)"
    rf"|(?P<symbol>{_SYMBOLS}))",
    re.DOTALL,
)
#: with ``words``, everything up to a space, a parenthesis or an operator is a word
_WORD_TOKEN = re.compile(
    rf"\s*(?:(?P<string>{_STRING})|(?P<number>[-+]?(?:{_NUMBER})(?![\w.-]))"
    r"|(?P<symbol>\|\||&&|==|!=|<=|>=|=~|!~|\?\?|[<>!?,()]|[-:](?=\s)|(?:\*\*|[+*/%])(?=[\s\d(]))"
    r"|(?P<name>[^\s()'\"!=<>&|,?]+))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


class ExpressionError(Exception):
    """An expression is not valid, or cannot be evaluated. The message is the reason."""


@record
class Literal:
    """A constant."""

    value: object


@record
class Name:
    """A variable. ``#`` is the current item of a closure."""

    name: str


@record
class Word:
    """A word without quotes, for example the name of a task in ``depends``."""

    text: str


@record
class Member:
    """``target.key`` or ``target[key]``; ``optional`` for ``target?.key``."""

    target: Tree
    key: Tree
    optional: bool = False


@record
class Slice:
    """``target[start:end]``."""

    target: Tree
    start: Tree | None
    end: Tree | None


@record
class Unary:
    """``-operand``, ``+operand`` or ``!operand``."""

    operator: str
    operand: Tree


@record
class Binary:
    """An operator with two operands."""

    operator: str
    left: Tree
    right: Tree


@record
class Conditional:
    """``condition ? positive : negative``."""

    condition: Tree
    positive: Tree
    negative: Tree


@record
class ListOf:
    """A list."""

    items: tuple[Tree, ...]


@record
class MapOf:
    """A map."""

    pairs: tuple[tuple[Tree, Tree], ...]


@record
class FunctionCall:
    """The call of a function; ``name`` contains dots for functions such as ``sprig.trim``."""

    name: str
    arguments: tuple[Tree, ...]


@record
class Closure:
    """``{body}``, the function argument of ``filter``, ``map`` and similar functions."""

    body: Tree


@record
class Let:
    """``let name = value; body``."""

    name: str
    value: Tree
    body: Tree


Tree: TypeAlias = (
    Literal
    | Name
    | Word
    | Member
    | Slice
    | Unary
    | Binary
    | Conditional
    | ListOf
    | MapOf
    | FunctionCall
    | Closure
    | Let
)


def parse(text: str, *, words: bool = False) -> Tree:
    """Return the tree of an expression.

    Args:
        text: the expression.
        words: whether words without quotes are strings, see the module's description.

    Raises:
        ExpressionError: the expression is not valid.
    """
    if len(text) > _LENGTH_LIMIT:
        raise ExpressionError(f"the expression is longer than {_LENGTH_LIMIT:,} characters")
    if not text.strip():
        raise ExpressionError("the expression is empty")
    parser = _Parser(list(_tokens(text, words=words)), words=words)
    return parser.whole()


@record
class _Token:
    kind: str
    text: str


def _tokens(text: str, *, words: bool) -> Iterator[_Token]:
    pattern = _WORD_TOKEN if words else _TOKEN
    position, end = 0, len(text.rstrip())
    while position < end:
        match = pattern.match(text, position)
        if match is None or match.end() == position:
            rest = text[position:].strip()[:40]
            raise ExpressionError(f"unexpected {rest!r}")
        kind = str(match.lastgroup)
        yield _Token(kind, match[kind])
        position = match.end()


class _Parser:
    """A parser by precedence of operators."""

    def __init__(self, tokens: list[_Token], *, words: bool) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self._words = words

    def whole(self) -> Tree:
        tree = self._expression()
        if self._place < len(self._tokens):
            raise ExpressionError(f"unexpected {self._tokens[self._place].text!r}")
        return tree

    def _peek(self, offset: int = 0) -> _Token:
        place = self._place + offset
        return self._tokens[place] if place < len(self._tokens) else _Token("end", "the end")

    def _next(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token

    def _is(self, symbol: str) -> bool:
        token = self._peek()
        return token.kind == "symbol" and token.text == symbol

    def _take(self, symbol: str) -> bool:
        if self._is(symbol):
            self._place += 1
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._take(symbol):
            raise ExpressionError(f"{symbol!r} is missing before {self._peek().text!r}")

    def _expression(self) -> Tree:
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            raise ExpressionError(f"the expression is nested more than {_DEPTH_LIMIT} levels deep")
        try:
            if not self._words and self._peek() == _Token("name", "let"):
                return self._let()
            tree = self._binary(0)
            while not self._words and self._take("|"):
                tree = self._piped(tree)
            if self._take("?"):
                positive = self._expression()
                self._expect(":")
                return Conditional(tree, positive, self._expression())
            return tree
        finally:
            self._depth -= 1

    def _let(self) -> Tree:
        self._next()
        name = self._next()
        if name.kind != "name":
            raise ExpressionError("a name is missing after let")
        self._expect("=")
        value = self._expression()
        self._expect(";")
        return Let(name.text, value, self._expression())

    def _piped(self, value: Tree) -> Tree:
        call = self._postfix(self._primary())
        if not isinstance(call, FunctionCall):
            raise ExpressionError("a function call is missing after |")
        return FunctionCall(call.name, (value, *call.arguments))

    def _operator(self) -> str:
        """Return the binary operator at the current place; empty if there is none."""
        token = self._peek()
        if token.kind == "name" and token.text == "not" and self._peek(1).text == "in":
            return "not in"
        if token.kind in {"name", "symbol"} and token.text in _PRECEDENCE:
            return token.text
        return ""

    def _binary(self, lowest: int) -> Tree:
        left = self._unary()
        while (operator := self._operator()) and _PRECEDENCE[operator] >= lowest:
            self._place += 2 if operator == "not in" else 1
            precedence = _PRECEDENCE[operator]
            if self._words and operator in _EQUALITY and self._ends_operand():
                # The variable that was written here has an empty value.
                left = Binary(operator, left, Literal(""))
                continue
            right = self._binary(precedence if operator in _RIGHT else precedence + 1)
            if operator in {"not in", "!~"}:
                positive = "in" if operator == "not in" else "matches"
                left = Unary("!", Binary(positive, left, right))
            else:
                left = Binary(_WORD_OPERATORS.get(operator, operator), left, right)
        return left

    def _unary(self) -> Tree:
        token = self._peek()
        negated = token.text == "!" or (token == _Token("name", "not") and not self._words)
        if negated or (token.kind == "symbol" and token.text in {"-", "+"}):
            self._next()
            self._depth += 1
            if self._depth > _DEPTH_LIMIT:
                raise ExpressionError(f"the expression is nested more than {_DEPTH_LIMIT} levels")
            # The negation binds less tightly than arithmetic, the sign more tightly.
            operand = self._binary(50 if negated else 90)
            self._depth -= 1
            return Unary("!" if negated else token.text, operand)
        return self._postfix(self._primary())

    def _ends_operand(self) -> bool:
        return self._peek().kind == "end" or self._peek().text in {")", "&&", "||", "?", ":"}

    def _primary(self) -> Tree:
        if self._words and self._peek().text in _EQUALITY:
            return Literal("")
        token = self._next()
        if token.kind == "number":
            return Literal(_number(token.text))
        if token.kind == "string":
            return Literal(_string(token.text))
        if token.kind == "name":
            return self._named(token.text)
        if token.text == "(":
            return self._parenthesized()
        if self._words or token.kind == "end":
            raise ExpressionError(f"unexpected {token.text!r}")
        if token.text == "[":
            return ListOf(tuple(self._list("]")))
        if token.text == "{":
            return self._map()
        if token.text == "#":
            special = self._peek().text in {"acc", "index"}
            return Name(f"#{self._next().text}" if special else "#")
        if token.text == "." and self._peek().kind == "name":
            return Member(Name("#"), Literal(self._next().text))
        raise ExpressionError(f"unexpected {token.text!r}")

    def _named(self, name: str) -> Tree:
        if name in {"true", "false"}:
            return Literal(name == "true")
        if name in {"nil", "null"} and not self._words:
            return Literal(None)
        if self._words:
            return Word(name)
        if self._take("("):
            return FunctionCall(name, self._arguments())
        return Name(name)

    def _parenthesized(self) -> Tree:
        tree = self._expression()
        if self._words and self._is(","):
            # govaluate writes lists in parentheses.
            items = [tree]
            while self._take(","):
                items.append(self._expression())
            tree = ListOf(tuple(items))
        self._expect(")")
        return tree

    def _postfix(self, tree: Tree) -> Tree:
        while not self._words:
            optional = self._is("?.")
            if optional or (self._is(".") and self._peek(1).kind == "name"):
                self._next()
                if optional and self._is("["):
                    continue
                key = self._next()
                if key.kind != "name":
                    raise ExpressionError("a name is missing after ?.")
                tree = Member(tree, Literal(key.text), optional)
                if self._is("("):
                    tree = self._method(tree)
            elif self._take("["):
                tree = self._subscript(tree)
            else:
                break
        return tree

    def _method(self, tree: Member) -> Tree:
        """Return the call of a function of a library, such as ``sprig.trim(text)``."""
        self._expect("(")
        if not (isinstance(tree.target, Name) and isinstance(tree.key, Literal)):
            raise ExpressionError("values have no methods")
        return FunctionCall(f"{tree.target.name}.{tree.key.value}", self._arguments())

    def _subscript(self, target: Tree) -> Tree:
        start = None if self._is(":") else self._expression()
        if self._take(":"):
            end = None if self._is("]") else self._expression()
            self._expect("]")
            return Slice(target, start, end)
        self._expect("]")
        if start is None:
            raise ExpressionError("an index is missing between [ and ]")
        return Member(target, start)

    def _arguments(self) -> tuple[Tree, ...]:
        return tuple(self._list(")", closures=True))

    def _list(self, end: str, *, closures: bool = False) -> Iterator[Tree]:
        while not self._take(end):
            yield self._closure() if closures and self._starts_closure() else self._expression()
            if not self._take(","):
                self._expect(end)
                return

    def _starts_closure(self) -> bool:
        """Return whether ``{`` starts a closure; a map starts with ``}`` or a key and a colon."""
        if not self._is("{") or self._peek(1).text == "}":
            return False
        return not (self._peek(1).kind in {"name", "string"} and self._peek(2).text == ":")

    def _closure(self) -> Tree:
        self._expect("{")
        body = self._expression()
        self._expect("}")
        return Closure(body)

    def _map(self) -> Tree:
        pairs: list[tuple[Tree, Tree]] = []
        while not self._take("}"):
            key = self._next()
            if key.kind not in {"name", "string"}:
                raise ExpressionError(f"a key is missing before {key.text!r}")
            self._expect(":")
            text = _string(key.text) if key.kind == "string" else key.text
            pairs.append((Literal(text), self._expression()))
            if not self._take(","):
                self._expect("}")
                break
        return MapOf(tuple(pairs))


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    if len(plain) > 40:
        raise ExpressionError(f"the number {plain[:20]}… is too long")
    if plain[:2].lower() == "0x":
        return int(plain, 16)
    return float(plain) if any(char in plain for char in ".eE") else int(plain)


def _string(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(character, text[1:-1])

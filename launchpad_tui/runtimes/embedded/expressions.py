"""Evaluates the expressions of workflow templates. Time and sizes are bounded.

Nothing of Python can be reached: values are those of JSON, and the functions are those of
`expression_functions`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from functools import cmp_to_key

from launchpad_tui.runtimes.embedded.expression_functions import (
    FUNCTIONS,
    SIZE_LIMIT,
    compare,
    is_number,
    kind_of,
    matches,
)
from launchpad_tui.runtimes.embedded.expression_syntax import (
    Binary,
    Closure,
    Conditional,
    ExpressionError,
    FunctionCall,
    Let,
    ListOf,
    Literal,
    MapOf,
    Member,
    Name,
    Slice,
    Tree,
    Unary,
    Word,
    parse,
)

#: the largest number of operations of an evaluation
_OPERATIONS = 200_000
#: functions whose second argument is a closure
_CLOSURE_FUNCTIONS = frozenset(
    {
        "all",
        "none",
        "any",
        "one",
        "filter",
        "map",
        "count",
        "find",
        "findIndex",
        "findLast",
        "findLastIndex",
        "sum",
        "groupBy",
        "sortBy",
        "reduce",
    }
)


def evaluate(
    tree: Tree,
    variables: Mapping[str, object],
    word: Callable[[str], object] = lambda text: text,
) -> object:
    """Return the value of an expression: a value of JSON.

    Args:
        tree: the expression.
        variables: the values of variables.
        word: returns the value of a word without quotes.

    Raises:
        ExpressionError: a variable does not exist, types do not match, or a bound is exceeded.
    """
    try:
        return _Evaluation(word).value(tree, variables)
    except RecursionError as error:
        raise ExpressionError("the expression is nested too deeply") from error


def result_text(value: object) -> str:
    """Return the text that replaces an expression tag: strings as they are, others as JSON."""
    return value if isinstance(value, str) else json_text(value)


def json_text(value: object) -> str:
    """Return JSON in which, as in Go, whole floating-point numbers have no decimal point."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionError(f"{value} has no form in JSON")
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value


def condition(text: str) -> bool:
    """Return the result of a ``when`` whose variables have been replaced by their values.

    Raises:
        ExpressionError: the condition is not valid, or its result is neither true nor false.
    """
    found = evaluate(parse(text, words=True), {})
    if not isinstance(found, bool):
        raise ExpressionError(f"the result of {text[:200]!r} is neither true nor false")
    return found


def check(tree: Tree) -> None:
    """Check that all functions of an expression exist. Raises ExpressionError."""
    for each in nodes(tree):
        if isinstance(each, FunctionCall):
            known = each.name in FUNCTIONS or each.name in _CLOSURE_FUNCTIONS
            if not known:
                raise ExpressionError(f"the function {each.name} is not supported")
            if each.name in FUNCTIONS and each.name not in _CLOSURE_FUNCTIONS:
                FUNCTIONS[each.name].check_count(each.name, len(each.arguments))


def nodes(tree: Tree) -> list[Tree]:
    """Return a tree and all trees in it."""
    found: list[Tree] = []
    pending: list[object] = [tree]
    while pending:
        each = pending.pop()
        if isinstance(each, tuple):
            pending += each
        elif isinstance(each, Tree):
            found.append(each)
            pending += [getattr(each, field.name) for field in dataclasses.fields(each)]
    return found


def paths(tree: Tree) -> list[tuple[str, ...]]:
    """Return the variables of an expression with their constant keys, the longest of each.

    For example ``steps['a'].outputs.result`` is ``("steps", "a", "outputs", "result")``.
    """
    every = nodes(tree)
    inner = {
        id(each.target)
        for each in every
        if isinstance(each, Member) and isinstance(each.key, Literal)
    }
    local = {each.name for each in every if isinstance(each, Let)}
    found = [_path(each) for each in every if id(each) not in inner]
    return [path for path in found if path and path[0] not in local and path[0][0] not in "#$"]


def _path(tree: Tree) -> tuple[str, ...]:
    keys: list[str] = []
    while isinstance(tree, Member) and isinstance(tree.key, Literal):
        keys.append(str(tree.key.value))
        tree = tree.target
    return (tree.name, *reversed(keys)) if isinstance(tree, Name) else ()


class _Evaluation:
    def __init__(self, word: Callable[[str], object]) -> None:
        self._word = word
        self._left = _OPERATIONS

    def _count(self, number: int = 1) -> None:
        self._left -= number
        if self._left < 0:
            raise ExpressionError(f"the expression needs more than {_OPERATIONS:,} operations")

    def value(self, tree: Tree, variables: Mapping[str, object]) -> object:
        self._count()
        match tree:
            case Literal():
                return tree.value
            case Word():
                return self._word(tree.text)
            case Name():
                return self._variable(tree.name, variables)
            case Member():
                return self._member(tree, variables)
            case Slice():
                return self._slice(tree, variables)
            case Unary():
                return self._unary(tree, variables)
            case Binary():
                return self._binary(tree, variables)
            case Conditional():
                chosen = self._truth(tree.condition, variables)
                return self.value(tree.positive if chosen else tree.negative, variables)
            case ListOf() | MapOf() | Let():
                return self._composed(tree, variables)
            case Closure():
                raise ExpressionError("a closure is only possible in functions such as filter")
            case FunctionCall():
                return self._call(tree, variables)

    def _composed(self, tree: ListOf | MapOf | Let, variables: Mapping[str, object]) -> object:
        match tree:
            case ListOf():
                return [self.value(each, variables) for each in tree.items]
            case MapOf():
                return {
                    str(self.value(key, variables)): self.value(each, variables)
                    for key, each in tree.pairs
                }
            case Let():
                bound = {**variables, tree.name: self.value(tree.value, variables)}
                return self.value(tree.body, bound)

    def _variable(self, name: str, variables: Mapping[str, object]) -> object:
        if name == "$env":
            return dict(variables)
        if name not in variables:
            raise ExpressionError(f"there is no variable {name}")
        return variables[name]

    def _member(self, tree: Member, variables: Mapping[str, object]) -> object:
        target = self.value(tree.target, variables)
        key = self.value(tree.key, variables)
        if target is None:
            if tree.optional:
                return None
            raise ExpressionError(f"{_shown(tree.target)} has no value, so that it has no {key}")
        if isinstance(target, dict):
            # Missing keys of maps are nil in expr-lang.
            return target.get(str(key))
        if isinstance(target, list) and isinstance(key, int):
            if -len(target) <= key < len(target):
                return target[key]
            raise ExpressionError(f"there is no item {key} in a list of {len(target)}")
        raise ExpressionError(f"{kind_of(target)} has no {str(key)[:60]}")

    def _slice(self, tree: Slice, variables: Mapping[str, object]) -> object:
        target = self.value(tree.target, variables)
        if not isinstance(target, (list, str)):
            raise ExpressionError(f"{kind_of(target)} has no parts")
        bounds: list[int | None] = []
        for bound in (tree.start, tree.end):
            value = None if bound is None else self.value(bound, variables)
            if value is not None and not isinstance(value, int):
                raise ExpressionError("the bounds of a part must be integers")
            bounds.append(value)
        return target[bounds[0] : bounds[1]]

    def _truth(self, tree: Tree, variables: Mapping[str, object]) -> bool:
        found = self.value(tree, variables)
        if not isinstance(found, bool):
            raise ExpressionError(f"{_shown(tree)} is {kind_of(found)}, not true or false")
        return found

    def _unary(self, tree: Unary, variables: Mapping[str, object]) -> object:
        if tree.operator == "!":
            return not self._truth(tree.operand, variables)
        found = self.value(tree.operand, variables)
        if not is_number(found):
            raise ExpressionError(f"{tree.operator} requires a number, not {kind_of(found)}")
        return -found if tree.operator == "-" else found

    def _binary(self, tree: Binary, variables: Mapping[str, object]) -> object:
        operator = tree.operator
        if operator == "&&":
            return self._truth(tree.left, variables) and self._truth(tree.right, variables)
        if operator == "||":
            return self._truth(tree.left, variables) or self._truth(tree.right, variables)
        if operator == "??":
            try:
                left = self.value(tree.left, variables)
            except ExpressionError:
                left = None
            return self.value(tree.right, variables) if left is None else left
        left, right = self.value(tree.left, variables), self.value(tree.right, variables)
        if operator in {"==", "!="}:
            return _equal(left, right) == (operator == "==")
        if operator in {"<", ">", "<=", ">="}:
            order = compare(left, right)
            return {"<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[operator]
        if operator == "in":
            self._count(len(right) if isinstance(right, list) else 1)
            return _contains(right, left)
        if operator in {"matches", "contains", "startsWith", "endsWith"}:
            return _text_operation(operator, left, right)
        return self._arithmetic(operator, left, right)

    def _arithmetic(self, operator: str, left: object, right: object) -> object:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            if len(left) + len(right) > SIZE_LIMIT:
                raise ExpressionError(f"a string has more than {SIZE_LIMIT:,} characters")
            return left + right
        if not (is_number(left) and is_number(right)):
            raise ExpressionError(f"{operator} cannot combine {kind_of(left)} and {kind_of(right)}")
        try:
            match operator:
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    if abs(left) > 1e300 or abs(right) > 1e300:
                        return float(left) * float(right)
                    return left * right
                case "/":
                    return left / right
                case "%":
                    return math.fmod(left, right) if isinstance(left, float) else left % right
                case "**":
                    return float(left) ** float(right)
                case "..":
                    return self._range(left, right)
        except (ArithmeticError, ValueError) as error:
            raise ExpressionError(f"{left} {operator} {right}: {error}") from error
        raise ExpressionError(f"the operator {operator} is not supported")

    def _range(self, left: object, right: object) -> list[object]:
        if not (isinstance(left, int) and isinstance(right, int)):
            raise ExpressionError("a range requires integers")
        self._count(max(0, right - left + 1))
        return list(range(left, right + 1))

    def _call(self, tree: FunctionCall, variables: Mapping[str, object]) -> object:
        closure = next((each for each in tree.arguments if isinstance(each, Closure)), None)
        if tree.name in _CLOSURE_FUNCTIONS and (closure or tree.name not in FUNCTIONS):
            return self._with_closure(tree, closure, variables)
        function = FUNCTIONS.get(tree.name)
        if function is None:
            raise ExpressionError(f"the function {tree.name} is not supported")
        arguments = [self.value(each, variables) for each in tree.arguments]
        return function(tree.name, arguments, self._count)

    def _with_closure(
        self, tree: FunctionCall, closure: Closure | None, variables: Mapping[str, object]
    ) -> object:
        """Return the result of a function that calls a closure for each item of a list."""
        items = self.value(tree.arguments[0], variables) if tree.arguments else None
        if not isinstance(items, list):
            raise ExpressionError(f"{tree.name} requires a list, not {kind_of(items)}")
        if closure is None and len(tree.arguments) > 1:
            # The closure of a predicate may be written without braces.
            closure = Closure(tree.arguments[1])
        if closure is None:
            raise ExpressionError(f"{tree.name} requires a closure such as {{# > 1}}")
        body = closure.body
        if tree.name == "reduce":
            return self._reduced(tree, body, items, variables)
        results = [
            self.value(body, {**variables, "#": item, "#index": place, **_fields(item)})
            for place, item in enumerate(items)
        ]
        if tree.name in {"map", "sum", "groupBy", "sortBy"}:
            return _collected(tree.name, items, results, self._count)
        for each in results:
            if not isinstance(each, bool):
                raise ExpressionError(f"the closure of {tree.name} must be true or false")
        chosen = [item for item, each in zip(items, results, strict=True) if each]
        places = [place for place, each in enumerate(results) if each]
        found: dict[str, object] = {
            "all": len(chosen) == len(items),
            "none": not chosen,
            "any": bool(chosen),
            "one": len(chosen) == 1,
            "filter": chosen,
            "count": len(chosen),
            "find": chosen[0] if chosen else None,
            "findLast": chosen[-1] if chosen else None,
            "findIndex": places[0] if places else -1,
            "findLastIndex": places[-1] if places else -1,
        }
        return found[tree.name]

    def _reduced(
        self, tree: FunctionCall, body: Tree, items: list[object], variables: Mapping[str, object]
    ) -> object:
        rest = items
        if len(tree.arguments) > 2:
            total = self.value(tree.arguments[2], variables)
        elif items:
            total, rest = items[0], items[1:]
        else:
            raise ExpressionError("reduce requires an initial value for an empty list")
        for item in rest:
            total = self.value(body, {**variables, "#": item, "#acc": total, "acc": total})
        return total


def _fields(item: object) -> dict[str, object]:
    """Return the fields of an item, which a closure may use by their names."""
    return {str(key): value for key, value in item.items()} if isinstance(item, dict) else {}


def _collected(
    name: str, items: list[object], results: list[object], count: Callable[[int], None]
) -> object:
    if name == "map":
        return results
    if name == "sum":
        return FUNCTIONS["sum"]("sum", [results], count)
    if name == "groupBy":
        groups: dict[str, list[object]] = {}
        for item, key in zip(items, results, strict=True):
            groups.setdefault(result_text(key), []).append(item)
        return groups

    def by_result(one: int, other: int) -> int:
        return compare(results[one], results[other])

    order = sorted(
        range(len(items)),
        key=cmp_to_key(by_result),
    )
    return [items[place] for place in order]


def _equal(left: object, right: object) -> bool:
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return left == right


def _contains(container: object, item: object) -> bool:
    if isinstance(container, list):
        return any(_equal(each, item) for each in container)
    if isinstance(container, dict):
        return item in container
    raise ExpressionError(f"in requires a list or a map, not {kind_of(container)}")


def _text_operation(operator: str, left: object, right: object) -> bool:
    if not (isinstance(left, str) and isinstance(right, str)):
        raise ExpressionError(f"{operator} requires strings, not {kind_of(left)}")
    if operator == "matches":
        return matches(left, right)
    return {
        "contains": right in left,
        "startsWith": left.startswith(right),
        "endsWith": left.endswith(right),
    }[operator]


def _shown(tree: Tree) -> str:
    return ".".join(_path(tree)) or "an operand"

"""Expressions of workflow templates: values, functions, errors and bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError, parse
from launchpad_tui.runtimes.embedded.expressions import (
    check,
    condition,
    evaluate,
    paths,
    result_text,
)
from launchpad_tui.runtimes.embedded.json_path import json_path
from launchpad_tui.runtimes.embedded.retries import RetryPlan, seconds_of

VARIABLES: dict[str, object] = {
    "steps": {"a-b": {"outputs": {"result": "5", "parameters": {"x": "1"}}}},
    "inputs": {"parameters": {"n": "7", "json": '{"a": [{"b": 1}, {"b": 2}], "c d": {"e": 3}}'}},
    "item": {"k": [1, 2, 3], "name": "x"},
}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("asInt(inputs.parameters.n) * 2 + 1", "15"),
        ("asFloat('0.5') / 2", "0.25"),
        ("6 / 2", "3"),
        ("7 % 4", "3"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ** 2", "-4"),
        ("2 ^ 3", "8"),
        ("1 + 2 * 3 - 4", "3"),
        ("not (1 > 2) and 3 in 1..5", "true"),
        ("1 not in [1, 2]", "false"),
        ("'a' == \"a\" && 'a' != 'b'", "true"),
        ("'1' == 1", "false"),
        ("true == 1", "false"),
        ("steps['a-b'].outputs.result == '5' ? 'yes' : 'no'", "yes"),
        ("inputs?.missing?.deeper ?? 'default'", "default"),
        ("item.k[0] + item.k[-1]", "4"),
        ("item.k[1:]", "[2,3]"),
        ("'abc'[:2]", "ab"),
        ("map(item.k, {# * 2})", "[2,4,6]"),
        ("filter(item.k, # > 1)", "[2,3]"),
        ("item.k | filter({# > 1}) | map({# + 1}) | sum()", "7"),
        ("all(item.k, {# > 0}) && any(item.k, {# > 2}) && none(item.k, {# > 3})", "true"),
        ("count(item.k, # > 1)", "2"),
        ("reduce(item.k, #acc + #)", "6"),
        ("sortBy([{'n': 2}, {'n': 1}], .n)[0].n", "1"),
        ("groupBy(item.k, # % 2)", '{"1":[1,3],"0":[2]}'),
        ("find(item.k, # > 1)", "2"),
        ("let q = 5; q * 2", "10"),
        ("{'a': 1, b: [true, nil]}", '{"a":1,"b":[true,null]}'),
        ("'abc' matches '^a.c$'", "true"),
        ("'abc' contains 'b' and 'abc' startsWith 'a' and 'abc' endsWith 'c'", "true"),
        ("upper(trim('  x ')) + lower('Y')", "Xy"),
        ("join(split('a,b', ','), '-')", "a-b"),
        ("replace('aXa', 'X', 'b')", "aba"),
        ("len('größe')", "7"),
        ("string(12) + string(1.5)", "121.5"),
        ("int('12') + float('0.5')", "12.5"),
        ("max(1, 5, 3) - min([4, 2])", "3"),
        ("round(2.5) + floor(1.9) + ceil(0.1) + abs(-1)", "6"),
        ("toJson({'a': 'ü'})", '{"a":"ü"}'),
        ("fromJSON('[1, 2]')[1]", "2"),
        ("fromBase64(toBase64('x'))", "x"),
        ("keys({'a': 1})", '["a"]'),
        ("jsonpath(inputs.parameters.json, '$.a[1].b')", "2"),
        ("jsonpath(inputs.parameters.json, '$.a[*].b')", "[1,2]"),
        ("jsonpath(inputs.parameters.json, '$..b')", "[1,2]"),
        ("jsonpath(inputs.parameters.json, \"$['c d'].e\")", "3"),
        ("sprig.trim('  x ')", "x"),
        ("sprig.default('z', '')", "z"),
        ("sprig.ternary('a', 'b', 1 > 2)", "b"),
        ("sprig.splitList(',', 'a,b')", '["a","b"]'),
        ("sprig.replace('-', '_', 'a-b')", "a_b"),
        ("sprig.add(1, '2') + sprig.sub(5, 3) + sprig.div(-7, 2)", "2"),
        ("sprig.trunc(2, 'abc') + sprig.substr(1, 3, 'abcd')", "abbc"),
        ("sprig.b64dec(sprig.b64enc('x'))", "x"),
        (
            "sprig.sha256sum('')",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        ("sprig.get(sprig.dict('a', 'b'), 'a')", "b"),
        ("0x10 + 1_000 + 1e1", "1026"),
        ("'it\\'s' + \"\\n\" + `\\n`", "it's\n\\n"),
    ],
)
def test_results(text: str, result: str) -> None:
    tree = parse(text)
    check(tree)
    assert result_text(evaluate(tree, VARIABLES)) == result


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("1 +", "unexpected 'the end'"),
        ("(1", "')' is missing"),
        ("1 2", "unexpected '2'"),
        ("'open", "unexpected"),
        ("a.b()", "not supported"),
        ("__import__('os')", "not supported"),
        ("sprig.env('HOME')", "not supported"),
        ("asInt()", "requires 1 arguments, not 0"),
        ("other.x", "there is no variable other"),
        ("inputs.missing.x", "has no value"),
        ("item.k[9]", "there is no item 9"),
        ("item.k.real", "a list has no real"),
        ("1 + 'a'", "cannot combine a number and a string"),
        ("1 < 'a'", "have no order"),
        ("asInt('x')", "fails"),
        ("1 / 0", "division by zero"),
        ("!1", "not true or false"),
        ("1 ? 2 : 3", "not true or false"),
        ("filter(item.k, # + 1)", "must be true or false"),
        ("jsonpath('{}', '$.a')", "there is no value"),
        ("jsonpath('{}', '$.a[?(@.b)]')", "is not supported"),
        ("2 ** 99999", "Numerical result out of range"),
        ("sprig.repeat(99999999, 'aa')", "more than 1,000,000 characters"),
        ("replace(sprig.repeat(9999, 'a'), 'a', sprig.repeat(9999, 'b'))", "more than 1,000,000"),
        ("1..99999999", "more than 200,000 operations"),
        ("map(1..400, {map(1..1000, #)})", "more than 200,000 operations"),
        ("sprig.until(9999999)", "too long"),
        ("'a' matches '('", "invalid regular expression"),
        ("(" * 100 + "1" + ")" * 100, "nested more than"),
        ("!" * 100 + "true", "nested more than"),
        ("1 + " * 9000 + "1", "longer than"),
    ],
)
def test_expressions_that_fail_have_a_reason(text: str, reason: str) -> None:
    def result() -> object:
        tree = parse(text)
        check(tree)
        return evaluate(tree, VARIABLES)

    with pytest.raises(ExpressionError) as caught:
        result()
    assert reason in str(caught.value)


def test_a_regular_expression_that_takes_exponential_time_is_ended() -> None:
    with pytest.raises(ExpressionError, match="seconds"):
        evaluate(parse(f"'{'a' * 40}!' matches '^(a+)+$'"), {})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("heads == heads", True),
        ("'a b' == 'a b' && 2 > 1", True),
        (" == ''", True),
        ("x == ", False),
        ("my-value == my-value", True),
        ("0.95 >= 0.9", True),
        ("-1 < 0", True),
        ("a in ('a', b)", True),
        ("abc =~ '^a' && abc !~ z", True),
        ("!(1 == 2) || false", True),
        ("1 + 1 == 2", True),
        ("'1' == 1", False),
        ("/data/x == /data/x", True),
        ("5 % 2 == 1", True),
    ],
)
def test_conditions(text: str, result: bool) -> None:
    assert condition(text) is result


@given(st.text(max_size=60))
def test_any_text_has_a_result_or_an_error(text: str) -> None:
    for words in (False, True):
        try:
            tree = parse(text, words=words)
            check(tree)
            paths(tree)
            evaluate(tree, VARIABLES)
        except ExpressionError:
            pass


@given(
    st.lists(
        st.sampled_from(
            [
                "1",
                "'a'",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                "#",
                ".",
                "?",
                ":",
                "+",
                "item",
                "k",
                "in",
                "not",
                "..",
                ",",
                "map",
                "let",
                "=",
                ";",
                "|",
                "matches",
                "!",
                "**",
                "??",
                "?.",
            ]
        ),
        max_size=15,
    )
)
def test_any_sequence_of_tokens_has_a_result_or_an_error(tokens: list[str]) -> None:
    try:
        evaluate(parse(" ".join(tokens)), VARIABLES)
    except ExpressionError:
        pass


def test_variables_of_an_expression() -> None:
    tree = parse("steps['a-b'].outputs.result + inputs.parameters[item.name] + map(item.k, {#.z})")
    assert sorted(paths(tree)) == [
        ("inputs", "parameters"),
        ("item", "k"),
        ("item", "name"),
        ("steps", "a-b", "outputs", "result"),
    ]


def test_paths_of_json() -> None:
    value = {"a": [{"b": 1}, {"b": [2, 3]}], "x.y": 4}
    assert json_path(value, "$") == value
    assert json_path(value, "$.a[-1].b[0]") == 2
    assert json_path(value, "$.a[0,1].b") == [1, [2, 3]]
    assert json_path(value, "$.a[1].b[:1]") == [2]
    assert json_path(value, "$['x.y']") == 4
    assert json_path(value, "$.*") == [value["a"], 4]
    for path in ("a", "$.", "$.a[", "$.a[x]", "$.a[?(@.b > 1)]", "$.missing", "$.a[7]"):
        with pytest.raises(ExpressionError):
            json_path(value, path)
    wide = [[[0] * 100] * 100] * 100
    with pytest.raises(ExpressionError, match="visits more than"):
        json_path(wide, "$..x")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1m30s", 90),
        ("2h", 7200),
        ("500ms", 0.5),
        ("1d", 86400),
        ("", -1),
        ("x", -1),
        ("1 m", -1),
        ("-5", -1),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


def test_delays_between_retries_grow_up_to_a_limit() -> None:
    texts = {
        "limit": "5",
        "policy": "",
        "duration": "10s",
        "factor": "2",
        "cap": "1m",
        "max_duration": "",
    }
    plan = RetryPlan.of(texts, has_expression=False)
    assert [plan.seconds_before(number) for number in (1, 2, 3, 4, 5)] == [10, 20, 40, 60, 60]
    huge = RetryPlan.of({**texts, "limit": "9" * 30, "factor": "999999999"}, has_expression=True)
    assert huge.limit == 100
    assert huge.seconds_before(100) == 60

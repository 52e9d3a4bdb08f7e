"""Filter expressions: parsing, errors and completion."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.expression import complete, parse_where
from launchpad_tui.domain.list_names import Names, heading, of_title, parse_column, written
from launchpad_tui.domain.query import (
    Combination,
    Condition,
    Filter,
    Junction,
    MetricColumn,
    Op,
    Statistic,
    Subject,
)
from launchpad_tui.errors import InvalidInput

ATTRIBUTES = ("name", "created_at", "status", "size")
METRICS = ("accuracy", "loss{phase=validation}", "f1 score")
PARAMETERS = ("lr", "batch size")
NAMES = ["accuracy", "loss{phase=validation}", "lr", "name", "label.stage"]


KNOWN = Names(
    ATTRIBUTES,
    lambda: METRICS,
    lambda: PARAMETERS,
    lambda: ("ext.ai.sap.com/stage",),
    lambda: ("team",),
)


def parse_all(text: str) -> tuple[Filter, ...]:
    return parse_where(text, ATTRIBUTES, lambda: METRICS, lambda: PARAMETERS)


def parse(text: str) -> tuple[Condition, ...]:
    found = parse_all(text)
    assert all(isinstance(one, Condition) for one in found)
    return tuple(one for one in found if isinstance(one, Condition))


def test_conditions_are_joined_by_and() -> None:
    assert parse("accuracy > 0.9 and lr < 0.01") == (
        Condition(Subject.METRIC, "accuracy", Op.GREATER, "0.9"),
        Condition(Subject.PARAMETER, "lr", Op.LESS, "0.01"),
    )
    assert parse("loss{phase=validation}<=0.2")[0] == Condition(
        Subject.METRIC, "loss{phase=validation}", Op.LESS_EQUAL, "0.2"
    )
    assert parse('"f1 score" >= 1 and "batch size" == 32')[1].subject is Subject.PARAMETER
    assert parse("label.stage = prod")[0].name == "ext.ai.sap.com/stage"
    assert parse("createdAt > 2026-01-31")[0].op is Op.AFTER
    assert parse("status = completed")[0].value == "COMPLETED"
    assert parse("name contains two words")[0].value == "two words"


def test_former_names_of_attributes_are_accepted() -> None:
    conditions = parse_where("gone_at > 2026-01-31", ("deleted_at",), lambda: (), lambda: ())
    assert isinstance(conditions[0], Condition)
    assert conditions[0].name == "deleted_at"


def test_a_heading_of_a_list_names_its_attribute() -> None:
    assert parse("Created > 2026-01-31")[0] == Condition(
        Subject.ATTRIBUTE, "created_at", Op.AFTER, "2026-01-31"
    )
    scenario = parse_where("Scenario = churn", ("scenario_id", "name"), lambda: (), lambda: ())
    assert scenario == (Condition(Subject.ATTRIBUTE, "scenario_id", Op.EQUALS, "churn"),)
    metric = parse_where("scenario = 1", ("scenario_id",), lambda: ("scenario",), lambda: ())
    assert isinstance(metric[0], Condition)
    assert metric[0].subject is Subject.METRIC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("accuracy", "NAME OPERATOR VALUE"),
        ("accuracy >", "NAME OPERATOR VALUE"),
        ("accuracy ~ 3", "NAME OPERATOR VALUE"),
        ("accuracy > 1 and", "missing after the last 'and'"),
        ("acuracy > 1", "There is no 'acuracy'"),
        ('"open > 1', "Unexpected text in the condition"),
    ],
)
def test_invalid_expressions_are_rejected(text: str, expected: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert expected in f"{caught.value.title} {caught.value.detail}"
    if "acuracy" in text:
        assert "accuracy" in caught.value.detail


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "accuracy"),
        ("ac", "accuracy"),
        ("phase", "loss{phase=validation}"),
        ("accuracy ", "accuracy ="),
        ("accuracy >", "accuracy >="),
        ("accuracy > 0.9 ", "accuracy > 0.9 and"),
        ("accuracy > 0.9 a", "accuracy > 0.9 and"),
        ("accuracy > 0.9 and l", "accuracy > 0.9 and loss{phase=validation}"),
        ("accuracy > 0.9 and la", "accuracy > 0.9 and label.stage"),
    ],
)
def test_completion(text: str, first: str) -> None:
    assert complete(text, NAMES)[0] == first


def test_values_have_no_completions() -> None:
    assert complete("accuracy > 0.", NAMES) == []


@pytest.mark.parametrize("subject", [Subject.METRIC, Subject.PARAMETER])
def test_written_names_are_parsed(subject: Subject) -> None:
    for name in METRICS if subject is Subject.METRIC else PARAMETERS:
        assert parse(f"{written(subject, name)} > 1") == (
            Condition(subject, name, Op.GREATER, "1"),
        )
    assert (
        parse(f"{written(Subject.LABEL, 'ext.ai.sap.com/stage')} = x")[0].name
        == "ext.ai.sap.com/stage"
    )


def shown(text: str) -> str:
    """Return the filters of an expression as text, joined by commas."""
    return ", ".join(map(str, parse_all(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status = dead or status = stopped", "status = DEAD or status = STOPPED"),
        # And binds more tightly than or, as in SQL.
        ("lr > 1 or lr < 0 and size > 5", "lr > 1 or (lr < 0 and size > 5)"),
        ("(lr > 1 or lr < 0) and size > 5", "lr > 1 or lr < 0, size > 5"),
        ("(lr > 1 and (size > 5 and lr < 3))", "lr > 1, size > 5, lr < 3"),
        ("lr > 1 OR lr < 0 AND NOT size > 5", "lr > 1 or (lr < 0 and (not (size > 5)))"),
        ("not lr > 1", "not (lr > 1)"),
        ("not(lr > 1 or size > 5)", "not (lr > 1 or size > 5)"),
        ("not not lr > 1", "not (not (lr > 1))"),
        ("status in (dead, running)", "status = DEAD or status = RUNNING"),
        ("status in(dead)", "status = DEAD"),
        ("name in ('a, b', c d, and)", "name = a, b or name = c d or name = and"),
        ("name not in (a, b)", "not (name = a or name = b)"),
        ("label.stage in (prod, test)", "label stage = prod or label stage = test"),
        ("name like 'churn%'", "name like churn%"),
        ("name not like churn*", "not (name like churn*)"),
        ("name not contains x", "not (name contains x)"),
        ("size is missing", "size is missing"),
        ("size is not missing", "not (size is missing)"),
        ("lr IS NULL", "lr is missing"),
        ("label.stage is missing or lr > 1", "label stage is missing or lr > 1"),
        ("accuracy:best > 0.9", "accuracy:best > 0.9"),
        ("accuracy:last > 0.9", "accuracy > 0.9"),
        ('"f1 score":best > 0.9', "f1 score:best > 0.9"),
        ('metric."f1 score" > 0.9', "f1 score > 0.9"),
        ('param."batch size" = 32', "batch size = 32"),
        ("loss{phase=validation}:min < 1", "loss{phase=validation}:min < 1"),
        ("name contains churn (v2)", "name contains churn (v2)"),
        ("(name contains churn (v2)) or lr > 1", "name contains churn (v2) or lr > 1"),
        ("name = a, b", "name = a, b"),
        ("name = 'x or y'", "name = x or y"),
    ],
)
def test_combinations(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_names_with_parentheses() -> None:
    (found,) = parse_where("loss(val) > 1", (), lambda: ("loss(val)",), lambda: ())
    assert found == Condition(Subject.METRIC, "loss(val)", Op.GREATER, "1")


def test_parts_of_combinations() -> None:
    (found,) = parse_all("not (lr > 1 or size is missing)")
    assert isinstance(found, Combination)
    assert found.junction is Junction.NOT
    assert [one.name for one in found.leaves()] == ["lr", "size"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr > 1 or", "missing after the last 'or'"),
        ("(lr > 1", "closing parenthesis is missing"),
        ("lr > 1)", "Unexpected ')'"),
        ("()", "NAME OPERATOR VALUE"),
        ("not", "NAME OPERATOR VALUE"),
        ("name in a, b", "not in parentheses"),
        ("name in ()", "NAME OPERATOR VALUE"),
        ("name in (a,)", "NAME OPERATOR VALUE"),
        ("name in (a", "closing parenthesis is missing"),
        ("name is lost", "NAME OPERATOR VALUE"),
        ("name not = x y z not", ""),
        ("lr > 1 or acuracy > 1", "Did you mean 'accuracy'"),
        ("acuracy:best > 1", "There is no 'acuracy:best'"),
        ("accuracy:worst > 1", "There is no 'accuracy:worst'"),
        ("not " * 60 + "lr > 1", "nested too deeply"),
        ("(" * 2000, "nested too deeply"),
    ],
)
def test_invalid_combinations_are_rejected(text: str, expected: str) -> None:
    if not expected:
        parse_all(text)
        return
    with pytest.raises(InvalidInput) as caught:
        parse_all(text)
    assert expected in f"{caught.value.title} {caught.value.detail}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("createdAt", "created_at"),
        ("created", "created_at"),
        ("size", "size"),
        ("metric.accuracy", "accuracy"),
        ('"f1 score":best', "f1 score:best"),
        ('metric."f1 score"', "f1 score"),
        ("accuracy:min", "accuracy:min"),
        ("lr", "param.lr"),
        ("param.lr", "param.lr"),
        ('"batch size"', "param.batch size"),
        ("label.stage", "label.stage"),
        ("tag.team", "tag.team"),
    ],
)
def test_names_to_sort_by(text: str, expected: str) -> None:
    assert str(parse_column(text, KNOWN)) == expected


def test_names_of_a_parameter_and_a_metric_must_have_a_prefix() -> None:
    both = Names(ATTRIBUTES, lambda: ("lr", "batch size", "loss"), lambda: ("lr", "batch size"))
    for text, parameter, metric in (
        ("lr", "param.lr", "metric.lr"),
        ('"batch size"', 'param."batch size"', 'metric."batch size"'),
    ):
        with pytest.raises(InvalidInput) as caught:
            parse_column(text, both)
        assert "of a parameter and of a metric" in caught.value.title
        assert caught.value.hint == (
            f"Use {parameter} for the parameter or {metric} for the metric."
        )
        name = text.strip('"')
        for subject, shown in ((Subject.PARAMETER, parameter), (Subject.METRIC, metric)):
            (found,) = parse_where(f"{shown} < 0.5", (), both.metrics, both.parameters)
            assert isinstance(found, Condition)
            assert (found.subject, found.name) == (subject, name)
    assert str(parse_column("lr:best", both)) == "lr:best"
    assert str(parse_column("loss", both)) == "loss"


def test_unknown_names_are_refused_with_the_metrics_and_parameters_that_exist() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_column("zzzzz", Names(("name",), lambda: ("loss",), lambda: ("lr",)))
    assert caught.value.detail == "Metrics: loss. Parameters: lr. Attributes: name."


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("acuracy", "'accuracy'"),
        ("metric.acuracy", "'accuracy'"),
        ("param.lrr", "'lr'"),
        ("label.stag", "'stage'"),
        ("stage", "'label.stage'"),
        ("tag.tem", "'team'"),
        ("nam", "'name'"),
    ],
)
def test_unknown_names_are_refused_with_suggestions(text: str, suggested: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_column(text, KNOWN)
    assert suggested in caught.value.detail
    with pytest.raises(InvalidInput) as caught:
        parse_where(
            f"{text} = 1", ATTRIBUTES, KNOWN.metrics, KNOWN.parameters, KNOWN.labels, KNOWN.tags
        )
    assert suggested in caught.value.detail


def test_names_are_accepted_while_there_are_none() -> None:
    empty = Names(ATTRIBUTES)
    assert str(parse_column("loss:best", empty)) == "loss:best"
    assert str(parse_column("label.stage", empty)) == "label.stage"
    assert parse_column("created", empty) == "created_at"
    found = parse_where("label.stage = prod", (), tuple, tuple)
    assert found == (Condition(Subject.LABEL, "ext.ai.sap.com/stage", Op.EQUALS, "prod"),)


def test_heads_of_columns_name_their_attribute() -> None:
    attributes = ("configuration_id", "configuration_name", "scenario_id", "size", "created_at")
    for attribute in attributes:
        head = heading(attribute, attributes).upper()
        assert parse_column(head, Names(attributes)) == attribute


@pytest.mark.parametrize(
    ("head", "attribute"),
    [
        ("CONFIGURATION", "configuration_name"),
        ("Configuration", "configuration_name"),
        ("configuration", "configuration_name"),
        ("EXECUTABLE", "executable_id"),
        ("MESSAGE", "status_message"),
        ("CREATED", "created_at"),
        ("STATUS", "status"),
    ],
)
def test_a_head_has_one_meaning(head: str, attribute: str) -> None:
    attributes = (
        "configuration_id",
        "configuration_name",
        "executable_id",
        "status_message",
        "status",
        "created_at",
    )
    (found,) = parse_where(f"{head} = 2026-01-31", attributes, tuple, tuple)
    assert isinstance(found, Condition)
    assert found.name == attribute
    assert parse_column(head, Names(attributes)) == attribute


@pytest.mark.parametrize(
    "text",
    [
        "val loss < 0.1",
        "validation loss < 0.1",
        '"val loss" < 0.1',
        'metric."val loss" < 0.1',
        "loss{phase=validation} < 0.1",
    ],
)
def test_heads_of_columns_name_their_metrics(text: str) -> None:
    condition = Condition(Subject.METRIC, "loss{phase=validation}", Op.LESS, "0.1")
    assert parse(text) == (condition,)
    assert parse(f"lr > 1 and {text}")[1:] == (condition,)


def test_the_head_of_a_column_may_have_a_statistic() -> None:
    named = Condition(Subject.METRIC, "loss{phase=validation}:min", Op.LESS, "0.1")
    assert parse("val loss:min < 0.1") == parse('"val loss":min < 0.1') == (named,)


def test_a_head_that_several_series_share_is_refused() -> None:
    keys = ("loss{phase=validation}", "loss{set=val}")
    with pytest.raises(InvalidInput, match="There is no 'val loss'"):
        parse_where('"val loss" < 1', ATTRIBUTES, lambda: keys, tuple)
    assert of_title("val loss", keys) is None


def test_the_head_of_a_column_names_it_in_options() -> None:
    key = "loss{phase=validation}"
    assert parse_column("val loss", KNOWN) == MetricColumn(key)
    assert parse_column("val loss:best", KNOWN) == MetricColumn(key, Statistic.BEST)

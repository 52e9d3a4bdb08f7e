"""Filter expressions: parsing, errors and completion."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.expression import complete, parse_where, written
from launchpad_tui.domain.query import Condition, Op, Subject
from launchpad_tui.errors import InvalidInput

ATTRIBUTES = ("name", "created_at", "status", "size")
METRICS = ("accuracy", "loss{phase=validation}", "f1 score")
PARAMETERS = ("lr", "batch size")
NAMES = ["accuracy", "loss{phase=validation}", "lr", "name", "label.stage"]


def parse(text: str) -> tuple[Condition, ...]:
    return parse_where(text, ATTRIBUTES, lambda: METRICS, lambda: PARAMETERS)


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
    assert conditions[0].name == "deleted_at"


def test_a_heading_of_a_list_names_its_attribute() -> None:
    assert parse("Created > 2026-01-31")[0] == Condition(
        Subject.ATTRIBUTE, "created_at", Op.AFTER, "2026-01-31"
    )
    scenario = parse_where("Scenario = churn", ("scenario_id", "name"), lambda: (), lambda: ())
    assert scenario == (Condition(Subject.ATTRIBUTE, "scenario_id", Op.EQUALS, "churn"),)
    metric = parse_where("scenario = 1", ("scenario_id",), lambda: ("scenario",), lambda: ())
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

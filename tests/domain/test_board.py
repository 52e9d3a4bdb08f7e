"""Boards: their JSON form, errors of invalid boards, titles of charts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.board import (
    AGGREGATES,
    Against,
    Board,
    ChartDefinition,
    Selected,
    board_from_json,
)
from launchpad_tui.errors import InvalidInput

CHARTS = st.builds(
    ChartDefinition,
    metrics=st.lists(st.text(max_size=20), min_size=1, max_size=4).map(tuple),
    name=st.text(max_size=20),
    description=st.text(max_size=20),
    against=st.sampled_from(Against),
    kind=st.text(max_size=10),
    labels=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3).map(tuple),
    parameters=st.lists(st.text(max_size=10), max_size=2).map(tuple),
    aggregate=st.sampled_from(AGGREGATES),
    smoothing=st.floats(0, 0.999),
    y_log=st.booleans(),
)


@given(st.lists(CHARTS, max_size=5), st.integers(0, 12))
def test_serialized_boards_are_parsed(charts: list[ChartDefinition], columns: int) -> None:
    board = Board("Mine", tuple(charts), columns, "why")
    assert board_from_json(json.loads(json.dumps(board.to_json()))) == board


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (3, "not a board"),
        ({"name": "x"}, "not a board"),
        ({"name": "x", "charts": [], "format": 99}, "format of the board is not supported"),
        ({"name": "x", "charts": [{}] * 101}, "too many"),
        ({"name": "", "charts": []}, "not a valid name"),
        ({"name": "two\nlines", "charts": []}, "not a valid name"),
        ({"name": 3, "charts": []}, "name and description"),
        ({"name": "x", "charts": [], "columns": 99}, "columns"),
        ({"name": "x", "charts": [7]}, "charts[0]"),
        ({"name": "x", "charts": [{"metrics": []}]}, "charts[0].metrics"),
        ({"name": "x", "charts": [{"metrics": ["a"]}, {"metrics": "a"}]}, "charts[1].metrics"),
        ({"name": "x", "charts": [{"metrics": ["a"], "against": "x"}]}, "charts[0].against"),
        ({"name": "x", "charts": [{"metrics": ["a"], "aggregate": "x"}]}, "charts[0].aggregate"),
        ({"name": "x", "charts": [{"metrics": ["a"], "smoothing": 1}]}, "charts[0].smoothing"),
        ({"name": "x", "charts": [{"metrics": ["a"], "smoothing": True}]}, "charts[0].smoothing"),
        ({"name": "x", "charts": [{"metrics": ["a"], "y_log": 1}]}, "charts[0].y_log"),
        ({"name": "x", "charts": [{"metrics": ["a"], "labels": [["a"]]}]}, "charts[0].labels"),
        ({"name": "x", "charts": [{"metrics": ["a"], "colour": "red"}]}, "'colour'"),
    ],
)
def test_invalid_boards_are_rejected(data: Any, where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        board_from_json(data)
    assert where in f"{caught.value.title} {caught.value.detail}"


def test_titles_of_charts() -> None:
    assert ChartDefinition(("loss",)).title == "loss"
    assert ChartDefinition(("loss",), name="Mine").title == "Mine"
    assert ChartDefinition(("a", "b", "c", "d"), labels=(("k", "v"),)).title == "a, b, c, … {k=v}"
    assert (
        ChartDefinition(("a",), against=Against.PARAMETERS, parameters=("lr",)).title == "a by lr"
    )


def test_drawn_items_of_a_selection() -> None:
    selected = Selected(("a", "b", "c"), frozenset({"b"}))
    assert selected.drawn == ("a", "c")
    assert Selected(("a", "b"), frozenset({"a"}), solo="a").drawn == ("a",)
    assert Selected(("a", "b"), solo="gone").drawn == ("a", "b")


def test_short_titles_are_unique_on_a_board() -> None:
    def charts(*keys: str) -> Board:
        return Board("x", tuple(ChartDefinition((key,)) for key in keys))

    assert charts("loss{phase=train}", "loss{phase=validation}").titles == [
        "train loss",
        "val loss",
    ]
    assert charts("loss{fold=1}", "loss{seed=1}", "loss").titles == [
        "loss{fold=1}",
        "loss{seed=1}",
        "loss",
    ]
    both = ChartDefinition(("loss{fold=1}", "loss{seed=1}", "f1{fold=1}"))
    assert both.short_title == "loss{fold=1}, loss{seed=1}, 1 f1"
    assert both.title == "loss{fold=1}, loss{seed=1}, f1{fold=1}"

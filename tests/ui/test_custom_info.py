"""Custom info: matrices are heat maps, other JSON is a table, and nothing has brackets."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.text import cell_width
from launchpad_tui.ui.screens.common.custom_info import info_lines

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=25,
)


def shown(value: object, width: int = 100, *, ascii_only: bool = False) -> list[str]:
    lines = info_lines(json.dumps(value), width, ascii_only)
    assert lines is not None
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def test_a_matrix_is_a_heat_map_with_its_numbers_and_scale() -> None:
    assert shown([[50, 2, 0], [1, 47, 2], [0, 3, 45]]) == [
        "         0      1      2",
        "  0  ██ 50  ░░  2  ░░  0",
        "  1  ░░  1  ██ 47  ░░  2",
        "  2  ░░  0  ░░  3  ██ 45",
        "    ░░▒▒▓▓██ 0 to 50",
    ]


def test_names_of_rows_and_columns() -> None:
    nested = shown({"cat": {"cat": 0.98, "dog": 0.02}, "dog": {"cat": 0.11, "dog": 0.89}})
    assert nested[0].split() == ["cat", "dog"]
    assert nested[1].split() == ["cat", "██", "0.98", "░░", "0.02"]
    labeled = shown({"labels": ["cat", "dog"], "matrix": [[98, 2], [11, 89]], "note": "ok"})
    assert labeled[0].split() == ["note", "ok"]
    assert labeled[1].strip() == "matrix"
    assert labeled[2].split() == ["cat", "dog"]
    assert labeled[4].split() == ["dog", "░░", "11", "██", "89"]
    assert not any("labels" in line for line in labeled)


def test_a_wide_matrix_has_only_shades() -> None:
    lines = shown([[row * column for column in range(40)] for row in range(5)], 90)
    assert all(set(line.split()[1]) <= set("░▒▓█") for line in lines[:5])
    assert lines[-1].endswith("0 to 156")
    plain = shown([[0, 1], [2, 3]], ascii_only=True)
    assert all(line.isascii() for line in plain)
    assert "@@" in plain[-1]


def test_values_that_are_not_finite_have_no_shade() -> None:
    lines = shown([[math.nan, 1.0], [2.0, math.inf]])
    assert lines[1].split() == ["0", "nan", "░░", "1"]
    assert lines[2].split() == ["1", "██", "2", "inf"]


def test_other_json_is_a_table() -> None:
    assert [
        line.split() for line in shown([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "f1": 0.9}])
    ] == [
        ["epoch", "loss", "f1"],
        ["1", "0.5"],
        ["2", "0.9"],
    ]
    lines = shown({"best": True, "sizes": [3, 4], "nested": {"a": {"b": None}}})
    assert [line.strip() for line in lines] == ["best   yes", "sizes  3, 4", "nested", "a", "b  -"]
    # Depth is visible from the indentation.
    assert [len(line) - len(line.lstrip()) for line in lines] == [2, 2, 2, 4, 6]
    assert shown([0.5, "x"]) == ["  0  0.5", "  1  x"]
    assert shown({}) == shown([]) == ["  empty"]


def test_long_texts_are_wrapped_and_long_lists_counted() -> None:
    lines = shown({"note": "word " * 60}, 60)
    assert len(lines) > 4
    assert " ".join(lines).count("word") == 60
    assert shown(list(range(300)))[-1] == "  and 100 more"


@pytest.mark.parametrize("text", ["", "plain", "3", '"[x]"', "[1, 2", "[" * 100_000, "{" * 9])
def test_other_text_is_left_to_the_caller(text: str) -> None:
    assert info_lines(text, 80) is None


@given(values, st.integers(10, 120), st.booleans())
def test_any_json_fits(value: object, width: int, ascii_only: bool) -> None:
    lines = info_lines(json.dumps(value), width, ascii_only)
    if not isinstance(value, dict | list):
        assert lines is None
        return
    assert lines
    for line in lines:
        text = "".join(part for part, _ in line)
        assert not [char for char in text if ord(char) < 32]
        assert cell_width(text) < 2000

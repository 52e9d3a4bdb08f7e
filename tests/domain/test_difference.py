"""Differences between two models as lines."""

from __future__ import annotations

import json
from dataclasses import replace

from launchpad_tui.domain.difference import difference
from tests.domain.test_comparison import A, B, subject


def test_parameters_and_metrics_are_compared() -> None:
    lines = [str(line) for line in difference(A, B)]
    assert lines[0] == "@@ parameters @@"
    assert "- lr = 0.1" in lines
    assert "+ lr = 0.01" in lines
    assert not any("mode" in line for line in lines)
    assert "+ loss = 0.25   (-0.25 -50.0%)" in lines
    assert difference(A, A) == []


def test_entries_of_only_one_model() -> None:
    one, other = subject("a", {"x": "1"}), subject("b", {"y": "2"})
    lines = [str(line) for line in difference(one, other)]
    assert "- x = 1" in lines
    assert "+ y = 2" in lines
    assert "+ x = " not in lines


def test_custom_info_is_compared_line_by_line() -> None:
    matrix = [[number * 10 + place for place in range(3)] for number in range(8)]
    changed = [list(row) for row in matrix]
    changed[4][1] = 99
    one = replace(A, custom_info={"confusion": json.dumps(matrix), "note": "same"})
    other = replace(A, custom_info={"confusion": json.dumps(changed), "note": "same"})
    lines = [str(line) for line in difference(one, other)]
    assert "- [40, 41, 42]" in lines
    assert "+ [40, 99, 42]" in lines
    assert "  [30, 31, 32]" in lines
    assert "  [0, 1, 2]" not in lines
    assert not any("note =" in line for line in lines)


def test_files_are_compared() -> None:
    one = replace(A, files={"model.bin": "10 B aa", "same": "1 B"})
    other = replace(A, files={"model.bin": "11 B bb", "same": "1 B", "more": "2 B"})
    lines = [str(line) for line in difference(one, other)]
    assert lines == [
        "@@ files @@",
        "- model.bin = 10 B aa",
        "+ model.bin = 11 B bb",
        "+ more = 2 B",
    ]

"""Differences between two models as lines."""

from __future__ import annotations

import json
from dataclasses import replace

from launchpad_tui.domain.difference import ChangedFile, difference
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


def test_code_is_compared_line_by_line() -> None:
    one = replace(A, code={"commit": "aaa", "file train.py": "1 B", "package numpy": "1.26"})
    other = replace(A, code={"commit": "bbb", "file train.py": "2 B", "package numpy": "2.0"})
    before = "import x\n\nrate = 1\nsteps = 2\n" + "line\n" * 50
    code = (
        ChangedFile("train.py", before, before.replace("rate = 1", "rate = 3")),
        ChangedFile("new.py", None, "x = 1\n"),
        ChangedFile("old.py", "y = 1\n", None),
        ChangedFile("data.bin", note="differs; not text"),
        ChangedFile("ends.py", "a\n", "a\r\n"),
    )
    lines = [str(line) for line in difference(one, other, code)]
    assert lines[:5] == [
        "@@ code and environment @@",
        "- commit = aaa",
        "+ commit = bbb",
        "- package numpy = 1.26",
        "+ package numpy = 2.0",
    ]
    place = lines.index("@@ code: train.py @@")
    assert "- rate = 1" in lines[place:]
    assert "+ rate = 3" in lines[place:]
    assert lines.count("  line") < 5
    assert lines[lines.index("@@ code: new.py @@") + 1 :][:2] == [
        "  only in the second",
        "  @@ -0,0 +1 @@",
    ]
    assert "+ x = 1" in lines
    assert "- y = 1" in lines
    assert "  differs; not text" in lines
    assert "  only line ends differ" in lines
    assert not any("file train.py" in line for line in lines)

"""Files with metrics and parameters of models."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest

from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.attribute_formats import has_attributes, parse_attributes

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def points(name: str, text: str) -> list[tuple[str, int, float]]:
    found = parse_attributes(name, text.encode(), NOW).metrics
    return [(one.name, one.step, one.value) for one in found]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("metrics.json", True),
        ("Metrics.JSON", True),
        ("metrics.csv", True),
        ("metrics.jsonl", True),
        ("params.yaml", True),
        ("hparams.yml", True),
        ("churn.metrics.json", True),
        ("params.csv", False),
        ("model.json", False),
        ("metrics", False),
        ("config.yaml", False),
    ],
)
def test_names_of_files_with_attributes(name: str, expected: bool) -> None:
    assert has_attributes(name) is expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("metrics.json", '{"a": 1, "b": 0.5}', [("a", 0, 1), ("b", 0, 0.5)]),
        ("metrics.json", '{"a": 1, "step": 7}', [("a", 7, 1)]),
        ("metrics.json", '{"a": [3, 2]}', [("a", 0, 3), ("a", 1, 2)]),
        ("metrics.json", '{"macro avg": {"f1": 0.5}}', [("macro avg.f1", 0, 0.5)]),
        (
            "metrics.json",
            '[{"epoch": 1, "a": 5}, {"epoch": 2, "a": 4}]',
            [("a", 1, 5), ("a", 2, 4)],
        ),
        ("metrics.json", '{"metrics": [{"name": "a", "value": 2, "step": 3}]}', [("a", 3, 2)]),
        (
            "metrics.jsonl",
            '{"step": 1, "a": 5}\n\n{"step": 2, "a": 4}\n',
            [("a", 1, 5), ("a", 2, 4)],
        ),
        ("metrics.yaml", "a: 1e-3\nb: 2\n", [("a", 0, 0.001), ("b", 0, 2)]),
        ("metrics.csv", "step,a\n1,5\n2,4\n", [("a", 1, 5), ("a", 2, 4)]),
        ("metrics.csv", "a,b\n5,\n4,1\n", [("a", 0, 5), ("a", 1, 4), ("b", 1, 1)]),
        ("metrics.csv", "name,value\na,5\nb,4\n", [("a", 0, 5), ("b", 1, 4)]),
        ("metrics.csv", "\ufeffname,labels,step,value\na,,3,5\n", [("a", 3, 5)]),
    ],
)
def test_metrics(name: str, text: str, expected: list[tuple[str, int, float]]) -> None:
    assert points(name, text) == expected


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": null}', '{"a": "nan"}'])
def test_not_a_number_is_a_value(text: str) -> None:
    ((_, _, value),) = points("metrics.json", text)
    assert math.isnan(value)


def test_texts_become_tags_and_structures_custom_info() -> None:
    data = {"a": 1, "model": "xgb", "final": True, "confusion": [[50, 2], [1, 47]]}
    found = parse_attributes("metrics.json", json.dumps(data).encode(), NOW)
    assert {one.name: one.value for one in found.tags} == {"model": "xgb", "final": "true"}
    assert [(one.name, one.value) for one in found.custom_info] == [
        ("confusion", "[[50, 2], [1, 47]]")
    ]


def test_parts_are_separated_by_their_names() -> None:
    data = {
        "metrics": {"a": 1},
        "params": {"lr": 0.10, "opt": {"name": "adam"}},
        "tags": [{"name": "team", "value": "red"}],
        "customInfo": {"note": {"x": 1}},
    }
    found = parse_attributes("churn.json", json.dumps(data).encode(), NOW)
    assert found.parameters == {"lr": "0.1", "opt.name": "adam"}
    assert [(one.name, one.value) for one in found.tags] == [("team", "red")]
    assert [(one.name, one.value) for one in found.custom_info] == [("note", '{"x": 1}')]
    assert found.counts == "1 metric, 2 parameters, 1 tag and 1 custom info entry"


@pytest.mark.parametrize("name", ["params.yaml", "model.hparams.yml"])
def test_parameters_are_kept_as_they_are_written(name: str) -> None:
    text = b"lr: 1e-3\ndepth: 08\nflag: yes\nlayers: [1, 2]\n"
    assert parse_attributes(name, text, NOW).parameters == {
        "lr": "1e-3",
        "depth": "08",
        "flag": "yes",
        "layers": '["1", "2"]',
    }
    written = parse_attributes("params.json", b'{"lr": 1.50, "layers": [1, 2]}', NOW).parameters
    assert written == {"lr": "1.50", "layers": "[1, 2]"}


def test_labels_of_points_are_kept() -> None:
    point = {"name": "a", "value": 1, "labels": [{"name": "phase", "value": "test"}]}
    (found,) = parse_attributes("m.json", json.dumps([point]).encode(), NOW).metrics
    assert found.labels == (("phase", "test"),)
    (other,) = parse_attributes("m.csv", b"name,labels,value\na,phase=test,1\n", NOW).metrics
    assert other.labels == (("phase", "test"),)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", b"{bad"),
        ("metrics.json", b"{}"),
        ("metrics.json", b"3"),
        ("metrics.json", b"[1, 2]"),
        ("metrics.json", b"\xff\xfe"),
        ("metrics.json", b"[" * 100_000),
        ("metrics.json", b'{"a": 1, "step": -1}'),
        ("metrics.json", b'{"' + b"n" * 300 + b'": 1}'),
        ("metrics.json", b" " * 10_000_001),
        ("metrics.yaml", b"a: [1"),
        ("metrics.yaml", b"a: !!python/object:os.system {}"),
        ("metrics.csv", b"name,value\na,x\n"),
        ("metrics.txt", b"a=1"),
    ],
)
def test_files_that_cannot_be_read(name: str, content: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_attributes(name, content, NOW)
    assert name in caught.value.title
    assert caught.value.detail
    assert caught.value.hint


def test_aliases_of_yaml_do_not_multiply_without_end() -> None:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40)]
    with pytest.raises(InvalidInput) as caught:
        parse_attributes("params.yaml", "\n".join(lines).encode(), NOW)
    assert "values" in caught.value.detail

"""Bodies of the metrics API."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from launchpad_tui.domain.metric import Metric, MetricResource, Tag
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.metric_body import (
    LimitExceeded,
    Recording,
    matches_tags,
    read_resource,
    selection,
    write_resource,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def read(**attributes: Any) -> Recording:
    return read_resource(json.dumps({"executionId": "e1", **attributes}).encode(), NOW)[1]


def test_defaults_are_filled_in() -> None:
    point = {"name": "Error Rate", "value": 3, "timestamp": None}
    assert read(metrics=[point]).metrics == (Metric("Error Rate", 3.0, NOW),)


def test_everything_given_is_kept() -> None:
    point = {
        "name": "loss",
        "value": 0.5,
        "timestamp": "2026-01-01T00:00:00.123456789Z",
        "step": 4.0,
        "labels": [{"name": "phase", "value": "train"}],
    }
    found = read(
        metrics=[point],
        tags=[{"name": "a", "value": "b"}],
        customInfo=[{"name": "c", "value": "ü" * 10}],
    )
    moment = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert found.metrics == (Metric("loss", 0.5, moment, 4, (("phase", "train"),)),)
    assert found.tags == (Tag("a", "b"),)
    assert found.custom_info[0].value == "ü" * 10


def test_values_that_are_not_finite_are_data() -> None:
    values = [
        m.value
        for m in read(
            metrics=[{"name": "a", "value": v} for v in (math.nan, math.inf, -math.inf)]
        ).metrics
    ]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


POINT = {"name": "a", "value": 1}


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"metrics": {}}, "metrics"),
        ({"metrics": [1]}, "metrics[0]"),
        ({"metrics": [{"value": 1}]}, "metrics[0].name"),
        ({"metrics": [POINT, {"name": "!!", "value": 1}]}, "metrics[1].name"),
        ({"metrics": [{"name": "a" * 257, "value": 1}]}, "metrics[0].name"),
        ({"metrics": [{"name": "a"}]}, "metrics[0].value"),
        ({"metrics": [{"name": "a", "value": "1"}]}, "metrics[0].value"),
        ({"metrics": [{"name": "a", "value": True}]}, "metrics[0].value"),
        ({"metrics": [{"name": "a", "value": 10**400}]}, "metrics[0].value"),
        ({"metrics": [{**POINT, "timestamp": 5}]}, "metrics[0].timestamp"),
        ({"metrics": [{**POINT, "timestamp": "yesterday"}]}, "metrics[0].timestamp"),
        ({"metrics": [{**POINT, "step": -1}]}, "metrics[0].step"),
        ({"metrics": [{**POINT, "step": 1.5}]}, "metrics[0].step"),
        ({"metrics": [{**POINT, "step": 2**63}]}, "metrics[0].step"),
        ({"metrics": [{**POINT, "step": True}]}, "metrics[0].step"),
        ({"metrics": [{**POINT, "labels": {"a": "b"}}]}, "metrics[0].labels"),
        (
            {"metrics": [{**POINT, "labels": [{"name": "a", "value": ""}]}]},
            "metrics[0].labels[0].value",
        ),
        ({"tags": [{"name": "a", "value": "x" * 257}]}, "tags[0].value"),
        ({"tags": [{"name": "\ud800", "value": "x"}]}, "tags[0].name"),
        ({"customInfo": [{"name": "a", "value": {"b": 1}}]}, "customInfo[0].value"),
        ({"executionId": ""}, "executionId"),
        ({"executionId": None}, "executionId"),
    ],
)
def test_malformed(attributes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(**attributes)
    assert caught.value.field == field
    assert not isinstance(caught.value, LimitExceeded)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"executionId":' * 100_000, b"1" * 5000]
)
def test_no_json_object(body: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_resource(body, NOW)
    assert caught.value.field == "body"


@pytest.mark.parametrize(
    "attributes",
    [
        {"metrics": [POINT] * 1001},
        {"metrics": [{**POINT, "labels": [{"name": str(n), "value": "x"} for n in range(21)]}]},
        {"tags": [{"name": "a", "value": "b"}] * 101},
        {"customInfo": [{"name": "a", "value": "b"}] * 101},
        {"customInfo": [{"name": "a", "value": "é" * 2_500_001}]},
    ],
)
def test_over_a_limit(attributes: dict[str, Any]) -> None:
    with pytest.raises(LimitExceeded):
        read(**attributes)


def test_at_the_limits() -> None:
    assert len(read(metrics=[POINT] * 1000).metrics) == 1000
    assert read(customInfo=[{"name": "a", "value": "x" * 5_000_000}]).custom_info


def test_selection() -> None:
    everything = frozenset({"metrics", "tags", "customInfo"})
    assert selection([]) == selection(["*"]) == selection(["tags,*"]) == everything
    assert selection(["metrics,custominfo"]) == {"metrics", "customInfo"}
    with pytest.raises(InvalidInput):
        selection(["labels"])


def test_tag_filters() -> None:
    tags = (Tag("a", "1"), Tag("b,c", "x=y"))
    assert matches_tags(tags, "a=1,b%2Cc=x%3Dy,a!=2,d!=1,a")
    assert not matches_tags(tags, "a=2")
    assert not matches_tags(tags, "a=1,a!=1")
    assert not matches_tags(tags, "d")
    with pytest.raises(InvalidInput):
        matches_tags(tags, "a," * 101)


def test_what_is_not_selected_is_not_written() -> None:
    resource = MetricResource(
        "e1", (Metric("a", 1.0, NOW, 2, (("k", "v"),)),), (Tag("t", "u"),), (), NOW, NOW
    )
    assert write_resource(resource, frozenset({"metrics"})) == {
        "executionId": "e1",
        "createdAt": "2026-01-31T12:00:00Z",
        "modifiedAt": "2026-01-31T12:00:00Z",
        "metrics": [
            {
                "name": "a",
                "value": 1.0,
                "timestamp": "2026-01-31T12:00:00Z",
                "step": 2,
                "labels": [{"name": "k", "value": "v"}],
            }
        ],
    }

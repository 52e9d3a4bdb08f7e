"""Serialize and parse metrics, tags and custom info."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from launchpad_tui.aiapi.errors import LimitExceeded
from launchpad_tui.aiapi.metrics import (
    MetricRequest,
    parse_metric_request,
    serialize_metric_resource,
)
from launchpad_tui.domain.metric import Metric, MetricResource, Tag
from launchpad_tui.errors import InvalidInput

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def parse(**attributes: Any) -> MetricRequest:
    return parse_metric_request(json.dumps({"executionId": "e1", **attributes}).encode(), NOW)[1]


def test_missing_values_have_defaults() -> None:
    point = {"name": "Error Rate", "value": 3, "timestamp": None}
    assert parse(metrics=[point]).metrics == (Metric("Error Rate", 3.0, NOW),)


def test_all_values_are_kept() -> None:
    point = {
        "name": "loss",
        "value": 0.5,
        "timestamp": "2026-01-01T00:00:00.123456789Z",
        "step": 4.0,
        "labels": [{"name": "phase", "value": "train"}],
    }
    found = parse(
        metrics=[point],
        tags=[{"name": "a", "value": "b"}],
        customInfo=[{"name": "c", "value": "ü" * 10}],
    )
    timestamp = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert found.metrics == (Metric("loss", 0.5, timestamp, 4, (("phase", "train"),)),)
    assert found.tags == (Tag("a", "b"),)
    assert found.custom_info[0].value == "ü" * 10


def test_values_that_are_not_finite_are_kept() -> None:
    values = [
        m.value
        for m in parse(
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
def test_malformed_body_names_the_position(attributes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(**attributes)
    assert caught.value.field == field
    assert not isinstance(caught.value, LimitExceeded)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"executionId":' * 100_000, b"1" * 5000]
)
def test_body_that_is_not_a_json_object(body: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_metric_request(body, NOW)
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
def test_body_over_a_limit(attributes: dict[str, Any]) -> None:
    with pytest.raises(LimitExceeded):
        parse(**attributes)


def test_body_at_the_limits() -> None:
    assert len(parse(metrics=[POINT] * 1000).metrics) == 1000
    assert parse(customInfo=[{"name": "a", "value": "x" * 5_000_000}]).custom_info


def test_only_selected_attributes_are_serialized() -> None:
    resource = MetricResource(
        "e1", (Metric("a", 1.0, NOW, 2, (("k", "v"),)),), (Tag("t", "u"),), (), NOW, NOW
    )
    assert serialize_metric_resource(resource, frozenset({"metrics"})) == {
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

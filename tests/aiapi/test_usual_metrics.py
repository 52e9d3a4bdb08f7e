"""Requests in the form of the clients of launchpad are parsed like all others, in less time."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from launchpad_tui import quick_log, tracking
from launchpad_tui.aiapi import metrics
from launchpad_tui.aiapi.metrics import parse_metric_request
from launchpad_tui.errors import LaunchpadError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
#: the parts of a body, each in usual and unusual forms
PARTS = {
    "executionId": ('"e1"', '""', '"é"', r'"\u00e9"', "1", '"a\\"'),
    "name": ('"Error rate"', '"layer.0/w"', '""', '"é"', r'"\u00e9"', '"a{b}"', '"a\n"', "1"),
    "value": (
        *("0.5", "-1e-05", "1.5e+300", "1e999", "7", "-0", "-0.0", "01.5", "1.", ".5", "NaN"),
        *("Infinity", "true", '"1"', "1.5E3", "9" * 19 + ".5", "9" * 400, "0x1", "1_0.5", "٣.5"),
    ),
    "timestamp": (
        *('"2026-01-31T12:00:00.123456Z"', '"2026-13-31T12:00:00.123456Z"', '""', "null", "1"),
        *('"0000-01-01T00:00:00.000000Z"', '"2026-01-31T12:00:60.123456Z"', '"2026-01-31"'),
        *('"2026-01-31T12:00:00Z"', '"2026-01-31T12:00:00.123456+01:00"'),
        *('"2026-01-31T24:00:00.000000Z"', '"2026-01-31T12:00:00.1234567Z"'),
    ),
    "step": ("7", "0", "-1", "00", "1.0", "9" * 18, str(2**63 - 1), str(2**63), "null", "true"),
    "labels": (
        *("[]", '[{"name":"phase","value":"train"}]', '[{"name":"a","value":"\\u00e9"}]', "null"),
        *(
            "[0]",
            '[{"name":"a","value":""}]',
            '[{"name":"a","value":"[b]"}]',
            "[,]",
            "[\n]",
            "[[]]",
        ),
        *('[{"name":"a","value":"b"},{"name":"a","value":"c"}]', "[\0]\0", "[", "{}"),
        *('[{"name":"é","value":"ü"}]', json.dumps([{"name": "a" * 300, "value": "b"}])),
        json.dumps([{"name": f"n{k}", "value": "b"} for k in range(21)]),
    ),
    "rest": (
        *("", ',"tags":[],"customInfo":[]', ',"tags":[]', "}", ',"metrics":[]'),
        ',"tags":[{"name":"a","value":"b"}],"customInfo":[]',
    ),
}


def body_of(**changed: str | None) -> bytes:
    """Return a body; parts that are None are missing."""
    part = {name: forms[0] for name, forms in PARTS.items()} | changed
    names = ("name", "value", "timestamp", "step", "labels")
    point = ",".join(f'"{name}":{part[name]}' for name in names if part[name] is not None)
    return f'{{"executionId":{part["executionId"]},"metrics":[{{{point}}}]{part["rest"]}}}'.encode()


def result(body: bytes) -> Any:
    """Return what a body is parsed to, or the error."""
    try:
        execution_id, request = parse_metric_request(body, NOW)
    except LaunchpadError as error:
        return type(error), error.title, error.detail, error.hint
    return execution_id, tuple(map(repr, request.metrics)), request.tags, request.custom_info


def test_all_bodies_are_parsed_like_general_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [body_of()]
    for one, other in itertools.combinations(PARTS, 2):
        for forms in itertools.product((*PARTS[one], None), (*PARTS[other], None)):
            bodies.append(body_of(**dict(zip((one, other), forms, strict=True))))
    bodies += [body_of()[:-1], body_of() + b" ", b" " + body_of(), b"\xff" + body_of()]
    usual = sum(metrics._one_usual_metric(body, NOW) is not None for body in bodies)
    assert usual > 100
    found = [result(body) for body in bodies]
    monkeypatch.setattr(metrics, "_ONE_METRIC_BYTES", -1)
    for body, one in zip(bodies, found, strict=True):
        assert one == result(body), body


def test_bodies_of_the_clients_are_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise they would be parsed, too, but in more time."""
    bodies: list[bytes] = []
    monkeypatch.setenv("AICORE_EXECUTION_ID", "e1")
    monkeypatch.setenv("AICORE_TRACKING_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(tracking, "_patch", lambda body, _: bodies.append(body))
    tracking.send({"loss": 0.25}, step=7)
    tracking.send({"Error rate": 1e-05}, 0, {"phase": "train"}, timestamp=1_760_000_000.5)
    body = quick_log._body(["loss=2", "--step", "3", "--label", "phase=train"], "e1")
    assert body is not None
    for one in (*bodies, body):
        found = metrics._one_usual_metric(one, NOW)
        assert found is not None, one
        assert found[1].metrics[0].timestamp.tzinfo is UTC

"""The format of metric lines on standard output."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.metric_lines import MetricLine, MetricLineError, parse_metric_line

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def parse(line: str) -> MetricLine:
    found = parse_metric_line(line, NOW)
    assert found is not None
    return found


def test_plain_form() -> None:
    assert parse("::metric loss=0.31 acc=.9 step=5\n").metrics == (
        Metric("loss", 0.31, NOW, 5),
        Metric("acc", 0.9, NOW, 5),
    )


def test_labels_time_and_quotes() -> None:
    line = (
        '::metric "Error rate"=1e-3 step=5 time=2025-01-01T00:00:00+01:00 '
        '| phase="hold out"  fold=2\r\n'
    )
    timestamp = datetime(2024, 12, 31, 23, tzinfo=UTC)
    expected = Metric("Error rate", 0.001, timestamp, 5, (("phase", "hold out"), ("fold", "2")))
    assert parse(line).metrics == (expected,)
    assert parse("::metric a=1 time=1735686000.5").metrics[0].timestamp == timestamp.replace(
        microsecond=500000
    )


def test_json_form() -> None:
    line = (
        '::metric {"loss": 0.5, "empty": null, "step": 7, "time": "2025-01-01T00:00:00Z", '
        '"labels": {"fold": 2}}'
    )
    loss, empty = parse(line).metrics
    assert loss == Metric("loss", 0.5, datetime(2025, 1, 1, tzinfo=UTC), 7, (("fold", "2"),))
    assert math.isnan(empty.value)
    assert parse('::metric {"a": NaN}').metrics[0].name == "a"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("-Infinity", -math.inf),
        ("1.", 1.0),
        ("+2E+2", 200.0),
        ("1e999", math.inf),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert parse(f"::metric x={text}").metrics[0].value == value


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "NA", "-nan(0x8000000000000)"])
def test_nan(text: str) -> None:
    assert math.isnan(parse(f"::metric x={text}").metrics[0].value)


def test_tags_and_infos() -> None:
    assert [(t.name, t.value) for t in parse('::tag group=tree-82 note="first try"').tags] == [
        ("group", "tree-82"),
        ("note", "first try"),
    ]
    assert [(i.name, i.value) for i in parse('::info m=[[50, 2], ["a=b", 47]]').custom_info] == [
        ("m", '[[50, 2], ["a=b", 47]]')
    ]
    assert parse('::info "two lines"="first\\nsecond"').custom_info[0].value == "first\nsecond"
    assert parse('::info {"m": [1, 2], "t": "x"}').custom_info[0].value == "[1, 2]"
    assert parse('::tag {"fold": 3}').tags[0].value == "3"


@pytest.mark.parametrize(
    "line",
    [
        "",
        ":",
        "loss=1",
        " ::metric a=1",
        "::metrics a=1",
        "::group::metric a=1",
        "::",
        "metric a=1",
        "::metric:a=1",
    ],
)
def test_other_lines_are_ordinary_output(line: str) -> None:
    assert parse_metric_line(line, NOW) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("::metric", "requires at least one name"),
        ("::metric loss", "not name=value"),
        ("::metric loss=", "not name=value"),
        ("::metric loss=0,31", "not a number"),
        ("::metric loss=1_000", "not a number"),
        ("::metric loss=0x10", "not a number"),
        ("::metric loss=1 step=-1", "step"),
        ("::metric loss=1 step=1.5", "step"),
        ("::metric loss=1 step=99999999999999999999", "step"),
        ("::metric loss=1 time=yesterday", "time"),
        ("::metric loss=1 time=1e300", "time"),
        ("::metric step=1", "no metric"),
        ("::metric loss=1 | a=b | c=d", "more than one |"),
        ("::metric loss=1 | a", "not name=value"),
        ("::metric !!=1", "metric name"),
        ("::metric {", "JSON"),
        ("::metric {}", "JSON object is empty"),
        ('::metric {"a": [1]}', "not a number"),
        ('::metric {"a": true}', "not a number"),
        ('::metric {"a": 1, "labels": [1]}', "labels"),
        ('::metric "a\\x"=1', "invalid quotes"),
        ('::metric "\\ud800a"=1', "surrogate"),
        ("::metric " + '{"a":' * 100_000, "nested|JSON"),
        ("::tag a", "not name=value"),
        ("::tag a=b | c=d", "Labels"),
        ("::tag a=" + "x" * 257, "characters"),
        ("::info a", "not name=text"),
        ("::info a=", "empty"),
        ("::metric a=1 | l=" + "x" * 257, "label"),
    ],
)
def test_malformed_lines_are_rejected_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(
        MetricLineError,
        match=f"(?s).*({reason.replace('|', '[|]') if reason == 'more than one |' else reason})",
    ):
        parse_metric_line(line, NOW)


names = st.text(min_size=1, max_size=40).filter(
    lambda text: (
        any(c.isascii() and (c.isalnum() or c in "_-") for c in text)
        and text not in {"step", "time", "labels"}
    )
)
texts = st.text(min_size=1, max_size=60)


@given(
    st.dictionaries(names, st.floats(allow_nan=False), min_size=1, max_size=5),
    st.integers(0, 2**63 - 1),
    st.dictionaries(texts, texts, max_size=4),
)
def test_any_names_numbers_and_labels_are_parsed(
    values: dict[str, float], step: int, labels: dict[str, str]
) -> None:
    expected = tuple(
        Metric(name, value, NOW, step, tuple(labels.items())) for name, value in values.items()
    )
    pairs = " ".join(f"{json.dumps(name)}={value!r}" for name, value in values.items())
    after = " ".join(
        f"{json.dumps(name, ensure_ascii=False)}={json.dumps(value)}"
        for name, value in labels.items()
    )
    assert parse(f"::metric {pairs} step={step} | {after}".replace("| \n", "")).metrics == expected
    assert (
        parse("::metric " + json.dumps({**values, "step": step, "labels": labels})).metrics
        == expected
    )


@given(
    st.text(
        alphabet=st.sampled_from('abstep=time|"\\{}[]: \t\r\n.0123456789-einf,\u2028é\ud83d'),
        max_size=60,
    )
)
def test_any_text_is_either_parsed_or_rejected(rest: str) -> None:
    for word in ("metric", "tag", "info"):
        try:
            found = parse_metric_line(f"::{word} {rest}", NOW)
        except MetricLineError:
            continue
        else:
            assert found is None or found.metrics or found.tags or found.custom_info


def test_long_lines_take_linear_time() -> None:
    start = time.perf_counter()
    for body in (
        '"' * 200_000,
        '"\\' * 100_000,
        "a" * 200_000,
        "a=" * 100_000,
        " " * 200_000 + "x",
    ):
        with pytest.raises(MetricLineError):
            parse_metric_line(f"::metric {body}", NOW)
    assert time.perf_counter() - start < 30

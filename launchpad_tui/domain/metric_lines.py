"""Metrics on standard output: lines that start with ``::metric``, ``::tag`` or ``::info``.

Programs in any language can log with them::

    ::metric loss=0.31 accuracy=0.9 step=5
    ::metric loss=0.35 step=5 | phase=validation fold=2
    ::metric "Error rate"=nan step=6 time=2026-01-31T12:00:00Z
    ::metric {"loss": 0.31, "step": 5, "labels": {"phase": "train"}}
    ::tag group=tree-82 note="first try"
    ::info confusion=[[50, 2], [1, 47]]
    ::info "two lines"="first\\nsecond"

- The line starts with the keyword and a space. Other lines that start with ``::`` are ordinary
  output.
- ``::metric`` is followed by ``name=number`` pairs. The names ``step`` (a whole number from 0) and
  ``time`` (RFC 3339, or seconds since 1970) are reserved and apply to the whole line, as do labels
  in the form ``name=value`` after ``|``. Numbers have a decimal point; ``nan``, ``inf``, ``-inf``
  and R's ``NA`` are valid.
- ``::tag`` is followed by ``name=value`` pairs. ``::info`` is followed by one name; the text is
  everything between ``=`` and the end of the line. A text in double quotes is parsed as a JSON
  string.
- A name or value that contains a space, ``=``, ``|`` or ``"`` is put in double quotes, with the
  escapes of JSON.
- A ``{`` after the keyword starts the JSON form: an object from names to values. For ``::metric``
  the names ``step``, ``time`` and ``labels`` are reserved, and null is NaN. An info that is not a
  string is stored as JSON.
- Names and labels follow the rules of the AI API. Nothing of a malformed line is recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from launchpad_tui.domain.metric import (
    CUSTOM_INFO_BYTES,
    LABEL_LIMIT,
    NAME_LIMIT,
    POINTS_PER_REQUEST,
    CustomInfo,
    Metric,
    Tag,
    check_metric_labels,
    check_metric_name,
)
from launchpad_tui.domain.timestamps import from_micros, parse_rfc3339
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: the start of every metric line, by which large logs can be searched
PREFIX = "::"
_WORD = re.compile(r"::(metric|tag|info)(?:[ \t]+(.*))?", re.DOTALL)
_TOKEN = r'"(?:[^"\\]|\\.)*"|[^\s="|]+'
_PAIR = re.compile(rf"\s*(?:({_TOKEN})=({_TOKEN})(?=[\s|]|\Z)|(\|))", re.DOTALL)
_INFO = re.compile(rf"({_TOKEN})=(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = {"nan": "nan", "na": "nan", "inf": "inf", "infinity": "inf"}
_STEP_LIMIT = 2**63 - 1


class MetricLineError(InvalidInput):
    """A line that starts like a metric line and is malformed; the title states the reason."""


@record
class MetricLine:
    """The content of one metric line."""

    metrics: tuple[Metric, ...] = ()
    tags: tuple[Tag, ...] = ()
    custom_info: tuple[CustomInfo, ...] = ()


def is_metric_line(line: str) -> bool:
    """Return whether a line logs metrics, tags or custom info, well-formed or not."""
    return line[:2] == PREFIX and _WORD.fullmatch(line.rstrip("\r\n \t")) is not None


def parse_metric_line(line: str, now: datetime) -> MetricLine | None:
    """Parse a line; return None if it is ordinary output.

    Args:
        line: one line of output, with or without its line break.
        now: the timestamp of metrics without ``time=``.

    Raises:
        MetricLineError: the line is malformed.
    """
    if line[:2] != PREFIX:
        return None
    match = _WORD.fullmatch(line.rstrip("\r\n \t"))
    if match is None:
        return None
    word, rest = match.group(1), match.group(2) or ""
    if not rest:
        raise MetricLineError(
            f"::{word} requires at least one name", hint=f"Example: ::{word} name=value"
        )
    try:
        if word == "metric":
            return MetricLine(
                metrics=_json_metrics(rest, now) if rest[0] == "{" else _metrics(rest, now)
            )
        if word == "tag":
            pairs = _json_object(rest).items() if rest[0] == "{" else list(_plain_pairs(rest))
            return MetricLine(
                tags=tuple(Tag(_name(name), _value(name, value)) for name, value in pairs)
            )
        infos = _json_object(rest).items() if rest[0] == "{" else [_info_pair(rest)]
        return MetricLine(
            custom_info=tuple(CustomInfo(_name(name), _info(name, value)) for name, value in infos)
        )
    except MetricLineError:
        raise
    except InvalidInput as error:
        raise MetricLineError(error.title, error.detail, error.hint) from error
    except RecursionError as error:
        raise MetricLineError("The JSON is nested too deeply") from error


def _pairs(text: str) -> Iterator[tuple[str, str] | None]:
    """Yield the pairs of a text, and None for each ``|``."""
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            near = text[position:].strip()[:40]
            raise MetricLineError(
                f"{near!r} is not name=value",
                hint='Quote names and values that contain spaces or "=".',
            )
        yield None if match.group(3) else (_unquote(match.group(1)), _unquote(match.group(2)))
        position = match.end()


def _plain_pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in _pairs(text):
        if pair is None:
            raise MetricLineError("Labels after | are only valid for ::metric")
        yield pair


def _unquote(text: str) -> str:
    if text[:1] != '"':
        return text
    try:
        return str(json.loads(text, strict=False))
    except (ValueError, RecursionError) as error:
        raise MetricLineError(f"{text[:40]!r} has invalid quotes", str(error)) from error


def _metrics(text: str, now: datetime) -> tuple[Metric, ...]:
    values: dict[str, float] = {}
    labels: dict[str, str] = {}
    step, timestamp, bar = 0, now, False
    for pair in _pairs(text):
        if pair is None:
            if bar:
                raise MetricLineError("The line has more than one |")
            bar = True
            continue
        name, value = pair
        if bar:
            labels[name] = value
        elif name == "step":
            step = _step(value)
        elif name == "time":
            timestamp = _timestamp(value)
        else:
            values[name] = _number(name, value)
    return _points(values, step, timestamp, labels)


def _json_metrics(text: str, now: datetime) -> tuple[Metric, ...]:
    data = _json_object(text)
    step = _step(str(data.pop("step", None) or 0))
    at = data.pop("time", None)
    given = data.pop("labels", None)
    if given is not None and not isinstance(given, dict):
        raise MetricLineError("labels is not a JSON object")
    labels = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in (given or {}).items()
    }
    values: dict[str, float] = {}
    for name, value in data.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str | None):
            raise MetricLineError(f"The value of {name[:40]!r} is not a number")
        values[name] = _number(name, "nan" if value is None else str(value))
    return _points(values, step, now if at is None else _timestamp(str(at)), labels)


def _points(
    values: dict[str, float], step: int, timestamp: datetime, labels: dict[str, str]
) -> tuple[Metric, ...]:
    if not values:
        raise MetricLineError("The line has no metric", hint="Example: ::metric loss=0.31 step=5")
    if len(values) > POINTS_PER_REQUEST:
        raise MetricLineError(
            f"The line has {len(values)} metrics",
            f"At most {POINTS_PER_REQUEST} are allowed.",
            "Use several lines.",
        )
    pairs = tuple(labels.items())
    check_metric_labels(pairs)
    for text in (*labels, *labels.values()):
        _whole(text)
    return tuple(
        Metric(_whole(check_metric_name(name)), value, timestamp, step, pairs)
        for name, value in values.items()
    )


def _json_object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise MetricLineError("Invalid JSON", str(error)) from error
    if not isinstance(data, dict) or not data:
        raise MetricLineError("The JSON object is empty")
    return data


def _number(name: str, text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    sign = "-" if text[:1] == "-" else ""
    # C prints nan(0x8000…) on some systems.
    word = text.lstrip("+-").lower().partition("(")[0]
    if word in _NOT_FINITE:
        return float(sign + _NOT_FINITE[word])
    hint = "Use a decimal point, not a comma." if "," in text else ""
    raise MetricLineError(f"The value of {name[:40]!r} is not a number: {text[:40]!r}", hint=hint)


def _step(text: str) -> int:
    whole = text.removesuffix(".0")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 19 or int(whole) > _STEP_LIMIT:
        raise MetricLineError(f"step is not a whole number from 0: {text[:40]!r}")
    return int(whole)


def _timestamp(text: str) -> datetime:
    try:
        if _NUMBER.fullmatch(text):
            return from_micros(round(float(text) * 1_000_000))
        return parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise MetricLineError(
            f"time is neither RFC 3339 nor seconds since 1970: {text[:40]!r}"
        ) from error


def _whole(text: str) -> str:
    """Return the text. Raise MetricLineError if an unpaired surrogate prevents storing it."""
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise MetricLineError("The line contains an unpaired surrogate")
    return text


def _name(name: str) -> str:
    if not 1 <= len(name) <= NAME_LIMIT:
        raise MetricLineError(
            f"A name has {len(name)} characters", hint=f"Use 1 to {NAME_LIMIT} characters."
        )
    return _whole(name)


def _value(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if not 1 <= len(text) <= LABEL_LIMIT:
        raise MetricLineError(
            f"The tag {name[:40]!r} has {len(text)} characters",
            hint=f"Use 1 to {LABEL_LIMIT} characters.",
        )
    return _whole(text)


def _info_pair(text: str) -> tuple[str, str]:
    match = _INFO.fullmatch(text)
    if match is None:
        raise MetricLineError(f"{text[:40]!r} is not name=text")
    value = match.group(2)
    quoted = len(value) >= 2 and re.fullmatch(r'"(?:[^"\\]|\\.)*"', value, re.DOTALL)
    return _unquote(match.group(1)), _unquote(value) if quoted else value


def _info(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if not text or len(text.encode("utf-8", "replace")) > CUSTOM_INFO_BYTES:
        raise MetricLineError(
            f"The info {name[:40]!r} is empty or too long",
            hint=f"Use 1 to {CUSTOM_INFO_BYTES} bytes.",
        )
    return _whole(text)

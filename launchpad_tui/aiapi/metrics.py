"""Metrics, tags and custom info of executions (``/lm/metrics``).

Limits are those of the API (specification 2.42.0); a body over a limit (413) is distinguished from
a malformed one (400). NaN and the infinities are data: ``NaN``, ``Infinity`` and ``-Infinity`` are
read, and written in responses, although RFC 8259 does not allow them (SAP's client reads them).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from launchpad_tui.aiapi import lenient
from launchpad_tui.aiapi.errors import LimitExceeded
from launchpad_tui.aiapi.json_limit import require_few_values
from launchpad_tui.aiapi.strict import TIMESTAMP_HINT, check_unicode
from launchpad_tui.aiapi.values import Json, JsonObject, json_number, rfc3339, serialize_labels
from launchpad_tui.domain.artifact import is_record
from launchpad_tui.domain.metric import (
    CUSTOM_INFO_BYTES,
    CUSTOM_INFO_LIMIT,
    LABEL_LIMIT,
    LABELS_PER_METRIC,
    NAME_LIMIT,
    POINTS_PER_REQUEST,
    TAGS_LIMIT,
    CustomInfo,
    Metric,
    MetricResource,
    SeriesSummary,
    Tag,
    check_metric_name,
    is_metric_name,
)
from launchpad_tui.domain.query import MetricColumn
from launchpad_tui.domain.timestamps import EPOCH, parse_rfc3339
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: steps are stored as 64-bit integers
_STEP_LIMIT = 2**63 - 1
#: the attributes of a metric resource that ``$select`` may name
SELECTABLE = ("metrics", "tags", "customInfo")


@record
class MetricRequest:
    """The entries that one request logs."""

    metrics: Sequence[Metric] = ()
    tags: Sequence[Tag] = ()
    custom_info: Sequence[CustomInfo] = ()


# Serializing -------------------------------------------------------------------------------------


def serialize_metric(metric: Metric) -> Json:
    """Return a metric; its value may be NaN or infinite."""
    return {
        "name": metric.name,
        "value": metric.value,
        "timestamp": rfc3339(metric.timestamp),
        "step": metric.step,
        "labels": serialize_labels(metric.labels, "name"),
    }


def extended_metric(metric: Metric) -> Json:
    """Return a metric as standard JSON: a value that is not finite is a string."""
    return {**serialize_metric(metric), "value": json_number(metric.value)}


def serialize_metric_resource(resource: MetricResource, select: frozenset[str]) -> Json:
    """Return the selected attributes of everything that one execution logged.

    Args:
        select: of `SELECTABLE`.
    """
    data: Json = {"executionId": resource.execution_id}
    if resource.created_at is not None:
        data["createdAt"] = rfc3339(resource.created_at)
    if resource.modified_at is not None:
        data["modifiedAt"] = rfc3339(resource.modified_at)
    if "metrics" in select:
        data["metrics"] = [serialize_metric(each) for each in resource.metrics]
    if "tags" in select:
        data["tags"] = _serialize_named(resource.tags)
    if "customInfo" in select:
        data["customInfo"] = _serialize_named(resource.custom_info)
    return data


def _serialize_named(entries: Sequence[Tag] | Sequence[CustomInfo]) -> list[Json]:
    return [{"name": each.name, "value": each.value} for each in entries]


def serialize_metric_request(execution_id: str, request: MetricRequest) -> Json:
    """Return the body of a request that logs entries; empty attributes are left out."""
    data: Json = {"executionId": execution_id}
    if request.metrics:
        data["metrics"] = [_without_empty_labels(serialize_metric(m)) for m in request.metrics]
    if request.tags:
        data["tags"] = _serialize_named(request.tags)
    if request.custom_info:
        data["customInfo"] = _serialize_named(request.custom_info)
    return data


def _without_empty_labels(metric: Json) -> Json:
    return metric if metric["labels"] else {k: v for k, v in metric.items() if k != "labels"}


def serialize_series(series: SeriesSummary) -> Json:
    """Return the summary of a metric series."""
    return {
        "name": series.name,
        "key": series.key,
        "labels": serialize_labels(series.labels, "name"),
        "executionId": None if is_record(series.execution_id) else series.execution_id,
        "count": series.count,
        "notFinite": series.not_finite,
        "first": json_number(series.first),
        "last": json_number(series.last),
        "minimum": json_number(series.minimum),
        "maximum": json_number(series.maximum),
        "minimumStep": series.minimum_step,
        "maximumStep": series.maximum_step,
        "firstStep": series.first_step,
        "lastStep": series.last_step,
        "firstAt": rfc3339(series.first_at),
        "lastAt": rfc3339(series.last_at),
    }


def serialize_metric_values(values: Mapping[MetricColumn, float]) -> Json:
    """Return the values of metric columns by the columns' names."""
    return {str(column): json_number(value) for column, value in values.items()}


# Parsing responses -------------------------------------------------------------------------------


def parse_metric_resource(data: JsonObject) -> MetricResource:
    """Parse a metric resource of a response; entries that cannot be parsed are skipped."""
    return MetricResource(
        lenient.required_text(data, "executionId"),
        tuple(lenient.parse_list(data, _parse_metric, key="metrics")),
        tuple(Tag(*pair) for pair in lenient.pairs(data, "tags", key="name")),
        tuple(CustomInfo(*pair) for pair in lenient.pairs(data, "customInfo", key="name")),
        lenient.timestamp(data, "createdAt"),
        lenient.timestamp(data, "modifiedAt"),
    )


def _parse_metric(data: JsonObject) -> Metric:
    step = data.get("step")
    step = max(0, int(step)) if isinstance(step, int | float) else 0
    if step > _STEP_LIMIT:
        raise ValueError("step")
    return Metric(
        str(data["name"]),
        float(data["value"]),
        lenient.timestamp(data, "timestamp") or EPOCH,
        step,
        lenient.pairs(data, "labels", key="name"),
    )


# Parsing requests --------------------------------------------------------------------------------


def parse_metric_request(body: bytes, now: datetime) -> tuple[str, MetricRequest]:
    """Parse the body of a request that logs entries.

    Args:
        body: UTF-8 JSON of a ``TrckMetricResource``.
        now: the timestamp of metrics without one (or with null, as SAP's client sends it).

    Returns:
        The execution ID and the entries.

    Raises:
        LimitExceeded: a limit of the API is exceeded.
        InvalidInput: the body is not JSON or not of the API's form; ``field`` is the position, such
            as ``metrics[3].value``.
    """
    usual = _one_usual_metric(body, now)
    if usual is not None:
        return usual
    try:
        require_few_values(body)
        data = json.loads(body)
    except RecursionError as error:
        raise InvalidInput(
            "The body is nested too deeply",
            hint="Send the form that the AI API specifies.",
            field="body",
        ) from error
    except ValueError as error:
        raise InvalidInput(
            "The body is not valid JSON", str(error), "Send JSON encoded as UTF-8.", field="body"
        ) from error
    if not isinstance(data, dict):
        raise InvalidInput(
            "The body is not a JSON object",
            hint="Send an object with executionId and metrics, tags or customInfo.",
            field="body",
        )
    execution_id = data.get("executionId")
    if not isinstance(execution_id, str) or not execution_id:
        raise InvalidInput(
            "executionId is missing",
            hint="Set it to the ID of the execution.",
            field="executionId",
        )
    metrics = _list(data, "metrics", POINTS_PER_REQUEST)
    tags = _list(data, "tags", TAGS_LIMIT)
    infos = _list(data, "customInfo", CUSTOM_INFO_LIMIT)
    request = MetricRequest(
        tuple(map(_MetricParser(now).parse, metrics, range(len(metrics)))),
        tuple(
            Tag(*_pair(item, f"tags[{number}]", LABEL_LIMIT)) for number, item in enumerate(tags)
        ),
        tuple(
            CustomInfo(*_pair(item, f"customInfo[{number}]", None))
            for number, item in enumerate(infos)
        ),
    )
    size = sum(
        len(info.value) if info.value.isascii() else len(info.value.encode())
        for info in request.custom_info
    )
    if size > CUSTOM_INFO_BYTES:
        raise LimitExceeded(
            "The custom info is too large",
            f"It has {size} bytes; the maximum is {CUSTOM_INFO_BYTES}.",
            "Shorten it, or store it as a file of an output artifact.",
            field="customInfo",
        )
    return execution_id, request


#: A body with one metric as the clients of launchpad write it. Texts without escapes are ASCII, and
#: numbers are decimal fractions, so that all groups are parsed as JSON would be.
_ONE_METRIC = re.compile(
    rb'\{"executionId":"([ !#-\[\]-~]+)",'
    rb'"metrics":\[\{"name":"([ !#-\[\]-~]+)",'
    rb'"value":(-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))'
    rb'(?:,"timestamp":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)")?'
    rb',"step":(0|[1-9][0-9]{0,17}),"labels":(\[[^\[\]\x00-\x1f]*\])\}\]'
    rb'(?:,"tags":\[\],"customInfo":\[\])?\}'
)
#: bytes of the longest body that is compared with it
_ONE_METRIC_BYTES = 4096


def _one_usual_metric(body: bytes, now: datetime) -> tuple[str, MetricRequest] | None:
    """Return what `parse_metric_request` returns, in less time; None if the body is not usual."""
    match = _ONE_METRIC.fullmatch(body) if len(body) <= _ONE_METRIC_BYTES else None
    if match is None:
        return None
    execution_id, text, value, at, step, labels = match.groups()
    try:
        name = text.decode()
        if not _is_usual(name):
            return None
        metric = Metric(
            name,
            float(value),
            now if at is None else datetime.fromisoformat(at.decode()),
            int(step),
            _labels_of(labels),
        )
    except (ValueError, InvalidInput):
        # The general parser describes the error.
        return None
    return execution_id.decode(), MetricRequest((metric,))


@lru_cache(maxsize=1024)
def _labels_of(text: bytes) -> tuple[tuple[str, str], ...]:
    """Return the labels of a JSON list. Raises ValueError or InvalidInput."""
    return _labels({"labels": json.loads(text)}, "")


def _list(data: JsonObject, name: str, limit: int) -> list[Any]:
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidInput(f"{name} is not a list", hint="Send a list of objects.", field=name)
    if len(found) > limit:
        raise LimitExceeded(
            f"{name} has {len(found)} entries",
            f"The maximum for one request is {limit}.",
            "Send several requests.",
            field=name,
        )
    return found


def _object(item: object, place: str) -> JsonObject:
    if not isinstance(item, dict):
        raise InvalidInput(
            f"{place} is not an object", hint="Send objects with name and value.", field=place
        )
    return item


def _text(item: JsonObject, key: str, place: str, limit: int | None) -> str:
    text = item.get(key)
    if not isinstance(text, str) or not text or (limit is not None and len(text) > limit):
        rule = "at least 1 character" if limit is None else f"1 to {limit} characters"
        raise InvalidInput(
            f"{place}.{key} is not a string of {rule}",
            hint=f"Set {key} to such a string.",
            field=f"{place}.{key}",
        )
    check_unicode(text, f"{place}.{key}")
    return text


def _pair(item: object, place: str, value_limit: int | None) -> tuple[str, str]:
    entry = _object(item, place)
    return _text(entry, "name", place, NAME_LIMIT), _text(entry, "value", place, value_limit)


class _MetricParser:
    """Parses the metrics of a request, most of which have the same timestamp and labels."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._text: str | None = None
        self._at = now
        self._pairs: object = None
        self._labels: tuple[tuple[str, str], ...] = ()

    def parse(self, item: object, number: int) -> Metric:
        """Return a metric. Raises InvalidInput."""
        if isinstance(item, dict):
            name, value, step = item.get("name"), item.get("value"), item.get("step", 0)
            if (
                type(name) is str
                and _is_usual(name)
                and (type(value) is float or type(value) is int)
                and type(step) is int
                and 0 <= step <= _STEP_LIMIT
                and item.get("timestamp") == self._text
                and (item.get("labels") or None) == self._pairs
            ):
                with suppress(OverflowError):
                    return Metric(name, float(value), self._at, step, self._labels)
        found = _metric(item, f"metrics[{number}]", self._now)
        assert isinstance(item, dict)
        self._text, self._at = item.get("timestamp"), found.timestamp
        self._pairs, self._labels = item.get("labels") or None, found.labels
        return found


@lru_cache(maxsize=16_384)
def _is_usual(name: str) -> bool:
    """Return whether a name is valid and ASCII."""
    return name.isascii() and is_metric_name(name)


def _metric(item: object, place: str, now: datetime) -> Metric:
    entry = _object(item, place)
    name = _text(entry, "name", place, NAME_LIMIT)
    try:
        check_metric_name(name)
    except InvalidInput as error:
        raise InvalidInput(
            f"{place}.name: {error.title}", error.detail, error.hint, field=f"{place}.name"
        ) from error
    return Metric(
        name,
        _value(entry, place),
        _timestamp(entry, place, now),
        _step(entry, place),
        _labels(entry, place),
    )


def _value(entry: JsonObject, place: str) -> float:
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(
            f"{place}.value is not a number",
            hint="Log a number; convert other values first.",
            field=f"{place}.value",
        )
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidInput(
            f"{place}.value is too large",
            hint="Log a number of double precision.",
            field=f"{place}.value",
        ) from error


def _timestamp(entry: JsonObject, place: str, now: datetime) -> datetime:
    text = entry.get("timestamp")
    if text is None:
        return now
    try:
        return parse_rfc3339(text)
    except (ValueError, AttributeError, OverflowError) as error:
        raise InvalidInput(
            f"{place}.timestamp is not an RFC 3339 timestamp",
            hint=TIMESTAMP_HINT,
            field=f"{place}.timestamp",
        ) from error


def _step(entry: JsonObject, place: str) -> int:
    step = entry.get("step")
    if step is None:
        return 0
    if isinstance(step, float) and step.is_integer():
        step = int(step)  # JSON Schema counts 5.0 as an integer.
    if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= _STEP_LIMIT:
        raise InvalidInput(
            f"{place}.step is not a whole number of at least 0",
            hint="Count steps from 0.",
            field=f"{place}.step",
        )
    return step


def _labels(entry: JsonObject, place: str) -> tuple[tuple[str, str], ...]:
    found = entry.get("labels")
    if not found:
        return ()
    if not isinstance(found, list):
        raise InvalidInput(
            f"{place}.labels is not a list",
            hint="Send a list of objects with name and value.",
            field=f"{place}.labels",
        )
    if len(found) > LABELS_PER_METRIC:
        raise LimitExceeded(
            f"{place} has {len(found)} labels",
            f"The maximum for one metric is {LABELS_PER_METRIC}.",
            "Leave out labels.",
            field=f"{place}.labels",
        )
    pairs: dict[str, str] = {}
    for number, label in enumerate(found):
        position = f"{place}.labels[{number}]"
        one = _object(label, position)
        name = _text(one, "name", position, LABEL_LIMIT)
        pairs[name] = _text(one, "value", position, LABEL_LIMIT)
    return tuple(pairs.items())

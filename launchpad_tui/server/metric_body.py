"""Metric resources as JSON: bodies read and checked, answers written (AI API, ``/lm/metrics``, specification 2.42.0).

Limits are those of the API; what is over a limit is told apart from what is malformed, because the API answers the
first with 413 and the second with 400. NaN and the infinities are data: ``NaN``, ``Infinity`` and ``-Infinity`` are
read, and written in answers, although RFC 8259 has no word for them (SAP's client reads them).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

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
    Tag,
    check_metric_name,
)
from launchpad_tui.domain.timestamps import parse_rfc3339, to_rfc3339
from launchpad_tui.errors import InvalidInput

#: steps are kept as 64-bit integers
_STEP_LIMIT = 2**63 - 1
#: the API's code of a body over a limit; its other codes are not published, so ours are words
CODE_TOO_LARGE = "02000005"
#: 1000 metrics with 20 labels each and 5 MB of custom info, all of it escaped as ``\uXXXX``, stay below
BODY_LIMIT = 96 * 1024 * 1024
#: executions of one request for metrics
IDS_PER_REQUEST = 10
#: the attributes that ``$select`` may name
SELECTABLE = ("metrics", "tags", "customInfo")


class LimitExceeded(InvalidInput):
    """A body holds more than the API allows; answered with 413."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What one request logs."""

    metrics: tuple[Metric, ...] = ()
    tags: tuple[Tag, ...] = ()
    custom_info: tuple[CustomInfo, ...] = ()


def read_resource(body: bytes, now: datetime) -> tuple[str, Recording]:
    """The execution ID and the entries of a PATCH body.

    Args:
        body: UTF-8 JSON of a ``TrckMetricResource``.
        now: the timestamp of metrics that bring none (or null, as SAP's client sends it).

    Raises:
        LimitExceeded: over one of the API's limits.
        InvalidInput: not JSON, or not of the API's shape; ``field`` is the place, such as ``metrics[3].value``.
    """
    try:
        data = json.loads(body)
    except RecursionError as error:
        raise InvalidInput("The body is nested too deeply", field="body") from error
    except ValueError as error:
        raise InvalidInput("The body is not valid JSON", str(error), field="body") from error
    if not isinstance(data, dict):
        raise InvalidInput("The body is not a JSON object", field="body")
    execution_id = data.get("executionId")
    if not isinstance(execution_id, str) or not execution_id:
        raise InvalidInput(
            "executionId is missing",
            "It has to be the ID of the execution as text.",
            field="executionId",
        )
    metrics = _list(data, "metrics", POINTS_PER_REQUEST)
    tags = _list(data, "tags", TAGS_LIMIT)
    infos = _list(data, "customInfo", CUSTOM_INFO_LIMIT)
    recording = Recording(
        tuple(_metric(item, f"metrics[{number}]", now) for number, item in enumerate(metrics)),
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
        for info in recording.custom_info
    )
    if size > CUSTOM_INFO_BYTES:
        raise LimitExceeded(
            "The custom info is too large",
            f"{size} bytes; at most {CUSTOM_INFO_BYTES}.",
            field="customInfo",
        )
    return execution_id, recording


def _list(data: Mapping[str, Any], name: str, limit: int) -> list[Any]:
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidInput(f"{name} is not a list", field=name)
    if len(found) > limit:
        raise LimitExceeded(
            f"{name} has {len(found)} entries", f"At most {limit} in one request.", field=name
        )
    return found


def _object(item: object, place: str) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise InvalidInput(f"{place} is not an object", field=place)
    return item


def _text(item: Mapping[str, Any], key: str, place: str, limit: int | None) -> str:
    text = item.get(key)
    if not isinstance(text, str) or not text or (limit is not None and len(text) > limit):
        rule = "at least 1 character" if limit is None else f"1 to {limit} characters"
        raise InvalidInput(f"{place}.{key} is not a text of {rule}", field=f"{place}.{key}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"{place}.{key} has half a surrogate pair in it", field=f"{place}.{key}"
            ) from error
    return text


def _pair(item: object, place: str, value_limit: int | None) -> tuple[str, str]:
    entry = _object(item, place)
    return _text(entry, "name", place, NAME_LIMIT), _text(entry, "value", place, value_limit)


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
        _moment(entry, place, now),
        _step(entry, place),
        _labels(entry, place),
    )


def _value(entry: Mapping[str, Any], place: str) -> float:
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{place}.value is not a number", field=f"{place}.value")
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidInput(f"{place}.value is too large", field=f"{place}.value") from error


def _moment(entry: Mapping[str, Any], place: str, now: datetime) -> datetime:
    text = entry.get("timestamp")
    if text is None:
        return now
    try:
        return parse_rfc3339(text)
    except (ValueError, AttributeError, OverflowError) as error:
        hint = "Such as 2026-01-31T12:00:00Z."
        raise InvalidInput(
            f"{place}.timestamp is not RFC 3339", "", hint, field=f"{place}.timestamp"
        ) from error


def _step(entry: Mapping[str, Any], place: str) -> int:
    step = entry.get("step")
    if step is None:
        return 0
    if isinstance(step, float) and step.is_integer():
        step = int(step)  # JSON Schema counts 5.0 as an integer
    if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= _STEP_LIMIT:
        raise InvalidInput(f"{place}.step is not a whole number from 0", field=f"{place}.step")
    return step


def _labels(entry: Mapping[str, Any], place: str) -> tuple[tuple[str, str], ...]:
    found = entry.get("labels")
    if not found:
        return ()
    if not isinstance(found, list):
        raise InvalidInput(f"{place}.labels is not a list", field=f"{place}.labels")
    if len(found) > LABELS_PER_METRIC:
        detail = f"At most {LABELS_PER_METRIC} on one metric."
        raise LimitExceeded(f"{place} has {len(found)} labels", detail, field=f"{place}.labels")
    pairs: dict[str, str] = {}
    for number, label in enumerate(found):
        where = f"{place}.labels[{number}]"
        one = _object(label, where)
        pairs[_text(one, "name", where, LABEL_LIMIT)] = _text(one, "value", where, LABEL_LIMIT)
    return tuple(pairs.items())


def selection(texts: Iterable[str]) -> frozenset[str]:
    """What ``$select`` asks for: ``metrics,tags`` or ``*``; nothing means everything.

    Raises:
        InvalidInput: it names something else.
    """
    names = {name for text in texts for name in text.split(",") if name}
    # the specification's prose writes custominfo where its schema writes customInfo
    names = {"customInfo" if name.lower() == "custominfo" else name for name in names}
    unknown = names - {*SELECTABLE, "*"}
    if unknown:
        hint = f"One or many of {', '.join(SELECTABLE)}, or *."
        raise InvalidInput(
            f"$select cannot be {sorted(unknown)[0][:40]!r}", "", hint, field="$select"
        )
    return frozenset(SELECTABLE) if not names or "*" in names else frozenset(names)


def wanted_ids(ids: Iterable[str], filters: Iterable[str]) -> list[str]:
    """The executions whose metrics are asked for, by comma-separated IDs and by the deprecated ``$filter``:
    ``executionId eq 'a'`` or ``executionId in ('a','b')``.

    Raises:
        InvalidInput: there are none, or more than 10, or the filter is another.
    """
    found = [one.strip() for text in ids for one in text.split(",") if one.strip()]
    for text in filters:
        found += _filter_ids(text)
    if not found:
        raise InvalidInput(
            "executionIds is missing", "At least one execution ID is needed.", field="executionIds"
        )
    unique = list(dict.fromkeys(found))
    if len(unique) > IDS_PER_REQUEST:
        raise InvalidInput(
            "executionIds has too many IDs", f"At most {IDS_PER_REQUEST}.", field="executionIds"
        )
    return unique


def _filter_ids(text: str) -> list[str]:
    attribute, _, rest = text.strip().partition(" ")
    operator, _, operand = rest.strip().partition(" ")
    if attribute != "executionId" or operator not in {"eq", "in"}:
        raise InvalidInput(
            "$filter is not understood", "", "Such as executionId eq 'ID'.", field="$filter"
        )
    return [
        part.strip().strip("'\"") for part in operand.strip().strip("()").split(",") if part.strip()
    ]


def matches_tags(tags: Sequence[Tag], expression: str) -> bool:
    """Whether all of ``name=value``, ``name!=value`` and ``name`` (comma-separated, parts percent-encoded) hold.

    Raises:
        InvalidInput: longer than 5000 characters, or more than 100 expressions.
    """
    parts = [part for part in expression.split(",") if part.strip()]
    if len(expression) > 5000 or len(parts) > 100:
        raise InvalidInput(
            "tagFilters is too long",
            "At most 100 expressions in 5000 characters.",
            field="tagFilters",
        )
    have = {tag.name: tag.value for tag in tags}
    for part in parts:
        name, equals, value = part.partition("=")
        negated = bool(equals) and name.endswith("!")
        name = unquote(name.removesuffix("!") if negated else name).strip()
        if not equals and name not in have:
            return False
        if equals and (have.get(name) == unquote(value)) == negated:
            return False
    return True


def write_resource(resource: MetricResource, select: frozenset[str]) -> dict[str, Any]:
    """A ``TrckGetMetricResource`` with the selected attributes."""
    data: dict[str, Any] = {"executionId": resource.execution_id}
    if resource.created_at is not None:
        data["createdAt"] = to_rfc3339(resource.created_at)
    if resource.modified_at is not None:
        data["modifiedAt"] = to_rfc3339(resource.modified_at)
    if "metrics" in select:
        data["metrics"] = [
            {
                "name": metric.name,
                "value": metric.value,
                "timestamp": to_rfc3339(metric.timestamp),
                "step": metric.step,
                "labels": [{"name": name, "value": value} for name, value in metric.labels],
            }
            for metric in resource.metrics
        ]
    if "tags" in select:
        data["tags"] = [{"name": tag.name, "value": tag.value} for tag in resource.tags]
    if "customInfo" in select:
        data["customInfo"] = [
            {"name": info.name, "value": info.value} for info in resource.custom_info
        ]
    return data

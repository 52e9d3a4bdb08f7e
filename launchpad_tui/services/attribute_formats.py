"""Files with metrics and parameters of a model, such as ``metrics.json`` and ``params.yaml``.

Formats, by the ending of the name:

- ``.json``, ``.yaml``, ``.yml``: an object from names to values. Objects inside of it are flattened
  with dots. Numbers, and null as NaN, are metrics; a list of numbers is a metric with steps from 0;
  short texts and booleans are tags; anything else is custom info as JSON. ``step`` is reserved.
- A list of objects has one object for each step, see ``_STEPS``; or, with ``name`` and ``value``,
  a point of a metric as in the AI API. ``.jsonl`` has one such object in a line.
- The names ``metrics``, ``parameters`` (``params``), ``tags`` and ``customInfo`` with an object or
  a list as their value separate the parts.
- ``.csv``: a column for each metric and a row for each step, or columns ``name`` and ``value`` as
  ``launchpad metrics export`` writes them.

A file whose name ends with ``params``, ``parameters``, ``hparams`` or ``hyperparameters`` before
the ending has parameters, whose values are kept as they are written.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from launchpad_tui.domain.artifact_attributes import ArtifactAttributes
from launchpad_tui.domain.metric import (
    LABEL_LIMIT,
    NAME_LIMIT,
    CustomInfo,
    Metric,
    Tag,
    check_metric_labels,
    check_metric_name,
)
from launchpad_tui.domain.timestamps import from_micros, parse_rfc3339
from launchpad_tui.errors import InvalidInput

#: the largest size of a file in bytes
SIZE_LIMIT = 10_000_000
#: the largest number of values in a file
_VALUES = 200_000
_ENDINGS = ("json", "jsonl", "yaml", "yml", "csv")
_METRIC_STEMS = ("metrics",)
_PARAMETER_STEMS = ("params", "parameters", "hparams", "hyperparameters")
#: names of the step, the first of them that a row has is used
_STEPS = ("step", "global_step", "epoch", "iteration", "iter")
#: names of columns that are no metrics
_TIMES = ("timestamp", "time", "date", "datetime")
_PARTS = {
    "metrics": "metrics",
    "parameters": "parameters",
    "params": "parameters",
    "tags": "tags",
    "custom_info": "custom_info",
    "customInfo": "custom_info",
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?\.?(?:nan|inf|infinity)", re.IGNORECASE)


def has_attributes(name: str) -> bool:
    """Return whether the name of a file says that it has metrics or parameters of a model.

    These are names such as ``metrics.json`` and ``params.yaml``, also after the name of the model
    and a dot.
    """
    stem, _, ending = name.lower().rpartition(".")
    last = stem.rpartition(".")[2]
    if last in _PARAMETER_STEMS:
        return ending in {"json", "yaml", "yml"}
    return last in _METRIC_STEMS and ending in _ENDINGS


def parse_attributes(name: str, content: bytes, now: datetime) -> ArtifactAttributes:
    """Parse a file with metrics, parameters, tags and custom info of a model.

    Args:
        name: the name of the file, which determines its format.
        now: the timestamp of points without one.

    Raises:
        InvalidInput: the file is too large, is not in the format of its ending, has no values or a
            value that cannot be stored.
    """
    stem, _, ending = name.lower().rpartition(".")
    if ending not in _ENDINGS:
        raise _invalid(name, f"The format of files that end with .{ending[:20]} is not known.")
    if len(content) > SIZE_LIMIT:
        raise _invalid(
            name, f"It has {len(content):,} bytes; at most {SIZE_LIMIT:,} are supported."
        )
    try:
        text = content.decode("utf-8-sig")
        parser = _Parser(now)
        if ending == "csv":
            parser.table(csv.DictReader(io.StringIO(text)))
        elif stem.rpartition(".")[2] in _PARAMETER_STEMS:
            parser.parameters_of(_data(text, ending, typed=False))
        else:
            parser.document(_data(text, ending))
        found = parser.result()
    except InvalidInput as error:
        raise _invalid(name, " ".join(filter(None, (f"{error.title}.", error.detail)))) from error
    except RecursionError as error:
        raise _invalid(name, "It is nested too deeply.") from error
    except (ValueError, csv.Error) as error:
        raise _invalid(name, str(error)[:300]) from error
    if not found:
        raise _invalid(name, "It has no values.")
    return found


def merged(parts: Iterable[ArtifactAttributes]) -> ArtifactAttributes:
    """Return the attributes of several files together; of parameters, the last value counts."""
    metrics: list[Metric] = []
    parameters: dict[str, str] = {}
    tags: list[Tag] = []
    infos: list[CustomInfo] = []
    for one in parts:
        metrics += one.metrics
        parameters |= one.parameters
        tags += one.tags
        infos += one.custom_info
    return ArtifactAttributes(metrics, parameters, tags, infos)


def _invalid(name: str, reason: str) -> InvalidInput:
    return InvalidInput(
        f"The file {name[:120]!r} cannot be read",
        reason,
        'Example of metrics.json: {"accuracy": 0.93, "loss": [0.9, 0.4]}',
        field="file",
    )


def _data(text: str, ending: str, *, typed: bool = True) -> Any:
    """Return the content of a file. Unless ``typed``, YAML has texts alone, as they are written."""
    if ending == "jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if ending == "json":
        # Numbers are kept as they are written.
        return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    import yaml

    try:
        return yaml.load(text, Loader=yaml.SafeLoader if typed else yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


class _Number(str):
    """A number as it is written."""


class _Parser:
    """Collects the values of a file."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._metrics: list[Metric] = []
        self._parameters: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._infos: dict[str, str] = {}
        self._values = 0

    def result(self) -> ArtifactAttributes:
        """Return what was collected."""
        return ArtifactAttributes(
            self._metrics,
            self._parameters,
            [Tag(*pair) for pair in self._tags.items()],
            [CustomInfo(*pair) for pair in self._infos.items()],
        )

    def document(self, data: Any) -> None:
        """Collect the values of a document, which may be separated into parts."""
        parts = (
            {name: value for name, value in data.items() if name in _PARTS}
            if isinstance(data, dict)
            else {}
        )
        if parts and all(isinstance(value, dict | list) for value in parts.values()):
            rest = {name: value for name, value in data.items() if name not in parts}
            if rest:
                self._object(rest, 0)
            for name, value in parts.items():
                if _PARTS[name] == "metrics":
                    self._logged(value)
                elif _PARTS[name] == "parameters":
                    self.parameters_of(value)
                else:
                    into = self._tags if _PARTS[name] == "tags" else self._infos
                    for key, one in _pairs(value):
                        into[self._name(key)] = _text(one)
            return
        self._logged(data)

    def parameters_of(self, data: Any) -> None:
        """Collect parameters: an object, whose objects are flattened, or names with values."""
        for name, value in _pairs(data):
            for key, one in self._flat(name, value):
                self._parameters[self._name(key)] = _text(one)

    def table(self, rows: csv.DictReader[str]) -> None:
        """Collect the metrics of a table."""
        columns = {name.strip().lower(): name for name in rows.fieldnames or () if name}
        step = next((columns[name] for name in _STEPS if name in columns), None)
        time = next((columns[name] for name in _TIMES if name in columns), None)
        long = "name" in columns and "value" in columns
        for number, row in enumerate(rows):
            if number == 1:
                # Texts describe the model if there is one row, and the rows if there are several.
                self._tags.clear()
            at = self._time(row.get(time) if time else None)
            place = self._step(row[step], number) if step is not None else number
            if long:
                labels = _labels(row.get(columns.get("labels", ""), "") or "")
                self._add(row[columns["name"]], row[columns["value"]] or "nan", place, at, labels)
                continue
            for column, value in row.items():
                if (
                    column
                    and column not in {step, time}
                    and isinstance(value, str)
                    and value.strip()
                ):
                    self._cell(column.strip(), value.strip(), place, at, first=not number)

    def _cell(self, name: str, value: str, step: int, at: datetime, *, first: bool) -> None:
        if _is_number(value):
            self._add(name, value, step, at)
        elif first and len(value) <= LABEL_LIMIT:
            self._tags[self._name(name)] = value

    def _logged(self, data: Any) -> None:
        if isinstance(data, dict):
            step = next((data[name] for name in ("step",) if name in data), None)
            self._object(
                {name: value for name, value in data.items() if name != "step"},
                0 if step is None else self._step(step, 0),
            )
            return
        if not isinstance(data, list):
            raise ValueError("It is neither an object nor a list of objects.")
        for number, row in enumerate(data):
            if not isinstance(row, dict):
                raise ValueError(f"Entry {number + 1} of the list is not an object.")
            if "name" in row and "value" in row:
                labels = row.get("labels") or {}
                self._add(
                    str(row["name"]),
                    row["value"],
                    self._step(row.get("step", 0), 0),
                    self._time(row.get("timestamp")),
                    tuple((key, _text(value)) for key, value in _pairs(labels)),
                )
                continue
            step = next((name for name in _STEPS if name in row), None)
            at = self._time(next((row[name] for name in _TIMES if name in row), None))
            place = number if step is None else self._step(row[step], number)
            rest = {name: row[name] for name in row if name != step and name not in _TIMES}
            self._object(rest, place, at)

    def _object(self, data: Mapping[str, Any], step: int, at: datetime | None = None) -> None:
        at = at or self._now
        for name, value in data.items():
            for key, one in self._flat(name, value):
                if one is None or _is_number(one):
                    self._add(key, one, step, at)
                elif isinstance(one, list) and one and all(map(_is_number, one)):
                    for place, each in enumerate(one):
                        self._add(key, each, place, at)
                elif isinstance(one, bool | str) and len(_text(one)) <= LABEL_LIMIT:
                    if _text(one):
                        self._tags[self._name(key)] = _text(one)
                else:
                    self._infos[self._name(key)] = _text(one)

    def _flat(self, name: str, value: Any) -> Iterator[tuple[str, Any]]:
        self._count()
        if isinstance(value, dict) and value:
            for key, one in value.items():
                yield from self._flat(f"{name}.{key}", one)
        else:
            yield name, value

    def _count(self) -> None:
        self._values += 1
        if self._values > _VALUES:
            raise ValueError(f"It has more than {_VALUES:,} values.")

    def _add(
        self,
        name: str,
        value: Any,
        step: int,
        at: datetime,
        labels: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._count()
        check_metric_labels(labels)
        number = _number(name, "nan" if value is None else str(value).strip())
        self._metrics.append(Metric(check_metric_name(name), number, at, step, tuple(labels)))

    def _name(self, name: str) -> str:
        if not 1 <= len(name) <= NAME_LIMIT:
            raise ValueError(f"A name has {len(name):,} characters; 1 to {NAME_LIMIT} are allowed.")
        return name

    def _step(self, value: Any, default: int) -> int:
        text = str(value if value is not None else "").strip()
        if not text:
            return default
        number = float(text) if _is_number(text) else -1.0
        if not 0 <= number < 2**63:
            raise ValueError(f"The step {text[:40]!r} is not a number from 0.")
        # An epoch may be a fraction, of which the whole part is the step.
        return int(text) if text.isdigit() else int(number)

    def _time(self, value: Any) -> datetime:
        text = str(value if value is not None else "").strip()
        if not text:
            return self._now
        try:
            if _NUMBER.fullmatch(text):
                return from_micros(round(float(text) * 1_000_000))
            return parse_rfc3339(text)
        except (ValueError, OverflowError):
            return self._now


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    text = str(value).strip()
    return bool(_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text))


def _number(name: str, text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    raise ValueError(f"The value of {name[:40]!r} is not a number: {text[:40]!r}.")


def _pairs(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield the pairs of an object, or of a list of objects with ``name`` or ``key`` and
    ``value``."""
    if isinstance(data, dict):
        yield from ((str(name), value) for name, value in data.items())
        return
    if not isinstance(data, list):
        raise ValueError("It is not an object from names to values.")
    for one in data:
        if not isinstance(one, dict) or "value" not in one or not ({"name", "key"} & one.keys()):
            raise ValueError("An entry of a list has no name or no value.")
        yield str(one.get("name", one.get("key"))), one["value"]


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    """Return the labels in a cell such as ``fold=1,phase=test``."""
    pairs = (part.partition("=") for part in text.split(",") if part)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else json.dumps(_plain(value), default=str)


def _plain(value: Any) -> Any:
    """Return a value with numbers in place of how they are written."""
    if isinstance(value, _Number):
        return json.loads(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return value

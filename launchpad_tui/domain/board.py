"""Chart definitions and boards of charts, with their JSON form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from launchpad_tui.errors import InvalidInput

#: the version of the JSON form that `Board.to_json` writes
FORMAT = 1
#: more charts than a terminal can show: a limit for imported files
MOST_CHARTS = 100
_NAME = re.compile(r"\S(.{0,78}\S)?")


class Against(StrEnum):
    """What metrics are charted against."""

    STEP = "step"
    RELATIVE = "relative"
    TIME = "time"
    PARAMETERS = "parameters"
    SOURCE = "source"

    @property
    def over(self) -> bool:
        """Whether the chart shows curves."""
        return self in {Against.STEP, Against.RELATIVE, Against.TIME}


#: which value represents a series where a single value is needed
AGGREGATES = ("last", "best", "min", "max", "mean")


@dataclass(frozen=True, slots=True)
class ChartDefinition:
    """A chart of a board.

    Attributes:
        metrics: names (all series of that name) or series keys.
        labels: keeps the series that have all of these labels.
        parameters: one name, or two for a heat map, if it is charted against parameters.
        kind: an ID of the chart catalog.
        smoothing: the weight of TensorBoard's smoothing, from 0 to below 1.
    """

    metrics: tuple[str, ...]
    name: str = ""
    description: str = ""
    against: Against = Against.STEP
    kind: str = "line"
    labels: tuple[tuple[str, str], ...] = ()
    parameters: tuple[str, ...] = ()
    aggregate: str = "last"
    smoothing: float = 0.0
    y_log: bool = False

    @property
    def title(self) -> str:
        """Return its name, or a description of what it shows."""
        if self.name:
            return self.name
        shown = ", ".join(self.metrics[:3]) + (", …" if len(self.metrics) > 3 else "")
        if self.labels:
            shown += " {" + ",".join(f"{key}={value}" for key, value in self.labels) + "}"
        if self.against is Against.PARAMETERS and self.parameters:
            return f"{shown} by {', '.join(self.parameters)}"
        return shown


@dataclass(frozen=True, slots=True)
class Board:
    """A named list of charts; ``columns`` is the number of charts per row, 0 for as many as fit."""

    name: str
    charts: tuple[ChartDefinition, ...] = ()
    columns: int = 0
    description: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the board as JSON, the form that `board_from_json` parses."""
        return {
            "format": FORMAT,
            **asdict(self),
            "charts": [asdict(chart) for chart in self.charts],
        }


def check_board_name(name: str) -> str:
    """Return the trimmed name.

    Raises:
        InvalidInput: it is empty, longer than 80 characters or has line breaks.
    """
    name = name.strip()
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise InvalidInput(
            "The board has no valid name", hint="Use 1 to 80 characters in one line.", field="name"
        )
    return name


def board_from_json(data: Any) -> Board:
    """Parse a board from JSON; missing members have their defaults.

    Raises:
        InvalidInput: it is not a board, has a newer format, or has invalid values; the detail names
            the position.
    """
    if not isinstance(data, dict) or not isinstance(data.get("charts"), list):
        raise InvalidInput("The file is not a board", 'Expected: "name" and a list "charts".')
    if data.get("format", FORMAT) != FORMAT:
        raise InvalidInput(
            "The format of the board is not supported",
            f"format {data.get('format')!r}; known: {FORMAT}.",
        )
    if len(data["charts"]) > MOST_CHARTS:
        raise InvalidInput(
            "The board has too many charts", f"{len(data['charts'])}; at most {MOST_CHARTS}."
        )
    columns = data.get("columns", 0)
    if not isinstance(columns, int) or not 0 <= columns <= 12:
        raise _wrong("columns", "a whole number from 0 to 12")
    charts = tuple(_chart(one, f"charts[{place}]") for place, one in enumerate(data["charts"]))
    name, description = data.get("name"), data.get("description", "")
    if not isinstance(name, str) or not isinstance(description, str):
        raise _wrong("name and description", "texts")
    return Board(check_board_name(name), charts, columns, description)


def _chart(data: Any, where: str) -> ChartDefinition:
    if not isinstance(data, dict):
        raise _wrong(where, "an object")
    known = {each.name for each in fields(ChartDefinition)}
    if unknown := sorted(set(data) - known):
        raise InvalidInput(
            f"{where} has an unknown field", f"{unknown[0]!r}; known: {', '.join(sorted(known))}."
        )
    values: dict[str, Any] = {}
    for name in ("name", "description", "kind", "aggregate"):
        if name in data:
            values[name] = _of(data[name], str, f"{where}.{name}", "a string")
    for name in ("metrics", "parameters"):
        if name in data:
            values[name] = _texts(data[name], f"{where}.{name}")
    if not values.get("metrics"):
        raise _wrong(f"{where}.metrics", "a list with at least one metric name")
    _choices(data, where, values)
    return ChartDefinition(**values)


def _choices(data: dict[str, Any], where: str, values: dict[str, Any]) -> None:
    if "labels" in data:
        pairs = data["labels"]
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
        ):
            raise _wrong(f"{where}.labels", "a list of [key, value]")
        values["labels"] = tuple((str(key), str(value)) for key, value in pairs)
    if "against" in data:
        if data["against"] not in set(Against):
            raise _wrong(f"{where}.against", "one of " + ", ".join(Against))
        values["against"] = Against(data["against"])
    if values.get("aggregate", "last") not in AGGREGATES:
        raise _wrong(f"{where}.aggregate", "one of " + ", ".join(AGGREGATES))
    if "smoothing" in data:
        smoothing = data["smoothing"]
        if (
            isinstance(smoothing, bool)
            or not isinstance(smoothing, int | float)
            or not 0 <= smoothing < 1
        ):
            raise _wrong(f"{where}.smoothing", "a number from 0 to below 1")
        values["smoothing"] = float(smoothing)
    if "y_log" in data:
        values["y_log"] = _of(data["y_log"], bool, f"{where}.y_log", "true or false")


def _of(value: Any, kind: type, where: str, what: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong(where, what)
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise _wrong(where, "a list of strings")
    return tuple(value)


def _wrong(where: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"The board is invalid: {where} is wrong", f"Expected: {what}.", field=where
    )


@dataclass(frozen=True, slots=True)
class Selected:
    """The items of a metrics overview.

    IDs of models or executions in their order. Those in ``hidden`` are not drawn; if ``solo`` is
    one of the IDs, only that one is.
    """

    ids: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    solo: str = ""
    slots: Mapping[str, int] = field(default_factory=dict)

    @property
    def drawn(self) -> tuple[str, ...]:
        """Return the IDs that are drawn."""
        if self.solo in self.ids:
            return (self.solo,)
        return tuple(one for one in self.ids if one not in self.hidden)

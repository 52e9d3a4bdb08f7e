"""Chart definitions and boards of charts, with their JSON form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any

from launchpad_tui.domain.metric import series_titles
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import field, record

#: the version of the JSON form that `Board.to_json` writes
FORMAT = 1
#: the largest number of charts of a board
MAX_CHARTS = 100
_NAME = re.compile(r"\S(.{0,78}\S)?")


class Against(StrEnum):
    """What the horizontal axis of a chart shows."""

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


@record
class ChartDefinition:
    """A chart of a board.

    Attributes:
        metrics: names, which select all series of that name, or keys of series.
        labels: only series that have all of these labels are shown.
        parameters: for charts against parameters, one name, or two names for a heat map.
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
        """The name of the chart, or a description made of its metrics if it has no name."""
        return self.name or self._described(self.metrics)

    @property
    def short_title(self) -> str:
        """The title with short metrics: ``val accuracy`` for ``accuracy{phase=validation}``."""
        titles = series_titles(self.metrics)
        return self.name or self._described([titles[metric] for metric in self.metrics])

    def _described(self, metrics: Sequence[str]) -> str:
        shown = ", ".join(metrics[:3]) + (", …" if len(metrics) > 3 else "")
        if self.labels:
            shown += " {" + ",".join(f"{key}={value}" for key, value in self.labels) + "}"
        if self.against is Against.PARAMETERS and self.parameters:
            return f"{shown} by {', '.join(self.parameters)}"
        return shown


@record
class Board:
    """A named list of charts; ``columns`` is the number of charts per row, 0 for as many as fit."""

    name: str
    charts: tuple[ChartDefinition, ...] = ()
    columns: int = 0
    description: str = ""

    @property
    def titles(self) -> list[str]:
        """The titles of the charts: the short ones, unless several charts have the same."""
        counts = Counter(chart.short_title for chart in self.charts)
        return [
            chart.short_title if counts[chart.short_title] == 1 else chart.title
            for chart in self.charts
        ]

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
            f"{name[:80]!r} is not a valid name of a board",
            hint="Use 1 to 80 characters in one line.",
            field="name",
        )
    return name


def board_from_json(data: Any) -> Board:
    """Parse a board from JSON; missing members have their defaults.

    Raises:
        InvalidInput: the data are not a board, have another format, or have an invalid value, whose
            position the message names.
    """
    if not isinstance(data, dict) or not isinstance(data.get("charts"), list):
        raise InvalidInput(
            "The file is not a board",
            'A board is a JSON object with "name" and a list "charts".',
            "Select a file that was exported from the metrics screen.",
        )
    if data.get("format", FORMAT) != FORMAT:
        raise InvalidInput(
            "The format of the board is not supported",
            f"It has format {data.get('format')!r}; this version supports format {FORMAT}.",
            "Export the board again with this version of launchpad.",
        )
    if len(data["charts"]) > MAX_CHARTS:
        raise InvalidInput(
            "The board has too many charts",
            f"It has {len(data['charts'])} charts; at most {MAX_CHARTS} are allowed.",
            "Remove charts from the file.",
        )
    columns = data.get("columns", 0)
    if not isinstance(columns, int) or not 0 <= columns <= 12:
        raise _invalid("columns", "a whole number from 0 to 12")
    charts = tuple(_chart(one, f"charts[{place}]") for place, one in enumerate(data["charts"]))
    name, description = data.get("name"), data.get("description", "")
    if not isinstance(name, str) or not isinstance(description, str):
        raise _invalid("name and description", "strings")
    return Board(check_board_name(name), charts, columns, description)


def _chart(data: Any, where: str) -> ChartDefinition:
    if not isinstance(data, dict):
        raise _invalid(where, "an object")
    known = {each.name for each in fields(ChartDefinition)}
    if unknown := sorted(set(data) - known):
        raise InvalidInput(
            f"The board is not valid: {where} has the unknown field {unknown[0]!r}",
            f"The fields of a chart are {', '.join(sorted(known))}.",
            "Correct the file, then import it again.",
        )
    values: dict[str, Any] = {}
    for name in ("name", "description", "kind", "aggregate"):
        if name in data:
            values[name] = _of(data[name], str, f"{where}.{name}", "a string")
    for name in ("metrics", "parameters"):
        if name in data:
            values[name] = _texts(data[name], f"{where}.{name}")
    if not values.get("metrics"):
        raise _invalid(f"{where}.metrics", "a list with at least one metric name")
    _choices(data, where, values)
    return ChartDefinition(**values)


def _choices(data: dict[str, Any], where: str, values: dict[str, Any]) -> None:
    if "labels" in data:
        pairs = data["labels"]
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
        ):
            raise _invalid(f"{where}.labels", "a list of [key, value]")
        values["labels"] = tuple((str(key), str(value)) for key, value in pairs)
    if "against" in data:
        if data["against"] not in set(Against):
            raise _invalid(f"{where}.against", "one of " + ", ".join(Against))
        values["against"] = Against(data["against"])
    if values.get("aggregate", "last") not in AGGREGATES:
        raise _invalid(f"{where}.aggregate", "one of " + ", ".join(AGGREGATES))
    if "smoothing" in data:
        smoothing = data["smoothing"]
        if (
            isinstance(smoothing, bool)
            or not isinstance(smoothing, int | float)
            or not 0 <= smoothing < 1
        ):
            raise _invalid(f"{where}.smoothing", "a number from 0 to below 1")
        values["smoothing"] = float(smoothing)
    if "y_log" in data:
        values["y_log"] = _of(data["y_log"], bool, f"{where}.y_log", "true or false")


def _of(value: Any, kind: type, where: str, what: str) -> Any:
    if not isinstance(value, kind):
        raise _invalid(where, what)
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise _invalid(where, "a list of strings")
    return tuple(value)


def _invalid(where: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"The board is not valid: {where}",
        f"The value must be {what}.",
        "Correct the file, then import it again.",
        field=where,
    )


@record
class Selected:
    """The models or executions that a metrics screen shows.

    Attributes:
        ids: their IDs, in order.
        hidden: the IDs of which nothing is drawn.
        solo: if it is one of the IDs, only this one is drawn.
        slots: the number of the color of each ID.
    """

    ids: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    solo: str = ""
    slots: Mapping[str, int] = field(default_factory=dict)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The IDs of which something is drawn."""
        if self.solo in self.ids:
            return (self.solo,)
        return tuple(one for one in self.ids if one not in self.hidden)

"""What a list is asked for: filter, order and a place to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution

Row = TypeVar("Row")


class Op(StrEnum):
    """How a condition compares. BEFORE and AFTER take RFC 3339 text and go with dates."""

    EQUALS = "="
    NOT_EQUALS = "!="
    CONTAINS = "contains"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    BEFORE = "before"
    AFTER = "after"


class Subject(StrEnum):
    """What a condition looks at. ATTRIBUTE is a column of the list, LABEL an artifact's label, METRIC a metric's latest
    value, PARAMETER a parameter of the (source) execution's configuration."""

    ATTRIBUTE = "attribute"
    LABEL = "label"
    METRIC = "metric"
    PARAMETER = "parameter"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; all conditions of a query must hold.

    ``name`` is the attribute (``name``, ``description``, ``id``, ``scenario_id``, ``url``, ``execution_id``,
    ``created_at``, ``modified_at``, ``size``, and for executions ``status``, ``configuration_name``,
    ``executable_id``, ``duration`` in seconds), the label's key, the metric's name or key, or the parameter's name.
    """

    subject: Subject
    name: str
    op: Op
    value: str

    def __str__(self) -> str:
        """As a chip shows it: ``accuracy > 0.9``, ``label stage = production``."""
        shown = (
            f"label {self.name.rpartition('/')[2]}" if self.subject is Subject.LABEL else self.name
        )
        return f"{shown} {self.op} {self.value}"


class Statistic(StrEnum):
    """Which value of a metric's series a column shows."""

    LATEST = "latest"
    BEST = "best"
    MINIMUM = "min"
    MAXIMUM = "max"


@dataclass(frozen=True, slots=True)
class MetricColumn:
    """A metric as a column: a metric's name or a series key, and which value of it."""

    key: str
    statistic: Statistic = Statistic.LATEST

    def __str__(self) -> str:
        """As written in a column's title and on the command line: ``loss`` or ``loss:min``."""
        return self.key if self.statistic is Statistic.LATEST else f"{self.key}:{self.statistic}"


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: an attribute, or a metric column. Rows without a value come last either way."""

    by: str | MetricColumn = "created_at"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """What of a list is wanted.

    ``search`` is looked for in name, description, ID and labels, any case, part of a word; several words must all
    be found. ``ids`` limits the list to those IDs where it is not None. ``metrics`` are columns to fill, ``curves`` the
    keys of metrics whose curves are wanted in a few points.
    """

    search: str = ""
    conditions: tuple[Condition, ...] = ()
    order: Order = field(default_factory=Order)
    metrics: tuple[MetricColumn, ...] = ()
    curves: tuple[str, ...] = ()
    ids: tuple[str, ...] | None = None


#: the value that the last row had in the order's key, and the registry's row number that breaks ties
Cursor = tuple[str | int | float | None, int]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in order, with a cursor for each: going on after (or before) a row needs nothing but its cursor."""

    rows: tuple[Row, ...]
    cursors: tuple[Cursor, ...]


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """A line of an artifact list: the artifact, the values of the metric columns asked for, the name of its source
    execution's configuration, empty where none made it, and the curves asked for by key."""

    artifact: Artifact
    metrics: Mapping[MetricColumn, float] = field(default_factory=dict)
    configuration_name: str = ""
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """A line of the executions list: the execution, the values of the metric columns and the curves asked for."""

    execution: Execution
    metrics: Mapping[MetricColumn, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a search over everything found, and where: either ``artifact`` or ``execution`` is set."""

    scope: Scope
    artifact: Artifact | None = None
    execution: Execution | None = None

    @property
    def id(self) -> str:
        """Its ID."""
        return self._one.id

    @property
    def name(self) -> str:
        """The artifact's name, or that of the execution's configuration."""
        return (
            self.artifact.name if self.artifact is not None else self._execution.configuration_name
        )

    @property
    def created_at(self) -> datetime:
        """When it was created."""
        return self._one.created_at

    @property
    def gone(self) -> bool:
        """Whether its runtime has it no more."""
        return self._one.deleted_at is not None

    @property
    def _one(self) -> Artifact | Execution:
        return self.artifact if self.artifact is not None else self._execution

    @property
    def _execution(self) -> Execution:
        assert self.execution is not None, "a hit has one of both"
        return self.execution

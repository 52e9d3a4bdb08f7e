"""Queries of lists: filters, order and pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.domain.metric import normal_name
from launchpad_tui.records import field, record

Row = TypeVar("Row")


class Op(StrEnum):
    """The operator of a condition.

    BEFORE and AFTER compare dates, given as RFC 3339 text. LIKE compares with a pattern in which
    ``%`` stands for any text and ``_`` for any character. MISSING has no value.
    """

    EQUALS = "="
    NOT_EQUALS = "!="
    CONTAINS = "contains"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    BEFORE = "before"
    AFTER = "after"
    LIKE = "like"
    MISSING = "is missing"


class Subject(StrEnum):
    """The subject of a condition.

    ATTRIBUTE is a column of the list, LABEL an artifact's label, METRIC a metric's latest value,
    PARAMETER a parameter of the (source) execution's configuration, TAG a tag that it logged.
    """

    ATTRIBUTE = "attribute"
    LABEL = "label"
    METRIC = "metric"
    PARAMETER = "parameter"
    TAG = "tag"


@record
class Condition:
    """One condition.

    ``name`` is the attribute (``name``, ``description``, ``id``, ``scenario_id``, ``url``,
    ``execution_id``, ``created_at``, ``modified_at``, ``size``, and for executions ``status``,
    ``configuration_name``, ``executable_id``, ``duration`` in seconds), the label's key, the
    metric's name or key, or the parameter's name.
    """

    subject: Subject
    name: str
    op: Op
    value: str

    def __str__(self) -> str:
        """Return the condition as text, such as ``label stage = production``."""
        shown = self.name
        if self.subject in {Subject.LABEL, Subject.TAG}:
            shown = f"{self.subject} {self.name.rpartition('/')[2]}"
        return f"{shown} {self.op} {self.value}".rstrip()


class Junction(StrEnum):
    """The operator of a combination of conditions."""

    AND = "and"
    OR = "or"
    NOT = "not"


@record
class Combination:
    """A combination of conditions; NOT has one part, and matches all rows that it does not match.

    A row without a value does not match a condition, and thus matches the NOT of it.
    """

    junction: Junction
    parts: tuple[Condition | Combination, ...]

    def __str__(self) -> str:
        """Return the combination as text, such as ``status = DEAD or status = STOPPED``."""
        if self.junction is Junction.NOT:
            return f"not ({self.parts[0]})"
        return f" {self.junction} ".join(
            f"({part})" if isinstance(part, Combination) else str(part) for part in self.parts
        )

    def leaves(self) -> Iterator[Condition]:
        """Yield all conditions."""
        for part in self.parts:
            if isinstance(part, Combination):
                yield from part.leaves()
            else:
                yield part


#: a condition, or a combination of conditions
Filter = Condition | Combination


class Statistic(StrEnum):
    """The value of a series that a metric column shows."""

    LATEST = "latest"
    BEST = "best"
    MINIMUM = "min"
    MAXIMUM = "max"


@record
class MetricColumn:
    """A column with a value of a metric; ``key`` is the name of the metric or a series key."""

    key: str
    statistic: Statistic = Statistic.LATEST

    def __post_init__(self) -> None:
        """Normalize the key."""
        object.__setattr__(self, "key", normal_name(self.key))

    @classmethod
    def parse(cls, text: str) -> MetricColumn | None:
        """Return the column of a text such as ``loss:min``; None if it has no statistic.

        ``last`` is another name of ``latest``.
        """
        key, colon, statistic = text.rpartition(":")
        statistic = "latest" if statistic == "last" else statistic
        if not colon or not key or statistic not in set(Statistic):
            return None
        return cls(key, Statistic(statistic))

    def __str__(self) -> str:
        """Return the column in the form of titles and options: ``loss`` or ``loss:min``."""
        return self.key if self.statistic is Statistic.LATEST else f"{self.key}:{self.statistic}"


@record
class ValueColumn:
    """A column with the value of a parameter, a label or a tag.

    Attributes:
        subject: PARAMETER, LABEL or TAG.
        name: the name of the parameter or tag, or the complete key of the label.
    """

    subject: Subject
    name: str

    @property
    def title(self) -> str:
        """The name, of a label without the prefix of its key."""
        return self.name.rpartition("/")[2] if self.subject is Subject.LABEL else self.name

    def __str__(self) -> str:
        """Return the column as expressions name it, such as ``param.depth``."""
        prefix = "param" if self.subject is Subject.PARAMETER else self.subject
        return f"{prefix}.{self.title}"


@record
class Order:
    """The order of a list, by an attribute, a metric column, or a parameter, label or tag.

    Numbers come before other texts. Rows without a value come last in both directions.
    """

    by: str | MetricColumn | ValueColumn = "created_at"
    descending: bool = True


@record
class Query:
    """The filters, order and columns of a list.

    Attributes:
        conditions: the filters, all of which must hold.
        search: words that all must occur in name, description, ID or labels, ignoring case.
        ids: the IDs to which the list is limited, None for no limit.
        metrics: the metric columns whose values are returned.
        curves: the keys of metrics whose curves are returned, reduced to a few points.
        values: the parameters, labels and tags whose values are returned.
    """

    search: str = ""
    conditions: tuple[Filter, ...] = ()
    order: Order = field(default_factory=Order)
    metrics: tuple[MetricColumn, ...] = ()
    curves: tuple[str, ...] = ()
    values: tuple[ValueColumn, ...] = ()
    ids: tuple[str, ...] | None = None


#: a position in a list: the order value of a row, a value that breaks ties in the order of an
#: index (0 if there is none), and the row number
Cursor = tuple[str | int | float | None, str | int, int]


@record
class Page(Generic[Row]):
    """A page of a list; ``cursors`` are the positions of the rows, from which reading continues."""

    rows: tuple[Row, ...]
    cursors: tuple[Cursor, ...]


@record
class PagePart(Generic[Row]):
    """The rows of a page that have been found so far, in a list in which few rows match.

    Attributes:
        rows: the rows.
        cursors: their positions.
        reached: the position up to which the list has been searched; None if no row of the page
            is missing.
        searched: the number of rows that have been searched, regardless of whether they match.
        total: the number of rows to search; None if it is not known.
    """

    rows: tuple[Row, ...]
    cursors: tuple[Cursor, ...] = ()
    reached: Cursor | None = None
    searched: int = 0
    total: int | None = None

    @property
    def complete(self) -> bool:
        """Whether no row of the page is missing."""
        return self.reached is None


@record
class ArtifactRow:
    """A row of a list of artifacts.

    Attributes:
        metrics: the values of the metric columns.
        configuration_name: the name of the source execution's configuration, empty without one.
        duration: the seconds that the source execution took, None if it has not ended.
        executable_id: the ID of the source execution's executable, empty without one.
        curves: the points of curves by the metric's key.
        values: the values of the columns of parameters, labels and tags.
    """

    artifact: Artifact
    metrics: Mapping[MetricColumn, float] = field(default_factory=dict)
    configuration_name: str = ""
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    values: Mapping[ValueColumn, str] = field(default_factory=dict)
    duration: float | None = None
    executable_id: str = ""


@record
class ExecutionRow:
    """A row of a list of executions.

    Attributes:
        metrics: the values of the metric columns.
        curves: the points of curves by the metric's key.
        values: the values of the columns of parameters, labels and tags.
    """

    execution: Execution
    metrics: Mapping[MetricColumn, float] = field(default_factory=dict)
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    values: Mapping[ValueColumn, str] = field(default_factory=dict)


@record
class Overview:
    """Numbers of objects in a resource group, each at most ``limit``."""

    models: int
    datasets: int
    executions: int
    running: int
    configurations: int
    limit: int

    def text(self, name: str) -> str:
        """Return a number as text, ``9,999+`` if it reaches the limit; empty if it is 0."""
        number: int = getattr(self, name)
        if number >= self.limit:
            return f"{self.limit - 1:,}+"
        return f"{number:,}" if number else ""


@record
class Hit:
    """A result of a search over all connections: either ``artifact`` or ``execution`` is set."""

    scope: Scope
    artifact: Artifact | None = None
    execution: Execution | None = None
    #: the name of the configuration of the execution that created the artifact; empty if unknown
    configuration_name: str = ""

    @property
    def id(self) -> str:
        """The ID of the artifact or execution."""
        return self._one.id

    @property
    def name(self) -> str:
        """The name of the artifact, or of the execution's configuration."""
        return (
            self.artifact.name if self.artifact is not None else self._execution.configuration_name
        )

    @property
    def created_at(self) -> datetime:
        """The time of its creation."""
        return self._one.created_at

    @property
    def deleted(self) -> bool:
        """Whether the runtime has deleted it."""
        return self._one.deleted_at is not None

    @property
    def source(self) -> str:
        """What the item comes from: a configuration, or the executable of an execution."""
        return self.configuration_name if self.execution is None else self.execution.executable_id

    def matching_texts(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Return the texts, each with its label, that contain words which the name does not have.

        Args:
            words: case-folded words of a search.
        """
        missing = [word for word in words if word not in self.name.casefold()]
        return [
            (label, text)
            for label, text in self._texts()
            if any(word in text.casefold() for word in missing)
        ]

    def _texts(self) -> list[tuple[str, str]]:
        """Return the texts that a search covers beside the name, each with its label."""
        if self.artifact is None:
            one = self._execution
            return [
                ("executable", one.executable_id),
                ("status", str(one.status)),
                ("message", one.status_message),
                ("scenario", one.scenario_id),
                ("ID", one.id),
                ("configuration ID", one.configuration_id),
            ]
        item = self.artifact
        return [
            *(("label", f"{key.rpartition('/')[2]}={value}") for key, value in item.labels),
            ("description", item.description),
            ("configuration", self.configuration_name),
            ("name", item.name_with_version),
            *(("alias", f"@{alias}") for alias in item.aliases),
            ("scenario", item.scenario_id),
            ("ID", item.id),
            ("execution", item.execution_id),
            ("URL", item.url),
        ]

    @property
    def _one(self) -> Artifact | Execution:
        return self.artifact if self.artifact is not None else self._execution

    @property
    def _execution(self) -> Execution:
        assert self.execution is not None, "a hit has either an artifact or an execution"
        return self.execution

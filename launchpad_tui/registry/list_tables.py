"""The tables of lists, with the attributes by which they can be filtered and ordered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from launchpad_tui.records import field, record
from launchpad_tui.registry import artifacts, executions
from launchpad_tui.registry.commit_filter import COMMIT, commit_expression
from launchpad_tui.registry.series_texts import number_of
from launchpad_tui.registry.sweep_filter import SWEEP, name_expression


@record
class Attribute:
    """A column by which a list can be filtered and ordered.

    Attributes:
        kind: text, name (ordered regardless of case), timestamp, number, or seconds (stored as
            microseconds).
        indexed: whether an index has the rows of a list in the attribute's order.
        expression: an SQL expression in place of a column of the table.
        given: the SQL condition of the rows with a value, if an index has only these.
        missing: the SQL condition of the other rows, which come last.
        tie: the SQL expression by which rows with the same value are ordered.
        searched: whether the value is a part of the text that searches match.
        of_execution: the column of the (source) execution that ``expression`` returns, in whose
            order an index has the executions.
    """

    column: str
    kind: str = "text"
    nullable: bool = False
    indexed: bool = False
    expression: str = ""
    given: str = ""
    missing: str = ""
    tie: str = ""
    searched: bool = False
    of_execution: str = ""

    @property
    def sql(self) -> str:
        """The SQL expression of the value."""
        return self.expression or f"t.{self.column}"

    @property
    def ordered(self) -> str:
        """The SQL expression to order by."""
        return f"{self.sql} COLLATE NOCASE" if self.kind == "name" else self.sql


@record
class ListTable:
    """The table of a list, which every statement names ``t``.

    Attributes:
        name: the name of the table.
        columns: the columns of a row, separated by ``", "``.
        execution: the SQL expression of the row number of the (source) execution.
        owns: the SQL condition under which the series ``s`` of that execution belongs to a row.
        attributes: the columns by which the list can be filtered and ordered, by name.
        visible: the SQL condition of the rows that lists contain; empty for all rows.
        hidden: the SQL that selects the row numbers of the other rows.
        configuration: the SQL expression of the row number of the configuration, of rows that have
            no execution and thus neither metrics nor tags.
    """

    name: str
    columns: str
    execution: str
    owns: str
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))
    visible: str = ""
    hidden: str = ""
    configuration: str = ""


#: the name under which an execution logs metrics of one of its models
_LOGGED_NAME = "iif(t.runtime_name = '', t.name, t.runtime_name)"
ARTIFACTS = ListTable(
    "artifacts",
    artifacts.COLUMNS,
    "t.execution_pk",
    # Most series belong to no model. For these, neither a row of the artifacts is read, because an
    # index has what else is needed, nor is the name a term of the search in the index of series.
    "(s.artifact_name = 0 AND NOT EXISTS (SELECT 1 FROM series o INDEXED BY series_model "
    "WHERE o.execution_pk = s.execution_pk AND o.name = s.name AND o.artifact_name <> 0 "
    f"AND {{same}} AND +o.artifact_name = {number_of(_LOGGED_NAME)}) "
    f"OR s.artifact_name <> 0 AND s.artifact_name = {number_of(_LOGGED_NAME)})",
    {
        "name": Attribute("name", "name", indexed=True, searched=True),
        "description": Attribute("description", "name", indexed=True, searched=True),
        "id": Attribute("id", indexed=True, searched=True),
        "scenario_id": Attribute("scenario_id", "name", indexed=True, searched=True),
        "url": Attribute("url", "name", indexed=True, searched=True),
        "execution_id": Attribute("execution_id", indexed=True, searched=True),
        "created_at": Attribute("created_at", "timestamp", indexed=True),
        "modified_at": Attribute("modified_at", "timestamp", indexed=True),
        "size": Attribute("size", "number", nullable=True, indexed=True),
        "files_state": Attribute("files_state", indexed=True),
        "checked_at": Attribute("checked_at", "timestamp", nullable=True, indexed=True),
        "deleted_at": Attribute(
            "gone_at",
            "timestamp",
            indexed=True,
            given="t.gone_at IS NOT NULL",
            missing="t.gone_at IS NULL",
        ),
        "version": Attribute("version", "number", nullable=True, indexed=True),
        "aliases": Attribute(
            "aliases", "name", indexed=True, given="t.aliases <> ''", missing="t.aliases = ''"
        ),
        "pinned_at": Attribute("pinned_at", "timestamp", nullable=True, indexed=True),
        "kind": Attribute("kind", indexed=True, tie="t.created_at"),
        "configuration_name": Attribute(
            "",
            "name",
            expression="coalesce((SELECT e.configuration_name FROM executions e "
            "WHERE e.pk = t.execution_pk), '')",
            searched=True,
            of_execution="configuration_name",
        ),
        "duration": Attribute(
            "",
            "seconds",
            nullable=True,
            expression="(SELECT e.duration FROM executions e WHERE e.pk = t.execution_pk)",
            of_execution="duration",
        ),
        SWEEP: Attribute("", "name", expression=name_expression("t.execution_id")),
        COMMIT: Attribute("", expression=commit_expression("t.execution_pk")),
    },
)
EXECUTIONS = ListTable(
    "executions",
    executions.COLUMNS,
    "t.pk",
    "{main}",
    {
        "id": Attribute("id", indexed=True, searched=True),
        "name": Attribute("configuration_name", "name", indexed=True, searched=True),
        "configuration_name": Attribute("configuration_name", "name", indexed=True, searched=True),
        "configuration_id": Attribute("configuration_id", searched=True),
        "scenario_id": Attribute("scenario_id", "name", indexed=True, searched=True),
        "executable_id": Attribute("executable_id", "name", indexed=True, searched=True),
        "executable_version": Attribute("executable_version", "name"),
        "status": Attribute("status", indexed=True, searched=True),
        "target_status": Attribute("target_status"),
        "status_message": Attribute("status_message", "name", searched=True),
        "created_at": Attribute("created_at", "timestamp", indexed=True),
        "modified_at": Attribute("modified_at", "timestamp", indexed=True),
        "submitted_at": Attribute("submitted_at", "timestamp", nullable=True),
        "started_at": Attribute("started_at", "timestamp", nullable=True, indexed=True),
        "completed_at": Attribute("completed_at", "timestamp", nullable=True, indexed=True),
        "duration": Attribute("duration", "seconds", nullable=True, indexed=True),
        "deleted_at": Attribute("gone_at", "timestamp", nullable=True),
        "schedule_id": Attribute("schedule_id"),
        SWEEP: Attribute("", "name", expression=name_expression("t.id")),
        COMMIT: Attribute("", expression=commit_expression("t.pk")),
    },
    "t.kept = 0",
    "SELECT k.pk FROM executions k WHERE k.kept = 1",
)
CONFIGURATIONS = ListTable(
    "configurations",
    "",
    "",
    "",
    {
        "id": Attribute("id"),
        "name": Attribute("name", "name"),
        "scenario_id": Attribute("scenario_id", "name"),
        "executable_id": Attribute("executable_id", "name"),
        "created_at": Attribute("created_at", "timestamp"),
        "deleted_at": Attribute("gone_at", "timestamp", nullable=True),
    },
    configuration="t.pk",
)
_OF_SCHEDULE = (
    "(SELECT c.{0} FROM configurations c WHERE c.group_pk = t.group_pk AND c.id = "
    "t.configuration_id)"
)
SCHEDULES = ListTable(
    "execution_schedules",
    "",
    "",
    "",
    {
        "id": Attribute("id"),
        "name": Attribute("name", "name"),
        "cron": Attribute("cron"),
        "status": Attribute("status"),
        "configuration_id": Attribute("configuration_id"),
        "configuration_name": Attribute("", "name", expression=_OF_SCHEDULE.format("name")),
        "start_at": Attribute("start_at * 1000000", "timestamp", nullable=True),
        "end_at": Attribute("end_at * 1000000", "timestamp", nullable=True),
        "next_at": Attribute("next_at * 1000000", "timestamp", nullable=True),
        "created_at": Attribute("created_at", "timestamp"),
        "modified_at": Attribute("modified_at", "timestamp"),
        "deleted_at": Attribute("gone_at", "timestamp", nullable=True),
    },
    configuration=_OF_SCHEDULE.format("pk"),
)

"""Executions and configurations as columns and details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from launchpad_tui.domain.execution import Configuration, ExecutionDetails
from launchpad_tui.domain.metric import CustomInfo, SeriesSummary, Tag
from launchpad_tui.domain.numbers import metric_text
from launchpad_tui.domain.query import ExecutionRow, MetricColumn
from launchpad_tui.domain.timestamps import duration_text, now
from launchpad_tui.ui.render.artifacts import curve_column, moment_text
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import Item, heading


def execution_columns(
    look: Look, metrics: Sequence[MetricColumn] = (), curves: Sequence[str] = ()
) -> tuple[Column[ExecutionRow], ...]:
    """The columns of the list of executions, with these metrics and curves among them."""

    def status(row: ExecutionRow) -> Cell:
        if row.execution.deleted_at is not None:
            return Cell(f"{look.glyphs.error} gone", "faint")
        return Cell(*look.status(row.execution.status))

    def duration(row: ExecutionRow) -> Cell:
        seconds = row.execution.duration_seconds(now())
        return Cell("" if seconds is None else duration_text(seconds), "dim")

    return (
        Column[ExecutionRow](
            "configuration",
            "Configuration",
            lambda r: r.execution.configuration_name,
            20,
            44,
            4,
            sort="configuration_name",
            priority=0,
        ),
        Column[ExecutionRow]("status", "Status", status, 11, 11, 0, sort="status", priority=1),
        *(_metric_column(metric) for metric in metrics),
        *(curve_column(key, look.glyphs.ascii) for key in curves),
        Column[ExecutionRow](
            "duration", "Duration", duration, 9, 9, 0, "right", sort="duration", priority=2
        ),
        Column[ExecutionRow](
            "created",
            "Created",
            lambda r: Cell(moment_text(r.execution.created_at), "dim"),
            16,
            16,
            0,
            sort="created_at",
            priority=3,
        ),
        Column[ExecutionRow](
            "id", "ID", lambda r: Cell(r.execution.id, "dim"), 16, 16, 0, sort="id", priority=4
        ),
        Column[ExecutionRow](
            "message",
            "Message",
            lambda r: Cell(r.execution.status_message, "dim"),
            16,
            80,
            5,
            priority=5,
        ),
        Column[ExecutionRow](
            "executable",
            "Executable",
            lambda r: Cell(r.execution.executable_id, "dim"),
            14,
            30,
            1,
            sort="executable_id",
            priority=6,
        ),
        Column[ExecutionRow](
            "scenario",
            "Scenario",
            lambda r: Cell(r.execution.scenario_id, "dim"),
            10,
            24,
            1,
            sort="scenario_id",
            priority=7,
        ),
    )


def _metric_column(metric: MetricColumn) -> Column[ExecutionRow]:
    title = str(metric)
    return Column(
        f"metric {title}",
        title,
        lambda row: Cell(metric_text(row.metrics.get(metric)), "text"),
        max(9, min(16, len(title) + 2)),
        20,
        0,
        "right",
        metric,
        priority=2,
    )


def configuration_columns() -> tuple[Column[Configuration], ...]:
    """The columns of the list of configurations."""
    return (
        Column[Configuration]("name", "Name", lambda c: c.name, 20, 44, 3, priority=0),
        Column[Configuration](
            "executable",
            "Executable",
            lambda c: Cell(c.executable_id, "dim"),
            14,
            30,
            1,
            priority=1,
        ),
        Column[Configuration](
            "created",
            "Created",
            lambda c: Cell(moment_text(c.created_at), "dim"),
            16,
            16,
            0,
            priority=2,
        ),
        Column[Configuration](
            "parameters",
            "Parameters",
            lambda c: Cell(parameters_text(c.parameters), "dim"),
            20,
            120,
            6,
            priority=3,
        ),
        Column[Configuration]("id", "ID", lambda c: Cell(c.id, "dim"), 10, 36, 0, priority=4),
    )


def parameters_text(parameters: Mapping[str, str]) -> str:
    """``learning_rate=0.1 epochs=5``."""
    return " ".join(f"{name}={value}" for name, value in parameters.items())


def moment_item(name: str, moment: datetime | None) -> Item:
    """A moment to the second in the time zone of this machine."""
    return Item(name, "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S"))


def execution_items(details: ExecutionDetails, look: Look, at: datetime) -> list[Item]:
    """The Status tab: status, times, configuration, parameters, inputs, outputs."""
    execution = details.execution
    text, role = look.status(execution.status)
    seconds = execution.duration_seconds(at)
    items = [
        heading("Status"),
        Item("Status", text, role),
        Item("Target status", str(execution.target_status)),
    ]
    if execution.deleted_at is not None:
        items.append(
            Item(
                "Gone",
                f"from its runtime, since {moment_text(execution.deleted_at)} or before",
                "warn",
            )
        )
    if execution.schedule_id:
        items.append(Item("Schedule", execution.schedule_id))
    if execution.status_message:
        items.append(Item("Message", execution.status_message, role))
    items += [Item(name, value) for name, value in execution.status_details.items()]
    items += [
        Item("Duration", "" if seconds is None else duration_text(seconds)),
        moment_item("Created", execution.created_at),
        moment_item("Submitted", execution.submitted_at),
        moment_item("Started", execution.started_at),
        moment_item("Finished", execution.completed_at),
        moment_item("Changed", execution.modified_at),
        Item("ID", execution.id),
        heading("Made from"),
        Item(
            "Executable",
            execution.executable_id,
            link="executable",
            link_id=execution.executable_id,
        ),
        Item("Version", execution.executable_version),
        Item("Scenario", execution.scenario_id),
        Item(
            "Configuration",
            execution.configuration_name,
            link="configuration",
            link_id=execution.configuration_id,
        ),
    ]
    for name, artifact in details.inputs:
        if artifact is None:
            items.append(Item(f"Input {name}", "gone", "warn"))
        else:
            items.append(Item(f"Input {name}", artifact.name, link="artifact", link_id=artifact.id))
    if details.configuration and details.configuration.parameters:
        items.append(heading("Parameters"))
        items += [Item(name, value) for name, value in details.configuration.parameters.items()]
    if details.outputs:
        items.append(heading("Output artifacts"))
        items += [
            Item(str(one.kind), f"{one.name}  {one.url}", link="artifact", link_id=one.id)
            for one in details.outputs
        ]
    return items


def metric_items(
    series: Sequence[SeriesSummary], tags: Sequence[Tag], infos: Sequence[CustomInfo]
) -> list[Item]:
    """The Metric resource tab: each series with its last value and range, tags, custom info."""
    items: list[Item] = []
    if series:
        items.append(heading("Metrics"))
    for one in series:
        text = f"{metric_text(one.last)} at step {one.last_step}"
        if one.minimum is not None and one.count > 1:
            text += f"   {metric_text(one.minimum)} to {metric_text(one.maximum)}   {one.count:,} points"
        if one.not_finite:
            text += f"   {one.not_finite:,} not finite"
        items.append(Item(one.key, text))
    if tags:
        items.append(heading("Tags"))
        items += [Item(one.name, one.value) for one in tags]
    for one_info in infos:
        items.append(heading(f"Custom info: {one_info.name}"))
        items.append(Item("", pretty(one_info.value)))
    return items


def pretty(text: str) -> str:
    """JSON indented, up to 20,000 characters of it; any other text as it is."""
    import json

    if text[:1] not in "[{" or len(text) > 200_000:
        return text[:20_000]
    try:
        value = json.loads(text)
    except ValueError:
        return text[:20_000]
    return _laid_out(value, "")[:20_000]


def _laid_out(value: object, margin: str) -> str:
    """A value on one line where that is short, as a row of a matrix is, else a line for each member."""
    import json

    short = json.dumps(value, ensure_ascii=False)
    if len(short) + len(margin) <= 100 or not isinstance(value, dict | list):
        return short
    inner = margin + " "
    if isinstance(value, list):
        members = [_laid_out(each, inner) for each in value]
        return "[\n" + ",\n".join(inner + each for each in members) + f"\n{margin}]"
    pairs = [
        f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(each, inner)}"
        for key, each in value.items()
    ]
    return "{\n" + ",\n".join(inner + each for each in pairs) + f"\n{margin}}}"

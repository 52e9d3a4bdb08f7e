"""The lines of the Status tab of an execution."""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.domain.execution import ExecutionDetails, QueuePosition
from launchpad_tui.domain.reproduction import ReproductionReport
from launchpad_tui.domain.shown_credentials import hide_value
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.detail_items import code_items, timestamp_item
from launchpad_tui.ui.screens.executions.reproduction import reproduction_items
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.details import Item, heading

#: the three ways to log, by their names, as an execution uses them
_WAYS_TO_LOG = (
    (
        "Python",
        "from launchpad_tui.tracking import log\n"
        'log(step=epoch, loss=0.31, accuracy=0.9, labels={"phase": "train"})',
    ),
    ("Any program", "launchpad log loss=0.31 accuracy=0.9 --step 5 --label phase=train"),
    ("Standard output", "::metric loss=0.31 accuracy=0.9 step=5 | phase=train"),
)


def ways_to_log(key: str) -> list[Item]:
    """Return the lines that replace the metrics of an execution that logged none.

    Each has an example as its value, which can be copied. They apply to executions on this machine.

    Args:
        key: the key that copies a value, as it is shown.
    """
    return [
        heading(f"No metrics, tags or custom info were logged. Three ways to log; {key} copies"),
        *(Item(name, example) for name, example in _WAYS_TO_LOG),
    ]


def queue_text(queue: QueuePosition) -> str:
    """Return what a pending execution waits for."""
    if not queue.running:
        return f"the start of {queue.before:,} before it" if queue.before else "its start"
    text = f"the end of {queue.running:,} running"
    if queue.before:
        text += f", and {queue.before:,} before it"
    return f"{text}; executions.parallel sets how many run" if queue.limited else text


def execution_items(
    details: ExecutionDetails, look: Look, at: datetime, report: ReproductionReport | None = None
) -> list[Item]:
    """Return the lines of the Status tab: status, times, inputs, parameters, outputs.

    Args:
        details: the execution with its executable, configuration, inputs and outputs.
        look: styles and glyphs.
        at: the time up to which the duration of a running execution is counted.
        report: what differs from the execution that this one reproduces, if it has ended.
    """
    execution = details.execution
    text, role = look.status(execution.status)
    seconds = execution.duration_seconds(at)
    items = [
        heading("Status"),
        Item("Status", text, role),
        Item("Target status", str(execution.target_status)),
    ]
    if details.queue is not None:
        items.append(Item("Waits for", queue_text(details.queue)))
    if execution.deleted_at is not None:
        items.append(
            Item(
                "Deleted",
                f"{timestamp_text(execution.deleted_at)} or earlier; its metrics are kept",
                "warn",
            )
        )
    if execution.schedule_id:
        items.append(
            Item(
                "Schedule",
                execution.schedule_id,
                link="schedule",
                link_id=execution.schedule_id,
            )
        )
    if execution.status_message:
        items.append(Item("Message", execution.status_message, role))
    items += [Item(name, value) for name, value in execution.status_details.items()]
    items += [
        Item("Duration", "" if seconds is None else duration_text(seconds)),
        timestamp_item("Created", execution.created_at),
        timestamp_item("Submitted", execution.submitted_at),
        timestamp_item("Started", execution.started_at),
        timestamp_item("Finished", execution.completed_at),
        timestamp_item("Changed", execution.modified_at),
        Item("ID", execution.id),
        *reproduction_items(details, report, look),
        heading("Inputs"),
        Item(
            "Executable",
            execution.executable_id,
            link="executable",
            link_id=execution.executable_id,
        ),
        *(
            [Item("Version", execution.executable_version)]
            if execution.executable_version
            else [Item("Version", "unknown", "faint")]
        ),
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
            items.append(Item(f"Input {name}", "deleted", "warn"))
        else:
            given = details.references.get(name)
            text = artifact.name_with_version + (f", given as {given}" if given else "")
            items.append(Item(f"Input {name}", text, link="artifact", link_id=artifact.id))
    if details.configuration and details.configuration.parameters:
        items.append(heading("Parameters"))
        items += [
            Item(name, hide_value(name, value))
            for name, value in details.configuration.parameters.items()
        ]
    if details.outputs:
        items.append(heading("Output artifacts"))
        items += [
            Item(
                one.kind.noun,
                f"{one.name_with_version}  {one.url}",
                link="artifact",
                link_id=one.id,
            )
            for one in details.outputs
        ]
    return items + code_items(details.provenance)

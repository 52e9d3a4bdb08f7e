"""The process flow of an execution: executable, input artifacts, configuration, execution, output artifacts."""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import ExecutionDetails
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.ui.widgets.flow_drawing import FlowBox, FlowItem


def flow_boxes(details: ExecutionDetails, at: datetime) -> tuple[FlowBox, ...]:
    """The five boxes of an execution.

    Args:
        details: the execution and what it names.
        at: the moment up to which a running execution's duration counts.
    """
    execution = details.execution
    executable = [
        FlowItem(
            details.executable_name or execution.executable_id,
            "executable",
            execution.executable_id,
        ),
        FlowItem(
            f"version {execution.executable_version}"
            if execution.executable_version
            else execution.scenario_id
        ),
    ]
    inputs = [
        _artifact_item(name, artifact) if artifact else FlowItem(f"{name}: gone")
        for name, artifact in details.inputs
    ]
    configuration = [
        FlowItem(execution.configuration_name, "configuration", execution.configuration_id)
        if details.configuration
        else FlowItem(f"{execution.configuration_name} (gone)")
    ]
    if details.configuration:
        count = len(details.configuration.parameters)
        configuration.append(FlowItem(f"{count} parameter{'' if count == 1 else 's'}"))
    seconds = execution.duration_seconds(at)
    run = [FlowItem(execution.id), FlowItem(str(execution.status))]
    if seconds is not None:
        run.append(FlowItem(duration_text(seconds)))
    outputs = [_artifact_item("", artifact) for artifact in details.outputs]
    if not outputs:
        outputs = [FlowItem("none" if execution.status.final else "not yet")]
    return (
        FlowBox("Executable", tuple(executable)),
        FlowBox("Input artifacts", tuple(inputs) or (FlowItem("none"),)),
        FlowBox("Configuration", tuple(configuration)),
        FlowBox("Execution", tuple(run)),
        FlowBox("Output artifacts", tuple(outputs)),
    )


def _artifact_item(slot: str, artifact: Artifact) -> FlowItem:
    shown = artifact.name if not slot or slot == artifact.name else f"{slot}: {artifact.name}"
    return FlowItem(f"{shown} · {artifact.kind}", "artifact", artifact.id)

"""The process flow of an execution, from the executable to the output artifacts."""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import ExecutionDetails
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.flow_drawing import FlowBox, FlowItem


def flow_boxes(details: ExecutionDetails, at: datetime, look: Look) -> tuple[FlowBox, ...]:
    """Return the five boxes of an execution's process flow.

    Args:
        details: the execution with its executable, configuration, inputs and outputs.
        at: the time up to which the duration of a running execution is counted.
        look: colors and glyphs.
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
        _artifact_item(name, artifact) if artifact else FlowItem(f"{name}: deleted")
        for name, artifact in details.inputs
    ]
    configuration = [
        FlowItem(execution.configuration_name, "configuration", execution.configuration_id)
        if details.configuration
        else FlowItem(f"{execution.configuration_name} (deleted)")
    ]
    if details.configuration:
        count = len(details.configuration.parameters)
        configuration.append(FlowItem(f"{count} parameter{'' if count == 1 else 's'}"))
    seconds = execution.duration_seconds(at)
    run = [FlowItem(execution.id), FlowItem(look.status(execution.status)[0])]
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
    """Return a link to an artifact, with the name of its input or output if that differs."""
    name = artifact.name_with_version
    if slot and slot != artifact.name:
        name = f"{slot}: {name}"
    return FlowItem(f"{name} · {artifact.kind.noun}", "artifact", artifact.id)

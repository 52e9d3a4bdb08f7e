"""Tests of the drawing of an execution's process flow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rich.style import Style

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    ExecutionDetails,
    Status,
    TargetStatus,
)
from launchpad_tui.domain.text import cell_width, pad
from launchpad_tui.ui.palettes import BY_NAME
from launchpad_tui.ui.screens.executions.execution_flow import flow_boxes
from launchpad_tui.ui.theme import UNICODE, Look
from launchpad_tui.ui.widgets.flow_drawing import WIDE, FlowStyles, draw_flow

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
LOOK = Look(BY_NAME["dark"], UNICODE)
STYLES = FlowStyles(Style(), Style(bold=True), Style(), Style(underline=True), Style(reverse=True))


def artifact(name: str, kind: ArtifactKind) -> Artifact:
    return Artifact(
        f"id-{name}", name, kind, f"ai://default/{name}", "", "digits", "", (), None, AT, AT
    )


def details(status: Status = Status.COMPLETED, name: str = "lr-high") -> ExecutionDetails:
    """Return an execution with two inputs, of which one was deleted."""
    execution = Execution(
        id="e0123456789abcde",
        configuration_id="c1",
        configuration_name=name,
        scenario_id="digits",
        executable_id="digits-train",
        executable_version="1.0.0",
        status=status,
        target_status=TargetStatus.COMPLETED,
        status_message="",
        created_at=AT,
        modified_at=AT,
        started_at=AT,
        completed_at=AT + timedelta(seconds=5),
    )
    configuration = Configuration(
        "c1", name, "digits", "digits-train", {"lr": "0.1"}, {"data": "id-digits"}, AT
    )
    outputs = (artifact("model", ArtifactKind.MODEL),) if status is Status.COMPLETED else ()
    inputs = (("data", artifact("digits", ArtifactKind.DATASET)), ("other", None))
    return ExecutionDetails(execution, "Digits", configuration, inputs, outputs)


@pytest.mark.parametrize("width", [40, 80, WIDE - 1, WIDE, 200])
def test_every_line_has_the_given_width_and_all_boxes_are_drawn(width: int) -> None:
    drawing = draw_flow(flow_boxes(details(), AT, LOOK), width, 0, STYLES)
    assert {cell_width(line.plain) for line in drawing.lines} == {width}
    text = "\n".join(line.plain for line in drawing.lines)
    for title in (
        "Executable",
        "Input artifacts",
        "Configuration",
        "Execution",
        "Output artifacts",
    ):
        assert title in text


@pytest.mark.parametrize("width", [80, 200])
def test_links_are_located_where_they_are_drawn(width: int) -> None:
    drawing = draw_flow(flow_boxes(details(), AT, LOOK), width, 1, STYLES)
    assert [(item.route, item.id) for item in drawing.items] == [
        ("executable", "digits-train"),
        ("artifact", "id-digits"),
        ("configuration", "c1"),
        ("artifact", "id-model"),
    ]
    for spot in drawing.spots:
        assert (
            drawing.lines[spot.row]
            .plain[spot.start : spot.stop]
            .startswith(drawing.items[spot.index].text[:8])
        )
    assert [spot.index for spot in sorted(drawing.spots, key=lambda spot: spot.index)] == [
        0,
        1,
        2,
        3,
    ]


def test_a_running_execution_has_no_outputs_yet() -> None:
    running = flow_boxes(details(Status.RUNNING), AT, LOOK)
    assert running[4].items[0].text == "not yet"
    assert flow_boxes(details(Status.DEAD), AT, LOOK)[4].items[0].text == "none"


def test_control_characters_and_long_names_stay_in_their_box() -> None:
    drawing = draw_flow(
        flow_boxes(details(name="\x1b[31mred\n" + "字" * 100), AT, LOOK), 200, -1, STYLES
    )
    assert {cell_width(line.plain) for line in drawing.lines} == {200}
    assert all("\x1b" not in line.plain for line in drawing.lines)


def test_pad_returns_the_exact_width() -> None:
    assert pad("字字字", 5) == "字字…"
    assert pad("abc", 5) == "abc  "
    assert pad("abcdef", 1) == "…"

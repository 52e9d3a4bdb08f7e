"""Serialize and parse the resources of the AI API: what one side writes, the other side reads."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from launchpad_tui.aiapi.artifacts import (
    NewArtifact,
    extended_artifact,
    parse_artifact,
    parse_new_artifact,
    serialize_artifact,
    serialize_new_artifact,
)
from launchpad_tui.aiapi.configurations import (
    NewConfiguration,
    parse_configuration,
    parse_new_configuration,
    serialize_configuration,
    serialize_new_configuration,
)
from launchpad_tui.aiapi.connections import serialize_capabilities
from launchpad_tui.aiapi.errors import listed_details, parse_error, serialize_error
from launchpad_tui.aiapi.executions import (
    extended_execution,
    parse_execution,
    parse_execution_state,
    parse_log,
    parse_target_statuses,
    serialize_execution,
    serialize_execution_status,
    serialize_log,
    serialize_target_statuses,
)
from launchpad_tui.aiapi.lenient import parse_list
from launchpad_tui.aiapi.meta import API_VERSION, RuntimeMeta, parse_meta, serialize_meta
from launchpad_tui.aiapi.resource_groups import (
    extended_resource_group,
    parse_new_group,
    parse_resource_group,
    serialize_new_group,
    serialize_resource_group,
)
from launchpad_tui.aiapi.scenarios import (
    parse_executable,
    parse_scenario,
    serialize_executable,
    serialize_scenario,
)
from launchpad_tui.aiapi.schedules import (
    ScheduleRequest,
    extended_schedule,
    parse_schedule,
    parse_schedule_request,
    serialize_schedule,
    serialize_schedule_request,
)
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Capabilities, ResourceGroup
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    LogLine,
    Status,
    TargetStatus,
)
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.errors import InvalidInput

AT = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
LABELS = (("ext.ai.sap.com/stage", "production"),)
ARTIFACT = Artifact(
    "a1b2",
    "churn",
    ArtifactKind.MODEL,
    "ai://default/m",
    "A model",
    "sales",
    "e123",
    LABELS,
    None,
    AT,
    LATER,
)
CONFIGURATION = Configuration("c123", "small", "sales", "train", {"lr": "0.1"}, {"data": "a1"}, AT)
EXECUTION = Execution(
    "e123",
    "c123",
    "small",
    "sales",
    "train",
    "",
    Status.DEAD,
    TargetStatus.COMPLETED,
    "killed",
    AT,
    LATER,
    AT,
    AT,
    LATER,
    {"outputs": "kept"},
    "s123",
)
SCHEDULE = Schedule(
    "s123", "nightly", "0 2 * * *", "c123", ScheduleStatus.ACTIVE, AT, LATER, AT, LATER
)
SCENARIO = Scenario("sales", "Sales", "Forecasts", dict(LABELS), AT, LATER)
SLOT = ArtifactSlot("data", "dataset", "Rows", LABELS)
EXECUTABLE = Executable(
    "train",
    "sales",
    "Train",
    "Trains",
    "1.0",
    (Parameter("lr", "0.1"), Parameter("seed")),
    (SLOT,),
    (replace(SLOT, name="model", kind="model"),),
    "",
    "",
    (),
    {},
    AT,
    LATER,
)


def test_resources_survive_a_round_trip() -> None:
    assert parse_artifact(serialize_artifact(ARTIFACT)) == ARTIFACT
    assert parse_configuration(serialize_configuration(CONFIGURATION)) == CONFIGURATION
    assert parse_execution(serialize_execution(EXECUTION)) == EXECUTION
    assert parse_schedule(serialize_schedule(SCHEDULE)) == SCHEDULE
    assert parse_scenario(serialize_scenario(SCENARIO)) == SCENARIO
    assert parse_executable(serialize_executable(EXECUTABLE), "") == EXECUTABLE
    group = ResourceGroup("", "default", "PROVISIONED", dict(LABELS), AT)
    assert parse_resource_group(serialize_resource_group(group)) == group
    state = parse_execution_state(serialize_execution_status(EXECUTION))
    assert (state.id, state.status, state.modified_at) == ("e123", Status.DEAD, LATER)


def test_request_bodies_survive_a_round_trip() -> None:
    artifact = NewArtifact("churn", ArtifactKind.MODEL, "ai://default/m", "sales", "d", [*LABELS])
    assert parse_new_artifact(serialize_new_artifact(artifact)) == artifact
    configuration = NewConfiguration("small", "sales", "train", {"lr": "0.1"}, {"data": "a1"})
    assert parse_new_configuration(serialize_new_configuration(configuration)) == configuration
    new = ScheduleRequest("nightly", "0 2 * * *", "c123", start=AT.replace(microsecond=0))
    assert parse_schedule_request(serialize_schedule_request(new), new=True) == new
    change = ScheduleRequest(status=ScheduleStatus.INACTIVE)
    assert parse_schedule_request(serialize_schedule_request(change)) == change
    assert parse_new_group(serialize_new_group("team", dict(LABELS))) == ("team", dict(LABELS))
    statuses = serialize_target_statuses(["e123", "e124"], TargetStatus.STOPPED)
    assert parse_target_statuses(statuses) == [
        ("e123", TargetStatus.STOPPED),
        ("e124", TargetStatus.STOPPED),
    ]


def test_schedule_times_have_no_fraction() -> None:
    assert serialize_schedule_request(ScheduleRequest(start=AT)) == {
        "start": "2026-01-31T12:00:00Z"
    }


@pytest.mark.parametrize("missing", ["name", "cron", "configurationId"])
def test_new_schedule_requires(missing: str) -> None:
    body = serialize_schedule_request(ScheduleRequest("nightly", "0 2 * * *", "c123"))
    del body[missing]
    with pytest.raises(InvalidInput) as caught:
        parse_schedule_request(body, new=True)
    assert caught.value.field == missing
    assert parse_schedule_request(body) is not None


def test_the_api_form_leaves_out_what_the_extended_form_has_as_null() -> None:
    artifact = replace(ARTIFACT, execution_id="")
    assert "executionId" not in serialize_artifact(artifact)
    assert extended_artifact(artifact)["executionId"] is None
    execution = replace(EXECUTION, started_at=None, schedule_id="")
    assert not {"startTime", "executionScheduleId"} & set(serialize_execution(execution))
    assert extended_execution(execution)["startTime"] is None
    assert extended_execution(execution)["executionScheduleId"] is None
    group = ResourceGroup("local", "default", "PROVISIONED", {}, AT, LATER)
    deleted_at = "2026-01-31T13:00:00.250000Z"
    for data in (
        extended_artifact(replace(ARTIFACT, deleted_at=LATER)),
        extended_execution(replace(EXECUTION, deleted_at=LATER)),
        extended_schedule(replace(SCHEDULE, deleted_at=LATER)),
        extended_resource_group(group),
    ):
        assert data["deletedAt"] == deleted_at


def test_unknown_values_of_a_newer_server_get_defaults() -> None:
    data = {
        **serialize_execution(EXECUTION),
        "status": "FROZEN",
        "startTime": "0001-01-01T00:00:00Z",
    }
    found = parse_execution(data)
    assert (found.status, found.started_at) == (Status.UNKNOWN, None)
    assert parse_artifact({**serialize_artifact(ARTIFACT), "kind": "graph"}).kind == "other"


def test_an_invalid_entry_does_not_hide_the_others() -> None:
    entries = {"resources": [None, {"name": "no ID"}, serialize_artifact(ARTIFACT), {"id": ".."}]}
    assert list(parse_list(entries, parse_artifact)) == [ARTIFACT]


def test_metadata_survives_a_round_trip() -> None:
    meta = RuntimeMeta("launchpad", API_VERSION, API_VERSION, schedules=True, bulk=True, files=True)
    assert parse_meta(serialize_meta(meta, "A test", 1)) == meta
    without = replace(meta, metrics=False, resource_groups=False, files=False, logs=False)
    assert parse_meta(serialize_meta(without, "A test", 1)) == without


def test_every_capability_is_serialized() -> None:
    data = serialize_capabilities(Capabilities(files=True, reasons={"bulk": "Not supported."}))
    assert len(data) == len(fields(Capabilities))
    assert data["files"] is True
    assert data["createArtifact"] is True
    assert data["reasons"] == {"bulkUpdates": "Not supported."}


def test_errors_survive_a_round_trip() -> None:
    for details, text in (
        ({"field": "name"}, "field: name"),
        (listed_details([("name", "is missing")]), "name: is missing"),
        ({}, ""),
    ):
        body = json.dumps(serialize_error("InvalidRequest", "No name", "r1", "/lm/x", details))
        report = parse_error(body.encode(), "application/json")
        assert report.text(400).startswith("InvalidRequest: No name\nTarget: /lm/x.")
        assert report.details == text
        assert report.request_id == "r1"


def test_log_lines_survive_a_round_trip() -> None:
    lines = [LogLine(0, AT, "stdout", "main", "loss=1"), LogLine(1, LATER, "launchpad", "", "end")]
    first, second = parse_log(serialize_log(lines, "e123"))
    assert (first.timestamp, first.message, first.container, first.pod) == (
        AT,
        "loss=1",
        "main",
        "e123-main",
    )
    assert (second.stream, second.container, second.pod) == ("launchpad", "launchpad", "e123")

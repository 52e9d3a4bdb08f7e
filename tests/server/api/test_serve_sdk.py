"""SAP's unmodified SDK against ``launchpad serve``."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from ai_api_client_sdk.exception import (
    AIAPIAuthenticatorAuthorizationException,
    AIAPIInvalidRequestException,
    AIAPINotFoundException,
    AIAPIPreconditionFailedException,
    AIAPIServerException,
)
from ai_api_client_sdk.models.base_models import BasicModifyRequest, BulkModifyErrorResponse, Order
from ai_api_client_sdk.models.label import Label
from ai_api_client_sdk.models.status import ScheduleStatus
from ai_core_sdk.ai_core_v2_client import AICoreV2Client
from ai_core_sdk.models import (
    Artifact,
    InputArtifactBinding,
    Metric,
    MetricCustomInfo,
    MetricLabel,
    MetricTag,
    ParameterBinding,
    Status,
    TargetStatus,
)

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from tests.server.api.served import Key, SharedServer

FINAL = {Status.COMPLETED, Status.DEAD, Status.STOPPED}


def until(check: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ended(client: AICoreV2Client, execution_id: str) -> Status:
    """Wait for the end of an execution as SAP's tutorials do."""
    found = [client.execution.get(execution_id).status]

    def over() -> bool:
        found[0] = client.execution.get(execution_id).status
        return found[0] in FINAL

    until(over)
    return found[0]


def shell(client: AICoreV2Client, text: str) -> str:
    """Create an execution of a shell script and return its ID."""
    made = client.configuration.create(
        name="shell",
        scenario_id="houses",
        executable_id="shared-shell",
        parameter_bindings=[ParameterBinding(key="text", value=text)],
    )
    return str(client.execution.create(made.id).id)


def test_the_whole_workflow_of_a_model(shared: SharedServer) -> None:
    client = shared.server.sdk()
    scenario = next(each for each in client.scenario.query().resources if each.id == "houses")
    assert (scenario.name, client.scenario.get("houses").id) == ("House prices", "houses")
    assert [each.id for each in client.scenario.query_versions("houses").resources] == ["1.0"]
    executables = client.executable.query("houses", version_id="1.0").resources
    assert {each.id for each in executables} == {"shared-train", "shared-shell"}
    assert client.executable.query("houses", version_id="2").count == 0
    executable = client.executable.get("houses", "shared-train")
    assert executable.deployable is False
    (parameter,) = executable.parameters
    assert (parameter.name, parameter.type.value, parameter.default) == (
        "DT_MAX_DEPTH",
        "string",
        "3",
    )
    assert [(each.name, each.kind) for each in executable.input_artifacts] == [
        ("housedataset", "dataset")
    ]
    assert [(each.name, each.kind) for each in executable.output_artifacts] == [
        ("housemodel", "model")
    ]

    before = client.artifact.count()
    label = Label(key="ext.ai.sap.com/stage", value="raw, really")
    dataset = client.artifact.create(
        name="House Price Dataset",
        kind=Artifact.Kind.DATASET,
        url="ai://default/rows",
        scenario_id="houses",
        description="from SDK",
        labels=[label],
    )
    assert dataset.url == "ai://default/rows"
    assert client.artifact.count() == before + 1
    assert shared.bench.desk.artifacts.get(DEFAULT_SCOPE, dataset.id).kind is ArtifactKind.DATASET
    found = client.artifact.get(dataset.id, expand="scenario")
    assert (found.description, found.scenario.id, found.labels[0].value) == (
        "from SDK",
        "houses",
        "raw, really",
    )
    selector = ["ext.ai.sap.com/stage=raw{comma} really"]
    assert [
        each.id for each in client.artifact.query(artifact_label_selector=selector).resources
    ] == [dataset.id]
    assert client.artifact.query(search="rom SD").count == 1
    assert client.artifact.query(search="FROM sdk").count == 0
    assert (
        client.artifact.query(
            search="FROM sdk", search_case_insensitive=True, kind=Artifact.Kind.DATASET
        ).count
        == 1
    )

    configuration = client.configuration.create(
        name="Depth 5",
        scenario_id="houses",
        executable_id="shared-train",
        parameter_bindings=[ParameterBinding(key="DT_MAX_DEPTH", value="5")],
        input_artifact_bindings=[InputArtifactBinding(key="housedataset", artifact_id=dataset.id)],
    )
    bound = client.configuration.get(configuration.id, expand="scenario")
    assert [(each.key, each.value) for each in bound.parameter_bindings] == [("DT_MAX_DEPTH", "5")]
    assert bound.input_artifact_bindings[0].artifact_id == dataset.id
    assert (
        client.configuration.query(
            executable_ids=["shared-train", "other-one"], search="Depth"
        ).count
        == 1
    )

    made = client.execution.create(configuration.id)
    assert (made.status, made.message) == (Status.UNKNOWN, "Execution scheduled")
    assert ended(client, made.id) is Status.COMPLETED
    execution = client.execution.get(made.id)
    assert (execution.configuration_name, execution.scenario_id) == ("Depth 5", "houses")
    assert execution.target_status is TargetStatus.COMPLETED
    assert execution.submission_time <= execution.start_time <= execution.completion_time
    (model,) = execution.output_artifacts
    assert (model.name, model.kind, model.execution_id) == (
        "housemodel",
        Artifact.Kind.MODEL,
        made.id,
    )
    assert model.url.startswith(f"ai://default/{made.id}/")
    assert [each.id for each in client.artifact.query(execution_id=made.id).resources] == [model.id]
    assert (
        client.execution.query(configuration_id=configuration.id, status=Status.COMPLETED).count
        == 1
    )
    assert client.execution.count(executable_ids=["shared-train"], status=Status.DEAD) == 0
    short = client.execution.get(made.id, select="status")
    assert (short.status, short.configuration_id) == (Status.COMPLETED, configuration.id)

    (resource,) = client.metrics.query(execution_ids=[made.id]).resources
    assert [(each.name, each.value, each.step) for each in resource.metrics] == [
        ("Fold", float(n), n) for n in range(3)
    ]
    assert resource.metrics[0].labels[0].value == "housemodel"
    assert (resource.tags[0].value, resource.custom_info[0].value) == ("CV", "[[1]]")
    assert (
        client.metrics.query(execution_ids=[made.id], select=["tags"]).resources[0].metrics is None
    )

    # afterwards, from outside of the execution
    label = MetricLabel(name="metrics.ai.sap.com/Artifact.name", value="housemodel")
    client.metrics.log_metrics(
        [Metric(name="Error Rate", value=0.5, timestamp=None, labels=[label])], made.id
    )
    client.metrics.set_tags([MetricTag(name="Validation", value="later")], made.id)
    client.metrics.set_custom_info([MetricCustomInfo(name="More", value="{}")], made.id)
    client.metrics.modify(
        made.id, metrics=[Metric(name="f1", value=1, timestamp=datetime.now(UTC), step=7)]
    )
    with pytest.warns(DeprecationWarning, match="filter"):
        (resource,) = client.metrics.query(filter=f"executionId eq '{made.id}'").resources
    assert {each.name for each in resource.metrics} == {"Fold", "Error Rate", "f1"}
    assert resource.tags[0].value == "later"
    assert shared.bench.desk.metrics.tags(DEFAULT_SCOPE, made.id)[0].value == "later"

    lines = client.execution.query_logs(made.id, top=5000).data.result
    assert any(each.msg == "start" for each in lines)
    assert lines == sorted(lines, key=lambda each: each.timestamp)
    newest = client.execution.query_logs(made.id, top=1, order=Order.DESC).data.result
    assert [each.msg for each in newest] == [lines[-1].msg]
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert client.execution.query_logs(made.id, start=later, end=later).data.result == []

    client.metrics.delete(made.id)
    assert client.metrics.query(execution_ids=[made.id]).count == 0
    with pytest.raises(AIAPINotFoundException):
        client.metrics.delete(made.id)
    assert client.execution.delete(made.id).id == made.id
    with pytest.raises(AIAPINotFoundException):
        client.execution.get(made.id)
    assert client.artifact.get(model.id).execution_id == made.id


def test_executions_are_stopped_and_deleted_singly_and_in_bulk(shared: SharedServer) -> None:
    client = shared.server.sdk()
    running = [shell(client, "sleep 60") for _ in range(2)]
    with pytest.raises(AIAPIPreconditionFailedException):
        client.execution.delete(running[0])
    assert client.execution.modify(running[0], TargetStatus.STOPPED).id == running[0]
    assert ended(client, running[0]) is Status.STOPPED
    with pytest.raises(AIAPIPreconditionFailedException):
        client.execution.modify(running[0], TargetStatus.STOPPED)
    with pytest.raises(AIAPIInvalidRequestException):
        client.execution.modify(running[0], TargetStatus.COMPLETED)
    with pytest.raises(AIAPINotFoundException):
        client.execution.modify("e0123456789abcde", TargetStatus.STOPPED)

    stop = [BasicModifyRequest(id=one, target_status=TargetStatus.STOPPED) for one in running]
    failed, stopped = client.execution.bulk_modify(stop).executions
    assert isinstance(failed, BulkModifyErrorResponse)
    assert (failed.error.code, failed.error.target) == (
        "PreconditionFailed",
        f"/v2/lm/executions/{running[0]}",
    )
    assert stopped.id == running[1]
    assert ended(client, running[1]) is Status.STOPPED
    gone = [
        BasicModifyRequest(id=one, target_status=TargetStatus.DELETED)
        for one in (*running, "e0123456789abcde")
    ]
    outcome = client.execution.bulk_modify(gone).executions
    assert [isinstance(each, BulkModifyErrorResponse) for each in outcome] == [False, False, True]
    assert outcome[2].error.code == "NotFound"
    for wrong in ([], gone[:1] * 2, gone[:1] * 101):
        with pytest.raises(AIAPIInvalidRequestException):
            client.execution.bulk_modify(wrong)


def test_a_failed_execution_is_dead_with_a_message(shared: SharedServer) -> None:
    client = shared.server.sdk()
    failed = shell(client, "exit 3")
    assert ended(client, failed) is Status.DEAD
    found = client.execution.get(failed)
    assert found.status_message
    assert len(found.status_message) <= 256
    assert found.status_details
    client.execution.delete(failed)


def test_errors_raise_exceptions_of_the_sdk(shared: SharedServer) -> None:
    client = shared.server.sdk()
    for call in (
        lambda: client.scenario.get("no-such-scenario"),
        lambda: client.executable.get("houses", "no-such-one"),
        lambda: client.executable.get("no-such-scenario", "shared-train"),
        lambda: client.artifact.get("00000000-0000-0000-0000-000000000000"),
        lambda: client.configuration.get("00000000-0000-0000-0000-000000000000"),
        lambda: client.execution.query_logs("e0123456789abcde"),
        shared.server.sdk("no-such-group").artifact.query,
    ):
        with pytest.raises(AIAPINotFoundException) as missing:
            call()
        assert missing.value.error_message
        assert missing.value.request_id
    artifact = {
        "name": "x",
        "kind": Artifact.Kind.MODEL,
        "url": "ai://default/x",
        "scenario_id": "houses",
    }
    for wrong in (
        {"scenario_id": "no-such"},
        {"url": "ai://nowhere/x"},
        {"url": "x"},
        {"name": "ü"},
        {"name": "x" * 257},
        {"description": "x" * 5001},
        {"labels": [Label(key="stage", value="x")]},
    ):
        with pytest.raises(AIAPIInvalidRequestException):
            client.artifact.create(**{**artifact, **wrong})
    for scenario, executable, parameters, inputs in (
        ("houses", "no-such", [], []),
        ("no-such", "shared-train", [], []),
        ("houses", "shared-train", [], []),
        (
            "houses",
            "shared-train",
            [ParameterBinding("nope", "1")],
            [InputArtifactBinding("housedataset", shared.dataset)],
        ),
        ("houses", "shared-train", [], [InputArtifactBinding("housedataset", "rows")]),
        ("houses", "shared-train", [], [InputArtifactBinding("housedataset", shared.dataset)] * 2),
    ):
        with pytest.raises(AIAPIInvalidRequestException):
            client.configuration.create("c", scenario, executable, parameters, inputs)
    with pytest.raises(AIAPIInvalidRequestException):
        client.execution.create("00000000-0000-0000-0000-000000000000")
    with pytest.raises(AIAPIInvalidRequestException):
        client.executable.query("no-such-scenario")
    with pytest.raises(AIAPIInvalidRequestException):
        client.metrics.log_metrics([Metric(name="a", value=1, timestamp=None)], "e0123456789abcde")
    with pytest.raises(AIAPIServerException) as large:
        client.metrics.log_metrics(
            [Metric(name="a", value=1, timestamp=None)] * 1001, "e0123456789abcde"
        )
    assert (large.value.status_code, large.value.error_code) == (413, "02000005")
    with pytest.raises(AIAPIAuthenticatorAuthorizationException):
        shared.server.sdk(key=Key(shared.server.key.client_id, "wrong")).scenario.query()


def test_pages(shared: SharedServer) -> None:
    client = shared.server.sdk()
    for number in range(5):
        client.configuration.create(f"Page {number}", "houses", "shared-shell")
    wanted = client.configuration.query(search="Page ")
    assert wanted.count == 5
    pages = [
        client.configuration.query(search="Page ", top=2, skip=skip).resources
        for skip in (0, 2, 4, 6)
    ]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [each.id for page in pages for each in page] == [each.id for each in wanted.resources]
    assert client.configuration.count(scenario_id="houses", search="Page ") == 5
    with pytest.raises(AIAPIInvalidRequestException):
        client.configuration.query(top=100_001)


def test_schedules(shared: SharedServer) -> None:
    client = shared.server.api()
    configuration = client.configuration.create("Nightly", "houses", "shared-shell")
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    made = client.execution_schedule.create(
        "nightly", "0 3 * * *", configuration.id, start, start + timedelta(days=9)
    )
    found = client.execution_schedule.get(made.id)
    assert (found.name, found.cron, found.status) == ("nightly", "0 3 * * *", ScheduleStatus.ACTIVE)
    assert (found.start, found.end) == (start, start + timedelta(days=9))
    assert client.execution_schedule.count(configuration_id=configuration.id) == 1
    client.execution_schedule.modify(made.id, cron="0 4 * * *", status=ScheduleStatus.INACTIVE)
    assert (
        client.execution_schedule.query(status=ScheduleStatus.INACTIVE).resources[0].cron
        == "0 4 * * *"
    )
    assert client.execution_schedule.query(status=ScheduleStatus.ACTIVE).count == 0
    for wrong in (
        {"cron": "every day"},
        {"configurationId": "00000000-0000-0000-0000-000000000000"},
    ):
        with pytest.raises(AIAPIInvalidRequestException):
            client.execution_schedule.modify(made.id, **wrong)
    with pytest.raises(AIAPIInvalidRequestException):
        client.execution_schedule.create("x", "nonsense", configuration.id)
    with pytest.raises(AIAPIInvalidRequestException):
        client.execution_schedule.create("x", "0 3 * * *", "00000000-0000-0000-0000-000000000000")
    client.execution_schedule.delete(made.id)
    with pytest.raises(AIAPINotFoundException):
        client.execution_schedule.get(made.id)


def test_a_due_schedule_creates_executions(shared: SharedServer) -> None:
    client = shared.server.api()
    configuration = client.configuration.create(
        "Often", "houses", "shared-shell", [ParameterBinding("text", "echo 1 > /app/model/one")]
    )
    made = client.execution_schedule.create("often", "* * * * *", configuration.id)
    with shared.bench.desk.registry.write() as db:
        # As if a minute had gone by.
        db.execute("UPDATE execution_schedules SET next_at = next_at - 60 WHERE id = ?", (made.id,))
    until(lambda: client.execution.query(configuration_id=configuration.id).count > 0)
    client.execution_schedule.delete(made.id)
    (execution,) = client.execution.query(configuration_id=configuration.id).resources
    assert ended(shared.server.sdk(), execution.id) is Status.COMPLETED

"""Every call of the client, validated against the API's specification."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.schedule import ScheduleStatus
from launchpad_tui.runtimes.aicore.client import AICoreClient
from tests.runtimes.aicore import prism

ID = "aa97b177-9383-4934-8543-0f91b7a0283a"
WHEN = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def client(specification_server: prism.SpecificationServer) -> Iterator[AICoreClient]:
    specification_server.calls.clear()
    specification_server.violations.clear()
    made = AICoreClient(specification_server.key(), "default", pause=0.01)
    yield made
    made.close()
    assert specification_server.violations == []
    assert specification_server.calls
    assert all(status < 300 for _, _, status in specification_server.calls)


def test_metadata_and_capabilities(client: AICoreClient) -> None:
    meta = client.meta()
    assert (meta.runtime, meta.bulk, meta.schedules, meta.metrics, meta.files) == (
        "aicore",
        True,
        True,
        True,
        False,
    )
    able = client.capabilities()
    assert able.executions
    assert able.logs
    assert not able.add_executable
    assert "Git" in able.reasons["add_executable"]


def test_scenarios_and_executables(client: AICoreClient) -> None:
    (scenario,) = client.scenarios()
    assert scenario.id
    assert scenario.created_at.tzinfo is UTC
    executables = list(client.executables(ID, deployable=None)) + list(
        client.executables(ID, "1.0", deployable=None)
    )
    assert executables[0].name
    assert [each.id for each in client.versions(ID)]


def test_sources_of_templates(
    client: AICoreClient, specification_server: prism.SpecificationServer
) -> None:
    # The names in the examples of the specification are random texts.
    assert isinstance(client.template_sources(), dict)
    paths = [path for _, path, _ in specification_server.calls]
    assert paths[0] == "/admin/applications"


def test_artifacts(client: AICoreClient, specification_server: prism.SpecificationServer) -> None:
    (artifact,) = client.artifacts()
    assert artifact.url
    label = ("ext.ai.sap.com/stage", "a,b")
    filters: dict[str, Any] = {
        "scenario_id": ID,
        "execution_id": ID,
        "name": "churn & co",
        "search": "ch~urn, 100 %",
    }
    assert list(client.artifacts(ArtifactKind.MODEL, labels=[label], **filters))
    assert client.count_artifacts(ArtifactKind.MODEL, labels=[label], **filters) == 7
    assert list(client.artifacts(ArtifactKind.MODEL, skip=5, page=1000))
    assert client.artifact(ID).kind in set(ArtifactKind)
    assert client.create_artifact("churn", ArtifactKind.MODEL, "ai://default/churn", ID)
    assert client.create_artifact(
        "churn", ArtifactKind.MODEL, "ai://default/churn", ID, "what it is", [label]
    )
    assert specification_server.calls[0][:2] == ("GET", "/lm/artifacts")


def test_configurations(client: AICoreClient) -> None:
    (configuration,) = client.configurations(
        scenario_id=ID, executable_ids=[ID, "train"], search="x"
    )
    assert configuration.executable_id
    assert client.count_configurations(executable_ids=[ID]) == 7
    assert list(client.configurations(skip=3))
    assert client.configuration(ID).name
    assert client.create_configuration("one", ID, "train", {"rate": "0.1"}, {"numbers": ID})
    assert client.create_configuration("two", ID, "train")


def test_executions(client: AICoreClient) -> None:
    executions = list(
        client.executions(scenario_id=ID, configuration_id=ID, executable_ids=[ID], schedule_id=ID)
    )
    assert executions[0].status in set(Status)
    for status in Status:
        list(client.executions(status=status))
        assert client.count_executions(status=status) == 7
    assert list(client.executions(skip=100))
    assert list(client.execution_states())
    assert list(client.execution_states(Status.RUNNING))
    assert client.execution(ID).configuration_id
    assert client.create_execution(ID)
    client.stop(ID)
    client.delete(ID)
    assert len(list(client.change_many([ID, "e0123456789abcde", ID], TargetStatus.DELETED))) == 2


def test_logs(client: AICoreClient) -> None:
    lines = list(client.logs(ID))
    assert lines[0].message
    assert list(client.logs(ID, start=WHEN, end=WHEN, newest_first=True, limit=1)) == lines[:1]


def test_metrics(client: AICoreClient) -> None:
    (resource,) = client.metrics([ID])
    assert (resource.metrics[0].name, resource.metrics[0].value, resource.metrics[0].step) == (
        "Error Rate",
        0.98,
        2,
    )
    assert resource.tags
    assert resource.custom_info
    assert list(
        client.metrics([f"execution-{number}" for number in range(23)], ["metrics", "customInfo"])
    )
    points = [Metric("loss", 0.5, WHEN, step, (("split", "test"),)) for step in range(2500)]
    client.patch_metrics(ID, points, [Tag("team", "eyes")], [CustomInfo("matrix", "[[1]]")])
    client.patch_metrics(ID, tags=[Tag("team", "eyes")])
    client.delete_metrics(ID)


def test_schedules(client: AICoreClient) -> None:
    (schedule,) = client.schedules(configuration_id=ID, status=ScheduleStatus.ACTIVE)
    assert schedule.cron
    assert client.count_schedules(configuration_id=ID) == 7
    assert client.schedule(ID).name
    assert client.create_schedule("nightly", "0 3 * * *", ID, WHEN, WHEN)
    client.change_schedule(ID, status=ScheduleStatus.INACTIVE)
    client.change_schedule(ID, cron="0 4 * * *", configuration_id=ID, start=WHEN, end=WHEN)
    client.delete_schedule(ID)


def test_resource_groups(client: AICoreClient) -> None:
    (group,) = client.resource_groups()
    assert group.status
    assert client.resource_group_of("vision").name
    client.create_resource_group("vision", {"ext.ai.sap.com/team": "eyes"})
    client.create_resource_group("plain")
    client.label_resource_group("vision", {"ext.ai.sap.com/team": "ears"})
    client.delete_resource_group("vision")


def test_object_store_secrets(client: AICoreClient) -> None:
    (store,) = client.object_store_secrets()
    assert store.name
    assert client.object_store_secret("lake").name
    secret = {
        "name": "lake",
        "type": "S3",
        "bucket": "models",
        "endpoint": "s3.example.com",
        "region": "eu",
        "pathPrefix": "prod",
        "usehttps": "1",
        "verifyssl": "1",
        "data": {"AWS_ACCESS_KEY_ID": "one", "AWS_SECRET_ACCESS_KEY": "two"},
    }
    client.create_object_store_secret(secret)
    client.change_object_store_secret("lake", secret)
    client.delete_object_store_secret("lake")

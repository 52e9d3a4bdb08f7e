"""Another launchpad, and SAP's SDK configured by its environment, against ``launchpad serve``."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.execution import Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.schedule import ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.runtimes.aicore.client import AICoreClient
from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from launchpad_tui.services.clients import service_key
from launchpad_tui.services.desk import Desk
from tests.server.api.served import SharedServer, command, environment
from tests.services.execution_support import until


def test_another_launchpad_connects(shared: SharedServer, tmp_path: Path) -> None:
    client = ApiClient("tests", shared.server.key.client_id, "", now())
    key = tmp_path / "key.json"
    key.write_text(json.dumps(service_key(client, shared.server.key.secret, shared.server.url)))
    home = tmp_path / "home"
    added = command(
        home, "connections", "add", "gpu", "--type", "sap-ai-core", "--service-key", str(key)
    )
    assert added.returncode == 0, added.stderr
    tested = command(home, "connections", "test", "gpu")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    able = json.loads(command(home, "connections", "refresh", "gpu", "--json").stdout)
    assert able["executions"]
    assert able["bulkUpdates"]
    assert able["executionSchedules"]


def test_another_launchpad_lists_and_executes(shared: SharedServer, tmp_path: Path) -> None:
    client = ApiClient("tests", shared.server.key.client_id, "", now())
    key = json.dumps(service_key(client, shared.server.key.secret, shared.server.url))
    there, gpu = shared.bench.desk, Scope("gpu", "default")
    desk = open_desk(Home.at(tmp_path / "laptop"))
    desk.connections.add("gpu", "sap-ai-core", desk.connections.service_key(key))
    desk.sync.sync(gpu)
    assert [one.id for one in desk.scenarios.executables(gpu, "houses")] == [
        one.id for one in there.scenarios.executables(DEFAULT_SCOPE, "houses")
    ]
    assert desk.executions.count(gpu, Query()) == there.executions.count(DEFAULT_SCOPE, Query())
    made = desk.configurations.create(
        gpu, "from afar", "shared-shell", {"text": "echo :: loss=0.25; sleep 60"}, {}
    )
    execution = desk.executions.create(gpu, made.id).id
    follow(desk, gpu, execution, Status.RUNNING)
    desk.metrics.record(
        execution, [Metric("loss", 0.5, now().replace(microsecond=0), 3)], [Tag("a", "b")], (), gpu
    )
    assert there.metrics.tags(DEFAULT_SCOPE, execution) == (Tag("a", "b"),)
    log = desk.executions.log(gpu, execution)
    until(lambda: bool(log.matching("echo")), 60)
    (outcome,) = desk.executions.stop(gpu, [execution])
    assert outcome.error is None
    follow(desk, gpu, execution, Status.STOPPED)
    schedule = desk.schedules.create(gpu, "nightly", "0 3 * * *", made.id)
    assert there.schedules.get(DEFAULT_SCOPE, schedule.id).cron == "0 3 * * *"
    desk.schedules.delete(gpu, schedule.id)
    (outcome,) = desk.executions.delete(gpu, [execution])
    assert outcome.error is None
    assert desk.executions.get(gpu, execution).execution.deleted_at is not None
    desk.runtimes.close()
    desk.close()


def follow(desk: Desk, scope: Scope, execution: str, status: Status) -> None:
    """Synchronize until a remote execution has a status."""

    def there() -> bool:
        desk.sync.follow(scope)
        return desk.executions.get(scope, execution).execution.status is status

    until(there, 60)


def test_every_call_of_the_client(shared: SharedServer) -> None:
    server = shared.server
    key = ServiceKey(
        f"{server.url}/v2", f"{server.url}/oauth/token", server.key.client_id, server.key.secret
    )
    client = AICoreClient(key, "default", page=2)
    try:
        meta = client.meta()
        assert (meta.runtime, meta.bulk, meta.schedules, meta.metrics) == (
            "launchpad",
            True,
            True,
            True,
        )
        assert "houses" in [each.id for each in client.scenarios()]
        assert {each.id for each in client.executables("houses")} == {
            "shared-train",
            "shared-shell",
        }
        assert [each.id for each in client.versions("houses")] == ["1.0"]
        label = ("ext.ai.sap.com/from", "another, launchpad")
        made = [
            client.create_artifact(
                f"far {number}", ArtifactKind.RESULTSET, "ai://default/far", "houses", "d", [label]
            )
            for number in range(5)
        ]
        assert [each.id for each in client.artifacts(labels=[label])] == made
        assert client.count_artifacts(ArtifactKind.RESULTSET, search="FAR") == 5
        assert client.artifact(made[0]).labels == (label,)
        configuration = client.create_configuration(
            "far", "houses", "shared-shell", {"text": "sleep 60"}
        )
        assert client.configuration(configuration).parameters == {"text": "sleep 60"}
        assert configuration in [
            each.id for each in client.configurations(executable_ids=["shared-shell"])
        ]
        execution = client.create_execution(configuration)
        assert not client.execution(execution).status.final
        client.patch_metrics(
            execution, [Metric("loss", 0.5, now(), 3)], [Tag("a", "b")], [CustomInfo("c", "d")]
        )
        (resource,) = client.metrics([execution])
        assert (resource.metrics[0].step, resource.tags, resource.custom_info) == (
            3,
            (Tag("a", "b"),),
            (CustomInfo("c", "d"),),
        )
        client.delete_metrics(execution)
        (changed,) = client.change_many([execution], TargetStatus.STOPPED)
        assert not changed.error
        shared.bench.wait(execution, Status.STOPPED)
        lines = list(client.logs(execution, start=now() - timedelta(minutes=5)))
        assert [each.message for each in reversed(lines)] == [
            each.message for each in client.logs(execution, newest_first=True)
        ]
        assert client.count_executions(configuration_id=configuration, status=Status.STOPPED) == 1
        client.delete(execution)
        schedule = client.create_schedule("far", "0 3 * * *", configuration)
        client.change_schedule(schedule, status=ScheduleStatus.INACTIVE)
        assert client.schedule(schedule).status is ScheduleStatus.INACTIVE
        client.delete_schedule(schedule)
        client.create_resource_group("far-away", {"ext.ai.sap.com/a": "b"})
        client.label_resource_group("far-away", {"ext.ai.sap.com/a": "c"})
        assert client.resource_group_of("far-away").labels == {"ext.ai.sap.com/a": "c"}
        client.delete_resource_group("far-away")
        client.create_object_store_secret(
            {
                "name": "far",
                "type": "oss",
                "data": {
                    "BUCKET": "b",
                    "ENDPOINT": "oss-eu-central-1.aliyuncs.com",
                    "REGION": "oss-eu-central-1",
                    "ACCESS_KEY_ID": "k",
                    "SECRET_ACCESS_KEY": "s",
                },
            }
        )
        found = client.object_store_secret("far")
        assert (found.name, found.type, found.settings["bucket"]) == ("far", "oss", "b")
        assert "far" in [each.name for each in client.object_store_secrets()]
        client.delete_object_store_secret("far")
    finally:
        client.close()


def test_a_script_configured_by_the_environment(shared: SharedServer, tmp_path: Path) -> None:
    program = (
        "from ai_core_sdk.ai_core_v2_client import AICoreV2Client\n"
        "client = AICoreV2Client.from_env()\n"
        "print(*[each.id for each in client.scenario.query().resources])\n"
    )
    variables = {
        "AICORE_BASE_URL": shared.server.url,
        "AICORE_AUTH_URL": shared.server.url,
        "AICORE_CLIENT_ID": shared.server.key.client_id,
        "AICORE_CLIENT_SECRET": shared.server.key.secret,
        "AICORE_RESOURCE_GROUP": "default",
        "AICORE_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path) | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "houses" in done.stdout.split(), done.stderr

"""The contract of every kind of runtime in the catalog, tested against real servers and homes."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from launchpad_tui.__main__ import main
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Capabilities, ConnectionKind, Scope
from launchpad_tui.domain.execution import Status, TargetStatus
from launchpad_tui.domain.metric import Metric, Tag
from launchpad_tui.domain.schedule import ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import CapabilityMissing, Conflict, NotFound
from launchpad_tui.runtimes import catalog
from launchpad_tui.runtimes.base import Runtime
from launchpad_tui.services.desk import Desk
from tests.contracts import memory_runtime
from tests.scenes.harness import press, running, screen_text
from tests.server.api.served import serving
from tests.services import tenant_server
from tests.services.execution_support import Bench, shell_template, until
from tests.slurm.bench import SlurmBench

SHELL = "echo started; sleep 60"


@dataclass
class Subject:
    """A runtime under test, with an executable."""

    desk: Desk
    scope: Scope
    runtime: Runtime
    scenario: str
    executable: str

    def configuration(self) -> str:
        return self.runtime.create_configuration("slow", self.scenario, self.executable)

    def execution(self) -> str:
        """Create an execution, which then runs or waits to run."""
        return self.runtime.create_execution(self.configuration())

    def stopped(self) -> str:
        """Create an execution and stop it."""
        created = self.execution()
        self.runtime.stop(created)
        until(lambda: self.runtime.execution(created).status is Status.STOPPED)
        return created


def _subject(desk: Desk, name: str, scenario: str, executable: str) -> Subject:
    scope = Scope(name, "default")
    return Subject(desk, scope, desk.runtimes.runtime(scope), scenario, executable)


@contextmanager
def _embedded(root: Path) -> Iterator[Subject]:
    bench = Bench(root)
    executable = bench.add(shell_template("slow", SHELL), "slow.yaml")
    try:
        yield _subject(bench.desk, "local", "houses", executable)
    finally:
        bench.close()


@contextmanager
def _connected(
    root: Path, kind: str, key: str, scenario: str, executable: str
) -> Iterator[Subject]:
    bench = Bench(root)
    values = bench.desk.connections.service_key(key) if key else {"place": "here"}
    bench.desk.connections.add("far", kind, values)
    try:
        yield _subject(bench.desk, "far", scenario, executable)
    finally:
        bench.desk.runtimes.close()
        bench.close()


@contextmanager
def _aicore(root: Path) -> Iterator[Subject]:
    with (
        tenant_server.serve() as tenant,
        _connected(root, "sap-ai-core", tenant.service_key, "churn", "churn-train") as subject,
    ):
        yield subject


@contextmanager
def _served(root: Path) -> Iterator[Subject]:
    host = Bench(root / "host")
    try:
        executable = host.add(shell_template("slow", SHELL), "slow.yaml")
        with serving(host.desk.home.root) as server:
            key = {
                "clientid": server.key.client_id,
                "clientsecret": server.key.secret,
                "url": server.url,
                "serviceurls": {"AI_API_URL": server.url},
            }
            with _connected(
                root / "laptop", "sap-ai-core", json.dumps(key), "houses", executable
            ) as subject:
                yield subject
    finally:
        host.close()


@contextmanager
def _memory(root: Path) -> Iterator[Subject]:
    with _connected(root, "memory", "", "churn", "churn-train") as subject:
        yield subject


@contextmanager
def _slurm(root: Path) -> Iterator[Subject]:
    bench = SlurmBench(root)
    executable = bench.add(shell_template("slow", SHELL), "slow.yaml")
    try:
        yield _subject(bench.desk, "hpc", "houses", executable)
    finally:
        bench.close()


#: The kind in the catalog of each runtime under test, and the function that opens it.
SUBJECTS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "embedded": ("local", _embedded),
    "SAP AI Core": ("sap-ai-core", _aicore),
    "launchpad serve": ("sap-ai-core", _served),
    "memory": ("memory", _memory),
    "Slurm": ("slurm", _slurm),
}
#: The fixtures that runtimes require.
FIXTURES = {"Slurm": "shared_cluster"}


@pytest.fixture(autouse=True)
def added_kind(monkeypatch: pytest.MonkeyPatch) -> ConnectionKind:
    """Add a kind to the catalog by one entry."""
    monkeypatch.setitem(catalog.KINDS, memory_runtime.KIND.id, memory_runtime.KIND)
    return memory_runtime.KIND


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """A runtime of each kind."""
    if request.param in FIXTURES:
        request.getfixturevalue(FIXTURES[request.param])
    with SUBJECTS[request.param][1](tmp_path) as found:  # type: ignore[attr-defined]
        yield found


def test_every_kind_is_tested() -> None:
    assert {kind for kind, _ in SUBJECTS.values()} == set(catalog.KINDS)


def test_capabilities_have_reasons(subject: Subject) -> None:
    found = subject.runtime.capabilities()
    names = [name for name in Capabilities.__dataclass_fields__ if name != "reasons"]
    missing = {name for name in names if not getattr(found, name)}
    assert set(found.reasons) <= missing
    assert missing - {"files"} <= set(found.reasons)


def test_operations_without_the_capability_are_rejected(subject: Subject, tmp_path: Path) -> None:
    runtime, found = subject.runtime, subject.runtime.capabilities()
    operations: dict[str, Callable[[], object]] = {
        "add_executable": lambda: runtime.add_executables(tmp_path),
        "store_outputs": lambda: runtime.store_outputs("e1"),
        "object_stores": lambda: list(runtime.object_store_secrets()),
    }
    for name, operation in operations.items():
        if not getattr(found, name):
            with pytest.raises(CapabilityMissing):
                operation()


def test_scenarios_and_executables(subject: Subject) -> None:
    runtime = subject.runtime
    assert subject.scenario in [one.id for one in runtime.scenarios()]
    assert subject.executable in [one.id for one in runtime.executables(subject.scenario)]
    assert list(runtime.versions(subject.scenario))


def test_artifacts(subject: Subject) -> None:
    runtime = subject.runtime
    before = runtime.count_artifacts()
    labels = [("ext.ai.sap.com/stage", "test")]
    created = runtime.create_artifact(
        "model", ArtifactKind.MODEL, "ai://default/m/1", subject.scenario, "a model", labels, size=5
    )
    found = runtime.artifact(created)
    assert (found.name, found.kind, found.url) == ("model", ArtifactKind.MODEL, "ai://default/m/1")
    assert (found.description, list(found.labels)) == ("a model", labels)
    assert runtime.count_artifacts() == before + 1
    assert created in [one.id for one in runtime.artifacts(ArtifactKind.MODEL)]
    assert created not in [one.id for one in runtime.artifacts(ArtifactKind.DATASET)]
    assert len(list(runtime.artifacts(skip=before))) == 1
    with pytest.raises(NotFound):
        runtime.artifact(str(uuid.uuid4()))


def test_configurations(subject: Subject) -> None:
    runtime = subject.runtime
    before = runtime.count_configurations()
    created = subject.configuration()
    found = runtime.configuration(created)
    assert (found.name, found.executable_id) == ("slow", subject.executable)
    assert runtime.count_configurations() == before + 1
    assert created in [one.id for one in runtime.configurations()]
    with pytest.raises(NotFound):
        runtime.configuration(str(uuid.uuid4()))


def test_the_lifecycle_of_an_execution(subject: Subject) -> None:
    runtime = subject.runtime
    created = subject.execution()
    assert runtime.execution(created).executable_id == subject.executable
    assert created in [one.id for one in runtime.executions()]
    assert created in [one.id for one in runtime.execution_states()]
    assert runtime.count_executions() >= 1
    with pytest.raises(Conflict):
        runtime.delete(created)
    runtime.stop(created)
    until(lambda: runtime.execution(created).status is Status.STOPPED)
    with pytest.raises(Conflict):
        runtime.stop(created)
    list(runtime.logs(created, limit=1))
    runtime.delete(created)
    with pytest.raises(NotFound):
        runtime.execution(created)
    with pytest.raises(NotFound):
        runtime.stop(created)


def test_many_executions(subject: Subject) -> None:
    ids = [subject.stopped(), subject.stopped()]
    if not subject.runtime.capabilities().bulk:
        pytest.skip("one execution per request")
    outcomes = list(subject.runtime.change_many([*ids, "e-unknown"], TargetStatus.DELETED))
    assert [(one.id, one.error is None) for one in outcomes] == [
        (ids[0], True),
        (ids[1], True),
        ("e-unknown", False),
    ]


def test_metrics(subject: Subject) -> None:
    runtime, execution = subject.runtime, subject.stopped()
    point = Metric("loss", 0.5, now().replace(microsecond=0), 3)
    runtime.patch_metrics(execution, [point], [Tag("a", "b")])
    (found,) = runtime.metrics([execution])
    assert [(one.name, one.value, one.step) for one in found.metrics] == [("loss", 0.5, 3)]
    assert tuple(found.tags) == (Tag("a", "b"),)
    runtime.delete_metrics(execution)
    assert not [one for one in runtime.metrics([execution]) if one.metrics]


def test_schedules(subject: Subject) -> None:
    runtime = subject.runtime
    created = runtime.create_schedule("nightly", "0 3 * * *", subject.configuration())
    found = runtime.schedule(created)
    assert (found.cron, found.status) == ("0 3 * * *", ScheduleStatus.ACTIVE)
    runtime.change_schedule(created, cron="0 4 * * *", status=ScheduleStatus.INACTIVE)
    found = runtime.schedule(created)
    assert (found.cron, found.status) == ("0 4 * * *", ScheduleStatus.INACTIVE)
    assert created in [one.id for one in runtime.schedules()]
    assert runtime.create_due(now()) == 0
    runtime.delete_schedule(created)
    with pytest.raises(NotFound):
        runtime.schedule(created)


def test_resource_groups(subject: Subject) -> None:
    runtime = subject.runtime
    created = runtime.create_resource_group("vision", {"ext.ai.sap.com/team": "eyes"})
    assert created.name == "vision"
    assert {"default", "vision"} <= {one.name for one in runtime.resource_groups()}
    labels = runtime.label_resource_group("vision", {"ext.ai.sap.com/team": "ears"})
    assert labels == {"ext.ai.sap.com/team": "ears"}
    assert runtime.in_group("vision").count_artifacts() == 0
    assert runtime.in_group("vision").resource_group == "vision"
    runtime.delete_resource_group("vision")
    assert "vision" not in {one.name for one in runtime.resource_groups()}


def test_services_work_with_every_kind(subject: Subject) -> None:
    desk, scope = subject.desk, subject.scope
    if scope != DEFAULT_SCOPE:
        desk.connections.refresh(scope.connection)
        desk.sync.sync(scope)
    configuration = desk.configurations.create(scope, "slow", subject.executable, {}, {})
    execution = desk.executions.create(scope, configuration.id)
    desk.metrics.record(execution.id, [Metric("loss", 0.5, now(), 1)], scope=scope)
    assert [one.name for one in desk.metrics.series(scope, execution.id)] == ["loss"]
    schedule = desk.schedules.create(scope, "nightly", "0 3 * * *", configuration.id)
    paused = desk.schedules.change(scope, schedule.id, status=ScheduleStatus.INACTIVE)
    assert paused.status is ScheduleStatus.INACTIVE
    desk.schedules.delete(scope, schedule.id)
    (outcome,) = desk.executions.stop(scope, [execution.id])
    assert outcome.error is None
    assert desk.executions.log(scope, execution.id).count() >= 0


def test_an_added_kind_is_offered(
    added_kind: ConnectionKind,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "LAUNCHPAD_HOME", str(tmp_path / "home"))
    assert main(["connections", "types", "--json"]) == 0
    kinds = {one["id"] for one in json.loads(capsys.readouterr().out)["resources"]}
    assert added_kind.id in kinds


async def test_an_added_kind_appears_in_the_wizard(
    added_kind: ConnectionKind, tmp_path: Path
) -> None:
    home = Home.at(tmp_path / "home")
    open_desk(home).close()
    async with running(home, "connections") as pilot:
        # After SAP AI Core and Slurm.
        await press(pilot, "a", "right", "right")
        assert added_kind.title in screen_text(pilot)

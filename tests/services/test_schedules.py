"""Execution schedules of this machine (due times, bounds, concurrency) and of a remote runtime."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.credentials import Credentials
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.schedule import ScheduleStatus
from launchpad_tui.errors import CapabilityMissing, InvalidInput, NotFound
from launchpad_tui.registry import database
from launchpad_tui.runtimes.embedded.runtime import EmbeddedRuntime
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.runtime_host import LocalRuntimeHost
from launchpad_tui.services.runtimes import Runtimes
from launchpad_tui.services.schedules import ScheduleService
from tests.services import tenant_server
from tests.services.execution_support import Bench, shell_template

CORE = Scope("core", "default")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday


class Clock:
    """A clock whose time changes only when it is set."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A desk over a temporary home folder."""
    created = Bench(tmp_path)
    yield created
    created.close()


@pytest.fixture
def clock() -> Clock:
    """A clock at noon of a Monday."""
    return Clock()


def schedules_by(desk: Desk, clock: Callable[[], datetime]) -> ScheduleService:
    """Return the schedule service of a desk with another clock."""
    host = LocalRuntimeHost(desk.home, desk.settings.executions, desk.registry, lambda: desk.files)
    runtimes = Runtimes(
        desk.registry,
        Credentials(desk.home.credentials_path),
        lambda connection, secrets: EmbeddedRuntime(connection, secrets, host, clock=clock),
    )
    return ScheduleService(desk.registry, lambda: runtimes, clock=clock)


@pytest.fixture
def service(bench: Bench, clock: Clock) -> ScheduleService:
    """The schedule service with the clock of the test."""
    return schedules_by(bench.desk, clock)


@pytest.fixture
def configuration(bench: Bench) -> str:
    """The ID of a configuration that can be executed."""
    executable = bench.add(shell_template("shell", "echo 1 > /app/model/weights"), "shell.yaml")
    return bench.desk.configurations.create(DEFAULT_SCOPE, "c", executable, {}, {}).id


def count(bench: Bench) -> int:
    return bench.desk.executions.count(DEFAULT_SCOPE, Query())


def test_executions_are_created_on_schedule(
    service: ScheduleService, clock: Clock, configuration: str, bench: Bench
) -> None:
    one = service.create(DEFAULT_SCOPE, "hourly", "30 * * * *", configuration)
    assert one.status is ScheduleStatus.ACTIVE
    assert one.next_at == NOON.replace(minute=30)
    assert service.due_in() == 1800
    assert service.fire_due() == 0
    clock.at = NOON.replace(minute=30)
    assert service.due_in() == 0
    assert service.fire_due() == 1
    assert service.fire_due() == 0
    assert service.get(DEFAULT_SCOPE, one.id).next_at == NOON.replace(hour=13, minute=30)
    (row,) = bench.desk.executions.listing(DEFAULT_SCOPE, Query()).slice(0, 5)
    assert row.execution.schedule_id == one.id
    assert bench.wait(row.execution.id).status == "COMPLETED", bench.log(row.execution.id)


def test_missed_firings_are_made_up_once(
    service: ScheduleService, clock: Clock, configuration: str, bench: Bench
) -> None:
    one = service.create(DEFAULT_SCOPE, "hourly", "0 * * * *", configuration)
    clock.at = NOON + timedelta(days=3, minutes=10)
    assert service.fire_due() == 1
    assert service.fire_due() == 0
    assert count(bench) == 1
    assert service.get(DEFAULT_SCOPE, one.id).next_at == NOON + timedelta(days=3, hours=1)


def test_a_paused_schedule_creates_no_executions(
    service: ScheduleService, clock: Clock, configuration: str
) -> None:
    one = service.create(DEFAULT_SCOPE, "hourly", "0 * * * *", configuration)
    paused = service.change(DEFAULT_SCOPE, one.id, status=ScheduleStatus.INACTIVE)
    assert paused.next_at is None
    clock.at = NOON + timedelta(hours=5, minutes=10)
    assert service.fire_due() == 0
    resumed = service.change(DEFAULT_SCOPE, one.id, status=ScheduleStatus.ACTIVE)
    assert resumed.next_at == NOON + timedelta(hours=6)
    assert service.fire_due() == 0
    assert [each.id for each in service.list(DEFAULT_SCOPE, status=ScheduleStatus.ACTIVE)] == [
        one.id
    ]
    assert service.list(DEFAULT_SCOPE, configuration_id="other") == []


def test_start_and_end_bound_the_schedule(
    service: ScheduleService, clock: Clock, configuration: str
) -> None:
    start, end = NOON + timedelta(days=1), NOON + timedelta(days=1, hours=1, microseconds=7)
    one = service.create(DEFAULT_SCOPE, "a day later", "*/30 * * * *", configuration, start, end)
    assert one.next_at == start
    assert one.end == end.replace(microsecond=0)
    assert service.upcoming("*/30 * * * *", start, end) == [
        start + timedelta(minutes=m) for m in (0, 30, 60)
    ]
    clock.at = end + timedelta(hours=3)
    assert service.fire_due() == 0
    assert service.get(DEFAULT_SCOPE, one.id).next_at is None
    assert service.due_in() is None
    with pytest.raises(InvalidInput) as error:
        service.create(DEFAULT_SCOPE, "over", "* * * * *", configuration, end=NOON)
    assert error.value.field == "end"
    with pytest.raises(InvalidInput, match="before it starts"):
        service.create(
            DEFAULT_SCOPE,
            "turned",
            "* * * * *",
            configuration,
            clock.at + timedelta(days=2),
            clock.at + timedelta(days=1),
        )


def test_the_schedule_fires_at_its_exact_end(
    service: ScheduleService, clock: Clock, configuration: str, bench: Bench
) -> None:
    one = service.create(
        DEFAULT_SCOPE, "last", "0 13 * * *", configuration, end=NOON + timedelta(hours=1)
    )
    clock.at = NOON + timedelta(hours=1, seconds=2)
    assert service.fire_due() == 1, "the schedule was due at its end, two seconds ago"
    assert service.fire_due() == 0
    assert count(bench) == 1
    assert service.get(DEFAULT_SCOPE, one.id).next_at is None
    assert (
        service.change(DEFAULT_SCOPE, one.id, status=ScheduleStatus.INACTIVE).status
        is ScheduleStatus.INACTIVE
    )
    with pytest.raises(InvalidInput, match="ends before now"):
        service.change(DEFAULT_SCOPE, one.id, status=ScheduleStatus.ACTIVE)


@pytest.mark.parametrize("field", ["start", "end"])
@pytest.mark.parametrize("year", [1, 1969, 3000, 9999])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_out_of_range_bounds_are_rejected(
    service: ScheduleService, configuration: str, field: str, year: int, hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    bound = (
        datetime(year, 1, 1, tzinfo=zone)
        if year < 3000
        else datetime(year, 12, 31, 23, 59, 59, tzinfo=zone)
    )
    with pytest.raises(InvalidInput) as error:
        service.create(DEFAULT_SCOPE, "x", "* * * * *", configuration, **{field: bound})
    assert (error.value.field, str(year) in error.value.title) == (field, True)
    with pytest.raises(InvalidInput):
        service.upcoming(
            "* * * * *",
            start=bound if field == "start" else None,
            end=bound if field == "end" else None,
        )
    assert service.list(DEFAULT_SCOPE) == []


def test_firing_is_deferred_while_the_registry_is_busy(
    service: ScheduleService,
    clock: Clock,
    configuration: str,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = service.create(DEFAULT_SCOPE, "hourly", "0 * * * *", configuration)
    clock.at = NOON + timedelta(hours=1, seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(database, "BUSY_MILLISECONDS", 50)
        other = database.Registry(bench.desk.registry.path)
        with other.write() as db:
            db.execute("INSERT INTO preferences VALUES ('a', '1')")
            # Another thread has another connection to the database.
            created: list[int] = []
            thread = threading.Thread(target=lambda: created.append(service.fire_due()))
            thread.start()
            thread.join()
            assert created == [0]
        other.close()
    assert service.get(DEFAULT_SCOPE, one.id).next_at == NOON + timedelta(hours=1)
    assert service.fire_due() == 1
    assert count(bench) == 1


@pytest.mark.parametrize(
    "cron",
    ["", "often", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "@daily", "* * * * MOO"],
)
def test_invalid_cron_expressions_are_rejected(
    service: ScheduleService, configuration: str, cron: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        service.create(DEFAULT_SCOPE, "x", cron, configuration)
    assert error.value.field == "cron"
    assert "0 3 * * *" in error.value.hint
    assert service.list(DEFAULT_SCOPE) == []


def test_names_and_configurations(service: ScheduleService, configuration: str) -> None:
    for name in ("", "x" * 257):
        with pytest.raises(InvalidInput) as error:
            service.create(DEFAULT_SCOPE, name, "* * * * *", configuration)
        assert error.value.field == "name"
    with pytest.raises(NotFound):
        service.create(DEFAULT_SCOPE, "x", "* * * * *", "no-such-configuration")
    one = service.create(DEFAULT_SCOPE, "x", "* * * * *", configuration)
    assert service.resolve(DEFAULT_SCOPE, "x").id == one.id
    assert service.resolve(DEFAULT_SCOPE, one.id[:6]).id == one.id
    service.delete(DEFAULT_SCOPE, one.id)
    with pytest.raises(NotFound):
        service.get(DEFAULT_SCOPE, one.id)


def test_concurrent_checks_create_one_execution(
    service: ScheduleService, clock: Clock, configuration: str, bench: Bench
) -> None:
    service.create(DEFAULT_SCOPE, "hourly", "0 * * * *", configuration)
    clock.at = NOON + timedelta(hours=1)
    others = [open_desk(bench.desk.home) for _ in range(4)]
    created: list[int] = []
    gate = threading.Barrier(len(others))

    def fire(number: int) -> None:
        desk = others[number]
        mine = schedules_by(desk, clock)
        gate.wait()
        created.append(mine.fire_due())

    threads = [threading.Thread(target=fire, args=(number,)) for number in range(len(others))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(created) == [0, 0, 0, 1]
    assert count(bench) == 1
    for desk in others:
        desk.close()


def test_a_failing_schedule_does_not_delay_others(
    service: ScheduleService,
    clock: Clock,
    configuration: str,
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
) -> None:
    executable = bench.add(shell_template("lost", "true"), "lost.yaml")
    lost = bench.desk.configurations.create(DEFAULT_SCOPE, "lost", executable, {}, {}).id
    broken = service.create(DEFAULT_SCOPE, "broken", "0 * * * *", lost)
    service.create(DEFAULT_SCOPE, "whole", "0 * * * *", configuration)
    bench.desk.scenarios.delete_executable(DEFAULT_SCOPE, executable)
    clock.at = NOON + timedelta(hours=1)
    assert service.fire_due() == 1
    assert service.fire_due() == 0
    assert [
        record.getMessage().splitlines()[0]
        for record in caplog.records
        if "created no execution" in record.message
    ]
    assert service.get(DEFAULT_SCOPE, broken.id).next_at == NOON + timedelta(hours=2)


def test_reconciling_executions_fires_due_schedules(bench: Bench, configuration: str) -> None:
    one = bench.desk.schedules.create(DEFAULT_SCOPE, "often", "* * * * *", configuration)
    with bench.desk.registry.write() as db:
        db.execute("UPDATE execution_schedules SET next_at = next_at - 3600")
    bench.desk.executions.reconcile()
    (row,) = bench.desk.executions.listing(DEFAULT_SCOPE, Query()).slice(0, 5)
    assert row.execution.schedule_id == one.id


def test_schedules_of_a_remote_runtime(bench: Bench) -> None:
    with tenant_server.serve() as tenant:
        tenant.groups["default"].train(1)
        desk = bench.desk
        desk.connections.add(
            "core", "sap-ai-core", desk.connections.service_key(tenant.service_key)
        )
        desk.sync.sync(CORE)
        configuration = tenant.groups["default"].configurations[0]["id"]
        start = datetime(2030, 1, 1, tzinfo=UTC)
        one = desk.schedules.create(CORE, "there", "0 3 * * *", configuration, start)
        (there,) = tenant.groups["default"].schedules
        assert (there["id"], there["cron"], there["start"]) == (
            one.id,
            "0 3 * * *",
            "2030-01-01T00:00:00Z",
        )
        assert desk.schedules.due_in() is None
        desk.schedules.change(CORE, one.id, status=ScheduleStatus.INACTIVE)
        assert there["status"] == "INACTIVE"
        assert desk.schedules.get(CORE, one.id).status is ScheduleStatus.INACTIVE
        there |= {"cron": "@nightly", "end": "0001-01-01T00:00:00Z"}
        desk.sync.sync(CORE)
        desk.schedules.change(CORE, one.id, status=ScheduleStatus.ACTIVE)
        assert (there["status"], there["cron"]) == ("ACTIVE", "@nightly")
        with pytest.raises(InvalidInput):
            desk.schedules.change(CORE, one.id, cron="@hourly")
        desk.schedules.delete(CORE, one.id)
        assert tenant.groups["default"].schedules == []
        second = desk.schedules.create(CORE, "second", "0 3 * * *", configuration)
        tenant.groups["default"].schedules.clear()
        desk.sync.sync(CORE)
        assert desk.schedules.get(CORE, second.id).deleted_at is not None
        desk.schedules.delete(CORE, second.id)
        tenant.capabilities = {}
        desk.sync.sync(CORE, all_executables=True)
        with pytest.raises(CapabilityMissing):
            desk.schedules.create(CORE, "x", "0 3 * * *", configuration)
        desk.runtimes.close()

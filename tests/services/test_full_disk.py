"""A disk that becomes full during an execution: its end is recorded, and nothing is lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import OUTPUTS, OUTPUTS_KEPT, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.errors import Conflict, LaunchpadError, RegistryBusy, StorageFull
from launchpad_tui.registry import series
from launchpad_tui.runtimes.embedded import status_recorder
from launchpad_tui.runtimes.embedded.metric_recording import MetricLineRecorder
from launchpad_tui.runtimes.embedded.space_reserve import SpaceReserve
from launchpad_tui.runtimes.embedded.status_recorder import StatusRecorder
from launchpad_tui.runtimes.host import ExecutionRecords
from launchpad_tui.runtimes.log_files import LogFile, LogWriter
from tests.registry.registry_data import START
from tests.services.execution_support import Bench, alive, shell_template, until
from tests.small_disk import small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    with small_disk(tmp_path / "disk", 16) as folder:
        yield folder


@pytest.fixture
def bench(disk: Path) -> Iterator[Bench]:
    created = Bench(disk)
    yield created
    (disk / "filler").unlink(missing_ok=True)
    created.close()


def points(bench: Bench, execution_id: str) -> int:
    """Return the number of points of the metric ``loss``."""
    found = series.summaries(bench.desk.registry, DEFAULT_SCOPE, [execution_id])
    return sum(each.count for each in found[execution_id])


@pytest.mark.parametrize("archive", [False, True])
def test_outputs_are_kept_if_the_disk_is_full_at_the_end(
    bench: Bench, disk: Path, archive: bool
) -> None:
    script = (
        "head -c 1000000 /dev/urandom > /app/model/weights; echo ::metric loss=2 step=1\n"
        f"cat /dev/zero > {disk}/filler\n"
        "echo ::metric loss=1 step=2"
    )
    text = shell_template("full-disk", script)
    if archive:
        text = text.replace(" " * 12 + "archive:\n" + " " * 14 + "none: {}\n", "")
        assert "none" not in text
    one = bench.create(bench.add(text))
    dead = bench.wait(one)
    assert (dead.status, dead.status_details["reason"]) == (Status.DEAD, "no space")
    assert dead.status_details[OUTPUTS] == OUTPUTS_KEPT
    assert "o space" in dead.status_message
    # The supervisor has the lock of the folder until it ends.
    until(lambda: not alive(bench.supervisor(one)))
    with pytest.raises(StorageFull):
        bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)
    (disk / "filler").unlink()
    bench.desk.executions.store_outputs(DEFAULT_SCOPE, one)
    assert bench.execution(one).status is Status.COMPLETED
    assert bench.models() == [one]
    assert points(bench, one) == 2
    assert not list((bench.desk.home.executions / one).glob("reserve*"))


def test_lines_and_metrics_of_a_full_disk_are_reported_or_recorded_later(
    bench: Bench, disk: Path
) -> None:
    script = (
        f"cat /dev/zero > {disk}/filler 2>/dev/null; echo ::metric loss=1 step=1\n"
        "for n in $(seq 1 20000); do echo line $n; done\n"
        f"rm {disk}/filler; sleep 0.5; echo ::metric loss=2 step=2; echo x > /app/model/x"
    )
    one = bench.shell(script)
    assert bench.wait(one).status is Status.COMPLETED
    log = bench.log(one)
    lines = [each for each in log.splitlines() if each.startswith("line ")]
    gaps = [each for each in log.splitlines() if "lines are missing" in each]
    # The supervisor writes whenever lines arrive, so the full disk may cause more than one gap.
    assert gaps
    missing = sum(int(each.split()[0].replace(",", "")) for each in gaps)
    assert len(lines) + missing >= 20_000
    assert points(bench, one) == 2


def test_no_execution_starts_on_a_full_disk(bench: Bench, disk: Path) -> None:
    executable = bench.add(shell_template("shell", "echo x > /app/model/x"))
    configuration = bench.desk.configurations.create(DEFAULT_SCOPE, "c", executable, {}, {})
    filler = disk / "filler"
    filler.write_bytes(bytes(free(disk) - 1_000_000))
    with pytest.raises(StorageFull, match="No space left for executions"):
        bench.desk.executions.create(DEFAULT_SCOPE, configuration.id)
    filler.unlink()
    one = bench.desk.executions.create(DEFAULT_SCOPE, configuration.id).id
    assert bench.wait(one).status is Status.COMPLETED


def free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


class FailingRecords:
    """Records whose writes fail several times before they succeed."""

    def __init__(self, *errors: LaunchpadError) -> None:
        self.errors = list(errors)
        self.written: list[tuple[Any, ...]] = []

    def transition(self, *arguments: Any, **times: Any) -> Execution:
        if self.errors:
            raise self.errors.pop(0)
        self.written.append((*arguments[2:4], times))
        return replace(EXECUTION, **times)


EXECUTION = Execution(
    "e1", "c", "c", "s", "x", "1", Status.RUNNING, TargetStatus.COMPLETED, "", START, START
)


def recorder(
    records: FailingRecords, folder: Path, waits: list[float] | None = None
) -> StatusRecorder:
    waited = [] if waits is None else waits
    return StatusRecorder(
        cast(ExecutionRecords, records),
        DEFAULT_SCOPE,
        "e1",
        SpaceReserve(folder),
        waited.append,
    )


def test_the_reserve_is_released_before_waiting(tmp_path: Path) -> None:
    SpaceReserve(tmp_path).acquire()
    assert len(list(tmp_path.glob("reserve-*"))) == 3
    assert sum(each.stat().st_blocks * 512 for each in tmp_path.glob("reserve-*")) >= 700_000
    waits: list[float] = []
    records = FailingRecords(*[StorageFull("full") for _ in range(5)], RegistryBusy("busy"))
    recorder(records, tmp_path, waits).end(Status.DEAD, "No space left")
    assert not list(tmp_path.glob("reserve-*"))
    assert waits == [0.2, 1.0, 2.0]
    ((status, message, _),) = records.written
    assert (status, message) == (Status.DEAD, "No space left")


def test_a_conflict_is_not_retried(tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        recorder(FailingRecords(Conflict("stopped")), tmp_path).end(Status.DEAD, "x")


def test_the_clock_does_not_change_durations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elapsed = 1000.0
    monkeypatch.setattr(status_recorder, "now", lambda: START)
    monkeypatch.setattr(status_recorder, "_elapsed", lambda: elapsed)
    records = FailingRecords()
    status = recorder(records, tmp_path)
    status.start()
    elapsed += 90
    for hours in (-1, 5):
        monkeypatch.setattr(status_recorder, "now", lambda h=hours: START + timedelta(hours=h))
        status.end(Status.DEAD, "")
        assert records.written[-1][2]["completed_at"] == START + timedelta(seconds=90)


def test_the_gap_in_a_log_is_marked_once(tmp_path: Path) -> None:
    log = LogWriter(tmp_path)
    log.write("stdout", "s", [b"one"])
    full = True
    lines = log._lines

    class Lines:
        def __getattr__(self, name: str) -> Any:
            return getattr(lines, name)

        def write(self, data: bytes) -> int:
            if full:
                lines.write(data[:5])
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(lines.write(data) or 0)

    monkey: Any = log
    monkey._lines = Lines()
    log.write("stdout", "s", [b"two", b"three"])
    log.write("stderr", "s", [b"four"])
    full = False
    log.write("stdout", "s", [b"five"])
    log.write("stdout", "s", [b"six"])
    full = True
    log.write("stdout", "s", [b"seven"])
    full = False
    log.close()
    found = LogFile(tmp_path)
    messages = [each.message.partition(":")[0] for each in found.slice(0, 100)]
    assert messages == ["one", "3 lines are missing", "five", "six", "1 lines are missing"]
    assert found.count() == 5


def test_lines_stay_ordered_if_the_clock_is_set_back(tmp_path: Path) -> None:
    log = LogWriter(tmp_path)
    for minutes in (0, 5, -60, 1, 6):
        log.write("stdout", "s", [b"x"], START + timedelta(minutes=minutes))
    log.close()
    times = [each.timestamp for each in LogFile(tmp_path).slice(0, 5)]
    assert times == sorted(times)
    assert times[-1] == START + timedelta(minutes=6)


class FailingSink:
    """A sink that fails while an error is set."""

    def __init__(self) -> None:
        self.error: LaunchpadError | None = None
        self.recorded: list[Metric] = []

    def record(
        self, metrics: Sequence[Metric], tags: Sequence[Tag], custom_info: Sequence[CustomInfo]
    ) -> None:
        if self.error is not None:
            raise self.error
        self.recorded += metrics

    def resource(self) -> MetricResource:
        return MetricResource("e1")

    def delete(self) -> None:
        self.recorded.clear()


def test_metrics_wait_until_there_is_space(tmp_path: Path) -> None:
    sink, log = FailingSink(), LogWriter(tmp_path)
    lines = MetricLineRecorder(sink, log)
    sink.error = StorageFull("The disk is full")
    for step in range(50):
        lines.record([b"::metric loss=1 step=%d" % step])
    assert sink.recorded == []
    sink.error = None
    lines.record([])
    assert [each.step for each in sink.recorded] == list(range(50))
    sink.error = StorageFull("The disk is full")
    lines.record([b"::metric loss=1 step=99"])
    lines.flush()
    text = "\n".join(each.message for each in LogFile(tmp_path).slice(0, 100))
    assert "1 metrics, tags and infos are lost" in text

"""Settings, the output of squeue, states, and files that grow on the shared folder."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.errors import InvalidInput, RegistryBusy, Unreachable
from launchpad_tui.runtimes.embedded.engines.slurm import job_states, node_step, node_usage
from launchpad_tui.runtimes.embedded.engines.slurm.client import (
    SlurmClient,
    SlurmJob,
    parse_history,
    parse_queue,
)
from launchpad_tui.runtimes.embedded.engines.slurm.cluster_state import (
    parse_nodes,
    parse_partitions,
)
from launchpad_tui.runtimes.embedded.engines.slurm.queue_view import QueueView
from launchpad_tui.runtimes.embedded.engines.slurm.settings import parse_settings
from launchpad_tui.runtimes.embedded.engines.slurm.spool import SpoolReader
from launchpad_tui.runtimes.embedded.metric_recording import ExecutionMetrics
from launchpad_tui.runtimes.log_files import LogFile, LogWriter
from launchpad_tui.services.runtime_host import RegistryRecords
from tests.services.execution_support import Bench, shell_template, until

VALUES = {"shared_folder": "/shared"}


def test_options_of_connection_plan_and_executable() -> None:
    settings = parse_settings(
        VALUES
        | {
            "partition": "gpu",
            "account": "lab",
            "qos": "long",
            "options": "--constraint='a100&nvlink'",
            "resource_plans": "Starter: --mem=1G;\ntrain.l: --gres=gpu:1 --mem=9G\ndefault: -c 2",
        }
    )
    common = [
        "--no-requeue" if not settings.requeue else "--requeue",
        "--partition=gpu",
        "--account=lab",
        "--qos=long",
        "--constraint=a100&nvlink",
    ]
    assert settings.submit_options("starter") == [*common, "--mem=1G"]
    assert settings.submit_options("", ("--time=5",)) == [*common, "-c", "2", "--time=5"]
    assert settings.submit_options("train.L") == [*common, "--gres=gpu:1", "--mem=9G"]
    assert settings.submit_options("unknown") == common


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shared_folder", "relative/folder"),
        ("options", "--output=mine.txt"),
        ("options", "-o mine.txt"),
        ("options", "--comment 'open"),
        ("options", "gpu"),
        ("resource_plans", "--mem=1G"),
        ("resource_plans", "starter: --array=1-3"),
    ],
)
def test_settings_that_are_not_valid(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_settings({**VALUES, field: value})
    assert raised.value.field == field


def test_the_queue_of_squeue() -> None:
    output = (
        "12|PENDING|Resources||0:00|1:00:00|launchpad:e1:abc\n"
        "13|RUNNING|None|n[1-2]|1-02:03:04|UNLIMITED|a | b\n"
        "14_3|PENDING|ReqNodeNotAvail, UnavailableNodes:n1||0:00|5:00|(null)\n"
        "a message of a plugin\n"
    )
    found = parse_queue(output)
    assert list(found) == ["12", "13", "14_3"]
    assert found["12"].comment == "launchpad:e1:abc"
    assert (found["13"].nodes, found["13"].comment) == ("n[1-2]", "a | b")
    assert found["14_3"].comment == ""
    assert (
        job_states.waiting_text(found["14_3"].reason)
        == "a node that it requires is not available (ReqNodeNotAvail, UnavailableNodes:n1)"
    )


def test_reasons_and_states() -> None:
    assert job_states.waiting_text("QOSMaxJobsPerUserLimit").startswith("a limit of the QOS")
    assert job_states.waiting_text("(AssocGrpCPUMinutesLimit)").startswith("a limit of the account")
    assert job_states.waiting_text("SomethingNew") == "SomethingNew"
    assert "memory" in job_states.end_text("OUT_OF_MEMORY")
    assert "--mem" in job_states.end_hint("OUT_OF_MEMORY")
    assert job_states.end_text("FAILED") == ""
    assert not job_states.is_final("COMPLETING")
    assert job_states.is_final("NODE_FAIL")


def test_the_history_of_sacct() -> None:
    output = (
        "12|COMPLETED|n1|00:01:00|01:00:00\n"
        "13|CANCELLED by 1000|None assigned|00:00:00|UNLIMITED\n"
        # A requeued job has a line for each run; newer versions add fields at the end.
        "14|NODE_FAIL|n1|1-00:00:01|2-00:00:00|\n14|OUT_OF_MEMORY|n2|00:00:02|2-00:00:00|\n"
        "15.batch|COMPLETED|n1|00:01:00|\nsacct: a message of a plugin\n"
    )
    found = parse_history(output)
    assert {each.id: each.state for each in found.values()} == {
        "12": "COMPLETED",
        "13": "CANCELLED",
        "14": "OUT_OF_MEMORY",
    }
    assert found["13"].nodes == ""
    assert found["12"].limit == "01:00:00"


def test_partitions_and_nodes_of_sinfo() -> None:
    partitions = parse_partitions(
        "gpu*|up|2-00:00:00|3/5/2/10|96/160/64/320\n"
        # Large clusters have rounded numbers, and partitions without a limit.
        "cpu|drain|infinite|1.5K/500/0/2K|0/1K/0/1K\na message of a plugin\n"
    )
    assert [(each.name, each.default, each.idle_nodes, each.nodes) for each in partitions] == [
        ("gpu", True, 5, 10),
        ("cpu", False, 500, 2000),
    ]
    assert partitions[0].columns == (
        "5 of 10 nodes idle",
        "160 of 320 CPUs idle",
        "limit 2-00:00:00",
        "default",
    )
    assert partitions[1].columns[-1] == "drain"
    first, second = parse_nodes(
        "gpu*|mixed|3|32+|512000+|gpu:a100:4(S:0-1)|n[1-3]\ngpu*|down*|2|32|512000|(null)|n[4-5]\n"
    )
    assert first.columns == ("mixed", "3 nodes", "32 CPUs", "512 GB", "gpu:a100:4(S:0-1)", "n[1-3]")
    assert (second.partition, second.state, second.devices) == ("gpu", "down, not responding", "")


def test_commands_are_called_without_the_options_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Like squeue before version 20.02, which has no option --me.
    for name, body in {
        "squeue": 'case "$*" in *--me*) echo "squeue: unrecognized option \'--me\'" >&2; exit 1;;'
        ' esac\necho "$*" > {0}/arguments\nenv > {0}/env\necho "7|RUNNING|None|n1|0:01|5:00|c"',
        "id": "echo ada",
    }.items():
        (tmp_path / name).write_text("#!/bin/sh\n" + body.format(tmp_path) + "\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SQUEUE_PARTITION", "other")
    monkeypatch.setenv("SLURM_CONF", "kept")
    client = SlurmClient(parse_settings(VALUES))
    assert list(client.jobs()) == ["7"]
    assert "--user=ada --states=all" in (tmp_path / "arguments").read_text()
    environment = (tmp_path / "env").read_text()
    assert "SLURM_CONF=kept" in environment
    assert "SQUEUE" not in environment


def test_the_use_of_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/arguments\necho "1, 87, 30000, 81920"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    measured = node_usage.Usage(os.getpid()).measure()
    assert "--id=1" in (tmp_path / "arguments").read_text()
    text = job_states.usage_text({**measured, "cpus": 1.94, "memory": 3 << 30, "peak": 4 << 30})
    assert text.startswith("1.9 CPUs, ")
    assert "; GPU 1: 87%, " in text
    assert measured["memory"] > 1 << 20
    program.write_text("#!/bin/sh\necho No devices were found; exit 6\n")
    assert node_usage.gpus() == []
    assert job_states.usage_text({"cpus": "?"}) == ""


class _Client(SlurmClient):
    """Answers without a cluster, and counts the calls."""

    def __init__(self) -> None:
        super().__init__(parse_settings(VALUES))
        self.calls = 0
        self.asked: list[list[str]] = []
        self.reachable = True

    def jobs(self) -> dict[str, SlurmJob]:
        self.calls += 1
        if not self.reachable:
            raise Unreachable("Slurm's controller does not respond")
        return {"1": SlurmJob("1", "RUNNING", comment="c")}

    def ended_jobs(self, job_ids: Sequence[str]) -> dict[str, SlurmJob]:
        if not self.reachable:
            raise Unreachable("Slurm's database does not respond")
        self.asked.append(list(job_ids))
        return {one: SlurmJob(one, "COMPLETED") for one in job_ids if one != "404"}


def test_one_call_serves_all_views_of_a_folder(tmp_path: Path) -> None:
    client = _Client()
    views = [QueueView(client, tmp_path, 3600) for _ in range(200)]
    assert {view.current().jobs["1"].state for view in views} == {"RUNNING"}
    assert client.calls == 1
    at = views[0].current().at
    assert views[1].since(at) == views[0].current()
    assert [view.since(at + 0.001) for view in views] == [None] * 200
    assert client.calls == 1
    newer = QueueView(client, tmp_path / "other", 0.0).since(at + 0.001)
    assert newer is not None
    assert newer.at > at
    assert client.calls == 2


def test_one_call_returns_all_jobs_that_the_controller_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _Client()
    clock = 1000.0
    monkeypatch.setattr(time, "time", lambda: clock)
    views = [QueueView(client, tmp_path, 5) for _ in range(200)]
    client.reachable = False
    assert views[0].ended("100") == (False, None)
    client.reachable = True
    assert [view.ended(str(100 + i)) for i, view in enumerate(views)] == [(False, None)] * 200
    assert views[0].ended("404") == (False, None)
    assert client.asked == []
    clock += 5
    found = [view.ended(str(100 + i)) for i, view in enumerate(views)]
    assert {(asked, job.state if job else "") for asked, job in found} == {(True, "COMPLETED")}
    assert views[7].ended("404") == (True, None)
    assert [len(ids) for ids in client.asked] == [201]


def test_a_queue_that_stays_the_same_is_polled_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _Client()
    clock = 1000.0
    monkeypatch.setattr(time, "time", lambda: clock)
    view = QueueView(client, tmp_path, 5)
    times: list[float] = []
    while clock < 2000:
        before = client.calls
        view.current()
        if client.calls > before:
            times.append(clock)
        clock += 1
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps[0] == 5
    assert gaps == sorted(gaps)
    assert gaps[-1] == 30
    # An answer that is required is not delayed by this.
    assert view.since(clock - 20) is not None


def test_a_failed_call_keeps_the_jobs(tmp_path: Path) -> None:
    client = _Client()
    view = QueueView(client, tmp_path, 0.0)
    at = view.current().at
    client.reachable = False
    until(lambda: view.since(at + 0.001) is not None)
    found = view.since(at + 0.001)
    assert found is not None
    assert "does not respond" in found.problem
    assert found.with_comment("c") is not None


class _Spool:
    """The files of an attempt, and what was recorded of them."""

    def __init__(self, root: Path) -> None:
        self.bench = Bench(root)
        self.execution = self.bench.shell("true")
        self.bench.wait(self.execution)
        self.folder = root / "job"
        self.folder.mkdir()
        self.metrics = ExecutionMetrics(
            RegistryRecords(self.bench.desk.registry), DEFAULT_SCOPE, self.execution
        )
        self.observed: list[bytes] = []
        self.log = LogWriter(root / "log of the test")

    def reader(self) -> SpoolReader:
        """Return the reader of a new supervisor."""
        return SpoolReader(
            self.folder, 0, "job", self.metrics, self.log, "step", lambda _, x: self.see(x)
        )

    def see(self, lines: list[bytes]) -> None:
        """Note lines that were read."""
        self.observed += lines

    def append(self, name: str, data: bytes) -> None:
        """Append to a file as the node does."""
        with open(self.folder / f"{name}-0", "ab") as file:
            file.write(data)

    def request(self, **body: object) -> bytes:
        """Return a line of the metrics that the node acknowledged."""
        data: Mapping[str, object] = {"executionId": self.execution, **body}
        return json.dumps({"at": 1.0, "body": data}).encode() + b"\n"

    def point(self, value: float) -> bytes:
        """Return the line of a point."""
        return self.request(metrics=[{"name": "loss", "value": value, "step": int(value)}])

    def values(self) -> list[float]:
        """Return the recorded values."""
        return sorted(one.value for one in self.metrics.resource().metrics)

    def logged(self) -> list[str]:
        """Return the lines of the log."""
        log = LogFile(self.bench.root / "log of the test")
        return [line.message for line in log.slice(0, log.count())]


def test_what_a_node_writes_is_recorded_once(tmp_path: Path) -> None:
    spool = _Spool(tmp_path)
    spool.append("metrics", spool.point(1) + spool.point(2)[:-5])
    spool.append("out", b"one\ntwo")
    spool.reader().poll()
    assert spool.values() == [1]
    assert spool.logged() == ["one"]
    # Another supervisor continues, and sees all lines again for the result of the step.
    spool.observed.clear()
    reader = spool.reader()
    spool.append("metrics", spool.point(2)[-5:] + spool.point(3))
    spool.append("out", b"!\n::metric loss=4 step=4\nlast")
    assert reader.poll(final=True)
    assert spool.values() == [1, 2, 3, 4]
    assert spool.logged() == ["one", "two!", "::metric loss=4 step=4", "last"]
    assert spool.observed == [b"one", b"two!", b"::metric loss=4 step=4", b"last"]
    assert spool.reader().poll(final=True)
    assert spool.values() == [1, 2, 3, 4]
    spool.bench.close()


def test_content_that_arrives_late_is_waited_for(tmp_path: Path) -> None:
    spool = _Spool(tmp_path)
    reader = spool.reader()
    second = spool.point(2)
    # A client of NFS sees the size of a file before its content.
    spool.append("metrics", spool.point(1) + b"\0" * len(second) + spool.point(3))
    reader.poll()
    assert spool.values() == [1]
    assert not reader.poll(final=True)
    content = (spool.folder / "metrics-0").read_bytes().replace(b"\0" * len(second), second)
    (spool.folder / "metrics-0").write_bytes(content)
    assert reader.poll(final=True)
    assert spool.values() == [1, 2, 3]
    spool.bench.close()


def test_points_wait_while_the_registry_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = _Spool(tmp_path)
    reader = spool.reader()
    spool.append("out", b"::metric loss=1\n")
    with monkeypatch.context() as patched:

        def busy(*_: object, **__: object) -> None:
            raise RegistryBusy("The registry is busy")

        patched.setattr(ExecutionMetrics, "record_at", busy)
        assert not reader.poll()
    assert reader.poll(final=True)
    assert spool.values() == [1]
    assert spool.logged().count("::metric loss=1") == 1
    spool.bench.close()


def test_a_supervisor_killed_between_log_and_registry_repeats_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = _Spool(tmp_path)
    spool.append("out", b"one\n::metric loss=1 step=1\n")
    with monkeypatch.context() as patched:

        def killed(*_: object, **__: object) -> None:
            raise RegistryBusy("The process is killed here")

        patched.setattr(ExecutionMetrics, "record_at", killed)
        spool.reader().poll()
    spool.log = LogWriter(tmp_path / "log of the test")
    spool.append("out", b"two\n::metric loss=2 step=2\n")
    assert spool.reader().poll(final=True)
    lines = [line for line in spool.logged() if not line.startswith("Output is recorded later")]
    assert lines == ["one", "::metric loss=1 step=1", "two", "::metric loss=2 step=2"]
    assert spool.values() == [1, 2]
    spool.bench.close()


def test_deleted_metrics_and_lines_of_a_crash(tmp_path: Path) -> None:
    spool = _Spool(tmp_path)
    spool.append("metrics", spool.point(1))
    spool.append("metrics", b'{"at":1.0,"delete":true}\n{"at":1.0,"bo\n' + spool.point(5))
    assert spool.reader().poll(final=True)
    assert spool.values() == [5]
    spool.bench.close()


def test_the_first_job_claims_a_step(tmp_path: Path) -> None:
    assert node_step.claim(str(tmp_path), "7")
    assert not node_step.claim(str(tmp_path), "8")
    assert node_step.claim(str(tmp_path), "7")
    assert [each.name for each in tmp_path.iterdir()] == ["claim"]


def test_a_second_start_waits_for_the_first(tmp_path: Path) -> None:
    (tmp_path / "started-0.json").write_text("{}")
    (tmp_path / "alive").write_text("0 17")
    # Nothing changes the file, as after a failure of the node.
    node_step.wait_for_earlier(str(tmp_path), 0.01)
    assert node_step.earlier_exit(str(tmp_path)) is None
    (tmp_path / "exit-0.json").write_text('{"code": -9}')
    node_step.wait_for_earlier(str(tmp_path), 3600)
    assert node_step.earlier_exit(str(tmp_path)) == -9
    assert node_step.job_code(-9) == 137


def test_credentials_of_executables_belong_to_their_connection(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    scopes = [DEFAULT_SCOPE, Scope("hpc", "default"), Scope("hpc2", "default")]
    desk = bench.desk
    for each in scopes[1:]:
        desk.connections.add(each.connection, "slurm", {"shared_folder": str(tmp_path)})
    for number, bench.scope in enumerate(scopes):
        bench.add(shell_template("shell", "true"), "s.yaml")
        secret = {"environment": f"API_TOKEN=secret-{number}"}
        desk.scenarios.set_executable(bench.scope, "shell", secret)

    def stored() -> list[str]:
        files = desk.home.secrets.rglob("environment")
        return sorted(file.read_text().strip() for file in files)

    assert stored() == [f"API_TOKEN=secret-{number}" for number in range(3)]
    desk.connections.delete("hpc")
    assert stored() == ["API_TOKEN=secret-0", "API_TOKEN=secret-2"]
    bench.scope = DEFAULT_SCOPE
    bench.close()

"""Executions on a real cluster: from a template to a model, and what users see on the way."""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import launchpad_tui.demo
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import press, running, screen_text, settled
from tests.services.execution_support import shell_template, until
from tests.slurm.bench import SlurmBench
from tests.slurm.cluster import Cluster
from tests.slurm.login_node import login_node

DEMO = Path(launchpad_tui.demo.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def overdue(
    shared_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SlurmBench, str]]:
    """An execution whose job exceeds its time limit.

    The shortest limit is a minute, and the controller checks limits every half a minute, while
    the other tests run.
    """
    bench = SlurmBench(tmp_path_factory.mktemp("overdue"))
    try:
        execution = bench.shell(bench.waiting_script())
        bench.running(execution)
        shared_cluster.call("scontrol", "update", f"jobid={bench.job(execution)}", "EndTime=now")
        yield bench, execution
    finally:
        bench.close()


def test_the_template_of_the_demo_trains_a_model(bench: SlurmBench) -> None:
    desk, scope = bench.desk, bench.scope
    desk.scenarios.add_executables(scope, DEMO / "executables" / "digits")
    desk.files.store_output(scope, "ai://default/digits", DEMO / "data" / "digits")
    url = "ai://default/digits"
    dataset = desk.artifacts.add(scope, ArtifactKind.DATASET, "digits", url, "digits")
    execution = bench.create("digits-train", {"epochs": "3"}, {"digits": dataset.id})
    ended = bench.wait(execution)
    assert ended.status is Status.COMPLETED, bench.log(execution)
    assert len(ended.status_details["job"].split(", ")) == 2
    assert ended.status_details["node"] in {"n1", "n2", "n1, n2", "n2, n1"}
    log = bench.log(execution)
    assert "runs on n" in log
    assert "COMPLETED" in log
    names = {one.name for one in desk.metrics.series(scope, execution)}
    assert {"accuracy", "loss"} <= {name.partition("{")[0] for name in names}
    listing = desk.artifacts.listing(scope, ArtifactKind.MODEL, Query())
    (model,) = [row.artifact for row in listing.slice(0, listing.count())]
    assert model.execution_id == execution
    assert dataset.id in str(desk.lineage.lineage(scope, model.id))
    until(lambda: not (bench.shared / execution).exists())
    # The recorded code trains the same model again.
    again = desk.reproduction.create(scope, execution).id
    bench.wait(again, Status.COMPLETED)
    report = desk.reproduction.report(scope, execution, again, tolerance=0)
    assert report.is_reproduced
    assert report.environment == ()


def test_inputs_are_downloaded_once(bench: SlurmBench) -> None:
    desk, scope = bench.desk, bench.scope
    text = shell_template(
        "reader",
        "cat /app/data/rows; echo more >> /app/data/new; echo m > /app/model/m",
    ).replace(
        "      outputs:\n",
        "      inputs: {artifacts: [{name: housedataset, path: /app/data/}]}\n      outputs:\n",
        1,
    )
    executable = bench.add(text)
    sources = {}
    for name, content in {"one": "same", "other": "different"}.items():
        source = bench.root / name
        source.mkdir()
        (source / "rows").write_text(content)
        url = f"ai://default/{name}"
        desk.files.store_output(scope, url, source)
        dataset = desk.artifacts.add(scope, ArtifactKind.DATASET, name, url, "houses")
        sources[name] = dataset.id
    logs = []
    for name in ("one", "one", "other"):
        execution = bench.create(executable, {}, {"housedataset": sources[name]})
        bench.wait(execution, Status.COMPLETED)
        logs.append(bench.log(execution))
    assert "(1 file from ai://default/one)" in logs[0]
    assert "(1 file downloaded before from ai://default/one)" in logs[1]
    assert "(1 file from ai://default/other)" in logs[2]
    assert ["same" in log for log in logs] == [True, True, False]
    assert len(list((bench.shared / "inputs").iterdir())) == 2
    # What a command adds to its input is not seen by others.
    assert not list((bench.shared / "inputs").rglob("new"))


def test_steps_have_the_resources_of_their_plan(bench: SlurmBench) -> None:
    text = shell_template("plan", "echo cpus=$SLURM_CPUS_PER_TASK; echo m > /app/model/m")
    text = text.replace(
        "    - name: only\n",
        "    - name: only\n      metadata: {labels: {ai.sap.com/resourcePlan: basic}}\n",
    )
    executable = bench.add(text)
    notes = bench.desk.scenarios.executable(bench.scope, executable).notes
    assert not any("resourcePlan is ignored" in note for note in notes)
    execution = bench.create(executable)
    bench.wait(execution, Status.COMPLETED)
    assert "cpus=2" in bench.log(execution)
    # The options of the executable precede those of the plan.
    set_executable = bench.desk.runtimes.runtime(bench.scope).set_executable
    set_executable(executable, {"options": "--cpus-per-task=3"})
    execution = bench.create(executable)
    bench.wait(execution, Status.COMPLETED)
    assert "cpus=3" in bench.log(execution)
    with pytest.raises(InvalidInput, match="--comment cannot be set"):
        set_executable(executable, {"options": "--comment=mine"})
    set_executable(executable, {})
    # The settings of a single execution precede all others.
    executions, configuration = bench.desk.executions, bench.execution(execution).configuration_id
    values = {"resource_plan": "Starter", "options": "--time=7"}
    single = executions.create(bench.scope, configuration, values).id
    bench.wait(single, Status.COMPLETED)
    assert "cpus=1" in bench.log(single)
    details = bench.execution(single).status_details
    assert {**details, **values} == details
    assert "--time=7" in bench.log(single)
    again = executions.create_again(bench.scope, single, settings={"options": ""}).id
    bench.wait(again, Status.COMPLETED)
    assert "cpus=1" in bench.log(again)
    assert "--time=7" not in bench.log(again)
    for wrong in ({"options": "--comment=mine"}, {"resource_plan": "none"}, {"other": "x"}):
        with pytest.raises(InvalidInput):
            executions.create(bench.scope, configuration, wrong)


async def test_a_rerun_in_the_app_has_settings_of_its_own(bench: SlurmBench) -> None:
    bench.change({"options": "--begin=now+1hour"})
    execution = bench.shell("echo never")
    bench.desk.executions.stop(bench.scope, [execution])
    bench.wait(execution, Status.STOPPED)
    bench.desk.connections.choose(bench.scope)
    async with running(bench.desk.home, "executions") as pilot:
        pilot.app.open("execution.rerun", item_id=execution)
        await settled(pilot)
        assert list(pilot.app.screen.query_one(Form).values()) == ["parameter text"]
        await press(pilot, "ctrl+n")
        settings = ["setting options", "setting resource_plan"]
        assert list(pilot.app.screen.query_one(Form).values()) == settings
        await press(pilot, *"--time=7", "ctrl+n")
        assert list(pilot.app.screen.query_one(Form).values()) == ["name"]
        await press(pilot, "ctrl+n")
        assert "--time=7" in screen_text(pilot)
        await press(pilot, "ctrl+n")
        listing = bench.desk.executions.listing(bench.scope, Query())
        newest = listing.slice(0, 1)[0].execution
        assert newest.id != execution
        assert newest.status_details["options"] == "--time=7"
        bench.desk.executions.stop(bench.scope, [newest.id])
    bench.wait(newest.id, Status.STOPPED)


def test_a_waiting_job_has_its_reason(bench: SlurmBench) -> None:
    bench.change({"options": "--begin=now+1hour"})
    execution = bench.shell("echo never")
    until(lambda: "waiting" in bench.execution(execution).status_details)
    until(lambda: "start time" in bench.execution(execution).status_message)
    found = bench.execution(execution)
    assert found.status is Status.PENDING
    assert found.started_at is None
    job = bench.job(execution)
    assert found.status_message == f"Job {job} waits: its start time has not come (BeginTime)"
    bench.desk.executions.stop(bench.scope, [execution])
    assert bench.wait(execution).status is Status.STOPPED
    assert bench.cluster.state(job) == "CANCELLED"


def test_a_running_job_is_stopped(bench: SlurmBench) -> None:
    script = "trap 'echo cleaned up; exit 3' TERM\necho begun\nwhile :; do sleep 0.05; done"
    execution = bench.shell(script)
    bench.running(execution)
    job = bench.job(execution)
    with pytest.raises(Conflict):
        bench.desk.connections.delete("hpc")
    bench.desk.executions.stop(bench.scope, [execution])
    assert bench.wait(execution).status is Status.STOPPED
    assert "cleaned up" in bench.log(execution)
    until(lambda: bench.cluster.state(job) in {"CANCELLED", "FAILED"})


def test_a_rejected_job_explains_why(bench: SlurmBench) -> None:
    bench.change({"partition": "gpu"})
    execution = bench.shell("echo never")
    ended = bench.wait(execution)
    assert ended.status is Status.DEAD
    assert "Slurm rejected its job" in ended.status_message
    assert "invalid partition" in ended.status_message


def test_a_failed_command_has_its_exit_code_and_output(bench: SlurmBench) -> None:
    execution = bench.shell("echo 'the data is empty' >&2; exit 7")
    ended = bench.wait(execution)
    assert ended.status is Status.DEAD
    assert "failed: exit code 7: the data is empty" in ended.status_message
    assert ended.status_details["exitCode"] == "7"


def test_parallel_steps_are_parallel_jobs(bench: SlurmBench) -> None:
    # Each step waits for the file of the other one.
    body = "touch {root}/$0; while [ ! -e {root}/{other} ]; do sleep 0.05; done"
    steps = []
    for name, other in (("a", "b"), ("b", "a")):
        script = body.replace("$0", name).format(root=bench.root, other=other)
        steps.append(f"    - name: {name}\n      container: {{command: [sh, -c, '{script}']}}\n")
    text = shell_template("both", "true").partition("  templates:\n")[0]
    text += "  templates:\n    - name: only\n      steps:\n"
    text += "        - [{name: a, template: a}, {name: b, template: b}]\n" + "".join(steps)
    execution = bench.create(bench.add(text))
    ended = bench.wait(execution)
    assert ended.status is Status.COMPLETED, bench.log(execution)
    assert len(set(ended.status_details["job"].split(", "))) == 2


def test_all_executions_share_the_calls_of_squeue(
    bench: SlurmBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = bench.cluster.call("sh", "-c", "command -v squeue")
    programs = bench.root / "programs"
    programs.mkdir()
    calls = bench.root / "calls"
    calls.touch()
    (programs / "squeue").write_text(f'#!/bin/sh\ndate +%s.%N >> {calls}\nexec {real} "$@"\n')
    (programs / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    bench.change({"poll_seconds": "0.5"})
    executable = bench.add(shell_template("many", bench.waiting_script()))
    executions = [bench.create(executable) for _ in range(3)]
    for each in executions:
        bench.running(each)
    before = len(calls.read_text().splitlines())
    until(lambda: len(calls.read_text().splitlines()) >= before + 4)
    times = [float(line) for line in calls.read_text().splitlines()][before:]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    # The interval starts when a call has ended.
    assert all(gap >= 0.45 for gap in gaps), gaps
    bench.release()
    for each in executions:
        assert bench.wait(each).status is Status.COMPLETED


def test_commands_are_called_on_a_login_node(
    bench: SlurmBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = bench.root / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    config = os.environ["SLURM_CONF"]
    with (
        tempfile.TemporaryDirectory(prefix="ssh-") as folder,
        login_node(Path(folder), programs, config) as log,
        monkeypatch.context() as elsewhere,
    ):
        # Only the login node reaches the controller.
        elsewhere.setenv("SLURM_CONF", "/nonexistent")
        bench.change({"host": "login"})
        steps: list[str] = []
        test = bench.desk.connections.test
        assert test("hpc", "", lambda step: steps.append(step.message)), steps
        assert "Slurm's commands are called on login through ssh" in steps
        execution = bench.shell(bench.waiting_script())
        bench.running(execution)
        cluster = bench.desk.connections.cluster("hpc")
        assert cluster is not None
        assert execution in [job.execution_id for job in cluster.jobs]
        bench.release()
        assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
        assert "Accepted publickey for root" in log.read_text()
        bench.change({"host": "unknown.invalid"})
        steps.clear()
        assert not test("hpc", "", lambda step: steps.append(step.message))
        assert steps[-1] == "unknown.invalid cannot be reached"


def test_a_running_job_shows_what_it_uses(bench: SlurmBench) -> None:
    busy = "python3 -c 'x = bytearray(90 << 20)\nwhile True: pass' &\n"
    execution = bench.shell(bench.waiting_script(busy))
    bench.running(execution)
    pattern = r"([0-9.]+) CPUs, (\d+) MB \(peak (\d+) MB\)"

    def measured() -> bool:
        usage = bench.execution(execution).status_details.get("usage", "")
        found = re.fullmatch(pattern, usage)
        return found is not None and float(found[1]) > 0 and int(found[2]) >= 90

    until(measured, describe=lambda: bench.description(execution))
    bench.release()
    assert "peak" in bench.wait(execution, Status.COMPLETED).status_details["usage"]


def test_a_deadline_becomes_the_time_limit(bench: SlurmBench) -> None:
    script = bench.waiting_script()
    execution = bench.shell(script, "activeDeadlineSeconds: 600")
    bench.running(execution)
    shown = bench.cluster.call("squeue", "--noheader", "-o", "%l", "-j", bench.job(execution))
    assert shown == "12:00"
    until(lambda: bench.execution(execution).status_details.get("limit") == "12:00")
    bench.release()
    ended = bench.wait(execution)
    assert ended.status is Status.COMPLETED
    assert ended.status_details["limit"] == "12:00"


def test_paths_are_replaced_where_nodes_allow_no_view(
    bench: SlurmBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAUNCHPAD_SANDBOX", "rewriting")
    execution = bench.shell("echo m > /app/model/m")
    assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
    assert "container paths are replaced" in bench.log(execution)


def test_the_connection_is_tested_step_by_step(bench: SlurmBench) -> None:
    steps: list[str] = []
    test = bench.desk.connections.test
    assert test("hpc", "", lambda step: steps.append(f"{step.name}: {step.message}"))
    assert f"shared folder: {bench.shared} can be written" in steps
    assert any(step.startswith("partitions: main: ") for step in steps)
    bench.change({"partition": "gpu"})
    steps.clear()
    assert not test("hpc", "", lambda step: steps.append(f"{step.name}: {step.message}"))
    assert steps[-1] == "partitions: The cluster has no partition gpu"


def test_partitions_nodes_and_jobs_of_the_cluster(bench: SlurmBench) -> None:
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    until(lambda: "node" in bench.execution(execution).status_details)
    found = bench.desk.connections.cluster("hpc")
    assert found is not None
    (main, spare) = found.partitions
    assert (main.name, main.default, main.state, main.nodes, main.cpus) == (
        "main",
        True,
        "up",
        2,
        8,
    )
    assert (spare.name, spare.default, spare.limit) == ("spare", False, "1:00:00")
    assert main.idle_cpus < 8
    assert sum(each.count for each in found.nodes if each.partition == "main") == 2
    assert {(each.cpus, each.memory, each.devices) for each in found.nodes} == {(4, 64000, "")}
    (job,) = [each for each in found.jobs if each.execution_id == execution]
    assert job.id == bench.job(execution)
    assert job.state == "RUNNING"
    assert job.place == bench.execution(execution).status_details["node"]
    assert bench.desk.connections.cluster("local") is None
    bench.release()
    bench.wait(execution, Status.COMPLETED)


def test_a_job_that_exceeds_its_time_limit(overdue: tuple[SlurmBench, str]) -> None:
    bench, execution = overdue
    ended = bench.wait(execution, seconds=120)
    assert ended.status is Status.DEAD
    assert "it exceeded its time limit" in ended.status_message
    assert "add --time" in ended.status_details["hint"]

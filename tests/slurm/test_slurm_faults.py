"""Failures of the supervisor, of Slurm's daemons and of jobs: nothing is lost or executed twice."""

from __future__ import annotations

import random

import pytest

from launchpad_tui.domain.execution import Status
from tests.services.execution_support import until
from tests.slurm.bench import SlurmBench
from tests.slurm.cluster import wait_until

#: Logs points as fast as the endpoint acknowledges them, until a file exists.
LOGGING = """\
i=0
while [ ! -e {stop} ]; do
  i=$((i+1))
  launchpad log loss=$i --step $i && echo $i >> {acknowledged} || echo "refused: $i"
done
echo "::metric done=1 step=$i"
"""


@pytest.fixture
def impatient(bench: SlurmBench, monkeypatch: pytest.MonkeyPatch) -> SlurmBench:
    """The desk, whose supervisors wait for the controller for a second instead of five."""
    monkeypatch.setenv("SLURM_CONF", str(bench.cluster.impatient))
    return bench


def test_a_controller_that_restarts_does_not_affect_a_job(impatient: SlurmBench) -> None:
    bench = impatient
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    bench.cluster.saved(bench.job(execution))
    bench.cluster.kill("slurmctld")
    bench.wait_for_log(execution, "Slurm's controller does not respond")
    bench.cluster.start_controller()
    bench.wait_for_log(execution, "Slurm responds again")
    bench.release()
    assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
    assert bench.runs == 1


def test_a_job_is_submitted_after_the_controller_restarted(impatient: SlurmBench) -> None:
    bench = impatient
    bench.cluster.kill("slurmctld")
    execution = bench.shell(bench.waiting_script())
    bench.wait_for_log(execution, "Slurm's controller does not respond")
    bench.cluster.start_controller()
    bench.release()
    assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
    assert bench.runs == 1


def test_another_supervisor_follows_the_job(bench: SlurmBench) -> None:
    script = bench.waiting_script("echo '::metric early=1 step=1'", "launchpad log late=2")
    execution = bench.shell(script)
    started = bench.running(execution).started_at
    bench.kill_supervisor(execution)
    # The job ends while nothing follows it.
    bench.release()
    job = bench.job(execution)
    wait_until(lambda: bench.cluster.state(job) == "COMPLETED")
    ended = bench.reconcile(execution)
    assert ended.status is Status.COMPLETED, bench.log(execution)
    assert ended.started_at == started
    assert bench.runs == 1
    assert sorted(bench.points(execution)) == [("early", 1, 1.0), ("late", 0, 2.0)]
    assert bench.log(execution).splitlines().count("begun") == 1
    assert len(bench.models()) == 1


def test_a_waiting_job_is_followed_after_the_supervisor_died(bench: SlurmBench) -> None:
    bench.change({"options": "--begin=now+1hour"})
    execution = bench.shell(bench.waiting_script())
    job = bench.job(execution)
    bench.kill_supervisor(execution)
    until(lambda: bench.reattached(execution))
    bench.wait_for_log(execution, f"Job {job} is followed again")
    bench.cluster.call("scontrol", "update", f"jobid={job}", "StartTime=now")
    bench.release()
    assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
    assert bench.runs == 1


def test_a_stop_without_a_supervisor_cancels_the_job(bench: SlurmBench) -> None:
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    job = bench.job(execution)
    bench.kill_supervisor(execution)
    bench.desk.executions.stop(bench.scope, [execution])
    assert bench.reconcile(execution).status is Status.STOPPED
    wait_until(lambda: bench.cluster.state(job) == "CANCELLED")


def test_a_submission_whose_answer_was_lost_is_found(bench: SlurmBench) -> None:
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    bench.kill_supervisor(execution)
    # As if the supervisor had died before it noted the ID, and before the node claimed the step.
    (folder,) = (bench.shared / execution / "jobs").iterdir()
    (folder / "job").unlink()
    (folder / "claim").unlink()
    until(lambda: bench.reattached(execution))
    bench.wait_for_log(execution, "is followed again")
    bench.release()
    assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
    assert bench.runs == 1


def test_a_step_that_was_submitted_twice_runs_once(bench: SlurmBench) -> None:
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    (folder,) = (bench.shared / execution / "jobs").iterdir()
    second = bench.cluster.call("sbatch", "--parsable", "--output=/dev/null", f"{folder}/job.sh")
    wait_until(lambda: bench.cluster.state(second) == "COMPLETED")
    bench.release()
    assert bench.wait(execution).status is Status.COMPLETED, bench.log(execution)
    assert bench.runs == 1


def test_a_job_that_was_canceled_by_others(bench: SlurmBench) -> None:
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    job = bench.job(execution)
    bench.cluster.call("scancel", job)
    ended = bench.wait(execution)
    assert ended.status is Status.DEAD
    assert f"job {job}: it was canceled outside of launchpad" in ended.status_message
    assert ended.status_details["job"] == job


def test_a_job_starts_again_when_its_node_fails(bench: SlurmBench) -> None:
    execution = bench.shell(bench.waiting_script('echo "::metric try=$(hostname | wc -l)"'))
    bench.running(execution)
    job = bench.job(execution)
    first = bench.execution(execution).status_details["node"]
    bench.cluster.lose(first, job)
    bench.wait_for_log(execution, f"Job {job} is requeued, because its node failed")
    assert "waits" in bench.execution(execution).status_message

    def started_again() -> bool:
        # Slurm waits for two minutes before it starts such a job again.
        bench.cluster.call("scontrol", "update", f"jobid={job}", "StartTime=now", check=False)
        return bench.runs == 2

    until(started_again, describe=lambda: bench.description(execution))
    bench.release()
    ended = bench.wait(execution)
    assert ended.status is Status.COMPLETED, bench.log(execution)
    assert ended.status_details["job"] == job
    assert "attempt 2" in bench.log(execution)


def test_a_job_that_may_not_start_again_explains_why_it_ended(bench: SlurmBench) -> None:
    bench.change({"requeue": "no"})
    execution = bench.shell(bench.waiting_script())
    bench.running(execution)
    node = bench.execution(execution).status_details["node"]
    bench.cluster.lose(node, bench.job(execution))
    ended = bench.wait(execution)
    assert ended.status is Status.DEAD
    assert "its node failed" in ended.status_message
    assert bench.runs == 1


def test_no_acknowledged_point_is_lost_or_repeated(bench: SlurmBench) -> None:
    """Kill supervisor, controller and the daemon of the node at random while points are logged."""
    chance = random.Random(4)
    stop, acknowledged = bench.root / "stop", bench.root / "acknowledged"
    script = LOGGING.format(stop=stop, acknowledged=acknowledged)
    execution = bench.shell(
        f"echo run >> {bench.root}/runs\necho begun\n{script}echo m > /app/model/m"
    )
    bench.running(execution)
    until(acknowledged.exists)
    bench.cluster.saved(bench.job(execution))
    node = bench.execution(execution).status_details["node"]

    def logged() -> list[int]:
        return [int(line) for line in acknowledged.read_text().split()]

    for _ in range(5):
        before = len(logged())
        victim = chance.choice(["supervisor", "supervisor", "slurmctld", "slurmd"])
        if victim == "supervisor":
            bench.kill_supervisor(execution)
            until(lambda: bench.reattached(execution))
        elif victim == "slurmctld":
            bench.cluster.kill("slurmctld")
            bench.cluster.start_controller()
        else:
            bench.cluster.kill(f"slurmd-{node}")
            bench.cluster.start_node(node)
        until(lambda before=before: len(logged()) > before)  # type: ignore[misc]
    stop.touch()
    ended = bench.reconcile(execution)
    assert ended.status is Status.COMPLETED, bench.log(execution)
    assert bench.runs == 1
    steps = sorted(step for name, step, _ in bench.points(execution) if name == "loss")
    assert steps == logged(), bench.log(execution)[-4000:]

"""Killed supervisors, trainings and terminals; stopping executions; the queue; the deadline."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.registry import executions
from tests.registry.registry_data import new_pending
from tests.services.execution_support import Bench, processes_of, shell_template, until

#: SIGTERM is ignored by the shell and its children. The text that is printed differs from the
#: command, because the log shows the command before the shell runs.
IGNORES_SIGTERM = "trap '' TERM; echo ignor''ing; sleep 300; sleep 300"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    created = Bench(tmp_path)
    Settings.save(created.desk.home, {"executions.stop_grace_seconds": 1.0})
    created.desk.close()
    created.desk = open_desk(created.desk.home)
    yield created
    created.close()


def parallel(bench: Bench, number: int) -> None:
    Settings.save(bench.desk.home, {"executions.parallel": number})
    bench.desk.close()
    bench.desk = open_desk(bench.desk.home)


def test_a_killed_supervisor_ends_the_training_and_is_detected(bench: Bench) -> None:
    one = bench.shell("echo here; (sleep 300 & sleep 301) ; sleep 302")
    bench.wait_for_log(one, "here")
    until(lambda: len(processes_of(one)) >= 4)
    os.kill(bench.supervisor(one), signal.SIGKILL)
    # The process group has ended before any process checks the execution.
    until(lambda: not processes_of(one))
    assert bench.execution(one).status is Status.RUNNING
    folder = bench.desk.home.executions / one
    assert list(folder.glob("reserve-*"))
    dead = bench.reconcile(one)
    assert not list(folder.glob("reserve-*"))
    assert dead.status is Status.DEAD
    assert "supervisor ended unexpectedly" in dead.status_message
    assert dead.status_details["reason"] == "supervisor lost"
    assert dead.completed_at is not None
    log = bench.desk.executions.log(DEFAULT_SCOPE, one)
    assert log.finished
    assert "supervisor ended unexpectedly" in bench.log(one)
    assert bench.models() == []


def test_processes_outside_the_group_are_killed_by_reconcile(bench: Bench) -> None:
    one = bench.shell("setsid sh -c 'echo here; exec sleep 303' & wait; sleep 300")
    bench.wait_for_log(one, "here")
    os.kill(bench.supervisor(one), signal.SIGKILL)
    until(lambda: len(processes_of(one)) == 1)
    assert bench.reconcile(one).status is Status.DEAD
    assert not processes_of(one)


def sleepers(execution_id: str) -> list[int]:
    return [
        pid
        for pid in processes_of(execution_id)
        if Path(f"/proc/{pid}/comm").read_text() == "sleep\n"
    ]


def test_a_killed_training(bench: Bench) -> None:
    one = bench.shell("echo here; echo half > /app/model/x; exec sleep 304")
    bench.wait_for_log(one, "here")
    until(lambda: bool(sleepers(one)))
    os.kill(sleepers(one)[0], signal.SIGKILL)
    dead = bench.wait(one)
    assert (dead.status, dead.status_details["exitCode"]) == (Status.DEAD, "-9")
    assert "SIGKILL" in dead.status_message
    assert bench.models() == []


def test_a_supervisor_killed_while_storing_registers_nothing(bench: Bench) -> None:
    script = "head -c 300000000 /dev/zero > /app/model/a; echo x > /app/model/b; echo done"
    one = bench.shell(script)
    bench.wait_for_log(one, "Storing")
    os.kill(bench.supervisor(one), signal.SIGKILL)
    assert bench.reconcile(one).status is Status.DEAD
    assert bench.models() == []
    assert not (bench.desk.home.files / one).exists()
    # A later execution removes incomplete files from the store.
    other = bench.shell("echo y > /app/model/b", name="other")
    assert bench.wait(other).status is Status.COMPLETED
    assert (
        sum(each.stat().st_size for each in bench.desk.home.files.rglob("*") if each.is_file())
        < 1000
    )


def test_stop_kills_processes_that_ignore_sigterm(bench: Bench) -> None:
    one = bench.shell(IGNORES_SIGTERM)
    bench.wait_for_log(one, "ignoring")
    started = time.monotonic()
    (outcome,) = bench.desk.executions.stop(DEFAULT_SCOPE, [one])
    assert outcome.error is None
    assert bench.execution(one).status in {Status.STOPPING, Status.STOPPED}
    stopped = bench.wait(one)
    assert stopped.status is Status.STOPPED
    assert 0.9 < time.monotonic() - started < 60
    until(lambda: not processes_of(one))


@pytest.mark.parametrize("method", ["namespaces", "bubblewrap", "rewriting"])
def test_a_training_receives_sigterm_and_may_clean_up(
    bench: Bench, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launchpad_tui.runtimes.embedded import sandbox

    kinds: dict[str, type[sandbox.Namespaces | sandbox.Bubblewrap | sandbox.PathRewriting]] = {
        "namespaces": sandbox.Namespaces,
        "bubblewrap": sandbox.Bubblewrap,
        "rewriting": sandbox.PathRewriting,
    }
    if reason := sandbox.trial(kinds[method]()):
        pytest.skip(reason)
    monkeypatch.setenv("LAUNCHPAD_SANDBOX", method)
    one = bench.shell("trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    bench.wait_for_log(one, "ready")
    bench.desk.executions.stop(DEFAULT_SCOPE, [one])
    assert bench.wait(one).status is Status.STOPPED
    assert "cleaned" in bench.log(one)
    assert bench.models() == []


def test_the_deadline_ends_an_execution(bench: Bench) -> None:
    one = bench.shell(IGNORES_SIGTERM, "activeDeadlineSeconds: 1")
    dead = bench.wait(one)
    assert (dead.status, dead.status_details["reason"]) == (Status.DEAD, "deadline")
    assert "activeDeadlineSeconds" in dead.status_message
    assert not processes_of(one)


def test_executions_above_the_limit_are_queued(bench: Bench) -> None:
    parallel(bench, 1)
    text = "echo here; while [ ! -e /app/model/go ]; do sleep 0.05; done"
    executable = bench.add(shell_template("shell", text))
    ids = [bench.create(executable) for _ in range(4)]
    bench.wait_for_log(ids[0], "here")
    assert [bench.execution(each).status for each in ids[1:]] == [Status.PENDING] * 3
    bench.desk.executions.stop(DEFAULT_SCOPE, [ids[1]])
    stopped = bench.execution(ids[1])
    assert stopped.status is Status.STOPPED
    assert stopped.completed_at is not None
    # A supervisor that ends starts the next execution, even if no desk is open.
    bench.desk.executions.stop(DEFAULT_SCOPE, [ids[0]])
    bench.wait_for_log(ids[2], "here")
    assert bench.execution(ids[3]).status is Status.PENDING
    # An execution that died is replaced by the next reconcile.
    os.kill(bench.supervisor(ids[2]), signal.SIGKILL)
    assert bench.reconcile(ids[2]).status is Status.DEAD
    bench.wait_for_log(ids[3], "here")


RECONCILE = """
import sys
from pathlib import Path
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
desk = open_desk(Home.at(Path(sys.argv[1])))
for _ in range(20):
    desk.executions.reconcile()
"""


def test_concurrent_processes_start_each_execution_once(bench: Bench) -> None:
    parallel(bench, 3)
    executable = bench.add(shell_template("shell", "echo once; sleep 0.2; echo x > /app/model/x"))
    created = bench.desk.configurations.create(DEFAULT_SCOPE, "c", executable, {}, {})
    new = [new_pending(created, "1.0", f"e{number:015x}") for number in range(6)]
    for each in new:
        executions.create(bench.desk.registry, DEFAULT_SCOPE, each)
    processes = [
        subprocess.Popen([sys.executable, "-c", RECONCILE, str(bench.desk.home.root)])
        for _ in range(2)
    ]
    for each in new:
        assert bench.wait(each.id, seconds=60).status is Status.COMPLETED, bench.log(each.id)
        assert bench.log(each.id).splitlines().count("once") == 1
    assert [process.wait() for process in processes] == [0, 0]
    assert sorted(bench.models()) == [each.id for each in new]


CREATE = """
import sys, time
from pathlib import Path
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
desk = open_desk(Home.at(Path(sys.argv[1])))
print("created", desk.executions.create(DEFAULT_SCOPE, sys.argv[2]).id, flush=True)
time.sleep(300)
"""


def test_an_execution_outlives_its_terminal(bench: Bench) -> None:
    """The process that creates the execution leads the session of a terminal, which is closed."""
    executable = bench.add(shell_template("shell", "echo here; sleep 2; echo x > /app/model/x"))
    created = bench.desk.configurations.create(DEFAULT_SCOPE, "c", executable, {}, {})
    pid, terminal = pty.fork()
    if not pid:
        # The tests may run under nohup, which ignores the signal.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execv(
            sys.executable, [sys.executable, "-c", CREATE, str(bench.desk.home.root), created.id]
        )
    output = b""
    while b"\n" not in output:
        output += os.read(terminal, 1000)
    one = output.split()[1].decode()
    bench.wait_for_log(one, "here")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGHUP
    assert os.getsid(bench.supervisor(one)) != pid
    os.kill(bench.supervisor(one), signal.SIGHUP)
    assert bench.wait(one).status is Status.COMPLETED


def test_stop_at_any_time_after_creation(bench: Bench) -> None:
    """The execution becomes STOPPED, unless it had completed."""
    executable = bench.add(shell_template("shell", "echo x > /app/model/x; sleep 0.05"))
    ids = []
    for number in range(6):
        one = bench.create(executable)
        time.sleep(number * 0.07)
        bench.desk.executions.stop(DEFAULT_SCOPE, [one])
        ids.append(one)
    for one in ids:
        done = bench.wait(one)
        assert done.status in {Status.STOPPED, Status.COMPLETED}, done
        assert (done.status is Status.COMPLETED) == (one in bench.models())
        if done.status is Status.STOPPED:
            assert done.completed_at is not None
            assert not (bench.desk.home.files / one).exists()

"""Executions and everything that can be killed: supervisors, trainings, terminals; the queue; the deadline."""

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
from tests.services.execution_support import Bench, processes_of, shell_template, until

#: TERM is ignored by the shell and by what it starts
# Not as it stands in the command, which the log may show before the shell runs.
DEAF = "trap '' TERM; echo de''af; sleep 300; sleep 300"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    Settings.save(made.desk.home, {"executions.stop_grace_seconds": 1.0})
    made.desk.close()
    made.desk = open_desk(made.desk.home)
    yield made
    made.close()


def parallel(bench: Bench, number: int) -> None:
    Settings.save(bench.desk.home, {"executions.parallel": number})
    bench.desk.close()
    bench.desk = open_desk(bench.desk.home)


def test_kill_9_of_the_supervisor_kills_the_training_and_is_noticed(bench: Bench) -> None:
    one = bench.shell("echo here; (sleep 300 & sleep 301) ; sleep 302")
    bench.said(one, "here")
    until(lambda: len(processes_of(one)) >= 4)
    os.kill(bench.supervisor(one), signal.SIGKILL)
    # Nobody has looked yet, and the whole group is gone.
    until(lambda: not processes_of(one), 5)
    assert bench.execution(one).status is Status.RUNNING
    dead = bench.look(one)
    assert dead.status is Status.DEAD
    assert "supervisor ended unexpectedly" in dead.status_message
    assert dead.status_details["reason"] == "supervisor lost"
    assert dead.completed_at is not None
    log = bench.desk.executions.log(DEFAULT_SCOPE, one)
    assert log.finished
    assert "supervisor ended unexpectedly" in bench.log(one)
    assert bench.models() == []


def test_what_left_the_group_is_killed_at_the_next_look(bench: Bench) -> None:
    one = bench.shell("setsid sleep 303 & echo here; wait; sleep 300")
    bench.said(one, "here")
    os.kill(bench.supervisor(one), signal.SIGKILL)
    until(lambda: len(processes_of(one)) == 1, 5)
    assert bench.look(one).status is Status.DEAD
    assert not processes_of(one)


def sleepers(execution_id: str) -> list[int]:
    return [
        pid
        for pid in processes_of(execution_id)
        if Path(f"/proc/{pid}/comm").read_text() == "sleep\n"
    ]


def test_kill_9_of_the_training(bench: Bench) -> None:
    one = bench.shell("echo here; echo half > /app/model/x; exec sleep 304")
    bench.said(one, "here")
    until(lambda: bool(sleepers(one)))
    os.kill(sleepers(one)[0], signal.SIGKILL)
    dead = bench.wait(one)
    assert (dead.status, dead.status_details["exitCode"]) == (Status.DEAD, "-9")
    assert "SIGKILL" in dead.status_message
    assert bench.models() == []


def test_a_supervisor_killed_while_it_stores_leaves_nothing_listed(bench: Bench) -> None:
    script = "head -c 300000000 /dev/zero > /app/model/a; echo x > /app/model/b; echo done"
    one = bench.shell(script)
    bench.said(one, "Storing")
    os.kill(bench.supervisor(one), signal.SIGKILL)
    assert bench.look(one).status is Status.DEAD
    assert bench.models() == []
    assert not (bench.desk.home.files / one).exists()
    # A later execution clears away what was half stored.
    other = bench.shell("echo y > /app/model/b", name="other")
    assert bench.wait(other).status is Status.COMPLETED
    assert (
        sum(each.stat().st_size for each in bench.desk.home.files.rglob("*") if each.is_file())
        < 1000
    )


def test_stop_ends_what_ignores_term(bench: Bench) -> None:
    one = bench.shell(DEAF)
    bench.said(one, "deaf")
    begun = time.monotonic()
    (outcome,) = bench.desk.executions.stop(DEFAULT_SCOPE, [one])
    assert outcome.error is None
    assert bench.execution(one).status in {Status.STOPPING, Status.STOPPED}
    stopped = bench.wait(one)
    assert stopped.status is Status.STOPPED
    assert 0.9 < time.monotonic() - begun < 6
    until(lambda: not processes_of(one), 5)


@pytest.mark.parametrize("way", ["namespaces", "bubblewrap", "rewriting"])
def test_a_training_hears_term_and_may_tidy_up(
    bench: Bench, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launchpad_tui.runtimes.embedded import sandbox

    kinds: dict[str, type[sandbox.Namespaces | sandbox.Bubblewrap | sandbox.PathRewriting]] = {
        "namespaces": sandbox.Namespaces,
        "bubblewrap": sandbox.Bubblewrap,
        "rewriting": sandbox.PathRewriting,
    }
    if reason := sandbox.trial(kinds[way]()):
        pytest.skip(reason)
    monkeypatch.setenv("LAUNCHPAD_SANDBOX", way)
    one = bench.shell("trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    bench.said(one, "ready")
    bench.desk.executions.stop(DEFAULT_SCOPE, [one])
    assert bench.wait(one).status is Status.STOPPED
    assert "tidy" in bench.log(one)
    assert bench.models() == []


def test_the_deadline_holds(bench: Bench) -> None:
    one = bench.shell(DEAF, "activeDeadlineSeconds: 1")
    dead = bench.wait(one)
    assert (dead.status, dead.status_details["reason"]) == (Status.DEAD, "deadline")
    assert "activeDeadlineSeconds" in dead.status_message
    assert not processes_of(one)


def test_the_queue_holds_what_exceeds_the_number(bench: Bench) -> None:
    parallel(bench, 1)
    text = "echo here; while [ ! -e /app/model/go ]; do sleep 0.05; done"
    executable = bench.add(shell_template("shell", text))
    ids = [bench.create(executable) for _ in range(4)]
    bench.said(ids[0], "here")
    assert [bench.execution(each).status for each in ids[1:]] == [Status.PENDING] * 3
    bench.desk.executions.stop(DEFAULT_SCOPE, [ids[1]])
    stopped = bench.execution(ids[1])
    assert stopped.status is Status.STOPPED
    assert stopped.completed_at is not None
    # The supervisor that ends starts the next one: no desk has to be open.
    bench.desk.executions.stop(DEFAULT_SCOPE, [ids[0]])
    bench.said(ids[2], "here")
    assert bench.execution(ids[3]).status is Status.PENDING
    # One that died makes room at the next look.
    os.kill(bench.supervisor(ids[2]), signal.SIGKILL)
    assert bench.look(ids[2]).status is Status.DEAD
    bench.said(ids[3], "here")


LOOK = """
import sys
from pathlib import Path
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
desk = open_desk(Home.at(Path(sys.argv[1])))
for _ in range(20):
    desk.executions.reconcile()
"""


def test_processes_that_look_at_once_start_nothing_twice(bench: Bench) -> None:
    parallel(bench, 3)
    executable = bench.add(shell_template("shell", "echo once; sleep 0.2; echo x > /app/model/x"))
    made = bench.desk.configurations.create(DEFAULT_SCOPE, "c", executable, {}, {})
    new = [executions.new_pending(made, "1.0", f"e{number:015x}") for number in range(6)]
    for each in new:
        executions.create(bench.desk.registry, DEFAULT_SCOPE, each)
    lookers = [
        subprocess.Popen([sys.executable, "-c", LOOK, str(bench.desk.home.root)]) for _ in range(2)
    ]
    for each in new:
        assert bench.wait(each.id, seconds=60).status is Status.COMPLETED, bench.log(each.id)
        assert bench.log(each.id).splitlines().count("once") == 1
    assert [looker.wait() for looker in lookers] == [0, 0]
    assert sorted(bench.models()) == [each.id for each in new]


CREATE = """
import sys, time
from pathlib import Path
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
desk = open_desk(Home.at(Path(sys.argv[1])))
print("made", desk.executions.create(DEFAULT_SCOPE, sys.argv[2]).id, flush=True)
time.sleep(300)
"""


def test_it_outlives_its_terminal(bench: Bench) -> None:
    """The process that created it is the leader of a terminal's session; closing the terminal hangs it up."""
    executable = bench.add(shell_template("shell", "echo here; sleep 2; echo x > /app/model/x"))
    made = bench.desk.configurations.create(DEFAULT_SCOPE, "c", executable, {}, {})
    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-c", CREATE, str(bench.desk.home.root), made.id])
    said = b""
    while b"\n" not in said:
        said += os.read(terminal, 1000)
    one = said.split()[1].decode()
    bench.said(one, "here")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGHUP
    assert os.getsid(bench.supervisor(one)) != pid
    os.kill(bench.supervisor(one), signal.SIGHUP)
    assert bench.wait(one).status is Status.COMPLETED


def test_stop_meets_every_moment(bench: Bench) -> None:
    """Stopped right after it was created, it is STOPPED and nothing else, whatever it was doing."""
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

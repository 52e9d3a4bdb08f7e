"""A Slurm cluster of two nodes on this machine: real ``slurmctld``, ``slurmd`` and ``munged``.

Debian's packages ``slurm-wlm`` and ``munge`` are required, and root, because slurmd starts the
processes of other users.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.services.execution_support import alive

NODES = ("n1", "n2")
_CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
MinJobAge=3600
KillWait=5
InactiveLimit=0
BatchStartTimeout=10
MessageTimeout=5
SlurmctldTimeout=5
SlurmdTimeout=600
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
RequeueExit=97
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 RealMemory=64000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 RealMemory=64000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=1:00:00 State=UP
PartitionName=spare Nodes=n2 MaxTime=1:00:00 State=UP
"""


class Cluster:
    """A running cluster, whose commands find it by the variable SLURM_CONF."""

    _running: ClassVar[Cluster | None] = None

    @classmethod
    def running(cls) -> Cluster:
        """Return the cluster of this process."""
        assert cls._running is not None
        return cls._running

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        type(self)._running = self
        for name in ("munge", "state", "spool", "run", "log"):
            (folder / name).mkdir(mode=0o755, parents=True)
        (folder / "munge").chmod(0o700)
        key = folder / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        self.config = folder / "slurm.conf"
        host = socket.gethostname().partition(".")[0]
        self._ports = _free_ports(3)
        text = _CONFIG.format(host=host, folder=folder, ports=self._ports)
        self.config.write_text(text)
        #: the same for commands that find out sooner that the controller does not respond
        self.impatient = folder / "impatient.conf"
        self.impatient.write_text(text.replace("MessageTimeout=5", "MessageTimeout=1"))

    def start(self) -> None:
        """Start all daemons and wait until both nodes are idle."""
        munge = self.folder / "munge"
        self._run(
            "munged",
            "--force",
            f"--key-file={munge / 'key'}",
            f"--socket={munge / 'socket'}",
            f"--pid-file={self.folder / 'run' / 'munged.pid'}",
            f"--log-file={self.folder / 'log' / 'munged.log'}",
            f"--seed-file={munge / 'seed'}",
        )
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: self._usable() == set(NODES), self.logs)

    def start_controller(self) -> None:
        """Start the controller, which resumes from its saved state."""
        self._run("slurmctld", "-f", str(self.config))

    def start_node(self, node: str) -> None:
        """Start the daemon of a node, and wait until jobs can be sent to it."""
        self._run("slurmd", "-f", str(self.config), "-N", node)
        port = self._ports[1 + NODES.index(node)]
        wait_until(lambda: _listens(port), self.logs)

    def kill(self, daemon: str) -> None:
        """Kill ``slurmctld`` or ``slurmd-<node>`` with SIGKILL."""
        file = self.folder / "run" / f"{daemon}.pid"
        # A daemon writes it after the command that started it has returned.
        wait_until(lambda: file.exists() and file.read_text().strip() != "")
        pid = int(file.read_text())
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), lambda: Path(f"/proc/{pid}/status").read_text())
        file.unlink(missing_ok=True)

    def lose(self, node: str, job: str) -> None:
        """End everything on a node that runs a job, as when its power fails."""
        self.kill(f"slurmd-{node}")
        own = f"SLURM_JOB_ID={job}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    command = (entry / "cmdline").read_bytes()
                    environ = (entry / "environ").read_bytes().split(b"\0")
                    if own in environ or f"slurmstepd: [{job}.".encode() in command:
                        os.kill(int(entry.name), signal.SIGKILL)
        self.call("scontrol", "update", f"nodename={node}", "state=down", "reason=test")

    def stop(self) -> None:
        """End all jobs and daemons."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("scancel", "--user=root")
            wait_until(lambda: not self.call("squeue", "--noheader"))
        for file in sorted((self.folder / "run").glob("*.pid"), reverse=True):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def resume(self) -> None:
        """Make all nodes usable again."""
        for node in set(NODES) - self._usable():
            if not (self.folder / "run" / f"slurmd-{node}.pid").exists():
                self.start_node(node)
            self.call("scontrol", "update", f"nodename={node}", "state=resume", check=False)
        wait_until(lambda: self._usable() == set(NODES), self.logs)

    def saved(self, job: str) -> None:
        """Wait until the controller has saved the state of a job.

        It does so a few seconds after a change. If it is killed before, it starts the job again.
        """
        state = self.folder / "state" / "job_state"
        before = state.stat().st_mtime_ns if state.exists() else 0
        self.call("scontrol", "update", f"jobid={job}", "admincomment=saved")
        wait_until(lambda: state.exists() and state.stat().st_mtime_ns > before, self.logs)

    def call(self, *command: str, check: bool = True) -> str:
        """Return the output of a command of Slurm."""
        return self._run(*command, check=check).strip()

    def state(self, job: str) -> str:
        """Return the state of a job."""
        return self.call("squeue", "--states=all", "--noheader", "-o", "%T", "-j", job)

    def logs(self) -> str:
        """Return the ends of the logs of all daemons."""
        return "\n".join(
            f"{file.name}: {file.read_text(errors='replace')[-1500:]}"
            for file in (self.folder / "log").iterdir()
        )

    def _usable(self) -> set[str]:
        output = self.call(
            "sinfo", "--noheader", "-N", "-t", "idle,alloc,mix", "-o", "%N|%T", check=False
        )
        # A star marks nodes that do not respond.
        states = (line.split("|") for line in output.split())
        return {node for node, state in states if not state.endswith("*")}

    def _run(self, *command: str, check: bool = True) -> str:
        return subprocess.run(
            command,
            env={**os.environ, "SLURM_CONF": str(self.config)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        ).stdout


def wait_until(
    check: Callable[[], bool], describe: Callable[[], str] = str, seconds: float = 60
) -> None:
    """Wait until a condition is true; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"Not within {seconds} s\n{describe()}"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run a cluster in an empty folder; skip the test if Slurm is not installed."""
    if shutil.which("slurmctld") is None or shutil.which("munged") is None:
        pytest.skip("slurmctld and munged are not installed")
    if os.geteuid() != 0:
        pytest.skip("slurmd starts as root only")
    cluster = Cluster(folder)
    before = os.environ.get("SLURM_CONF")
    # Supervisors and the commands that they call inherit the variable.
    os.environ["SLURM_CONF"] = str(cluster.config)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        if before is None:
            os.environ.pop("SLURM_CONF", None)
        else:
            os.environ["SLURM_CONF"] = before

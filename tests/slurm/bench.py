"""A desk with a connection to a cluster, and templates that report what they do."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.runtimes.embedded.dispatcher import RUNNING_SUPERVISOR
from tests.services.execution_support import Bench, alive, until
from tests.slurm.cluster import Cluster

#: Plans that fit the nodes of the test.
PLANS = "starter: --cpus-per-task=1; basic: --cpus-per-task=2; default: --cpus-per-task=1"


class SlurmBench(Bench):
    """A desk over a temporary home folder with the connection ``hpc``, polled often.

    Args:
        root: An empty folder, which the nodes see.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.shared = root / "shared"
        self.desk.connections.add("hpc", "slurm", self.values())
        self.scope = Scope("hpc", "default")

    @property
    def cluster(self) -> Cluster:
        """The cluster."""
        return Cluster.running()

    def values(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the settings of the connection."""
        return {
            "shared_folder": str(self.shared),
            "poll_seconds": "0.2",
            "resource_plans": PLANS,
            **(settings or {}),
        }

    def change(self, settings: Mapping[str, str]) -> None:
        """Change settings of the connection for executions that start later."""
        self.desk.connections.edit("hpc", self.values(settings))

    def job(self, execution_id: str) -> str:
        """Return the ID of the last job of an execution, after it was submitted."""
        until(lambda: "job" in self.execution(execution_id).status_details)
        return self.execution(execution_id).status_details["job"].rpartition(", ")[2]

    def running(self, execution_id: str) -> Execution:
        """Wait until an execution runs and its command has written ``begun`` to its log.

        The controller may lose a job that it starts on a node that has just returned to service. It
        requeues such a job and starts it again after up to two minutes.
        """
        until(
            lambda: "begun" in self.log(execution_id).splitlines(),
            200,
            lambda: self.description(execution_id),
        )
        return self.wait(execution_id, Status.RUNNING)

    def release(self, name: str = "go") -> None:
        """Let the commands of `waiting_script` continue."""
        (self.root / name).touch()

    def waiting_script(self, before: str = "", after: str = "", name: str = "go") -> str:
        """Return a script that notes its start, and waits in between until `release` is called."""
        return (
            f"echo run >> {self.root}/runs\n{before}\necho begun\n"
            f"while [ ! -e {self.root}/{name} ]; do sleep 0.05; done\n{after}\n"
            "echo model > /app/model/m\n"
        )

    def description(self, execution_id: str) -> str:
        """Return what is known about an execution and its jobs."""
        jobs = self.cluster.call("squeue", "--states=all", "-o", "%i %T %r %N %V %S")
        files = sorted(str(each) for each in (self.shared / execution_id / "jobs").glob("*/*"))
        parts = (str(self.execution(execution_id)), self.log(execution_id), jobs, *files)
        return "\n".join((*parts, self.cluster.call("sinfo", "-N", "-l"), self.cluster.logs()))

    @property
    def runs(self) -> int:
        """How often the command of `waiting_script` started."""
        return len((self.root / "runs").read_text().splitlines())

    def kill_supervisor(self, execution_id: str) -> None:
        """Kill the supervisor of an execution as a crash or a reboot does."""
        # Until it runs, the claim belongs to the process that starts it.
        until(lambda: self.is_supervised(execution_id))
        pid = self.supervisor(execution_id)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid))

    def is_supervised(self, execution_id: str) -> bool:
        """Return whether a supervisor of an execution is running."""
        with self.desk.registry.read() as db:
            pid, boot = db.execute(
                "SELECT supervisor_pid, supervisor_boot FROM executions WHERE id = ?",
                (execution_id,),
            ).fetchone()
        return boot == RUNNING_SUPERVISOR and alive(pid)

    def reattached(self, execution_id: str) -> bool:
        """Reconcile, and return whether a supervisor of an execution is running."""
        self.desk.executions.reconcile()
        return self.is_supervised(execution_id)

    def points(self, execution_id: str) -> list[tuple[str, int, float]]:
        """Return name, step and value of all recorded points."""
        runtime = self.desk.runtimes.runtime(self.scope)
        return [
            (one.name, one.step or 0, one.value)
            for found in runtime.metrics([execution_id])
            for one in found.metrics
        ]

    def close(self) -> None:
        """End everything that runs, and close the desk."""
        with contextlib.suppress(OSError):
            self.release()
        super().close()

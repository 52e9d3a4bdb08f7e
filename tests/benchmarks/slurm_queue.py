"""Count the calls of Slurm's commands while many executions are queued on a cluster.

    python -m tests.benchmarks.slurm_queue [--executions 200] [--parallel 32] [--seconds 1]

A cluster of two nodes is started, see `tests.slurm.cluster`. All executions are created at once,
each with a command that takes some seconds. The commands squeue, sacct, sbatch, scontrol and sinfo
are replaced by scripts that note the time of each call. The poll interval is the default one of
five seconds.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from launchpad_tui.domain.execution import Status
from tests.services.execution_support import shell_template
from tests.slurm.bench import SlurmBench
from tests.slurm.cluster import running_cluster

_COMMANDS = ("squeue", "sacct", "sbatch", "scontrol", "sinfo")


def _count_calls(folder: Path) -> Path:
    """Put scripts in front of the PATH, and return the file with the calls."""
    calls = folder / "calls"
    for name in _COMMANDS:
        real = shutil.which(name)
        (folder / name).write_text(
            f'#!/bin/sh\necho "{name} $(date +%s.%N)" >> {calls}\nexec {real} "$@"\n'
        )
        (folder / name).chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return calls


def main() -> int:
    """Run the executions and print the number of calls."""
    parser = argparse.ArgumentParser(description="Queue many executions on a Slurm cluster")
    parser.add_argument("--executions", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="queue-") as cluster,
        tempfile.TemporaryDirectory(prefix="queue-") as folder,
        running_cluster(Path(cluster)),
    ):
        programs = Path(folder) / "programs"
        programs.mkdir()
        bench = SlurmBench(Path(folder) / "bench")
        bench.change({"poll_seconds": "5", "parallel": str(options.parallel)})
        calls = _count_calls(programs)
        try:
            script = f"sleep {options.seconds}; echo m > /app/model/m"
            executable = bench.add(shell_template("many", script))
            start = time.monotonic()
            executions = [bench.create(executable) for _ in range(options.executions)]
            print(f"created in {time.monotonic() - start:.0f} s", flush=True)
            while not all(bench.execution(one).status.final for one in executions):
                bench.desk.executions.reconcile()
                time.sleep(2)
            seconds = time.monotonic() - start
            return _report(bench, executions, calls, seconds)
        finally:
            bench.close()


def _report(bench: SlurmBench, executions: list[str], calls: Path, seconds: float) -> int:
    statuses = collections.Counter(bench.execution(one).status for one in executions)
    lines = [line.split() for line in calls.read_text().splitlines()]
    counts = collections.Counter(name for name, _ in lines)
    times = sorted(float(at) for name, at in lines if name == "squeue")
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    print(f"{seconds:.0f} s: {dict(statuses)}; calls: {dict(counts)}")
    print(f"shortest time between two calls of squeue: {min(gaps, default=0):.1f} s")
    return 0 if statuses == {Status.COMPLETED: len(executions)} else 1


if __name__ == "__main__":
    sys.exit(main())

"""Kill supervisors and daemons of a Slurm cluster at random while executions log points.

    python -m tests.benchmarks.slurm_storm [--kills 100] [--executions 4] [--seed 1]

A cluster of two nodes is started, see `tests.slurm.cluster`. Each execution has two steps: the
first one logs points through the tracking endpoint and notes each one that was acknowledged, the
second one creates a model. Victims are supervisors, slurmctld, and the slurmd of a node, each
killed with SIGKILL and started again, without waiting until the controller has saved its state.

The result is the number of points that were acknowledged, lost and recorded twice, and of steps
that ran more or less than once. The exit code is 1 if one of the last three numbers is not 0.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import time
from pathlib import Path

from launchpad_tui.domain.execution import Status
from launchpad_tui.errors import LaunchpadError
from tests.services.execution_support import shell_template, until
from tests.slurm.bench import SlurmBench
from tests.slurm.cluster import NODES, running_cluster

_LOGGING = """\
echo run >> {root}/runs-$AICORE_EXECUTION_ID
i=0
while [ ! -e {root}/stop ]; do
  i=$((i+1))
  launchpad log loss=$i --step $i && echo $i >> {root}/points-$AICORE_EXECUTION_ID
done
"""
_SECOND = """\
echo run >> {root}/second-$AICORE_EXECUTION_ID; echo m > /app/model/m
"""
#: seconds between two kills, at most
_PAUSE_SECONDS = 4.0


def _template(root: Path) -> str:
    text = shell_template("storm", _SECOND.format(root=root))
    head, _, body = text.partition("  templates:\n")
    body = body.replace("- name: only\n", "- name: second\n", 1)
    script = "\n".join(" " * 12 + line for line in _LOGGING.format(root=root).splitlines())
    return (
        f"{head}  templates:\n    - name: only\n      steps:\n"
        "        - - {name: log, template: first}\n"
        "        - - {name: train, template: second}\n"
        "    - name: first\n      container:\n        image: any\n"
        f'        command: ["/bin/sh", "-c"]\n        args:\n          - |\n{script}\n{body}'
    )


def _kill(bench: SlurmBench, executions: list[str], chance: random.Random) -> str:
    """Kill a supervisor or daemon and start it again; return what was killed."""
    victim = chance.choice(["supervisor", "slurmctld", "slurmd"])
    if victim == "supervisor":
        one = chance.choice(executions)
        bench.kill_supervisor(one)
        until(lambda: bench.reattached(one), 300)
    elif victim == "slurmctld":
        bench.cluster.kill("slurmctld")
        time.sleep(chance.random() * _PAUSE_SECONDS)
        bench.cluster.start_controller()
    else:
        node = chance.choice(NODES)
        bench.cluster.kill(f"slurmd-{node}")
        time.sleep(chance.random() * _PAUSE_SECONDS)
        bench.cluster.start_node(node)
    return victim


def main() -> int:
    """Run the storm and print its result."""
    parser = argparse.ArgumentParser(description="Kill parts of a Slurm cluster at random")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--executions", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, killed = random.Random(options.seed), collections.Counter[str]()
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="storm-") as cluster,
        tempfile.TemporaryDirectory(prefix="storm-") as folder,
        running_cluster(Path(cluster)),
    ):
        bench = SlurmBench(Path(folder))
        try:
            bench.change({"poll_seconds": "1"})
            executable = bench.add(_template(bench.root))
            executions = [bench.create(executable) for _ in range(options.executions)]
            for one in executions:
                until((bench.root / f"points-{one}").exists, 300)
            for number in range(1, options.kills + 1):
                killed[_kill(bench, executions, chance)] += 1
                time.sleep(chance.random() * _PAUSE_SECONDS)
                print(f"{number} kills: {dict(killed)}", flush=True)
            (bench.root / "stop").touch()
            return _report(bench, executions, time.monotonic() - start)
        finally:
            bench.close()


def _report(bench: SlurmBench, executions: list[str], seconds: float) -> int:
    acknowledged = lost = twice = repeated = 0
    for one in executions:
        deadline = time.monotonic() + 600
        while not bench.execution(one).status.final and time.monotonic() < deadline:
            try:
                bench.desk.executions.reconcile()
            except LaunchpadError as error:
                print(f"reconcile: {error}")
            time.sleep(1)
        ended = bench.execution(one)
        print(f"{one}: {ended.status} {ended.status_message}")
        logged = collections.Counter(
            int(x) for x in (bench.root / f"points-{one}").read_text().split()
        )
        recorded = collections.Counter(
            step for name, step, _ in bench.points(one) if name == "loss"
        )
        acknowledged += len(logged)
        lost += sum(1 for step in logged if step not in recorded)
        twice += sum(1 for count in recorded.values() if count > 1)
        for name in ("runs", "second"):
            file = bench.root / f"{name}-{one}"
            count = len(file.read_text().splitlines()) if file.exists() else 0
            repeated += count != 1
        if ended.status is not Status.COMPLETED:
            print(bench.description(one)[-6000:])
            repeated += 1
    print(
        f"{seconds:.0f} s; {acknowledged:,} points acknowledged, {lost} lost, {twice} recorded "
        f"twice; {repeated} steps not run exactly once"
    )
    return 1 if lost or twice or repeated else 0


if __name__ == "__main__":
    sys.exit(main())

"""The partitions and nodes that sinfo reports, and the jobs of the user.

The formats of sinfo(1) and squeue(1) are the same in all versions, unlike their JSON.
"""

from __future__ import annotations

from launchpad_tui.domain.cluster import Cluster, ClusterJob, NodeGroup, Partition
from launchpad_tui.runtimes.embedded.engines.slurm import job_states
from launchpad_tui.runtimes.embedded.engines.slurm.client import SlurmClient, SlurmJob

#: the beginning of the comments of all jobs of launchpad
COMMENT = "launchpad"
#: partition (the default one has a star), availability, time limit, nodes and CPUs, both as
#: allocated/idle/other/total
PARTITION_FORMAT = "%P|%a|%l|%F|%C"
#: partition, state, number of nodes, CPUs, memory in megabytes, generic resources, names
NODE_FORMAT = "%P|%T|%D|%c|%m|%G|%N"
#: what the last character of a node's state means, see "NODE STATE CODES" in sinfo(1)
_SUFFIXES = {
    "*": "not responding",
    "~": "powered off",
    "#": "starting",
    "!": "power-off pending",
    "%": "powering off",
    "$": "in maintenance",
    "@": "reboot pending",
    "^": "rebooting",
    "-": "planned for a job",
}


def read_cluster(client: SlurmClient) -> Cluster:
    """Return the state of a cluster, with two calls of sinfo and one of squeue.

    Raises:
        Unreachable, SlurmRejected, ConfigError: as for `SlurmClient.call`.
    """
    partitions = parse_partitions(client.call(["sinfo", "--noheader", "-o", PARTITION_FORMAT]))
    nodes = parse_nodes(client.call(["sinfo", "--noheader", "-o", NODE_FORMAT]))
    jobs = [
        _cluster_job(job) for job in client.jobs().values() if not job_states.is_final(job.state)
    ]
    return Cluster(partitions, nodes, jobs)


def parse_partitions(output: str) -> list[Partition]:
    """Return the partitions in the output of sinfo with `PARTITION_FORMAT`."""
    found: dict[str, Partition] = {}
    for line in output.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 5:
            continue
        name, state, limit, nodes, cpus = parts
        _, idle_nodes, _, all_nodes = _counts(nodes)
        _, idle_cpus, _, all_cpus = _counts(cpus)
        plain = name.rstrip("*")
        known = found.get(plain)
        if known is not None:
            # Nodes of a partition with different properties have a line each.
            idle_nodes, all_nodes = known.idle_nodes + idle_nodes, known.nodes + all_nodes
            idle_cpus, all_cpus = known.idle_cpus + idle_cpus, known.cpus + all_cpus
        found[plain] = Partition(
            plain, name.endswith("*"), state, limit, idle_nodes, all_nodes, idle_cpus, all_cpus
        )
    return list(found.values())


def parse_nodes(output: str) -> list[NodeGroup]:
    """Return the groups of nodes in the output of sinfo with `NODE_FORMAT`."""
    found: list[NodeGroup] = []
    for line in output.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 7:
            continue
        partition, state, count, cpus, memory, devices, names = parts
        found.append(
            NodeGroup(
                partition.rstrip("*"),
                _state_text(state),
                _number(count),
                _number(cpus),
                _number(memory),
                "" if devices == "(null)" else devices,
                names,
            )
        )
    return found


def _state_text(state: str) -> str:
    plain = state.rstrip("".join(_SUFFIXES))
    notes = [_SUFFIXES[each] for each in state[len(plain) :]]
    return ", ".join([plain, *notes])


def _counts(text: str) -> tuple[int, int, int, int]:
    parts = [_number(part) for part in text.split("/")]
    return (parts[0], parts[1], parts[2], parts[3]) if len(parts) == 4 else (0, 0, 0, 0)


def _number(text: str) -> int:
    """Return a number of sinfo: ``4``, ``4+`` if nodes have more, or ``1.2K`` in large clusters."""
    plain = text.rstrip("+")
    factor = {"K": 1000, "M": 1_000_000}.get(plain[-1:].upper(), 1)
    try:
        return round(float(plain.rstrip("KMkm")) * factor)
    except ValueError:
        return 0


def _cluster_job(job: SlurmJob) -> ClusterJob:
    own, _, rest = job.comment.partition(":")
    return ClusterJob(
        job.id,
        rest.partition(":")[0] if own == COMMENT else "",
        job.state,
        job_states.waiting_text(job.reason) if job.state in job_states.WAITING else job.nodes,
        job.elapsed,
        job.limit,
    )

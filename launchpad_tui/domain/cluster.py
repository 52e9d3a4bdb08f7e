"""The partitions, nodes and jobs of a cluster on which executions run."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.records import record


@record
class Partition:
    """A group of nodes to which jobs are submitted.

    Args:
        default: whether jobs without a partition are submitted to it.
        state: ``up``, or why it starts no jobs.
        limit: the longest time of a job as the cluster shows it, such as ``1-00:00:00``.
    """

    name: str
    default: bool
    state: str
    limit: str
    idle_nodes: int
    nodes: int
    idle_cpus: int
    cpus: int

    @property
    def columns(self) -> tuple[str, ...]:
        """What is free, the time limit, and the state, for a line of a table."""
        return (
            f"{self.idle_nodes:,} of {self.nodes:,} nodes idle",
            f"{self.idle_cpus:,} of {self.cpus:,} CPUs idle",
            f"limit {self.limit}",
            *(["default"] if self.default else []),
            *([] if self.state == "up" else [self.state]),
        )


@record
class NodeGroup:
    """Nodes of a partition with the same state and the same resources.

    Args:
        memory: megabytes of a node.
        devices: its GPUs and other generic resources; empty if it has none.
        names: the names of the nodes, such as ``n[1-4]``.
    """

    partition: str
    state: str
    count: int
    cpus: int
    memory: int
    devices: str
    names: str

    @property
    def columns(self) -> tuple[str, ...]:
        """State, number and resources, for a line of a table."""
        return (
            self.state,
            f"{self.count:,} node{'s' if self.count != 1 else ''}",
            f"{self.cpus:,} CPUs",
            f"{self.memory / 1000:,.0f} GB",
            self.devices or "no GPUs",
            self.names,
        )


@record
class ClusterJob:
    """A job of the user that waits or runs.

    Args:
        execution_id: the execution that it belongs to; empty if launchpad did not submit it.
        place: the nodes that it runs on, or why it waits.
        elapsed, limit: times as the cluster shows them.
    """

    id: str
    execution_id: str
    state: str
    place: str
    elapsed: str
    limit: str

    @property
    def columns(self) -> tuple[str, ...]:
        """State, place, times and execution, for a line of a table."""
        return (
            self.state.lower(),
            self.place,
            f"{self.elapsed} of {self.limit}",
            self.execution_id or "not of launchpad",
        )


@record
class Cluster:
    """What a cluster has and does."""

    partitions: Sequence[Partition]
    nodes: Sequence[NodeGroup]
    jobs: Sequence[ClusterJob]

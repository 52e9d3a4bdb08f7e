"""Fixtures: a cluster for all tests of a process, and a desk with a connection to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.bench import SlurmBench
from tests.slurm.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Cluster]:
    """The cluster of all tests of this process."""
    with (
        tempfile.TemporaryDirectory(prefix="slurm-") as folder,
        running_cluster(Path(folder)) as cluster,
    ):
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, whose nodes are usable again after each test."""
    yield shared_cluster
    shared_cluster.resume()


@pytest.fixture
def bench(cluster: Cluster, tmp_path: Path) -> Iterator[SlurmBench]:
    """A desk with the connection ``hpc`` to the cluster."""
    found = SlurmBench(tmp_path, cluster)
    try:
        yield found
    finally:
        found.close()

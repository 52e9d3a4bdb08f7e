"""A desk with a connection to the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.bench import SlurmBench
from tests.slurm.cluster import Cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, whose nodes are usable again after each test."""
    yield shared_cluster
    shared_cluster.resume()


@pytest.fixture
def bench(cluster: Cluster, tmp_path: Path) -> Iterator[SlurmBench]:
    """A desk with the connection ``hpc`` to the cluster."""
    found = SlurmBench(tmp_path)
    try:
        yield found
    finally:
        found.close()

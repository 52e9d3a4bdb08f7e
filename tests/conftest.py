"""Configuration of all tests."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.slurm.cluster import Cluster

# How long examples take depends on what else the machine does.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# Tests and the processes that they start must not use the keyring of the user.
os.environ["LAUNCHPAD_CREDENTIALS"] = "file"

# A shell starts programs in the background with a signal that is ignored. The processes of tests
# inherit that, and could not be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def skipped_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the pauses between attempts to reach a server; see `skip_pauses`."""
    from tests.virtual_time import skip_pauses

    skip_pauses(monkeypatch)


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[Cluster]:
    """The Slurm cluster of all tests of this process. The test is skipped if it cannot start."""
    from tests.slurm.cluster import running_cluster

    # The path of a Unix socket has at most 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="slurm-") as folder,
        running_cluster(Path(folder)) as cluster,
    ):
        yield cluster

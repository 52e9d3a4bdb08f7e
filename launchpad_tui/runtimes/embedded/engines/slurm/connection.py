"""The checks of a connection to a Slurm cluster."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum

from launchpad_tui.domain.cluster import Cluster
from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import ConfigError, LaunchpadError, PermissionDenied
from launchpad_tui.runtimes.connection_support import ConnectionSupport
from launchpad_tui.runtimes.embedded.engines.slurm.client import SlurmClient
from launchpad_tui.runtimes.embedded.engines.slurm.cluster_state import (
    PARTITION_FORMAT,
    parse_partitions,
    read_cluster,
)
from launchpad_tui.runtimes.embedded.engines.slurm.settings import SlurmSettings, parse_settings


class ClusterCheckPart(StrEnum):
    """The parts that can fail in addition to those of `CheckPart`."""

    FOLDER = "shared folder"
    PROGRAMS = "commands"
    PARTITIONS = "partitions"
    SUBMISSION = "submission"


class SlurmConnectionSupport(ConnectionSupport):
    """Validates the settings of a connection and checks the cluster."""

    def check(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],  # noqa: ARG002
        stored: Collection[str],  # noqa: ARG002
    ) -> None:
        """Check paths, options and resource plans. Raises InvalidInput."""
        parse_settings(settings)

    def cluster(self, settings: Mapping[str, str]) -> Cluster:
        """Return partitions, nodes and the jobs of the user. Raises LaunchpadError."""
        return read_cluster(SlurmClient(parse_settings(settings)))

    def check_steps(
        self,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],  # noqa: ARG002
        resource_group: str,  # noqa: ARG002
    ) -> Iterator[CheckStep]:
        """Yield the steps: settings, shared folder, commands, partitions, and a test of sbatch."""
        try:
            found = parse_settings(settings)
        except LaunchpadError as error:
            yield CheckStep(CheckPart.SETTINGS, error.title, error)
            return
        yield CheckStep(CheckPart.SETTINGS, _where(found))
        client = SlurmClient(found)
        checks: tuple[tuple[ClusterCheckPart, Callable[[], str]], ...] = (
            (ClusterCheckPart.FOLDER, lambda: _check_folder(found)),
            (ClusterCheckPart.PROGRAMS, lambda: _check_programs(client)),
            (ClusterCheckPart.PARTITIONS, lambda: _check_partitions(client, found)),
            (ClusterCheckPart.SUBMISSION, lambda: _check_submission(client, found)),
        )
        for part, check in checks:
            try:
                yield CheckStep(part, check())
            except LaunchpadError as error:
                yield CheckStep(part, error.title, error)
                return


def _where(settings: SlurmSettings) -> str:
    if settings.host:
        return f"Slurm's commands are called on {settings.host} through ssh"
    return "Slurm's commands are called on this machine"


def _check_folder(settings: SlurmSettings) -> str:
    folder = settings.shared_folder
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".launchpad-test-") as file:
            file.write(b"launchpad")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise PermissionDenied(
            f"The shared folder {folder} cannot be written",
            error.strerror or str(error),
            "Select a folder that you own and that all nodes see, for example in your home folder.",
        ) from error
    return f"{folder} can be written"


def _check_programs(client: SlurmClient) -> str:
    version = client.call(["sbatch", "--version"]).strip()
    for name in ("squeue", "scancel", "sinfo"):
        client.call([name, "--version"])
    return f"{version}: sbatch, squeue, scancel, sinfo"


def _check_partitions(client: SlurmClient, settings: SlurmSettings) -> str:
    output = client.call(["sinfo", "--noheader", "-o", PARTITION_FORMAT])
    known = {each.name: each for each in parse_partitions(output)}
    wanted = [name for name in settings.partition.split(",") if name]
    for name in wanted:
        if name not in known:
            raise ConfigError(
                f"The cluster has no partition {name}",
                f"Its partitions are: {', '.join(known) or 'none'}.",
                "Change the partition of the connection.",
            )
    shown = wanted or [name for name, each in known.items() if each.default] or list(known)
    return "; ".join(
        f"{name}: {known[name].idle_nodes} of {known[name].nodes} nodes idle" for name in shown
    )


def _check_submission(client: SlurmClient, settings: SlurmSettings) -> str:
    """Test with sbatch whether a job would be accepted, without submitting it."""
    options = settings.submit_options("")
    client.call(["sbatch", "--test-only", *options, "--wrap", "true"])
    return f"a job with {' '.join(options)} is accepted"

"""Calls Slurm's own commands, on this machine or on a login node through ``ssh``."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence

from launchpad_tui.errors import ConfigError, LaunchpadError, Unreachable
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.engines.slurm.settings import SlurmSettings

#: seconds that one call may take; Slurm's commands themselves wait for the controller for longer
_CALL_SECONDS = 60.0
#: the fields of squeue(1), the comment last because it may contain the separator. Unlike JSON, they
#: are the same in all versions.
_QUEUE_FORMAT = "%i|%T|%r|%N|%M|%l|%k"
#: the fields of sacct(1)
_HISTORY_FORMAT = "JobIDRaw,State,NodeList,Elapsed,Timelimit"
#: what Slurm's commands print if the controller does not respond, or is not ready
_CONTROLLER = re.compile(
    r"Unable to contact slurm controller|Connection refused|Socket timed out|Transport endpoint|"
    r"Slurm temporarily unable|Slurm backup controller|Zero Bytes were transmitted|"
    r"Communication connection failure|Slow down|Resource temporarily unavailable|"
    r"Unable to establish configuration source|Connection timed out",
    re.IGNORECASE,
)
#: the beginnings of variables that must not reach Slurm's commands
_REMOVED = (
    *("AICORE_", "LAUNCHPAD_", "SLURM_JOB", "SLURM_STEP", "SLURM_PROCID"),
    *("SQUEUE_", "SACCT_", "SINFO_", "SSTAT_", "SCANCEL_", "SCONTROL_", "SLURM_BITSTR_LEN"),
    *("SBATCH_ARRAY", "SBATCH_WAIT", "SBATCH_EXPORT", "SBATCH_OPEN_MODE", "SBATCH_REQUEUE"),
    *("SBATCH_NO_REQUEUE", "SLURM_EXPORT_ENV", "SBATCH_CLUSTERS"),
)
#: the exit code of ssh itself (ssh(1), "EXIT STATUS")
_SSH_FAILED = 255


@record
class SlurmJob:
    """A job as the controller reports it.

    Args:
        state: the long form of its state, such as ``PENDING``.
        reason: why it waits, as squeue reports it.
        nodes: the nodes that it runs on.
        elapsed, limit: times as squeue shows them, such as ``1-02:03:04``.
        comment: the comment, with which the engine finds its jobs again.
    """

    id: str
    state: str
    reason: str = ""
    nodes: str = ""
    elapsed: str = ""
    limit: str = ""
    comment: str = ""


class SlurmRejected(LaunchpadError):
    """Slurm rejected a request."""


class SlurmClient:
    """Calls the commands of Slurm. Safe for threads.

    Args:
        settings: the settings of the connection.
    """

    def __init__(self, settings: SlurmSettings) -> None:
        self._settings = settings
        #: the option of squeue that selects the jobs of the user
        self._own = ["--me"]

    def submit(self, script: str, options: Sequence[str]) -> str:
        """Submit a job script and return the ID of the job.

        Raises:
            SlurmRejected: the request is not valid, for example its partition does not exist.
            Unreachable: the controller or the login node does not respond. The job may have been
                submitted all the same.
            ConfigError: sbatch is not installed.
        """
        output = self.call(["sbatch", "--parsable", *options, script])
        # "ID" or "ID;CLUSTER", after messages of plugins of the site.
        found = re.search(r"^(\d+)(?:;\S*)?\s*$", output, re.MULTILINE)
        if found is None:
            raise SlurmRejected(
                "Slurm returned no job ID",
                output.strip()[:400],
                "Submit a job with sbatch on the command line to see what the site reports.",
            )
        return found[1]

    def jobs(self) -> dict[str, SlurmJob]:
        """Return the jobs of the user by ID, including those that ended a short time ago.

        Raises:
            Unreachable: the controller or the login node does not respond.
            SlurmRejected, ConfigError: squeue cannot be called.
        """
        arguments = ["--states=all", "--noheader", "-o", _QUEUE_FORMAT]
        try:
            return parse_queue(self.call(["squeue", *self._own, *arguments]))
        except SlurmRejected as error:
            if "--me" not in self._own or "option" not in error.detail:
                raise
        # squeue before version 20.02 has no option --me.
        self._own = [f"--user={self.call(['id', '-un']).strip()}"]
        return parse_queue(self.call(["squeue", *self._own, *arguments]))

    def ended_jobs(self, job_ids: Sequence[str]) -> dict[str, SlurmJob]:
        """Return jobs from the accounting database by ID, as far as there is one that knows them.

        Raises:
            Unreachable: the controller, the database or the login node does not respond.
        """
        arguments = ["-X", "-P", "-n", "-j", ",".join(job_ids), "-o", _HISTORY_FORMAT]
        try:
            return parse_history(self.call(["sacct", *arguments]))
        except (SlurmRejected, ConfigError):
            # Most small clusters have no accounting database.
            return {}

    def cancel(self, job_ids: Sequence[str]) -> None:
        """Cancel jobs: their processes get SIGTERM, and SIGKILL after ``KillWait`` of the site.

        Raises:
            Unreachable: the controller or the login node does not respond.
        """
        if job_ids:
            try:
                self.call(["scancel", "--quiet", *job_ids])
            except SlurmRejected:
                # The jobs have ended in the meantime.
                return

    def call(self, arguments: Sequence[str]) -> str:
        """Return the standard output of a command of Slurm.

        Raises:
            Unreachable: the controller or the login node does not respond.
            SlurmRejected: the command failed.
            ConfigError: the command is not installed.
        """
        host, name = self._settings.host, arguments[0]
        command = list(arguments)
        if host:
            command = ["ssh", "-o", "BatchMode=yes", "--", host, shlex.join(arguments)]
        environment = {key: text for key, text in os.environ.items() if not _is_own(key)}
        try:
            done = subprocess.run(
                command,
                env={**environment, "SLURM_TIME_FORMAT": "standard"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_CALL_SECONDS,
                check=False,
                # A terminal's ctrl+c must not interrupt a submission.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise _missing(command[0], host) from error
        except subprocess.TimeoutExpired as error:
            raise _unreachable(name, host, f"No response within {_CALL_SECONDS:g} s.") from error
        except OSError as error:
            raise ConfigError(
                f"{command[0]} cannot be called", str(error), "Check the installation of Slurm."
            ) from error
        output = done.stdout.decode("utf-8", "replace")
        if not done.returncode:
            return output
        text = done.stderr.decode("utf-8", "replace").strip() or output.strip()
        if host and done.returncode == _SSH_FAILED:
            raise _unreachable("ssh", host, text)
        if host and done.returncode == 127:
            raise _missing(name, host)
        if _CONTROLLER.search(text):
            raise _unreachable(name, host, text)
        raise SlurmRejected(
            f"{name} failed",
            _plain(text)[:400] or f"exit code {done.returncode}",
            "Check the options and resource plans of the connection.",
        )


def parse_queue(output: str) -> dict[str, SlurmJob]:
    """Return the jobs in the output of squeue with the format of this module, by ID."""
    found: dict[str, SlurmJob] = {}
    for line in output.splitlines():
        parts = line.split("|", 6)
        if len(parts) == 7 and parts[0]:
            job_id, state, reason, nodes, elapsed, limit, comment = (part.strip() for part in parts)
            if comment in {"(null)", "N/A"}:
                comment = ""
            found[job_id] = SlurmJob(job_id, state, reason, nodes, elapsed, limit, comment)
    return found


def parse_history(output: str) -> dict[str, SlurmJob]:
    """Return the jobs in the output of sacct with the format of this module, by ID."""
    found: dict[str, SlurmJob] = {}
    for line in output.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) >= 5 and parts[0].isdigit() and parts[1]:
            job_id, state, nodes, elapsed, limit = parts[:5]
            nodes = "" if nodes == "None assigned" else nodes
            # "CANCELLED by 1000". A job that was requeued has a line for each run, the last one
            # last.
            found[job_id] = SlurmJob(job_id, state.split()[0], "", nodes, elapsed, limit)
    return found


def _is_own(name: str) -> bool:
    """Return whether a variable must not reach Slurm's commands.

    Such a variable describes another execution or job, or contains options of the user's own calls,
    such as a partition to which squeue is limited.
    """
    if name == "LAUNCHPAD_SANDBOX":
        return False
    return name.startswith(_REMOVED)


def _plain(text: str) -> str:
    """Return an error message of Slurm without the names of programs at the start of its lines."""
    lines = (re.sub(r"^\w+: (?:error: )?", "", line) for line in text.splitlines())
    return " ".join(line.strip() for line in lines if line.strip())


def _missing(program: str, host: str) -> ConfigError:
    place = f"on {host}" if host else "on this machine"
    return ConfigError(
        f"The program {program} was not found {place}",
        "Jobs are submitted with Slurm's own commands.",
        "Run launchpad on a login node of the cluster, or set the host of the connection.",
    )


def _unreachable(name: str, host: str, text: str) -> Unreachable:
    what = f"{host} cannot be reached" if name == "ssh" else "Slurm's controller does not respond"
    return Unreachable(what, _plain(text)[:400], "Running jobs continue. launchpad tries again.")

"""The engine that runs the commands of steps as processes of this machine."""

from __future__ import annotations

from pathlib import Path

from launchpad_tui.runtimes.embedded import process, sandbox
from launchpad_tui.runtimes.embedded.engines.base import ImageRuntime, StepCommand

#: the largest number of steps with the same name
_SAME_NAMES = 10_000


class ProcessEngine:
    """Runs every command as a child of the supervisor, with which it ends.

    Args:
        execution_id: the ID of the execution, which marks its processes.
    """

    reattaches = False
    starts_at_once = True
    images: ImageRuntime | None = None

    def __init__(self, execution_id: str) -> None:
        self._execution_id = execution_id

    def sandbox(self) -> sandbox.Sandbox:
        """Return the best method that this machine supports. Raises ConfigError."""
        return sandbox.choose()

    def place(self, artifacts: Path, name: str, key: str) -> Path:  # noqa: ARG002
        """Create and return a new folder; a number follows the name if the folder exists."""
        path = artifacts / name
        for number in range(1, _SAME_NAMES):
            candidate = path if number == 1 else path.with_name(f"{path.name}-{number}")
            try:
                candidate.mkdir(parents=True)
            except FileExistsError:
                continue
            return candidate
        return path

    def run(self, command: StepCommand) -> process.ExitStatus:
        """Run a command until it ends; it gets SIGTERM and later SIGKILL when it has to stop.

        Raises:
            OSError: the command cannot be started.
        """
        return process.run(
            command.launch,
            command.step,
            command.log,
            command.cancellation,
            command.record,
            command.observe,
        )

    def clean_up(self) -> None:
        """Kill the processes of the execution that are still running."""
        process.kill_remaining(self._execution_id)

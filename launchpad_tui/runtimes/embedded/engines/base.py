"""The Engine protocol: how the command of a step is started, watched and stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from launchpad_tui.domain.execution import Execution
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.metric_recording import ExecutionMetrics
from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.process import Cancellation, ExitStatus
from launchpad_tui.runtimes.embedded.sandbox import Launch, Sandbox
from launchpad_tui.runtimes.embedded.workspace import Workspace
from launchpad_tui.runtimes.host import RuntimeHost
from launchpad_tui.runtimes.log_files import LogWriter


@record
class StepCommand:
    """The command of one attempt of a step.

    Args:
        key: names the attempt within its execution. A repeated run of the same workflow gives the
            same attempt the same key.
        step: the name of the step, for the log.
        launch: the command, its environment and its working directory.
        place: the folder of the step.
        resource_plan: the plan that the template names; empty if it names none.
        log: receives the output of the command.
        cancellation: once it is requested, the command is stopped.
        record: receives the lines of standard output that begin with ``::``.
        observe: receives ``stdout`` or ``stderr``, and its lines.
    """

    key: str
    step: str
    launch: Launch
    place: Path
    resource_plan: str
    log: LogWriter
    cancellation: Cancellation
    record: Callable[[list[bytes]], None]
    observe: Callable[[str, list[bytes]], None]


@record
class EngineContext:
    """The execution whose commands an engine runs.

    Args:
        host: the registry, the object stores and the settings of this machine.
        execution: the execution.
        workspace: its folders.
        log: its log.
        metrics: records its metrics.
        options: the options of the engine in the settings of the executable.
        running: called when a command runs that did not start at once; may be called again.
        describe: receives the status message and status details while commands wait or run.
    """

    host: RuntimeHost
    execution: Execution
    workspace: Workspace
    log: LogWriter
    metrics: ExecutionMetrics
    options: str
    running: Callable[[], None]
    describe: Callable[[str, Mapping[str, str]], None]


class ImageRuntime(Protocol):
    """Runs commands in containers of the images that templates name."""

    name: str

    def launch(
        self,
        image: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        mounts: Sequence[Mount],
    ) -> Launch:
        """Return the command that runs another one in a container.

        Args:
            image: the image as the template names it.
            argv: the command in the container; empty for that of the image.
            env: its variables.
            cwd: its working directory; empty for that of the image.
            mounts: inputs, outputs and scripts.

        Raises:
            InvalidInput: the command or a path is not supported.
        """


class Engine(Protocol):
    """Runs the commands of one execution. Safe for threads: steps may run in parallel.

    Attributes:
        reattaches: whether commands continue without the supervisor. Another supervisor then runs
            the workflow again, and for each attempt of a step that was started before, `run`
            returns its result or waits for it.
        starts_at_once: whether commands start without waiting for resources. If not, the execution
            is PENDING until the first one starts.
        images: runs the images of templates; None if the code of their folders runs instead.
    """

    reattaches: bool
    starts_at_once: bool
    images: ImageRuntime | None

    def sandbox(self) -> Sandbox:
        """Return the method of mapping the container's paths.

        Raises:
            ConfigError: the environment selects an unknown method.
        """

    def place(self, artifacts: Path, name: str, key: str) -> Path:
        """Create and return the folder of a step.

        Args:
            artifacts: the folder of all artifacts of the execution.
            name: the name of the step as a file name; several steps may have the same.
            key: names the attempt within its execution, as in `StepCommand`.
        """

    def run(self, command: StepCommand) -> ExitStatus:
        """Run a command until it ends, or until it was stopped because that was requested.

        Raises:
            OSError: the command cannot be started.
        """

    def clean_up(self) -> None:
        """End everything that commands of the execution left running."""

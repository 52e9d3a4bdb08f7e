"""Executions of the embedded runtime: created, queued, started, stopped, deleted, and found dead."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    Outcome,
    Status,
    TargetStatus,
    check_stop,
    new_execution_id,
    why_not_finish,
)
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import CapabilityMissing, ConfigError, Conflict, LaunchpadError, NotFound
from launchpad_tui.registry import executions, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.configurations import ConfigurationService
from launchpad_tui.services.execution_reader import ExecutionReader

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.runtimes.base import ExecutionLog
    from launchpad_tui.services.dispatch import Dispatcher
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtimes import Runtimes


#: the folder of a home with the logs of executions elsewhere
REMOTE = "remote"


class ExecutionService(ExecutionReader):
    """Executions of a resource group. Safe for threads.

    Args:
        files: gives the object stores, when outputs are stored.
        fire: creates the executions that schedules want.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        registry: Registry,
        configurations: ConfigurationService,
        files: Callable[[], FileService],
        runtimes: Runtimes,
        fire: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(registry)
        self._home = home
        self._configurations = configurations
        self._files = files
        self._runtimes = runtimes
        self._fire = fire
        self._parallel = settings.executions.parallel

    @cached_property
    def _dispatcher(self) -> Dispatcher:
        from launchpad_tui.services.dispatch import Dispatcher

        return Dispatcher(self._home, self._parallel, self._registry)

    def create(self, scope: Scope, configuration_id: str) -> Execution:
        """Put an execution of the configuration into the queue; it starts at once where there is room.

        Raises:
            NotFound: there is no such configuration, or its executable is gone.
            ConfigError: a secret that the executable needs is missing.
            CapabilityMissing, Unreachable and others: a runtime elsewhere does not do it.
        """
        return self._create(scope, self._configurations.get(scope, configuration_id))

    def create_again(
        self,
        scope: Scope,
        execution_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        name: str = "",
    ) -> Execution:
        """Create an execution like an earlier one. With other parameters or inputs (those given replace the old ones,
        the rest stays) or another name, a configuration of its own is made for it.

        Raises:
            As `create`, and InvalidInput: a parameter or input is wrong.
        """
        source = self._configurations.get(
            scope, self.get(scope, execution_id).execution.configuration_id
        )
        changed = {**source.parameters, **(parameters or {})}
        bound = {**source.inputs, **(inputs or {})}
        if (
            changed == dict(source.parameters)
            and bound == dict(source.inputs)
            and name in {"", source.name}
        ):
            return self._create(scope, source)
        made = self._configurations.create(
            scope, name or source.name, source.executable_id, changed, bound
        )
        return self._create(scope, made)

    def create_scheduled(
        self, scope: Scope, configuration_id: str, schedule_id: str, claim: Callable[[], bool]
    ) -> Execution | None:
        """As `create` on this machine, for a schedule.

        Args:
            claim: says whether it is still this process's turn, in the transaction that creates the execution; where it
                is not, nothing is created.
        """
        new = replace(
            self._new(scope, self._configurations.get(scope, configuration_id)),
            schedule_id=schedule_id,
        )
        with self._registry.write():
            if not claim():
                return None
            executions.create(self._registry, scope, new)
        self._dispatcher.dispatch()
        return new

    def _create(self, scope: Scope, configuration: Configuration) -> Execution:
        if self._runtimes.is_remote(scope):
            return self._runtimes.create_execution(scope, configuration.id)
        new = self._new(scope, configuration)
        executions.create(self._registry, scope, new)
        self._dispatcher.dispatch()
        return new

    def _new(self, scope: Scope, configuration: Configuration) -> Execution:
        executable = scenarios.executable(self._registry, scope, configuration.executable_id)
        self._check_secrets(executable.template, Path(executable.source or "template"))
        return executions.new_pending(configuration, executable.version, new_execution_id())

    def _check_secrets(self, template: str, source: Path) -> None:
        from launchpad_tui.runtimes.embedded.templates import parse_text

        for name, key in parse_text(template, source).workflow.secrets:
            read_secret(self._home.secrets, name, key)

    def stop(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Stop executions: those that wait at once, those that run by TERM and then KILL to all their processes."""
        if self._runtimes.is_remote(scope):
            return self._runtimes.stop(scope, ids)
        return tuple(
            self._each(execution_id, lambda one: self._stop(scope, one)) for execution_id in ids
        )

    def _stop(self, scope: Scope, execution_id: str) -> None:
        with self._registry.write("executions"):
            found = executions.execution(self._registry, scope, execution_id)
            check_stop(execution_id, found.status)
            executions.set_target(self._registry, scope, execution_id, TargetStatus.STOPPED)
            waiting = any(
                each.execution.id == execution_id and each.claim is None
                for each in executions.unfinished(self._registry, scope)
            )
            if waiting:
                said = "stopped before it started"
                executions.transition(
                    self._registry, scope, execution_id, Status.STOPPED, said, completed_at=now()
                )
            else:
                executions.transition(
                    self._registry, scope, execution_id, Status.STOPPING, "stopping"
                )
        self._dispatcher.wake(execution_id)

    def finish(
        self, scope: Scope, execution_id: str, progress: Progress | None = None
    ) -> tuple[Artifact, ...]:
        """Store and register the outputs of an execution that did its work, but whose object store failed; gives the
        artifacts. Done by this process, while the caller waits.

        Raises:
            NotFound: there is no such execution, or its outputs are gone.
            Conflict: none of its outputs wait, or another process stores them.
            Unreachable and others: the store did not take them; they are still kept.
        """
        import shutil

        from launchpad_tui.runtimes.embedded.logs import LogWriter
        from launchpad_tui.services import finishing
        from launchpad_tui.services.dispatch import supervisor_lock

        self._require_local(scope)
        execution = executions.execution(self._registry, scope, execution_id)
        folder = self._home.executions / execution_id
        with supervisor_lock(folder) as free:
            reason = why_not_finish(execution)
            if reason is not None or not free:
                raise Conflict(
                    f"Execution {execution_id} cannot be finished",
                    reason or "Another process does it.",
                )
            outputs = finishing.kept(folder)
            log = LogWriter(folder)
            try:
                made = finishing.finish(
                    self._registry,
                    self._files(),
                    log.report,
                    scope,
                    execution,
                    outputs,
                    progress,
                    again=True,
                )
            except LaunchpadError as error:
                log.report(f"not stored: {error.title}")
                raise
            finally:
                log.close()
            finishing.forget(folder)
        shutil.rmtree(folder / "work", ignore_errors=True)
        return made

    def delete(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Delete executions that have ended, with their metrics and logs; the artifacts they made stay."""
        if self._runtimes.is_remote(scope):
            from launchpad_tui.services.remote_log import forget_log

            outcomes = self._runtimes.delete(scope, ids)
            for one in outcomes:
                if one.error is None:
                    forget_log(self._home.root / REMOTE, scope, one.id)
            return outcomes
        return tuple(
            self._each(execution_id, lambda one: self._delete(scope, one)) for execution_id in ids
        )

    def _delete(self, scope: Scope, execution_id: str) -> None:
        executions.delete(self._registry, scope, execution_id)
        import shutil

        shutil.rmtree(self._home.executions / execution_id, ignore_errors=True)

    @staticmethod
    def _each(execution_id: str, do: object) -> Outcome:
        try:
            do(execution_id)  # type: ignore[operator]
        except LaunchpadError as error:
            return Outcome(execution_id, error)
        return Outcome(execution_id)

    def log(self, scope: Scope, execution_id: str) -> ExecutionLog:
        """The log of an execution; it may grow while it is read. Raises NotFound."""
        from launchpad_tui.runtimes.embedded.logs import LogFile

        found = executions.execution(self._registry, scope, execution_id)
        if self._runtimes.is_remote(scope):
            from launchpad_tui.services.remote_log import RemoteLog, folder_of

            return RemoteLog(
                folder_of(self._home.root / REMOTE, scope, found.id),
                lambda: self._runtimes.runtime(scope, "logs"),
                lambda: executions.execution(self._registry, scope, execution_id),
            )
        return LogFile(self._home.executions / execution_id)

    def reconcile(self) -> None:
        """Find executions whose supervisor died and say so, create what schedules want, and start what waits. Cheap
        where nothing runs."""
        self._dispatcher.reconcile()
        self._fire()

    def _require_local(self, scope: Scope) -> None:
        if self._runtimes.is_remote(scope):
            raise CapabilityMissing(f"{scope.connection} does not run on this machine")


def read_secret(folder: Path, name: str, key: str = "") -> dict[str, str]:
    """Keys and values of a secret: the files in ``<home>/secrets/<name>``. With a key, only that one.

    Raises:
        ConfigError: it is missing, or others can read it.
    """
    place = folder / name
    if "/" in name or "/" in key or name in {".", ".."} or key in {".", ".."}:
        raise ConfigError(f"{name!r} is no name of a secret")
    try:
        files = [place / key] if key else sorted(each for each in place.iterdir() if each.is_file())
        found = {}
        for each in files:
            if each.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError("A secret can be read by others", str(each), f"chmod 600 {each}")
            found[each.name] = each.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        what = f"{name}/{key}" if key else name
        hint = f"Write each of its values into a file of its own, mode 0600, in {place}."
        raise ConfigError(
            f"The secret {what} that the executable needs is missing", str(place / key), hint
        ) from error
    if not found:
        raise NotFound(f"The secret {name} is empty", str(place))
    return found

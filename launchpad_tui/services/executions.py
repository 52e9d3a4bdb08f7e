"""Executions of the embedded runtime: created, queued, started, stopped, deleted, and found dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    Outcome,
    TargetStatus,
)
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.registry import artifacts, connections, executions
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.configurations import ConfigurationService
from launchpad_tui.services.execution_reader import ExecutionReader

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.runtimes.base import ExecutionLog
    from launchpad_tui.runtimes.embedded.dispatcher import Dispatcher
    from launchpad_tui.runtimes.embedded.runtime import EmbeddedRuntime
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtime_host import LocalRuntimeHost
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
        self._settings = settings

    @cached_property
    def _host(self) -> LocalRuntimeHost:
        from launchpad_tui.services.runtime_host import LocalRuntimeHost

        return LocalRuntimeHost(self._home, self._settings.executions, self._registry, self._files)

    @cached_property
    def _dispatcher(self) -> Dispatcher:
        from launchpad_tui.runtimes.embedded.dispatcher import Dispatcher

        return Dispatcher(self._host)

    def _embedded(self, scope: Scope) -> EmbeddedRuntime:
        from launchpad_tui.runtimes.embedded.runtime import EmbeddedRuntime

        connection = connections.connection(self._registry, scope.connection)
        return EmbeddedRuntime(connection, {}, self._host, scope.resource_group)

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

    def create_due(self, at: datetime) -> int:
        """Create and start the executions of this machine's schedules that are due at a time.

        Returns:
            The number of executions that were created.
        """
        from launchpad_tui.runtimes.embedded.due_schedules import create_due_executions

        created = create_due_executions(self._host, at)
        if created:
            self._dispatcher.dispatch()
        return created

    def _create(self, scope: Scope, configuration: Configuration) -> Execution:
        if self._runtimes.is_remote(scope):
            return self._runtimes.create_execution(scope, configuration.id)
        created = self._embedded(scope).create_execution(configuration.id)
        return executions.execution(self._registry, scope, created)

    def stop(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Stop executions: those that wait at once, those that run by TERM and then KILL to all their processes."""
        if self._runtimes.is_remote(scope):
            return self._runtimes.stop(scope, ids)
        return tuple(self._embedded(scope).change_many(ids, TargetStatus.STOPPED))

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
        self._require_local(scope)
        self._embedded(scope).store_outputs(execution_id, progress)
        return tuple(artifacts.of_executions(self._registry, scope, [execution_id]))

    def delete(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Delete executions that have ended, with their metrics and logs; the artifacts they made stay."""
        if self._runtimes.is_remote(scope):
            from launchpad_tui.services.remote_log import forget_log

            outcomes = self._runtimes.delete(scope, ids)
            for one in outcomes:
                if one.error is None:
                    forget_log(self._home.root / REMOTE, scope, one.id)
            return outcomes
        return tuple(self._embedded(scope).change_many(ids, TargetStatus.DELETED))

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

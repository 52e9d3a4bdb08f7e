"""Executions: listed from the registry, created and changed by their runtimes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Field, Scope
from launchpad_tui.domain.execution import (
    Configuration,
    Deletion,
    Execution,
    ExecutionDetails,
    ExecutionLog,
    Outcome,
    Status,
)
from launchpad_tui.domain.query import ExecutionRow, Query
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import (
    artifacts,
    configurations,
    executions,
    lineage,
    scenarios,
    schedules,
)
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import execution_lister
from launchpad_tui.services.configurations import ConfigurationService
from launchpad_tui.services.listing import Listing

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.services.runtimes import Runtimes

#: the largest number of reproductions that the details of an execution have
_MOST_REPRODUCTIONS = 100

#: The folder with the cached logs of remote executions, in the home folder.
REMOTE = "remote"


class ExecutionService:
    """Lists, creates, stops and deletes the executions of a resource group. Thread-safe.

    Operations raise the errors of `launchpad_tui.services.runtimes.Runtimes.runtime` raises.
    """

    def __init__(
        self,
        home: Home,
        registry: Registry,
        configuration_service: ConfigurationService,
        runtimes: Callable[[], Runtimes],
    ) -> None:
        self._logs = home.root / REMOTE
        self._folders = home.executions
        self._registry = registry
        self._configurations = configuration_service
        self._runtimes = runtimes

    def listing(self, scope: Scope, query: Query) -> Listing[ExecutionRow]:
        """Return the executions that match a query.

        Raises:
            InvalidInput: A condition or the order is not valid; ``field`` names it.
        """
        return Listing(execution_lister(self._registry, scope, query))

    def count(self, scope: Scope, query: Query) -> int:
        """Return the number of executions that match a query. Raises as `listing`."""
        return self.listing(scope, query).count()

    def get(self, scope: Scope, execution_id: str) -> ExecutionDetails:
        """Return an execution with its configuration, inputs and outputs. Raises NotFound."""
        from launchpad_tui.registry import provenance

        with self._registry.read():
            found = executions.execution(self._registry, scope, execution_id)
            bound = configurations.by_id(self._registry, scope, [found.configuration_id]).get(
                found.configuration_id
            )
            inputs = lineage.inputs_of(self._registry, scope, [execution_id]).get(execution_id, ())
            known = artifacts.by_id(self._registry, scope, [artifact for _, artifact in inputs])
            outputs = artifacts.of_executions(self._registry, scope, [execution_id])
            reproductions = [
                executions.execution(self._registry, scope, one)
                for one in provenance.reproductions(
                    self._registry, scope, execution_id, _MOST_REPRODUCTIONS
                )
            ]
            try:
                name = scenarios.executable(self._registry, scope, found.executable_id).name
            except NotFound:
                name = ""
        return ExecutionDetails(
            found,
            name,
            bound,
            tuple((slot, known.get(artifact)) for slot, artifact in inputs),
            tuple(outputs),
            self._configurations.references(scope, found.configuration_id),
            self.provenance(scope, execution_id),
            executions.queue_of(self._registry, scope, execution_id)
            if found.status is Status.PENDING
            else None,
            tuple(reproductions),
        )

    def resolve(self, scope: Scope, text: str) -> Execution:
        """Return the execution with this ID, or with this unique ID prefix of at least 4
        characters; ``latest`` is the newest one.

        Raises:
            NotFound: No execution matches.
            Conflict: Several executions match; the detail lists them.
        """
        from launchpad_tui.domain.model_version import LATEST

        if text == LATEST and (newest := self.listing(scope, Query()).slice(0, 1)):
            return newest[0].execution
        return executions.resolve(self._registry, scope, text)

    def fields(self, scope: Scope) -> tuple[Field, ...]:
        """Return the settings that a single execution has in the scope's runtime."""
        return self._runtimes().runtime(scope).execution_fields()

    def create(
        self, scope: Scope, configuration_id: str, settings: Mapping[str, str] | None = None
    ) -> Execution:
        """Create an execution of a configuration and return it.

        The embedded runtime starts it immediately if fewer executions are running than the settings
        allow.

        Args:
            settings: The settings of this execution, by the names of `fields`.

        Raises:
            NotFound: The configuration or its executable does not exist.
            ConfigError: A secret that the executable requires is missing (embedded runtime).
            InvalidInput: A setting is not valid, or the configuration is one of a deployment.
        """
        one = configurations.configuration(self._registry, scope, configuration_id)
        if self._runtimes().is_remote(scope):
            self._check_executable(scope, one)
        return self._runtimes().create_execution(scope, configuration_id, settings)

    def _check_executable(self, scope: Scope, one: Configuration) -> None:
        """Raise InvalidInput if a configuration of a remote runtime is not one of an execution.

        The registry has the executables that run executions, but not those of deployments.
        """
        known = {each.id for each in scenarios.executables(self._registry, scope)}
        if known and one.executable_id not in known:
            raise InvalidInput(
                f"The configuration {one.name!r} cannot be executed",
                f"Its executable {one.executable_id} was deleted, or it is one of a deployment.",
                "Select a configuration of an executable in the list of executables.",
            )

    def create_again(
        self,
        scope: Scope,
        execution_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        name: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> Execution:
        """Create an execution like an earlier one and return it, with the same settings.

        Parameters and inputs that are given replace those of the earlier configuration. If any of
        them or the name differs, a new configuration is created. Other inputs are the artifacts
        that the earlier execution used, even if a reference now points at another model.

        Raises:
            InvalidInput: A parameter or input is not valid.
            NotFound, ConfigError: As for `create`.
        """
        found = executions.execution(self._registry, scope, execution_id)
        source = self._configurations.get(scope, found.configuration_id)
        names = [field.name for field in self.fields(scope)]
        kept = {each: found.status_details[each] for each in names if each in found.status_details}
        kept |= settings or {}
        changed = {**source.parameters, **(parameters or {})}
        bound = {**source.inputs, **(inputs or {})}
        if (
            changed == dict(source.parameters)
            and bound == dict(source.inputs)
            and name in {"", source.name}
            and not self._configurations.references(scope, source.id)
        ):
            return self._runtimes().create_execution(scope, source.id, kept)
        created = self._configurations.create(
            scope, name or source.name, source.executable_id, changed, bound
        )
        return self._runtimes().create_execution(scope, created.id, kept)

    def stop(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Stop executions and return the outcome of each."""
        return self._runtimes().stop(scope, ids)

    def store_outputs(
        self, scope: Scope, execution_id: str, progress: Progress | None = None
    ) -> tuple[Artifact, ...]:
        """Retry storing the outputs of an execution whose object store failed, and return the
        artifacts. The call returns when the outputs are stored.

        Raises:
            NotFound: The execution does not exist, or its outputs were deleted.
            Conflict: The execution has no outputs to store, or another process is storing them.
            Unreachable: The object store failed again; the outputs are still kept. Other errors of
                stores are possible.
        """
        self._runtimes().runtime(scope, "store_outputs").store_outputs(execution_id, progress)
        return tuple(artifacts.of_executions(self._registry, scope, [execution_id]))

    def delete(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Delete executions that have ended, with their logs and working files, and return the
        outcome of each. Their outputs are kept, with the parameters, inputs and metrics."""
        from launchpad_tui.services.remote_log import remove_log

        outcomes = self._runtimes().delete(scope, ids)
        for outcome in outcomes:
            if outcome.error is None:
                remove_log(self._logs, scope, outcome.id)
        return outcomes

    def provenance(self, scope: Scope, execution_id: str) -> Mapping[str, Any]:
        """Return the code and the environment with which an execution of this machine ran: Git
        commit, branch, remote and uncommitted changes, interpreter, packages and host. It is empty
        if they were not recorded. Raises NotFound for an unknown scope."""
        from launchpad_tui.registry import provenance

        return provenance.of(self._registry, scope, execution_id)

    def in_status(
        self, scope: Scope, ids: Sequence[str], statuses: Collection[Status]
    ) -> tuple[str, ...]:
        """Return those of the executions whose status is one of these. Raises NotFound for an
        unknown scope."""
        found = executions.by_id(self._registry, scope, ids)
        return tuple(one for one in ids if one in found and found[one].status in statuses)

    def deletion(self, scope: Scope, ids: Sequence[str]) -> Deletion:
        """Return what the deletion of executions would remove and keep. Raises NotFound for an
        unknown scope."""
        counts = artifacts.count_of_executions(self._registry, scope, ids)
        size = 0
        if not self._runtimes().is_remote(scope):
            size = sum(_folder_size(self._folders / one) for one in counts)
        return Deletion(len(counts), sum(map(bool, counts.values())), sum(counts.values()), size)

    def log(self, scope: Scope, execution_id: str) -> ExecutionLog:
        """Return the log of an execution; it may grow while it is read. Raises NotFound."""
        from launchpad_tui.runtimes.log_files import LogFile
        from launchpad_tui.services.remote_log import RemoteLog, folder_of

        found = executions.existing(self._registry, scope, execution_id)
        folder = self._runtimes().log_folder(scope, execution_id)
        if folder is not None:
            return LogFile(folder)
        return RemoteLog(
            folder_of(self._logs, scope, found.id),
            lambda: self._runtimes().runtime(scope, "logs"),
            lambda: executions.execution(self._registry, scope, execution_id),
        )

    def unfinished(self, scope: Scope) -> tuple[Execution, ...]:
        """Return the executions that have not ended, oldest first."""
        found = executions.unfinished(self._registry, scope)
        return tuple(one.execution for one in found)

    def reconcile(self) -> None:
        """Maintain the executions of this machine: mark executions whose supervisor died as DEAD,
        create the executions of due schedules, and start queued ones.

        Takes little time if nothing is due.
        """
        # Opening the runtime loads many modules, and most of the time there is nothing to do.
        if executions.unfinished(self._registry) or schedules.due(self._registry, now()):
            for runtime in self._runtimes().of_this_machine():
                runtime.reconcile()


def _folder_size(folder: Path) -> int:
    """Return the size in bytes of the files in a folder; unreadable ones do not count."""
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(root, name)).st_size
    return size

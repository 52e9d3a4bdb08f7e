"""Sweeps: many executions of one executable, created, followed, stopped and resumed together."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import DELETABLE, STOPPABLE, Outcome
from launchpad_tui.domain.sweep import MOST_EXECUTIONS, Sweep, SweepMember, member_name
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.undo import UndoKind
from launchpad_tui.errors import Conflict, InvalidInput, LaunchpadError, NotFound
from launchpad_tui.registry import artifacts, sweeps, undo
from launchpad_tui.services.annotations import current_user
from launchpad_tui.services.configurations import check_resource_name

if TYPE_CHECKING:
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.configurations import ConfigurationService
    from launchpad_tui.services.executions import ExecutionService

#: Called after each execution with the number of created ones and of all.
Report = Callable[[int, int], None]


class SweepService:
    """Creates and changes the sweeps of a resource group. Thread-safe."""

    def __init__(
        self,
        registry: Registry,
        configurations: ConfigurationService,
        executions: ExecutionService,
    ) -> None:
        self._registry = registry
        self._configurations = configurations
        self._executions = executions

    def list(self, scope: Scope) -> list[Sweep]:
        """Return the newest sweeps, at most 1,000. Raises NotFound for an unknown scope."""
        return sweeps.sweeps(self._registry, scope)

    def summaries(self, scope: Scope) -> builtins.list[Sweep]:
        """Return the newest sweeps without their members, at most 1,000. Raises NotFound."""
        return sweeps.summaries(self._registry, scope)

    def get(self, scope: Scope, sweep_id: str) -> Sweep:
        """Return a sweep with the current states of its executions. Raises NotFound."""
        found = sweeps.sweeps(self._registry, scope, sweep_id)
        if not found:
            raise _missing(sweep_id)
        return found[0]

    def resolve(self, scope: Scope, text: str) -> Sweep:
        """Return the sweep with this ID, unique name, or unique ID prefix of at least 4 characters;
        ``latest`` is the newest one unless a sweep has that name.

        Raises:
            NotFound: No sweep matches.
            Conflict: Several sweeps match; the detail lists them.
        """
        text = text.strip()
        known = self.summaries(scope)
        for matches in (
            [one for one in known if one.id == text],
            [one for one in known if one.name == text],
            [one for one in known if len(text) >= 4 and one.id.startswith(text)],
            known[:1] if text == "latest" else [],
        ):
            if len(matches) > 1:
                raise Conflict(
                    f"{text!r} matches several sweeps",
                    "\n".join(
                        f"{one.id}  {one.created_at.astimezone():%Y-%m-%d %H:%M}  {one.progress}"
                        for one in matches[:10]
                    ),
                    "Use one of these IDs.",
                )
            if matches:
                return self.get(scope, matches[0].id)
        raise _missing(text, known=bool(known))

    def create(
        self,
        scope: Scope,
        name: str,
        executable_id: str,
        parameters: Mapping[str, str],
        inputs: Mapping[str, str],
        combinations: Sequence[Mapping[str, str]],
        definition: Mapping[str, str],
        report: Report | None = None,
    ) -> Sweep:
        """Create a configuration and an execution for each combination, and return the sweep.

        If the runtime fails after the first execution, the sweep is kept with what was created, and
        `resume` continues it. `begin` has the other arguments.

        Args:
            report: Called after each execution but the first.

        Raises as `begin`.
        """
        begun = self.begin(scope, name, executable_id, parameters, inputs, combinations, definition)
        return self.complete(scope, begun, report)

    def begin(
        self,
        scope: Scope,
        name: str,
        executable_id: str,
        parameters: Mapping[str, str],
        inputs: Mapping[str, str],
        combinations: Sequence[Mapping[str, str]],
        definition: Mapping[str, str],
    ) -> Sweep:
        """Create a sweep with its first execution, and return it; `complete` creates the others.

        Args:
            scope: The connection and resource group.
            name: The name of the sweep.
            executable_id: The ID of the executable.
            parameters: Values that all executions share; others have their defaults.
            inputs: Artifacts by the name of the input, as for configurations.
            combinations: The values of the other parameters of each execution.
            definition: The values of each parameter as they were given.

        Raises:
            InvalidInput: A name, parameter or input is not valid; nothing is kept.
            NotFound: The executable does not exist. Other errors of runtimes are possible.
        """
        if not combinations:
            raise InvalidInput(
                "The sweep has no executions",
                "No parameter has several values.",
                "Give several values to a parameter, for example -p learning_rate=0.1,0.01.",
                field="parameters",
            )
        new = Sweep(
            f"s{os.urandom(8).hex()[1:]}",
            check_resource_name(name),
            executable_id,
            dict(definition),
            dict(parameters),
            dict(inputs),
            now(),
            current_user(),
            tuple(
                SweepMember(position, dict(values), "", "", "")
                for position, values in enumerate(combinations, 1)
            ),
        )
        sweeps.add(self._registry, scope, new)
        self._create_members(scope, new, new.members[:1], None, len(new.members))
        return self.get(scope, new.id)

    def complete(
        self,
        scope: Scope,
        sweep: Sweep,
        report: Report | None = None,
        most: int = MOST_EXECUTIONS,
    ) -> Sweep:
        """Create the members of a sweep that no one has tried to create, and return the sweep.

        Args:
            scope: The connection and resource group.
            sweep: The sweep with its members.
            report: Called after each execution.
            most: The largest number of members that are created by this call.
        """
        new = [one for one in sweep.members if one.untried]
        self._create_members(scope, sweep, new[:most], report, len(sweep.members))
        return self.get(scope, sweep.id)

    def stop(self, scope: Scope, sweep: Sweep) -> tuple[Outcome, ...]:
        """Stop the executions of a sweep that have not ended, and return the outcome of each."""
        ids = [
            one.execution_id
            for one in sweep.members
            if one.execution is not None and one.execution.status in STOPPABLE
        ]
        return self._executions.stop(scope, ids) if ids else ()

    def resume(self, scope: Scope, sweep: Sweep, report: Report | None = None) -> Sweep:
        """Create executions for the members that failed, were stopped, or were never created.

        Raises the errors of runtimes for the first of them; later ones are recorded.
        """
        members = [one for one in sweep.members if one.resumable]
        self._create_members(scope, sweep, members, report, len(members))
        return self.get(scope, sweep.id)

    def remove(self, scope: Scope, sweep: Sweep) -> None:
        """Remove a sweep. Its configurations and executions are kept. Raises NotFound."""
        with self._registry.write():
            content = sweeps.stored(self._registry, scope, sweep.id)
            sweeps.delete(self._registry, scope, sweep.id)
            title = f"removal of the sweep {sweep.name}"
            undo.record_change(
                self._registry, scope, UndoKind.SWEEP, title, content, current_user()
            )

    def check_removable(self, sweep: Sweep) -> None:
        """Raise Conflict if executions of the sweep have not ended, so cannot be deleted."""
        waiting = [
            one.execution_id
            for one in sweep.members
            if one.execution is not None and one.execution.status not in DELETABLE
        ]
        if waiting:
            raise Conflict(
                f"The executions of the sweep {sweep.name} cannot be deleted",
                f"{len(waiting):,} of them have not ended: {', '.join(waiting[:5])}.",
                f"Stop them first with: launchpad sweeps stop {sweep.id}",
            )

    def remove_with_executions(self, scope: Scope, sweep: Sweep) -> tuple[Outcome, ...]:
        """Remove a sweep, and delete its executions. Their models are kept with parameters and
        metrics. If an execution cannot be deleted, the sweep is kept.

        Raises:
            Conflict: An execution has not ended.
            NotFound: The sweep does not exist.
        """
        self.check_removable(sweep)
        ids = [one.execution_id for one in sweep.members if one.execution is not None]
        outcomes = self._executions.delete(scope, ids) if ids else ()
        if not any(one.error for one in outcomes):
            sweeps.delete(self._registry, scope, sweep.id)
        return outcomes

    def outputs(self, scope: Scope, sweep: Sweep) -> dict[str, str]:
        """Return the ID of the first model that each execution of a sweep created, or of its first
        artifact if it created no model."""
        ids = [one.execution_id for one in sweep.members if one.execution_id]
        created = artifacts.of_executions(self._registry, scope, ids)
        found: dict[str, str] = {}
        for artifact in sorted(created, key=lambda one: one.kind is not ArtifactKind.MODEL):
            found.setdefault(artifact.execution_id, artifact.id)
        return found

    def _create_members(
        self,
        scope: Scope,
        sweep: Sweep,
        members: Sequence[SweepMember],
        report: Report | None,
        total: int,
    ) -> None:
        """Create the configurations and executions of members.

        The error of the first member of a sweep is raised: the values are probably not valid at
        all, and a sweep without any execution is deleted. So is that of the first resumed member.
        """
        started = any(one.execution_id for one in sweep.members)
        for number, member in enumerate(members):
            try:
                self._create_member(scope, sweep, member)
            except LaunchpadError as error:
                if number == 0 and (not started or member.execution_id):
                    if not started:
                        sweeps.delete(self._registry, scope, sweep.id)
                    raise
                changes = {"error": error.title}
                sweeps.set_member(self._registry, scope, sweep.id, member.position, changes)
                if error.retryable:
                    # The runtime does not respond: the others would fail as well.
                    return
            if report is not None:
                report(total - len(members) + number + 1, total)

    def _create_member(self, scope: Scope, sweep: Sweep, member: SweepMember) -> None:
        configuration_id = member.configuration_id
        if not configuration_id:
            configuration_id = self._configurations.create(
                scope,
                member_name(sweep.name, member.parameters),
                sweep.executable_id,
                {**sweep.parameters, **member.parameters},
                sweep.inputs,
            ).id
            changes = {"configuration_id": configuration_id}
            sweeps.set_member(self._registry, scope, sweep.id, member.position, changes)
        created = self._executions.create(scope, configuration_id)
        changes = {"execution_id": created.id, "error": ""}
        sweeps.set_member(self._registry, scope, sweep.id, member.position, changes)


def _missing(text: str, *, known: bool = True) -> NotFound:
    return NotFound(
        f"Sweep {text[:80]!r} does not exist",
        "No sweep of the resource group has this name or ID."
        if known
        else "The resource group has no sweeps.",
        "List the sweeps with: launchpad sweeps list"
        if known
        else "Create one with: launchpad executions sweep",
    )

"""Reading executions: all of `ExecutionService` that needs no runtime."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution, ExecutionDetails
from launchpad_tui.domain.query import ExecutionRow, Query
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import artifacts, configurations, executions, lineage, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import execution_lister
from launchpad_tui.services.listing import Listing


class ExecutionReader:
    """Executions of a resource group, as the registry has them. Safe for threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def listing(self, scope: Scope, query: Query) -> Listing[ExecutionRow]:
        """The executions that the query wants.

        Raises:
            InvalidInput: a condition or the order is wrong; ``field`` names it.
        """
        return Listing(execution_lister(self._registry, scope, query))

    def count(self, scope: Scope, query: Query) -> int:
        """How many executions the query finds. Raises as `listing`."""
        return execution_lister(self._registry, scope, query).count()

    def get(self, scope: Scope, execution_id: str) -> ExecutionDetails:
        """The execution with everything that its process flow names. Raises NotFound."""
        with self._registry.read():
            found = executions.execution(self._registry, scope, execution_id)
            bound = configurations.by_id(self._registry, scope, [found.configuration_id]).get(
                found.configuration_id
            )
            inputs = lineage.inputs_of(self._registry, scope, [execution_id]).get(execution_id, ())
            known = artifacts.by_id(self._registry, scope, [artifact for _, artifact in inputs])
            outputs = artifacts.of_executions(self._registry, scope, [execution_id])
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
        )

    def resolve(self, scope: Scope, text: str) -> Execution:
        """The execution that has this ID or a unique ID prefix of at least 4 characters.

        Raises:
            NotFound: none.
            Conflict: several; the detail lists them.
        """
        return executions.resolve(self._registry, scope, text)

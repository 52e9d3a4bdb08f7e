"""The actions of the lists of executions that are a part of another object's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from launchpad_tui.domain.execution import STOPPABLE
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.executables import NeedsExecutables
from launchpad_tui.ui.screens.executions.execution_columns import execution_columns
from launchpad_tui.ui.screens.executions.executions import stop_or_delete
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.domain.query import ExecutionRow

_NO_EXECUTION = "No execution is in the list"


class HasExecutions(NeedsExecutables):
    """Mixin for pages with a list of executions.

    The keys are those of the list of all executions. They act on the row under the cursor, also
    while the details have the focus: both are in view.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "executions.stop",
            "S",
            "stop",
            "Stop the execution under the cursor of the list",
            footer=6,
            needs="stop",
        ),
        Action(
            "executions.rerun",
            "A",
            "rerun",
            "Rerun the execution under the cursor of the list",
            footer=7,
            needs="executions",
        ),
        Action(
            "executions.logs",
            "O",
            "logs",
            "Open the log of the execution under the cursor",
            footer=8,
            needs="logs",
        ),
        Action(
            "executions.metrics",
            "m",
            "metrics",
            "Chart the metrics of the execution under the cursor",
            footer=9,
        ),
    )

    def execution_list(self, empty: str) -> VirtualTable[ExecutionRow]:
        """Return the list for the body of the page.

        Args:
            empty: shown if there are no executions.
        """
        return VirtualTable(
            execution_columns(self.launchpad.look),
            lambda row: row.execution.id,
            title="Executions",
            empty=empty,
            multi=False,
            id="executions",
        )

    @property
    def executions(self) -> VirtualTable[ExecutionRow]:
        """The list of executions."""
        return self.query_one("#executions", VirtualTable)

    def on_virtual_table_opened(self, event: VirtualTable.Opened) -> None:
        """Open the page of an execution."""
        self.launchpad.open("execution", item_id=event.row.execution.id)

    def why_not_metrics(self) -> str | None:
        """Return why there is no execution to act on."""
        return None if self.executions.row is not None else _NO_EXECUTION

    why_not_logs = why_not_metrics

    def why_not_rerun(self) -> str | None:
        """Return why the execution cannot be run again."""
        row = self.executions.row
        return _NO_EXECUTION if row is None else self.why_no_executable(row.execution.executable_id)

    def why_not_stop(self) -> str | None:
        """Return why the execution cannot be stopped."""
        row = self.executions.row
        if row is None:
            return _NO_EXECUTION
        status = row.execution.status
        if status in STOPPABLE:
            return None
        return f"The execution is {status}: only PENDING and RUNNING ones can be stopped"

    async def do_stop(self) -> None:
        """Ask, then stop the execution."""
        await stop_or_delete(self, (self.executions.row_id,), "stop")

    def do_rerun(self) -> None:
        """Open the wizard that reruns the execution."""
        self.launchpad.open("execution.rerun", item_id=self.executions.row_id)

    def do_logs(self) -> None:
        """Open the log of the execution."""
        self.launchpad.open("execution", item_id=self.executions.row_id, tab="logs")

    def do_metrics(self) -> None:
        """Chart the metrics of the execution."""
        self.launchpad.open("metrics", item_ids=(self.executions.row_id,))

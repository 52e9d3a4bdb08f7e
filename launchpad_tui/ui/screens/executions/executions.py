"""The list of executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from launchpad_tui.domain.execution import DELETABLE, STOPPABLE
from launchpad_tui.domain.query import ExecutionRow, Query
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.executables import NeedsExecutables
from launchpad_tui.ui.screens.common.list_screen import ListScreen
from launchpad_tui.ui.screens.common.metric_columns import MetricColumns
from launchpad_tui.ui.screens.common.preview import RowPreview
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.executions.execution_columns import execution_columns
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable

_ATTRIBUTES = (
    ("status", "Status"),
    ("configuration_name", "Configuration"),
    ("executable_id", "Executable"),
    ("id", "ID"),
    ("scenario_id", "Scenario"),
    ("created_at", "Created"),
    ("modified_at", "Changed"),
    ("started_at", "Started"),
    ("completed_at", "Completed"),
    ("status_message", "Message"),
    ("duration", "Duration (s)"),
    ("sweep", "Sweep"),
    ("commit", "Commit of the code"),
)


class ExecutionsScreen(NeedsExecutables, MetricColumns, ListScreen[ExecutionRow]):
    """All executions of the resource group."""

    TOPICS = frozenset({"executions", "metrics", "scenarios"})
    EMPTY = (
        "No executions yet\n"
        "Press a to select a configuration to execute, or 4 to see all configurations"
    )
    PREFERENCE = "columns.execution"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "executions.create",
            "a",
            "create",
            "Select a configuration and execute it",
            footer=2,
            needs="executions",
        ),
        Action(
            "executions.rerun",
            "A",
            "rerun",
            "Rerun the execution with the same or other parameters",
            footer=3,
            needs="executions",
        ),
        Action(
            "executions.reproduce",
            "ctrl+r",
            "reproduce",
            "Run it again with its recorded code, and compare",
            needs="executions",
        ),
        Action(
            "executions.stop",
            "S",
            "stop",
            "Stop the selected executions",
            footer=4,
            needs="stop",
        ),
        Action(
            "executions.sweep",
            "W",
            "sweep",
            "Execute all combinations of several parameter values",
            needs="executions",
        ),
        Action(
            "executions.delete",
            "D",
            "delete",
            "Delete the selected executions (their models are kept)",
            footer=5,
            needs="delete",
        ),
        Action(
            "executions.logs", "O", "logs", "Open the log of the execution", footer=6, needs="logs"
        ),
        Action(
            "executions.metrics",
            "m",
            "metrics",
            "Chart the metrics of the selected executions",
            footer=7,
        ),
        Action(
            "executions.compare",
            "c",
            "compare",
            "Compare the selected executions, or those in view",
            footer=8,
        ),
        Action(
            "executions.columns",
            "o",
            "columns",
            "Select metrics, parameters and tags to show as columns",
            footer=8,
        ),
    )

    def title_text(self) -> str:
        """Return the title."""
        return "Executions"

    def columns(self) -> Sequence[Column[ExecutionRow]]:
        """Return the columns, with those of the selected metrics."""
        query = self.current_query
        return execution_columns(self.launchpad.look, query, self.best)

    def key_of(self, row: ExecutionRow) -> str:
        """Return the ID of a row's execution."""
        return row.execution.id

    async def preview_of(self, row: ExecutionRow) -> RowPreview:
        """Return the preview of an execution."""
        from launchpad_tui.ui.screens.executions.execution_preview import execution_preview

        return await execution_preview(self, row.execution)

    def listing(self, query: Query) -> Listing[ExecutionRow]:
        """Return the executions that match a query."""
        return self.desk.executions.listing(self.scope, query)

    async def load(self) -> None:
        """Read the stored columns and the executables, then the list."""
        await self.read_executables()
        await self.prepare_columns()
        await super().load()
        self.mark_best()

    def on_mount(self) -> None:
        """Start to update the durations of running executions."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self.is_current and self.launchpad.running:
            self.table.repaint()
            row = self.table.row
            if row is not None and not row.execution.status.final:
                self.schedule_preview()

    async def condition_names(self) -> list[tuple[str, str]]:
        """Return attributes, metrics, parameters and tags."""
        artifacts, scope = self.desk.artifacts, self.scope
        metrics = await self.read(artifacts.metric_keys, scope)
        parameters = await self.read(artifacts.parameter_names, scope)
        tags = await self.read(artifacts.tag_names, scope)
        return [
            *((f"attribute {name}", title) for name, title in _ATTRIBUTES),
            *((f"metric {key}", f"metric {key}") for key in metrics),
            *((f"parameter {name}", f"parameter {name}") for name in parameters),
            *((f"tag {name}", f"tag {name}") for name in tags),
        ]

    # Actions --------------------------------------------------------------------------------------

    def why_not_logs(self) -> str | None:
        """Return why there is no execution to act on."""
        return None if self.table.row is not None else NO_ROW

    why_not_reproduce = why_not_logs

    def why_not_rerun(self) -> str | None:
        """Return why the execution cannot be run again."""
        row = self.table.row
        return NO_ROW if row is None else self.why_no_executable(row.execution.executable_id)

    def why_not_metrics(self) -> str | None:
        """Return why the selected executions cannot be shown together."""
        return self.why_not_show_together()

    why_not_compare = why_not_metrics

    def _single(self) -> ExecutionRow | None:
        """Return the row under the cursor if an action applies to it alone, None otherwise.

        Of several executions, the service checks each one when the action is performed.
        """
        table = self.table
        count = len(table.selection)
        alone = not count or (count == 1 and table.row_id in table.selection)
        return table.row if alone else None

    def why_not_stop(self) -> str | None:
        """Return why the execution cannot be stopped."""
        row = self._single()
        if row is None or row.execution.status in STOPPABLE:
            return self.why_not_logs()
        status = row.execution.status
        return f"The execution is {status}: only PENDING and RUNNING ones can be stopped"

    def why_not_delete(self) -> str | None:
        """Return why the execution cannot be deleted."""
        row = self._single()
        if row is None or row.execution.status in DELETABLE:
            return self.why_not_logs()
        return f"The execution is {row.execution.status}: stop it first"

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the execution."""
        self.launchpad.open("execution", item_id=event.row.execution.id)

    async def do_create(self) -> None:
        """Ask for a configuration and execute it."""
        from launchpad_tui.ui.screens.executions.execution_create import choose_and_execute

        await choose_and_execute(self)

    def do_rerun(self) -> None:
        """Open the wizard that reruns the execution."""
        self.launchpad.open("execution.rerun", item_id=self.table.row_id)

    async def do_reproduce(self) -> None:
        """Ask, then run the execution again with its recorded code and inputs."""
        from launchpad_tui.ui.screens.executions.reproduction import reproduce_execution

        await reproduce_execution(self, self.table.row_id)

    def do_logs(self) -> None:
        """Open the log of the execution."""
        self.launchpad.open("execution", item_id=self.table.row_id, tab="logs")

    def do_metrics(self) -> None:
        """Chart the metrics of the selected executions."""
        self.launchpad.open("metrics", item_ids=self.table.target_ids)

    def do_compare(self) -> None:
        """Compare the selected executions, or those in view."""
        self.launchpad.open("compare", item_ids=self.table.comparable_ids)

    async def do_stop(self) -> None:
        """Ask, then stop the selected executions."""
        await stop_or_delete(self, self.table.target_ids, "stop")

    def why_not_sweep(self) -> str | None:
        """Return why the parameters of the execution cannot be varied."""
        row = self.table.row
        return NO_ROW if row is None else self.why_no_sweep(row.execution.executable_id)

    def do_sweep(self) -> None:
        """Open the wizard that creates a sweep, with the values of the execution."""
        row = self.table.row
        if row is not None:
            self.launchpad.open(
                "configuration.create", like=row.execution.configuration_id, sweep=True
            )

    async def do_delete(self) -> None:
        """Ask, then delete the selected executions."""
        if await stop_or_delete(self, self.table.target_ids, "delete"):
            self.table.clear_selection()


async def stop_or_delete(screen: LaunchpadScreen, ids: tuple[str, ...], verb: str) -> bool:
    """Ask, then stop or delete executions, and show a message with the result.

    Args:
        screen: the screen that asks.
        ids: the executions.
        verb: stop or delete.

    Returns:
        Whether at least one execution was stopped or deleted.
    """
    service = screen.desk.executions
    allowed = STOPPABLE if verb == "stop" else DELETABLE
    selected = len(ids)
    ids = await screen.read(service.in_status, screen.scope, ids, allowed) or ids
    subject = f"{len(ids)} executions"
    if len(ids) == 1:
        found = await screen.read(service.get, screen.scope, ids[0])
        subject = f"execution {found.execution.title}"
    if verb == "stop":
        detail = f"{'Its' if len(ids) == 1 else 'Their'} processes are ended."
    else:
        detail = (await screen.launchpad.files(service.deletion, screen.scope, ids)).text
    if others := selected - len(ids):
        state = "cannot be stopped" if verb == "stop" else "have not ended"
        detail += f" Of the selected ones {others:,} {state}."
    if not await screen.launchpad.ask(
        ConfirmDialog(f"{verb.capitalize()} {subject}?", detail, yes=verb, danger=verb == "delete")
    ):
        return False
    outcomes = await screen.launchpad.act(
        service.stop if verb == "stop" else service.delete, screen.scope, ids
    )
    failed = [each for each in outcomes if each.error is not None]
    done = len(outcomes) - len(failed)
    participle = {"stop": "Stopping", "delete": "Deleted"}[verb]
    if failed:
        reason = str(failed[0].error.title) if failed[0].error else ""
        screen.launchpad.say(f"{participle} {done} of {len(outcomes)}: {reason}", "warn", 8)
    else:
        screen.launchpad.say(f"{participle} {subject}", "good")
    return done > 0

"""The list of executions: what trains, waits and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from launchpad_tui.domain.execution import DELETABLE, STOPPABLE
from launchpad_tui.domain.query import ExecutionRow, Query
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.list_screen import ListScreen
from launchpad_tui.ui.screens.common.metric_columns import MetricColumns
from launchpad_tui.ui.screens.executions.execution_columns import execution_columns
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.table import VirtualTable

_ATTRIBUTES = (
    ("status", "Status"),
    ("configuration_name", "Configuration"),
    ("executable_id", "Executable"),
    ("id", "ID"),
    ("scenario_id", "Scenario"),
    ("created_at", "Created"),
    ("modified_at", "Changed"),
    ("duration", "Duration (s)"),
)


class ExecutionsScreen(MetricColumns, ListScreen[ExecutionRow]):
    """All executions of the resource group."""

    TOPICS = frozenset({"executions", "metrics"})
    EMPTY = (
        "Nothing was executed yet\na chooses a configuration to execute; 4 shows all configurations"
    )
    PREFERENCE = "columns.execution"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "executions.create",
            "a",
            "create",
            "Choose a configuration and execute it.",
            footer=2,
            needs="executions",
        ),
        Action(
            "executions.rerun",
            "A",
            "again",
            "Create it again, with changed parameters.",
            footer=3,
            needs="executions",
        ),
        Action("executions.stop", "S", "stop", "Stop the selected ones.", footer=4, needs="stop"),
        Action(
            "executions.delete",
            "D",
            "delete",
            "Delete the selected ones; their models stay.",
            footer=5,
            needs="delete",
        ),
        Action("executions.logs", "L", "logs", "Follow what it prints.", footer=6, needs="logs"),
        Action(
            "executions.metrics",
            "m",
            "metrics",
            "Chart the metrics of the selected ones.",
            footer=7,
        ),
        Action(
            "executions.compare", "c", "compare", "Lay the selected ones side by side.", footer=8
        ),
        Action(
            "executions.columns", "o", "columns", "Choose metrics to show as columns.", footer=12
        ),
    )

    def title_text(self) -> str:
        """The plural."""
        return "Executions"

    def columns(self) -> Sequence[Column[ExecutionRow]]:
        """Status, times, and the chosen metrics."""
        return execution_columns(
            self.launchpad.look, self.current_query.metrics, self.current_query.curves
        )

    def key_of(self, row: ExecutionRow) -> str:
        """The execution's ID."""
        return row.execution.id

    def listing(self, query: Query) -> Listing[ExecutionRow]:
        """The executions."""
        return self.desk.executions.listing(self.scope, query)

    async def load(self) -> None:
        """The columns chosen earlier, then the list."""
        await self.prepare_columns()
        await super().load()

    def on_mount(self) -> None:
        """Durations of what runs go on."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self.is_current and self.launchpad.running:
            self.table.repaint()

    async def condition_names(self) -> list[tuple[str, str]]:
        """Attributes, metrics and parameters."""
        artifacts, scope = self.desk.artifacts, self.scope
        names = [(f"attribute {name}", title) for name, title in _ATTRIBUTES]
        names += [
            (f"metric {key}", f"metric {key}")
            for key in await self.read(artifacts.metric_keys, scope)
        ]
        names += [
            (f"parameter {n}", f"parameter {n}")
            for n in await self.read(artifacts.parameter_names, scope)
        ]
        return names

    # Actions --------------------------------------------------------------------------------------

    def why_not_rerun(self) -> str | None:
        """A row is needed."""
        return None if self.table.row is not None else "There is nothing under the cursor"

    why_not_logs = why_not_rerun

    def why_not_metrics(self) -> str | None:
        """A row is needed, and not too many."""
        return self.why_not_show_together()

    why_not_compare = why_not_metrics

    def _single(self) -> ExecutionRow | None:
        """The row that stop and delete are about, where it is the cursor's: of several each is looked at later."""
        table = self.table
        chosen = len(table.selection)
        return (
            table.row if not chosen or (chosen == 1 and table.row_id in table.selection) else None
        )

    def why_not_stop(self) -> str | None:
        """Only what waits or runs can be stopped."""
        row = self._single()
        if row is None or row.execution.status in STOPPABLE:
            return self.why_not_rerun()
        return f"It is {row.execution.status}: only PENDING and RUNNING can be stopped"

    def why_not_delete(self) -> str | None:
        """Only what has ended can be deleted."""
        row = self._single()
        if row is None or row.execution.status in DELETABLE:
            return self.why_not_rerun()
        return f"It is {row.execution.status}: stop it first"

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Key ``enter``."""
        self.launchpad.open("execution", item_id=event.row.execution.id)

    @on(VirtualTable.CursorMoved)
    def moved(self) -> None:
        """What can be stopped or deleted depends on the row."""
        self.refresh_footer()

    async def do_create(self) -> None:
        """Key ``a``."""
        from launchpad_tui.ui.screens.executions.execution_create import choose_and_execute

        await choose_and_execute(self)

    def do_rerun(self) -> None:
        """Key ``A``."""
        self.launchpad.open("execution.rerun", item_id=self.table.row_id)

    def do_logs(self) -> None:
        """Key ``L``."""
        self.launchpad.open("execution", item_id=self.table.row_id, tab="logs")

    def do_metrics(self) -> None:
        """Key ``m``."""
        self.launchpad.open("metrics", item_ids=self.table.target_ids)

    def do_compare(self) -> None:
        """Key ``c``."""
        self.launchpad.open("compare", item_ids=self.table.target_ids)

    async def do_stop(self) -> None:
        """Key ``S``."""
        await stop_or_delete(self, self.table.target_ids, "stop")

    async def do_delete(self) -> None:
        """Key ``D``."""
        if await stop_or_delete(self, self.table.target_ids, "delete"):
            self.table.clear_selection()


async def stop_or_delete(screen: ListScreen[ExecutionRow], ids: tuple[str, ...], verb: str) -> bool:
    """Ask, then stop or delete executions, and say what came of it; whether anything was done."""
    what = f"execution {ids[0]}" if len(ids) == 1 else f"{len(ids)} executions"
    detail = (
        "Their processes end."
        if verb == "stop"
        else "Log and metrics go; the models that came of it stay."
    )
    if not await screen.launchpad.ask(
        ConfirmDialog(f"{verb.capitalize()} {what}?", detail, yes=verb, danger=verb == "delete")
    ):
        return False
    service = screen.desk.executions
    outcomes = await screen.launchpad.act(
        service.stop if verb == "stop" else service.delete, screen.scope, ids
    )
    failed = [each for each in outcomes if each.error is not None]
    done = len(outcomes) - len(failed)
    said = {"stop": "Stopping", "delete": "Deleted"}[verb]
    if failed:
        reason = str(failed[0].error.title) if failed[0].error else ""
        screen.launchpad.say(f"{said} {done} of {len(outcomes)}: {reason}", "warn", 8)
    else:
        screen.launchpad.say(f"{said} {what}", "good")
    return done > 0

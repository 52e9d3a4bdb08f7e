"""One execution: its process flow, status, metrics and log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.execution import (
    DELETABLE,
    STOPPABLE,
    ExecutionDetails,
    why_not_store_outputs,
)
from launchpad_tui.domain.timestamps import now, parse_rfc3339
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.detail_items import metric_items
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen, RegistryChanged
from launchpad_tui.ui.screens.executions.execution_flow import flow_boxes
from launchpad_tui.ui.screens.executions.execution_items import execution_items
from launchpad_tui.ui.widgets.details import Details
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.flow_view import FlowView
from launchpad_tui.ui.widgets.log_view import LogView
from launchpad_tui.ui.widgets.tabs import TAB_ACTIONS, TabbedKeys, TabStrip

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress

#: seconds between two looks whether the log has grown
LOG_SECONDS = 0.4
NOT_READ = "It is not read yet"


class ExecutionScreen(TabbedKeys, LaunchpadScreen):
    """The details of an execution.

    Args:
        item_id: its ID.
        tab: the tab to show first: status, resource or logs.
    """

    TOPICS = frozenset({"executions", "artifacts", "metrics"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *TAB_ACTIONS,
        Action(
            "execution.rerun",
            "A",
            "again",
            "Create it again, with changed parameters.",
            footer=4,
            needs="executions",
        ),
        Action("execution.stop", "S", "stop", "End all its processes.", footer=5, needs="stop"),
        Action(
            "execution.delete",
            "D",
            "delete",
            "Delete it, its log and its metrics; its models stay.",
            footer=6,
            needs="delete",
        ),
        Action(
            "execution.store-outputs",
            "F",
            "finish",
            "Store the outputs that could not be stored.",
            footer=3,
        ),
        Action("execution.metrics", "m", "metrics", "Chart its metrics.", footer=7),
        Action("execution.search", "/", "search log", "Find a text in the log.", footer=8),
        Action("execution.time-range", "T", "log between", "Show only the log of a span of time."),
        Action(
            "execution.grep",
            "&",
            "only matching",
            "Show only the lines of the log with a text in them.",
        ),
        Action("execution.save-log", "w", "save log", "Write the log into a file.", footer=9),
    )

    def __init__(self, item_id: str, tab: str = "status") -> None:
        super().__init__()
        self.item_id = item_id
        self._tab = tab
        self._details: ExecutionDetails | None = None
        self._numbers: list[int] | None = None

    def title_text(self) -> str:
        """Its configuration's name."""
        return self._details.execution.configuration_name if self._details else self.item_id

    def body(self) -> ComposeResult:
        """The flow above, the tabs below."""
        yield FlowView(id="flow")
        yield TabStrip([("status", "Status"), ("resource", "Metric resource"), ("logs", "Logs")])
        yield Details(id="status")
        yield Details(id="resource", empty="No metrics, tags or custom info were logged")
        yield LogView(id="logs")

    def on_mount(self) -> None:
        """Follow the log and the clock of what runs."""
        if self._tab != "status":
            self.call_after_refresh(self.query_one(TabStrip).show, self._tab)
        self.set_interval(LOG_SECONDS, self._follow_log)
        self.set_interval(1.0, self._tick)

    async def load(self) -> None:
        """Read everything of it."""
        first = self._details is None
        try:
            self._details = await self.read(self.desk.executions.get, self.scope, self.item_id)
        except NotFound:
            if first:
                raise
            self.launchpad.say(f"Execution {self.item_id} was deleted", "warn")
            self.dismiss(None)
            return
        metrics = self.desk.metrics
        series = await self.read(metrics.series, self.scope, self.item_id)
        tags = await self.read(metrics.tags, self.scope, self.item_id)
        infos = await self.read(metrics.custom_info, self.scope, self.item_id)
        self.query_one("#resource", Details).set_items(metric_items(series, tags, infos))
        self.run_task(self.launchpad.sync_status.read_metrics([self.item_id]), "metrics")
        self._show_details()
        if first:
            log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
            self.query_one(LogView).set_log(log)
        self.repaint_frame()

    def _show_details(self) -> None:
        if self._details is not None:
            at = now()
            self.query_one(FlowView).set_boxes(flow_boxes(self._details, at))
            self.query_one("#status", Details).set_items(
                execution_items(self._details, self.launchpad.look, at)
            )

    def on_registry_changed(self, message: RegistryChanged) -> None:
        """Load again; also follow the log, since what changed may have been printed."""
        super().on_registry_changed(message)
        self._follow_log()

    def _tick(self) -> None:
        if (
            self.is_current
            and self._details is not None
            and not self._details.execution.status.final
        ):
            self._show_details()

    def _follow_log(self) -> None:
        view = self.query_one(LogView)
        if self.is_current and view.display and self._numbers is None:
            view.follow_up()

    @on(TabStrip.Changed)
    def tab_changed(self) -> None:
        """The footer depends on the tab."""
        self._follow_log()
        self.refresh_footer()

    # Actions --------------------------------------------------------------------------------------

    @property
    def _on_logs(self) -> bool:
        return self.query_one(TabStrip).shown == "logs"

    def why_not_stop(self) -> str | None:
        """Only what waits or runs."""
        if self._details is None:
            return NOT_READ
        status = self._details.execution.status
        return (
            None
            if status in STOPPABLE
            else f"It is {status}: only PENDING and RUNNING can be stopped"
        )

    def why_not_delete(self) -> str | None:
        """Only what has ended."""
        if self._details is None:
            return NOT_READ
        status = self._details.execution.status
        return None if status in DELETABLE else f"It is {status}: stop it first"

    def why_not_search(self) -> str | None:
        """On the Logs tab."""
        return None if self._on_logs else "Tab shows the log first"

    why_not_time_range = why_not_grep = why_not_search

    async def do_stop(self) -> None:
        """Key ``S``."""
        dialog = ConfirmDialog(
            f"Stop execution {self.item_id}?", "All its processes end.", yes="stop"
        )
        if await self.launchpad.ask(dialog):
            (outcome,) = await self.launchpad.act(
                self.desk.executions.stop, self.scope, (self.item_id,)
            )
            if outcome.error is not None:
                raise outcome.error
            self.launchpad.say("Stopping", "good")

    async def do_delete(self) -> None:
        """Key ``D``."""
        detail = "Log and metrics go; the models that came of it stay."
        if await self.launchpad.ask(
            ConfirmDialog(f"Delete execution {self.item_id}?", detail, yes="delete", danger=True)
        ):
            (outcome,) = await self.launchpad.act(
                self.desk.executions.delete, self.scope, (self.item_id,)
            )
            if outcome.error is not None:
                raise outcome.error
            self.launchpad.say(f"Deleted execution {self.item_id}", "good")
            self.dismiss(None)

    def why_not_store_outputs(self) -> str | None:
        """Only what ended without its outputs stored."""
        return NOT_READ if self._details is None else why_not_store_outputs(self._details.execution)

    def do_store_outputs(self) -> None:
        """Key ``F``."""
        finish, scope = self.desk.executions.store_outputs, self.scope

        def work(progress: Progress) -> str:
            made = finish(scope, self.item_id, progress)
            return f"Stored {len(made)} output{'s' * (len(made) != 1)} of {self.item_id}"

        self.launchpad.transfers.start(f"Finish {self.title_text()}", work)

    def do_rerun(self) -> None:
        """Key ``A``."""
        self.launchpad.open("execution.rerun", item_id=self.item_id)

    def do_metrics(self) -> None:
        """Key ``m``."""
        self.launchpad.open("metrics", item_ids=(self.item_id,))

    async def do_search(self) -> None:
        """Key ``/``."""
        view = self.query_one(LogView)
        text = await self.launchpad.ask(
            PromptDialog("Find in the log", view.needle, "n and N go from match to match")
        )
        if text is not None:
            view.search(text)

    async def do_grep(self) -> None:
        """Key ``&``."""
        text = await self.launchpad.ask(
            PromptDialog("Show only lines with", "", "Empty shows all lines.")
        )
        if text is not None:
            await self._only(text, None, None)

    async def do_time_range(self) -> None:
        """Key ``T``."""
        hint = "Such as 12:00:05 - 12:01:30, or with dates; either side may be empty. Empty shows all lines."
        text = await self.launchpad.ask(PromptDialog("Show only the log between", "", hint))
        if text is not None:
            first, _, last = text.partition(" - ")
            await self._only("", _moment(first), _moment(last))

    async def _only(self, text: str, since: datetime | None, until: datetime | None) -> None:
        view = self.query_one(LogView)
        if not text and since is None and until is None:
            self._numbers = None
            view.only(None)
            self.launchpad.say("All lines show")
            return
        log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
        self._numbers = await self.launchpad.files(log.matching, text, since, until)
        view.only(self._numbers)
        self.launchpad.say(
            f"{len(self._numbers):,} lines show; the same key with nothing typed shows all"
        )

    async def do_save_log(self) -> None:
        """Key ``w``."""
        from pathlib import Path

        shown = (
            "The lines that show now are saved."
            if self._numbers is not None
            else "The whole log is saved."
        )
        typed = await self.launchpad.ask(
            PromptDialog("Save the log as", f"{self.item_id}.log", shown)
        )
        if typed:
            path = Path(typed).expanduser().absolute()
            log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
            await self.launchpad.files(log.save, path, self._numbers)
            self.launchpad.say(f"Saved {path}", "good")


def _moment(text: str) -> datetime | None:
    """A moment as typed: a time of today, or date and time, in the time zone of this machine."""
    text = text.strip()
    if not text:
        return None
    whole = text if "-" in text else f"{datetime.now().astimezone().date().isoformat()}T{text}"
    try:
        moment = datetime.fromisoformat(whole)
        return moment.astimezone() if moment.tzinfo is None else parse_rfc3339(whole)
    except ValueError as error:
        hint = "Write 12:00:05, or 2026-01-31 12:00:05."
        raise InvalidInput(f"{text!r} is not a time", hint=hint) from error

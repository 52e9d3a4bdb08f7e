"""The details of an execution: process flow, status, metrics and log."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import (
    DELETABLE,
    STOPPABLE,
    Execution,
    ExecutionDetails,
    ExecutionLog,
    LogLine,
    Status,
    why_not_store_outputs,
)
from launchpad_tui.domain.failure_line import failure_line
from launchpad_tui.domain.reproduction import result_text
from launchpad_tui.domain.timestamps import now, parse_rfc3339
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.detail_items import metric_items
from launchpad_tui.ui.screens.common.preview import read_series
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen, RegistryChanged
from launchpad_tui.ui.screens.executions.execution_flow import flow_boxes
from launchpad_tui.ui.screens.executions.execution_items import execution_items, ways_to_log
from launchpad_tui.ui.screens.executions.execution_preview import metric_rank
from launchpad_tui.ui.screens.executions.failure_notice import FailureNotice
from launchpad_tui.ui.screens.executions.live_curves import CURVES_FROM, LiveCurves
from launchpad_tui.ui.screens.executions.live_summary import MOST_SUMMARIZED, LiveSummary
from launchpad_tui.ui.widgets.details import Details
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.flow_view import FlowView
from launchpad_tui.ui.widgets.log_view import LogView
from launchpad_tui.ui.widgets.tabs import TAB_ACTIONS, TabbedKeys, TabStrip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launchpad_tui.domain.metric import SeriesSummary
    from launchpad_tui.domain.reproduction import ReproductionReport
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.ui.screens.common.preview_lines import SeriesLine

#: seconds between two checks for new lines in the log
LOG_SECONDS = 0.4
#: lines at the end of a log among which the reason of a failure is searched
FAILURE_LINES = 2_000
NOT_LOADED = "The execution is still loading"
#: the lines of a terminal from which the process flow is shown
FLOW_FROM = 22


class ExecutionScreen(TabbedKeys, LaunchpadScreen):
    """The details of an execution.

    Args:
        item_id: the ID of the execution.
        tab: the tab that is shown first: status, resource or logs; empty selects it by the
            status: the log of an execution that runs or failed, else the status.
    """

    TOPICS = frozenset({"executions", "artifacts", "metrics"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *TAB_ACTIONS,
        Action(
            "execution.rerun",
            "A",
            "rerun",
            "Rerun the execution with the same or other parameters",
            footer=4,
            needs="executions",
        ),
        Action(
            "execution.reproduce",
            "ctrl+r",
            "reproduce",
            "Run it again with its recorded code, and compare",
            needs="executions",
        ),
        Action("execution.stop", "S", "stop", "Stop the execution", footer=5, needs="stop"),
        Action(
            "execution.delete",
            "D",
            "delete",
            "Delete the execution (its models are kept)",
            footer=6,
            needs="delete",
        ),
        Action(
            "execution.store-outputs",
            "F",
            "store outputs",
            "Retry storing the outputs",
            footer=3,
        ),
        Action("execution.metrics", "m", "metrics", "Chart the metrics of the execution", footer=7),
        Action("execution.search", "/", "search log", "Search in the log", footer=8),
        Action(
            "execution.time-range", "T", "time range", "Show only the log lines of a time range"
        ),
        Action("execution.grep", "&", "filter log", "Show only the log lines that contain a text"),
        Action("execution.save-log", "w", "save log", "Save the log to a file", footer=9),
    )

    def __init__(self, item_id: str, tab: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        #: the tab that this screen has selected itself; the user may have selected another one
        self._tab = tab or "status"
        self._selects_tab = not tab
        self._details: ExecutionDetails | None = None
        self._report: ReproductionReport | None = None
        #: whether the result of a reproduction is shown as a message when it ends
        self._awaits_report = False
        self._why_not_reproduce: str | None = NOT_LOADED
        #: whether curves are shown where there is room
        self._has_curves = False
        #: whether the reason of a failure has been looked up
        self._failure_shown = False
        #: the numbers of the log lines that are shown; None shows all lines
        self._log_lines: list[int] | None = None

    def title_text(self) -> str:
        """Return the name of the execution's configuration."""
        return self._details.execution.configuration_name if self._details else self.item_id

    def body(self) -> ComposeResult:
        """Yield the reason of a failure, the process flow and the tabs below it."""
        yield FailureNotice(id="failure")
        yield FlowView(id="flow")
        yield TabStrip([("status", "Status"), ("resource", "Metrics"), ("logs", "Logs")])
        yield Details(id="status")
        yield Details(id="resource", empty="The execution logged no metrics, tags or custom info")
        with Horizontal(id="logs"):
            with Vertical():
                yield LiveSummary(id="live-metrics")
                yield LogView(id="log")
            curves = LiveCurves(self.item_id, id="curves")
            curves.display = False
            yield curves

    def on_mount(self) -> None:
        """Start to follow the log and to update the duration."""
        if self._tab != "status":
            self.call_after_refresh(self.query_one(TabStrip).show, self._tab)
        self.set_interval(LOG_SECONDS, self._follow_log)
        self.set_interval(1.0, self._tick)

    async def load(self) -> None:
        """Read the execution, its metrics and, the first time, its log."""
        first = self._details is None
        try:
            self._details = await self.read(self.desk.executions.get, self.scope, self.item_id)
        except NotFound:
            if first:
                raise
            self.launchpad.say(f"Execution {self.item_id} was deleted", "warn")
            self.dismiss(None)
            return
        await self._load_reproduction(self._details)
        metrics = self.desk.metrics
        series = await self.read(metrics.series, self.scope, self.item_id, complete=False)
        tags = await self.read(metrics.tags, self.scope, self.item_id)
        infos = await self.read(metrics.custom_info, self.scope, self.item_id)
        # There may be thousands of series: their texts are made beside the drawing.
        items = await self.read(metric_items, series, tags, infos)
        resource = self.query_one("#resource", Details)
        if not items and self.scope.connection == DEFAULT_SCOPE.connection:
            copy = next(each for each in Details.ACTIONS if each.id == "details.copy")
            items = ways_to_log(self.launchpad.keymap.first(copy))
            # The first example, which can be copied at once, is below the heading.
            resource.cursor = max(1, resource.cursor)
        resource.set_items(items)
        self.run_task(self.launchpad.sync_status.read_metrics([self.item_id]), "metrics")
        self._show_details()
        await self._show_curves(series)
        if self._details.execution.status is Status.RUNNING:
            self._select_tab("logs")
        if first:
            # The log of a deleted execution, which is kept for its outputs, does not exist.
            with suppress(NotFound):
                log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
                self.query_one(LogView).set_log(log)
        if not self._failure_shown and self._details.execution.status is Status.DEAD:
            self._failure_shown = True
            self.run_task(self._show_failure(), "failure")
        self.repaint_frame()

    async def _load_reproduction(self, details: ExecutionDetails) -> None:
        """Read whether the execution can be reproduced, and what differs if it reproduces one."""
        service = self.desk.reproduction
        self._why_not_reproduce = await self.read(service.why_not, self.scope, self.item_id)
        if not details.provenance.get("reproduces"):
            return
        if not details.execution.status.final:
            self._awaits_report = True
            return
        self._report = await self.read(service.report_of, self.scope, self.item_id)
        if self._awaits_report and self._report is not None:
            self._awaits_report = False
            role = "good" if self._report.is_reproduced else "warn"
            self.launchpad.say(result_text(self._report), role, 10)

    async def _show_curves(self, series: Sequence[SeriesSummary]) -> None:
        """Draw the curves beside the log if the execution runs, or ended while it was shown.

        In a narrow terminal, a summary of the metrics is above the log.

        Args:
            series: the metrics that the execution has logged.
        """
        assert self._details is not None
        is_live = self._has_curves or not self._details.execution.status.final
        self._has_curves = bool(series) and is_live
        summary: tuple[SeriesLine, ...] = ()
        if self._has_curves and self.app.size.width < CURVES_FROM:
            important = sorted(series, key=metric_rank)[:MOST_SUMMARIZED]
            summary = await read_series(self, important)
        self.query_one(LiveSummary).show(summary)
        curves = self.query_one(LiveCurves)
        curves.display = self._has_curves and self.app.size.width >= CURVES_FROM
        if self._on_logs:
            curves.draw_soon()

    def on_resize(self, event: events.Resize) -> None:
        """Show the curves if the terminal is wide enough, otherwise a summary of the metrics."""
        curves, is_wide = self.query_one(LiveCurves), event.size.width >= CURVES_FROM
        if self._has_curves and curves.display != is_wide:
            self.reload()
        curves.display = self._has_curves and is_wide
        # The Status tab has all of its items, and needs the room in a low terminal.
        self.query_one(FlowView).display = event.size.height >= FLOW_FROM

    async def _show_failure(self) -> None:
        """Show why the execution failed, and the line of its log that names the reason."""
        assert self._details is not None
        execution, notice = self._details.execution, self.query_one(FailureNotice)
        notice.set_failure(None, execution.status_message)
        log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
        line = await self.launchpad.files(_failure_line, log, execution)
        if line is None:
            return
        notice.set_failure(line, execution.status_message)
        self._select_tab("logs")
        self.query_one(LogView).mark_line(line.number)

    def _select_tab(self, name: str) -> None:
        """Show a tab, unless the user or the caller has selected one."""
        strip = self.query_one(TabStrip)
        if self._selects_tab and strip.shown == self._tab:
            self._tab = name
            strip.show(name)

    def _show_details(self) -> None:
        if self._details is not None:
            at = now()
            self.query_one(FlowView).set_boxes(flow_boxes(self._details, at, self.launchpad.look))
            self.query_one("#status", Details).set_items(
                execution_items(self._details, self.launchpad.look, at, self._report)
            )

    def on_registry_changed(self, message: RegistryChanged) -> None:
        """Load again, and check the log for new lines."""
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
        if self.is_current and self._on_logs and self._log_lines is None:
            view.follow_up()

    @on(TabStrip.Changed)
    def tab_selected(self, event: TabStrip.Changed) -> None:
        """Update log and footer, which depend on the tab."""
        if event.name != self._tab:
            self._selects_tab = False
        if self._on_logs:
            self.query_one(LiveCurves).draw_soon()
        self._follow_log()
        self.refresh_footer()

    # Actions --------------------------------------------------------------------------------------

    @property
    def _on_logs(self) -> bool:
        return self.query_one(TabStrip).shown == "logs"

    def why_not_stop(self) -> str | None:
        """Return why the execution cannot be stopped now."""
        if self._details is None:
            return NOT_LOADED
        status = self._details.execution.status
        return (
            None
            if status in STOPPABLE
            else f"The execution is {status}: only PENDING and RUNNING ones can be stopped"
        )

    def why_not_delete(self) -> str | None:
        """Return why the execution cannot be deleted now."""
        if self._details is None:
            return NOT_LOADED
        if self._details.execution.deleted_at is not None:
            return "The execution was deleted already"
        status = self._details.execution.status
        return None if status in DELETABLE else f"The execution is {status}: stop it first"

    def why_not_search(self) -> str | None:
        """Return why the log cannot be searched now."""
        return None if self._on_logs else "Open the Logs tab first"

    why_not_time_range = why_not_grep = why_not_search

    async def do_stop(self) -> None:
        """Ask, then stop the execution."""
        title = self._details.execution.title if self._details else self.item_id
        dialog = ConfirmDialog(
            f"Stop execution {title}?", "All its processes are ended.", yes="stop"
        )
        if await self.launchpad.ask(dialog):
            (outcome,) = await self.launchpad.act(
                self.desk.executions.stop, self.scope, (self.item_id,)
            )
            if outcome.error is not None:
                raise outcome.error
            self.launchpad.say(f"Stopping execution {title}", "good")

    async def do_delete(self) -> None:
        """Ask, then delete the execution and close the screen."""
        detail = (
            await self.launchpad.files(self.desk.executions.deletion, self.scope, (self.item_id,))
        ).text
        if await self.launchpad.ask(
            ConfirmDialog(f"Delete execution {self.item_id}?", detail, yes="delete", danger=True)
        ):
            (outcome,) = await self.launchpad.act(
                self.desk.executions.delete, self.scope, (self.item_id,)
            )
            if outcome.error is not None:
                raise outcome.error
            self.launchpad.say(f"Execution {self.item_id} deleted", "good")
            self.dismiss(None)

    def why_not_store_outputs(self) -> str | None:
        """Return why there are no outputs to store."""
        return (
            NOT_LOADED if self._details is None else why_not_store_outputs(self._details.execution)
        )

    def do_store_outputs(self) -> None:
        """Store the outputs in the background."""
        store_outputs, scope = self.desk.executions.store_outputs, self.scope

        def work(progress: Progress) -> str:
            stored = store_outputs(scope, self.item_id, progress)
            return f"Stored {len(stored)} output{'s' * (len(stored) != 1)} of {self.item_id}"

        self.launchpad.transfers.start(f"Store outputs of {self.title_text()}", work)

    def why_not_reproduce(self) -> str | None:
        """Return why the execution cannot be reproduced."""
        if self._details is not None and not self._details.execution.status.final:
            return "The execution has not ended: there are no results to compare with"
        return self._why_not_reproduce

    async def do_reproduce(self) -> None:
        """Ask, then run the execution again with its recorded code and inputs."""
        from launchpad_tui.ui.screens.executions.reproduction import reproduce_execution

        await reproduce_execution(self, self.item_id)

    def why_not_rerun(self) -> str | None:
        """Return why the execution cannot be run again."""
        details = self._details
        if details is None or details.executable_name:
            return None
        return f"The executable {details.execution.executable_id} was deleted"

    def do_rerun(self) -> None:
        """Open the wizard that reruns the execution."""
        self.launchpad.open("execution.rerun", item_id=self.item_id)

    def do_metrics(self) -> None:
        """Open the charts of the execution's metrics."""
        self.launchpad.open("metrics", item_ids=(self.item_id,))

    async def do_search(self) -> None:
        """Ask for a text and find it in the log."""
        view = self.query_one(LogView)
        text = await self.launchpad.ask(
            PromptDialog(
                "Search in the log",
                view.needle,
                "n and N move to the next and previous match.",
                verb="search",
            )
        )
        if text is not None:
            view.search(text)

    async def do_grep(self) -> None:
        """Ask for a text and show only the log lines that contain it."""
        text = await self.launchpad.ask(
            PromptDialog(
                "Show only log lines with", "", "Leave empty to show all lines.", verb="show"
            )
        )
        if text is not None:
            await self._filter_log(text, None, None)

    async def do_time_range(self) -> None:
        """Ask for a time range and show only its log lines."""
        hint = (
            "For example 12:00:05 - 12:01:30, or 2026-01-31 12:00:05 - for all lines since then. "
            "Leave empty to show all lines."
        )
        text = await self.launchpad.ask(
            PromptDialog("Show only the log between", "", hint, verb="show")
        )
        if text is not None:
            first, _, last = f" {text} ".partition(" - ")
            await self._filter_log("", _timestamp(first), _timestamp(last))

    async def _filter_log(self, text: str, since: datetime | None, until: datetime | None) -> None:
        """Show only the log lines that contain a text and belong to a time range."""
        view = self.query_one(LogView)
        if not text and since is None and until is None:
            self._log_lines = None
            view.only(None)
            self.launchpad.say("All lines are shown")
            return
        log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
        self._log_lines = await self.launchpad.files(log.matching, text, since, until)
        view.only(self._log_lines)
        count = len(self._log_lines)
        self.launchpad.say(
            f"{count:,} line{'' if count == 1 else 's'} shown; repeat with empty text to show all"
        )

    async def do_save_log(self) -> None:
        """Ask for a file and save the log, or the lines that the filter shows."""
        from pathlib import Path

        hint = (
            "Only the lines shown now are saved."
            if self._log_lines is not None
            else "The whole log is saved."
        )
        typed = await self.launchpad.ask(
            PromptDialog("Save the log as", f"{self.item_id}.log", hint, verb="save", path=True)
        )
        if typed:
            path = Path(typed).expanduser().absolute()
            log = await self.launchpad.files(self.desk.executions.log, self.scope, self.item_id)
            await self.launchpad.files(log.save, path, self._log_lines)
            self.launchpad.say(f"Log saved to {path}", "good")


def _failure_line(log: ExecutionLog, execution: Execution) -> LogLine | None:
    count = log.count()
    details = execution.status_details
    return failure_line(
        log.slice(max(0, count - FAILURE_LINES), count),
        by_runtime="reason" in details and "exitCode" not in details,
    )


def _timestamp(text: str) -> datetime | None:
    """Parse a time of today, or date and time, in the time zone of this machine; None if empty.

    Raises:
        InvalidInput: the text is neither.
    """
    text = text.strip()
    if not text:
        return None
    whole = text if "-" in text else f"{datetime.now().astimezone().date().isoformat()}T{text}"
    try:
        parsed = datetime.fromisoformat(whole)
        return parsed.astimezone() if parsed.tzinfo is None else parse_rfc3339(whole)
    except ValueError as error:
        hint = "Type a time, for example 12:00:05 or 2026-01-31 12:00:05."
        raise InvalidInput(f"{text!r} is not a valid time", hint=hint) from error

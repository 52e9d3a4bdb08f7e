"""The list of this session's transfers with their progress and results."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.transfers import Job, JobState
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, ErrorDialog
from launchpad_tui.ui.widgets.table import VirtualTable

#: seconds between two updates of the list
_REFRESH_SECONDS = 0.5
#: width of a progress bar in cells
_BAR_WIDTH = 14
_NO_ROW = "No transfer is under the cursor"


class TransfersScreen(LaunchpadScreen):
    """All transfers of this session, in the order in which they were started."""

    TITLE_TEXT = "Transfers"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "transfers.stop",
            "S",
            "stop",
            "Stop the transfer (restarting a download resumes it)",
            footer=2,
        ),
        Action(
            "transfers.restart", "A", "restart", "Restart the failed or stopped transfer", footer=3
        ),
        Action("transfers.clear", "D", "clear", "Clear finished transfers", footer=4),
    )

    def __init__(self) -> None:
        super().__init__()
        self._jobs: tuple[Job, ...] = ()

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield VirtualTable(
            job_columns(self.launchpad.look),
            lambda job: str(job.id),
            title="Transfers",
            multi=False,
            id="list",
            empty="No transfers\nIn Models (1), press d to download a model, u to upload one",
        )

    @property
    def table(self) -> VirtualTable[Job]:
        """The list of transfers."""
        return self.query_one("#list", VirtualTable)

    def on_mount(self) -> None:
        """Start to update the list regularly."""
        self.set_interval(_REFRESH_SECONDS, self._update)

    async def load(self) -> None:
        """Show the present state of all transfers."""
        self._jobs = self.desk.transfers.jobs()
        self.table.set_rows(self._jobs)

    def _update(self) -> None:
        if self.is_current and any(not job.state.over for job in self._jobs):
            self.reload()

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Show the whole error of a failed transfer, or the message of any other one."""
        job: Job = event.row
        if job.error is not None:
            self.app.push_screen(ErrorDialog(job.error))
        else:
            self.launchpad.say(job.message or f"{job.title}: {job.state}")

    def why_not_stop(self) -> str | None:
        """Disable stopping a transfer that has finished."""
        job = self.table.row
        if job is None:
            return _NO_ROW
        return f"The transfer is {state_text(job.state)}" if job.state.over else None

    def why_not_restart(self) -> str | None:
        """Disable restarting unless the transfer has failed or was stopped."""
        job = self.table.row
        if job is None:
            return _NO_ROW
        if job.state in {JobState.FAILED, JobState.CANCELLED}:
            return None
        return f"The transfer is {state_text(job.state)}"

    def why_not_clear(self) -> str | None:
        """Disable the action if no transfer has finished."""
        return None if any(job.state.over for job in self._jobs) else "No transfer has finished"

    def do_stop(self) -> None:
        """Stop the transfer."""
        self.desk.transfers.cancel(int(self.table.row_id))
        self.launchpad.transfers.follow()
        self.reload()

    def do_restart(self) -> None:
        """Restart the transfer."""
        self.launchpad.transfers.retry(int(self.table.row_id))
        self.reload()

    def do_clear(self) -> None:
        """Remove all finished transfers from the list."""
        self.desk.transfers.clear()
        self.reload()


class LeaveDialog(ConfirmDialog):
    """The question before the app quits while transfers are running.

    A key that quits the app confirms the question, so pressing it twice always quits.

    Args:
        count: the number of running transfers.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("leave.yes", "q ctrl+q", "yes", "Quit", "Dialogs", hidden=True),
    )

    def __init__(self, count: int) -> None:
        transfers = "1 transfer is" if count == 1 else f"{count} transfers are"
        detail = "Uploads are discarded. Downloads are resumed when you start them again."
        super().__init__(f"Quit while {transfers} running?", detail, yes="quit")


def job_columns(look: Look) -> tuple[Column[Job], ...]:
    """Return the columns of the list of transfers."""
    glyphs = look.glyphs
    states = {
        JobState.WAITING: (glyphs.pending, "dim"),
        JobState.RUNNING: (glyphs.running, "accent"),
        JobState.CANCELLING: (glyphs.stopping, "warn"),
        JobState.DONE: (glyphs.done, "good"),
        JobState.FAILED: (glyphs.error, "bad"),
        JobState.CANCELLED: (glyphs.stopped, "dim"),
    }

    def state(job: Job) -> Cell:
        glyph, role = states[job.state]
        return Cell(f"{glyph} {state_text(job.state)}", role)

    def bar(job: Job) -> Cell:
        if not job.total:
            return Cell("")
        share = 1.0 if job.state is JobState.DONE else min(1.0, job.done / job.total)
        full = int(share * _BAR_WIDTH)
        return Cell(
            f"{glyphs.full * full}{glyphs.empty * (_BAR_WIDTH - full)} {int(100 * share):3} %",
            states[job.state][1],
        )

    def result(job: Job) -> Cell:
        if job.error is not None:
            return Cell(error_text(job.error), "bad")
        return Cell(job.message or job.path, "text" if job.message else "dim")

    return (
        Column[Job]("title", "Transfer", lambda r: r.title, 20, 50, 2, priority=0),
        Column[Job]("state", "State", state, 12, 12, 0, priority=1),
        Column[Job]("bar", "Progress", bar, _BAR_WIDTH + 6, _BAR_WIDTH + 6, 0, priority=2),
        Column[Job](
            "done", "Done", lambda r: Cell(_amount(r), "dim"), 18, 22, 0, "right", priority=4
        ),
        Column[Job](
            "speed", "Speed", lambda r: Cell(_speed(r), "dim"), 11, 12, 0, "right", priority=3
        ),
        Column[Job](
            "left",
            "Left",
            lambda r: Cell(_left(r), "dim"),
            8,
            10,
            0,
            "right",
            priority=3,
        ),
        Column[Job]("result", "Details", result, 16, 100, 4, priority=2),
    )


def state_text(state: JobState) -> str:
    """Return a state as the screen shows it: a canceled transfer is stopped, as its action is."""
    return "stopped" if state is JobState.CANCELLED else str(state)


def error_text(error: LaunchpadError) -> str:
    """Return title and detail of an error on one line."""
    return f"{error.title}: {error.detail}" if error.detail else error.title


def _amount(job: Job) -> str:
    if job.unit != "B":
        return (
            f"{job.done:,} of {job.total:,} {job.unit}" if job.total else f"{job.done:,} {job.unit}"
        )
    if not job.total:
        return size_text(job.done) if job.done else ""
    return f"{size_text(job.done)} of {size_text(job.total)}"


def _left(job: Job) -> str:
    if job.left is None:
        return ""
    return f"{job.left:.0f} s" if job.left < 60 else duration_text(job.left)


def _speed(job: Job) -> str:
    if job.speed <= 0:
        return ""
    return f"{size_text(int(job.speed))}/s" if job.unit == "B" else f"{job.speed:.3g}/s"

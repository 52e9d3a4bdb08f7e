"""Transfers of the app: starts them, shows their progress in the header, reports results, confirms before quitting."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.text import clip

if TYPE_CHECKING:
    from launchpad_tui.services.transfers import Job, Work
    from launchpad_tui.ui.shell import Shell

#: seconds between two updates of the header
_UPDATE_SECONDS = 0.5
#: seconds that transfers have to end when the app is left
LEAVE_SECONDS = 1.0


class TransferWatch:
    """The transfers that were begun in this app. Used on the UI's thread only.

    Args:
        app: asked for its desk when the first transfer begins.
    """

    def __init__(self, app: Shell) -> None:
        self._app = app
        self._timer: Any = None
        self._then: dict[int, Callable[[Job], None]] = {}
        self._told: set[int] = set()
        #: what the header says of them; empty where none goes on
        self.text = ""

    def start(
        self,
        title: str,
        work: Work,
        unit: str = "B",
        then: Callable[[Job], None] | None = None,
        quiet: bool = False,
    ) -> int:
        """Begin a transfer as soon as there is room; gives its number.

        Args:
            title: what it is, such as ``Download churn``.
            work: see `services.transfers.Work`.
            unit: what its progress counts.
            then: called when it is over, in place of the message that says how it ended.
            quiet: do not say that it began.
        """
        number = self._app.desk.transfers.start(title, work, unit)
        if then is not None:
            self._then[number] = then
        if not quiet:
            self._app.say(f"{title}: it goes on in the background, ctrl+t shows it")
        self.follow()
        return number

    def retry(self, number: int) -> None:
        """Begin a transfer anew that failed or was cancelled."""
        self._told.discard(number)
        self._app.desk.transfers.restart(number)
        self.follow()

    @property
    def following(self) -> bool:
        """Whether something goes on, or how it ended is not said yet."""
        return self._timer is not None

    @property
    def active(self) -> int:
        """How many wait or run."""
        return self._app.desk.transfers.active if self.following else 0

    def show(self) -> None:
        """Open their screen, unless it is."""
        if self._app.trail()[-1:] != ["Transfers"]:
            self._app.open("transfers")

    def leave(self) -> None:
        """Leave the app, after a question where something goes on."""
        if not self.active:
            self._app.exit()
            return
        from launchpad_tui.ui.screens.transfers.transfers import LeaveDialog

        self._app.push_screen(
            LeaveDialog(self.active), lambda yes: self._stop_and_leave() if yes else None
        )

    def _stop_and_leave(self) -> None:
        """Stop all, so that uploads take back what they sent; a server that does not answer is not waited for."""
        transfers = self._app.desk.transfers
        for job in transfers.jobs():
            transfers.cancel(job.id)
        end = time.monotonic() + LEAVE_SECONDS

        def look() -> None:
            if not transfers.active or time.monotonic() > end:
                self._app.exit()

        look()
        self._app.set_interval(0.05, look)

    def follow(self) -> None:
        """Look at what goes on, now and until nothing does."""
        if self._timer is None:
            self._timer = self._app.set_interval(_UPDATE_SECONDS, self._look)
        self._look()

    def _look(self) -> None:
        jobs = self._app.desk.transfers.jobs()
        for job in jobs:
            if job.state.over and job.id not in self._told:
                self._told.add(job.id)
                self._over(job)
        going = [job for job in jobs if not job.state.over]
        text = header_text(going)
        if text != self.text:
            self.text = text
            self._app.repaint_header()
        if not going and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _over(self, job: Job) -> None:
        then = self._then.get(job.id)
        if then is not None:
            then(job)
        else:
            self.report(job)

    def report(self, job: Job) -> None:
        """Say how a transfer ended."""
        if job.error is not None:
            reason = f"{job.error.title}. {job.error.hint or 'ctrl+t tells more'}"
            self._app.say(clip(f"{job.title}: {reason}", 300), "bad")
        elif job.message:
            self._app.say(job.message, "good", 10)
        else:
            self._app.say(f"{job.title}: {job.state}")


def header_text(going: list[Job]) -> str:
    """``2 transfers 45 %``: how many go on, and how far those are of which that is known; empty for none."""
    if not going:
        return ""
    # Bytes of one and models of another cannot be added up: each counts by its part.
    parts = [job.done / job.total for job in going if job.total]
    share = f" {int(100 * sum(parts) / len(going))} %" if parts else ""
    return f"{len(going)} transfer{'s' * (len(going) != 1)}{share}"

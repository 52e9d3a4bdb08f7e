"""Transfers of the app: starting them, showing their progress, reporting their results."""

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
#: seconds that cancelled transfers have to end when the user quits
LEAVE_SECONDS = 1.0


class TransferWatch:
    """The transfers started in this app.

    It implements `shell.Transfers`. Used on the UI's thread only.
    """

    def __init__(self, app: Shell) -> None:
        self._app = app
        self._timer: Any = None
        self._then: dict[int, Callable[[Job], None]] = {}
        self._reported: set[int] = set()
        #: the header's text; empty if no transfer is waiting or running
        self.text = ""

    def start(
        self,
        title: str,
        work: Work,
        unit: str = "B",
        then: Callable[[Job], None] | None = None,
        quiet: bool = False,
    ) -> int:
        """Start a transfer in the background and return its number.

        Args:
            title: the name of the transfer, for example ``Download churn``.
            work: see `services.transfers.Work`.
            unit: the unit of the progress.
            then: called at the end, instead of the message that reports the result.
            quiet: do not show a message now.
        """
        number = self._app.desk.transfers.start(title, work, unit)
        if then is not None:
            self._then[number] = then
        if not quiet:
            self._app.say(f"{title} started in the background; press ctrl+t to show it")
        self.follow()
        return number

    def retry(self, number: int) -> None:
        """Restart a failed or cancelled transfer."""
        self._reported.discard(number)
        self._app.desk.transfers.restart(number)
        self.follow()

    @property
    def following(self) -> bool:
        """Whether a transfer is active, or its result has not been reported yet."""
        return self._timer is not None

    @property
    def active(self) -> int:
        """The number of transfers that are waiting or running."""
        return self._app.desk.transfers.active if self.following else 0

    def show(self) -> None:
        """Open the transfers screen, unless it is on top."""
        if self._app.trail()[-1:] != ["Transfers"]:
            self._app.open("transfers")

    def leave(self) -> None:
        """Quit the app, after a confirmation if a transfer is active."""
        if not self.active:
            self._app.exit()
            return
        from launchpad_tui.ui.screens.transfers.transfers import LeaveDialog

        self._app.push_screen(LeaveDialog(self.active), lambda yes: self.quit() if yes else None)

    def quit(self, code: int = 0) -> None:
        """Cancel all transfers and quit the app after `LEAVE_SECONDS` at the latest.

        Uploads that are cancelled remove what they have sent.

        Args:
            code: the exit code of the process.
        """
        if not self._app.desk_is_open or not self.following:
            self._app.exit(return_code=code)
            return
        transfers = self._app.desk.transfers
        for job in transfers.jobs():
            transfers.cancel(job.id)
        end = time.monotonic() + LEAVE_SECONDS

        def update() -> None:
            if not transfers.active or time.monotonic() > end:
                self._app.exit(return_code=code)

        update()
        self._app.set_interval(0.05, update)

    def follow(self) -> None:
        """Update the header now and until no transfer is active."""
        if self._timer is None:
            self._timer = self._app.set_interval(_UPDATE_SECONDS, self._update)
        self._update()

    def _update(self) -> None:
        jobs = self._app.desk.transfers.jobs()
        for job in jobs:
            if job.state.over and job.id not in self._reported:
                self._reported.add(job.id)
                self._finished(job)
        active = [job for job in jobs if not job.state.over]
        text = header_text(active)
        if text != self.text:
            self.text = text
            self._app.repaint_header()
        if not active and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _finished(self, job: Job) -> None:
        then = self._then.get(job.id)
        if then is not None:
            then(job)
        else:
            self.report(job)

    def report(self, job: Job) -> None:
        """Show a message with the result of a transfer."""
        if job.error is not None:
            reason = f"{job.error.title}. {job.error.hint or 'Press ctrl+t for details'}"
            self._app.say(clip(f"{job.title}: {reason}", 300), "bad", anywhere=True)
        elif job.message:
            self._app.say(job.message, "good", 10, anywhere=True)
        else:
            self._app.say(f"{job.title}: {job.state}", anywhere=True)


def header_text(active: list[Job]) -> str:
    """Return the header's text, for example ``2 transfers 45 %``; empty if there are none.

    The share covers the transfers whose total is known.
    """
    if not active:
        return ""
    # The units differ (bytes, artifacts), so this is the mean of the shares and not a share of the
    # sum.
    parts = [job.done / job.total for job in active if job.total]
    share = f" {int(100 * sum(parts) / len(active))} %" if parts else ""
    return f"{len(active)} transfer{'s' * (len(active) != 1)}{share}"

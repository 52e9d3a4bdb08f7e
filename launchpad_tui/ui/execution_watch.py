"""Reports executions that end while another screen is shown."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.domain.text import one_line, safe_text
from launchpad_tui.errors import NotFound
from launchpad_tui.ui.shell import Shell

if TYPE_CHECKING:
    from textual.screen import Screen

#: seconds that the message stays
_SECONDS = 10
#: the topic of the messages
_TOPIC = "executions"
#: characters of a notification; terminals cut longer ones, or ignore them
_LONGEST = 200
_OUTCOMES = {Status.COMPLETED: "completed", Status.DEAD: "failed", Status.STOPPED: "was stopped"}
_ROLES = {Status.COMPLETED: "good", Status.DEAD: "bad"}


class NotifyingShell(Shell, Protocol):
    """The app as `ExecutionWatch` uses it."""

    @property
    def screen_stack(self) -> Sequence[Screen[object]]:
        """The open screens, the top one last."""

    def say_afterwards(self, text: str, role: str, seconds: float, topic: str = "") -> None:
        """Show a message on any screen, after the current one; it replaces one about the topic."""

    def has_message(self, topic: str) -> bool:
        """Return whether a message about a topic is shown or waits."""

    def write_terminal(self, text: str) -> None:
        """Write a control sequence to the terminal."""


class ExecutionWatch:
    """The executions of the current scope that have not ended. Used on the UI's thread only."""

    def __init__(self, app: NotifyingShell) -> None:
        self._app = app
        self._scope: Scope | None = None
        self._unfinished: dict[str, Execution] = {}
        self._reported: list[Execution] = []

    async def update(self) -> None:
        """Read which executions have not ended, and report those that ended since the last call.

        The first call for a scope reports none.
        """
        app, scope = self._app, self._app.scope
        now = await app.read(app.desk.executions.unfinished, scope)
        before = self._unfinished if scope == self._scope else {}
        self._scope, self._unfinished = scope, {one.id: one for one in now}
        ended: list[Execution] = []
        for one in before.values():
            if one.id in self._unfinished or one.id == self._shown_id():
                continue
            try:
                found = await app.read(app.desk.executions.get, scope, one.id)
            except NotFound:
                continue
            ended.append(found.execution)
        if ended:
            self._report(ended)

    def _shown_id(self) -> str:
        """Return the ID of the execution whose page is shown, also below a dialog, or nothing."""
        ids = [str(getattr(each, "item_id", "")) for each in self._app.screen_stack]
        return next((one for one in reversed(ids) if one), "")

    def _report(self, ended: Sequence[Execution]) -> None:
        if not self._app.has_message(_TOPIC):
            self._reported.clear()
        # One message counts all that ended since the user saw none: those of a sweep end one by
        # one, and a message for each would be shown long after the last one.
        self._reported += ended
        self._app.say_afterwards(*ended_text(self._reported), _SECONDS, _TOPIC)
        sequence = notification(self._app.desk.settings.ui.notify, ended_text(ended)[0], os.environ)
        if sequence:
            self._app.write_terminal(sequence)


def ended_text(ended: Sequence[Execution]) -> tuple[str, str]:
    """Return the message about executions that ended, and its role."""
    if len(ended) > 1:
        counts = {status: sum(one.status is status for one in ended) for status in _OUTCOMES}
        parts = [f"{n} {_OUTCOMES[status]}" for status, n in counts.items() if n]
        text = f"{len(ended)} executions ended: {', '.join(parts)}"
        failed = [one for one in ended if one.status is Status.DEAD]
        if failed:
            text += f"; {_outcome(failed[-1])}"
        return text, "bad" if failed else "good"
    (one,) = ended
    return f"Execution {_outcome(one)}", _ROLES.get(one.status, "text")


def _outcome(one: Execution) -> str:
    """Return the name of an execution, how it ended, and why if it failed."""
    outcome = _OUTCOMES.get(one.status, f"ended with the status {one.status}")
    text = f"{one.title} {outcome}"
    if one.status is Status.DEAD and one.status_message:
        text += f": {one_line(one.status_message)}"
    return text


def notification(how: str, text: str, environ: Mapping[str, str]) -> str:
    """Return the control sequence that notifies the user; empty if ``how`` is ``off``.

    Args:
        how: ``off``, ``bell``, ``osc9`` (iTerm2, WezTerm, Windows Terminal and others) or
            ``osc777`` (urxvt, foot, Ghostty and others).
        text: the text of the notification; bells have none.
        environ: the environment, from which tmux is recognized. It passes a sequence on to the
            terminal if it is wrapped in DCS, with each escape doubled, and if its option
            ``allow-passthrough`` is on. It handles bells itself.
    """
    if how == "bell":
        return "\x07"
    if how not in {"osc9", "osc777"}:
        return ""
    # A semicolon separates the parts of OSC 777.
    shown = safe_text(text, _LONGEST).replace(";", ",")
    sequence = f"\x1b]9;{shown}\x07" if how == "osc9" else f"\x1b]777;notify;launchpad;{shown}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence

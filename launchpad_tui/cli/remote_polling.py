"""Polls a remote runtime while a command waits for it, and reports when it does not respond."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext


class RemotePolling:
    """Fetches the state of executions while a command waits. Does nothing for this machine."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context
        self._failing = False

    def poll(self) -> None:
        """Fetch the state of unfinished executions, and note when an outage begins and ends.

        Raises:
            AuthenticationFailed: The credentials are not accepted. Other errors that a retry does
                not solve are possible.
        """
        scope = self._context.scope
        error = self._context.desk.sync.follow(scope)
        if (error is not None) == self._failing:
            return
        self._failing = error is not None
        self._context.note(
            f"note: {scope} responds again."
            if error is None
            else f"note: {error.title}. Trying again until it responds."
        )

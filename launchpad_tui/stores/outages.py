"""Waiting for a server that does not respond for some seconds, for example while it restarts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from launchpad_tui.errors import LaunchpadError, RateLimited, Unreachable

Result = TypeVar("Result")
#: Seconds that a transfer waits for a server that does not respond.
OUTAGE_SECONDS = 20.0
#: The first pause between two attempts in seconds, doubled for each further one up to a maximum.
_FIRST_PAUSE, _MAX_PAUSE = 0.25, 4.0


class Outage:
    """The attempts since a server stopped responding.

    Args:
        seconds: How long to wait for the server.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = OUTAGE_SECONDS if seconds is None else seconds
        self._pause = _FIRST_PAUSE
        self._end: float | None = None

    def reset(self) -> None:
        """Start again, because the server has responded."""
        self._pause, self._end = _FIRST_PAUSE, None

    def wait(self, error: LaunchpadError) -> bool:
        """Pause before the next attempt; return False, without a pause, if there should be none.

        Args:
            error: The error of the last attempt.
        """
        from launchpad_tui.net.errors import is_transient

        if not isinstance(error, Unreachable | RateLimited) or not is_transient(error):
            return False
        at = time.monotonic()
        if self._end is None:
            self._end = at + self._seconds
        pause = max(self._pause * random.uniform(0.5, 1.0), error.retry_after or 0.0)
        if at + pause > self._end:
            return False
        time.sleep(pause)
        self._pause = min(_MAX_PAUSE, 2 * self._pause)
        return True


def wait_through_outages(call: Callable[[], Result], seconds: float | None = None) -> Result:
    """Return the result of a call, which is repeated while the server does not respond.

    Args:
        call: Sends requests that can be repeated.
        seconds: How long to wait for the server; None for `OUTAGE_SECONDS`.

    Raises:
        LaunchpadError: The error of the last attempt.
    """
    outage = Outage(seconds)
    while True:
        try:
            return call()
        except LaunchpadError as error:
            if not outage.wait(error):
                raise

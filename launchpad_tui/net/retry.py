"""When a failed request is sent again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from launchpad_tui.errors import LaunchpadError, RateLimited, Unreachable
from launchpad_tui.net.errors import is_transient
from launchpad_tui.records import record

#: the longest computed pause between two attempts (seconds)
MAX_PAUSE = 8.0
#: the longest wait that a server may request by Retry-After (seconds); beyond it the request fails
MAX_RETRY_AFTER = 30.0


@record
class RetryPolicy:
    """How often a request is sent and how the pauses between the attempts grow.

    Args:
        attempts: number of times that a request is sent at most.
        pause: seconds before the second attempt, doubled for each further one up to `MAX_PAUSE`.
            The actual pause is a random part of it, from one half to the whole.
    """

    attempts: int = 4
    pause: float = 0.5

    def delay(self, attempt: int, error: LaunchpadError) -> float | None:
        """Return the seconds to wait before the next attempt; None if there should be none.

        Args:
            attempt: number of attempts so far.
            error: why the last one failed.
        """
        if not isinstance(error, Unreachable | RateLimited) or not is_transient(error):
            return None
        if attempt >= self.attempts:
            return None
        seconds = min(MAX_PAUSE, self.pause * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1)
        if error.retry_after is None:
            return seconds
        return None if error.retry_after > MAX_RETRY_AFTER else max(seconds, error.retry_after)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the header Retry-After requests to wait; None without a valid one.

    Source: RFC 9110, section 10.2.3 (a number of seconds, or a date).
    """
    value = headers.get("retry-after", "").strip()
    if value.isdigit() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time()) if value else None
    except (ValueError, TypeError, OverflowError):
        return None

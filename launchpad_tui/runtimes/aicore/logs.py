"""Logs of executions, page by page.

The API pages logs by timestamp only, so a page begins with the lines that have the last timestamp
of the page before it. They are skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from launchpad_tui.aiapi.executions import parse_log
from launchpad_tui.domain.execution import LogRecord
from launchpad_tui.domain.timestamps import to_rfc3339

#: the API's maximum number of lines per page
PAGE = 5000
#: the resolution of our timestamps
_RESOLUTION = timedelta(microseconds=1)


class LogPages:
    """The pages of one log.

    Args:
        fetch: requests a page with query parameters and returns its JSON.
        start, end: the earliest and the latest timestamp; None for the server's default.
        newest_first: whether the newest lines come first.
        page: lines per page.
    """

    def __init__(
        self,
        fetch: Callable[[Mapping[str, object]], object],
        start: datetime | None,
        end: datetime | None,
        newest_first: bool,
        page: int = PAGE,
    ) -> None:
        self._fetch = fetch
        self._bounds = {"start": start, "end": end}
        self._newest_first = newest_first
        self._page = page

    def lines(self, limit: int | None = None) -> Iterator[LogRecord]:
        """Yield the lines.

        Args:
            limit: the maximum number of lines; None for all.
        """
        moving = "end" if self._newest_first else "start"
        known: Counter[LogRecord] = Counter()
        count = 0
        while limit is None or count < limit:
            page = self._next_page()
            repeated = known.copy()
            for line in page:
                if repeated[line] > 0:
                    repeated[line] -= 1
                    continue
                if limit is not None and count >= limit:
                    return
                count += 1
                yield line
            if len(page) < self._page:
                return
            last = page[-1].timestamp
            bound = self._bounds[moving]
            if bound is not None and not self._advances(last, bound):
                # All lines of the page have the same timestamp: the API cannot return further lines
                # of that timestamp, so they are skipped.
                known = Counter()
                self._bounds[moving] = (
                    bound - _RESOLUTION if self._newest_first else bound + 2 * _RESOLUTION
                )
                continue
            known = Counter(line for line in page if abs(line.timestamp - last) <= _RESOLUTION)
            # The server's timestamps are finer than ours: the bound is rounded so that no line is
            # lost.
            self._bounds[moving] = last + _RESOLUTION if self._newest_first else last

    def _advances(self, last: datetime, bound: datetime) -> bool:
        """Return whether the next page would begin at another timestamp than the current one."""
        return last + _RESOLUTION < bound if self._newest_first else last > bound

    def _next_page(self) -> list[LogRecord]:
        query: dict[str, object] = {
            name: to_rfc3339(value) for name, value in self._bounds.items() if value is not None
        }
        order = "desc" if self._newest_first else "asc"
        return parse_log(self._fetch({**query, "$top": self._page, "$order": order}))

"""Logs of executions, page by page. The API pages them by time only, so lines of the last moment of a page come again
with the next one, and are passed over there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from launchpad_tui.aiapi.executions import parse_log
from launchpad_tui.domain.execution import LogRecord
from launchpad_tui.domain.timestamps import to_rfc3339

#: the API: lines of a page
PAGE = 5000
_INSTANT = timedelta(microseconds=1)


class LogPages:
    """Reads a log.

    Args:
        ask: sends a query.
        start, end: the earliest and the latest moment; None: the server's choice.
    """

    def __init__(
        self,
        ask: Callable[[Mapping[str, object]], object],
        start: datetime | None,
        end: datetime | None,
        newest_first: bool,
        page: int = PAGE,
    ) -> None:
        self._ask = ask
        self._bounds = {"start": start, "end": end}
        self._newest_first = newest_first
        self._page = page

    def lines(self, limit: int | None = None) -> Iterator[LogRecord]:
        """The lines, at most so many."""
        moving = "end" if self._newest_first else "start"
        known: Counter[LogRecord] = Counter()
        given = 0
        while limit is None or given < limit:
            found = self._read()
            left = known.copy()
            for line in found:
                if left[line] > 0:
                    left[line] -= 1
                    continue
                if limit is not None and given >= limit:
                    return
                given += 1
                yield line
            if len(found) < self._page:
                return
            last = found[-1].timestamp
            bound = self._bounds[moving]
            if bound is not None and not self._advances(last, bound):
                # A page full of one moment: what else it has cannot be asked for.
                last = bound
                known = Counter()
                self._bounds[moving] = (
                    last - _INSTANT if self._newest_first else last + 2 * _INSTANT
                )
                continue
            known = Counter(line for line in found if abs(line.timestamp - last) <= _INSTANT)
            # A moment of the server is finer than ours: the bound lies on the side where nothing is lost.
            self._bounds[moving] = last + _INSTANT if self._newest_first else last

    def _advances(self, last: datetime, bound: datetime) -> bool:
        return last + _INSTANT < bound if self._newest_first else last > bound

    def _read(self) -> list[LogRecord]:
        query: dict[str, object] = {
            name: to_rfc3339(value) for name, value in self._bounds.items() if value is not None
        }
        order = "desc" if self._newest_first else "asc"
        return parse_log(self._ask({**query, "$top": self._page, "$order": order}))

"""A view of the log of an execution, which holds the lines around those in view only."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import ClassVar, Protocol

from textual import events

from launchpad_tui.domain.execution import LogLine
from launchpad_tui.domain.text import safe_text
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.lines import Lines, Parts
from launchpad_tui.ui.widgets.rows import BLOCK, RowCache

#: characters of a line that can be shown; the rest is cut
LINE_LIMIT = 4000
_STREAMS = {"stderr": "warn", "launchpad": "accent"}


class Log(Protocol):
    """The log as the view reads it. Every call may block."""

    @property
    def finished(self) -> bool:
        """Whether the log is complete."""

    def count(self) -> int:
        """Return the number of lines."""

    def slice(self, start: int, stop: int) -> Sequence[LogLine]:
        """Return the lines from ``start`` up to, but not including, ``stop``."""

    def matching(self, text: str = "") -> Sequence[int]:
        """Return the numbers of the lines that contain a text, ignoring case."""


class LogView(Lines):
    """A scrollable log.

    Set the log with `set_log`, and call `follow_up` whenever it may have grown. ``following`` keeps
    the newest line in view, ``newest_first`` reverses the order, `search` highlights a text, and
    `only` restricts the view to some lines.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "log.follow", "f", "follow", "Follow the log: keep the newest line in view", "Log", 2
        ),
        Action("log.order", "o", "order", "Show the newest or the oldest line first", "Log", 3),
        Action("log.timestamps", "t", "times", "Show or hide the timestamps", "Log", 6),
        Action("log.next-match", "n", "next match", "Move to the next match", "Log"),
        Action("log.previous-match", "N", "previous match", "Move to the previous match", "Log"),
    )

    def __init__(self, *, empty: str = "The log is empty", id: str | None = None) -> None:  # noqa: A002
        super().__init__(empty=empty, id=id)
        self.following = True
        self.newest_first = False
        self.times = True
        self.needle = ""
        self._empty_text = empty
        self._log: Log | None = None
        self._cache: RowCache[LogLine] = RowCache()
        self._only: Sequence[int] | None = None
        self._matches: Sequence[int] = ()
        #: the number of the line of the current match
        self._match: int | None = None
        self._busy = False
        #: the number of a line that is highlighted, and whether it still has to be scrolled to
        self._marked: int | None = None
        self._scroll_to_marked = False

    def set_log(self, log: Log) -> None:
        """Show another log."""
        self._log = log
        self._cache = RowCache()
        self._only = None
        self.follow_up()

    def follow_up(self) -> None:
        """Read lines that were added or came into view."""
        if not self._busy and self._log is not None:
            self._busy = True
            self.run_task(self._read(), "log", exclusive=False)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep following the newest line at the new height."""
        self._keep_view(0)
        self.follow_up()

    def search(self, text: str) -> None:
        """Highlight a text in all lines."""
        self.needle = text
        self._matches, self._match = (), None
        self.run_task(self._find(text), "log search")

    def only(self, numbers: Sequence[int] | None) -> None:
        """Show only the lines with these numbers, or all if None."""
        self._only = numbers
        self.empty = self._empty_text if numbers is None else "No line matches"
        self.top = 0
        self.clamp()
        self.repaint()
        self.follow_up()

    def mark_line(self, number: int) -> None:
        """Highlight the line with a number, and scroll to it once the view has a size."""
        self._marked, self._scroll_to_marked = number, True
        self.following = False
        self.repaint()
        self.follow_up()

    @property
    def matches(self) -> int:
        """The number of lines that match the search."""
        return len(self._matches)

    def line_count(self) -> int:
        """Return the number of lines that can be scrolled to."""
        return len(self._only) if self._only is not None else (self._cache.count or 0)

    def number_at(self, place: int) -> int:
        """Return the number of the log line at a position of the view."""
        place = self.line_count() - 1 - place if self.newest_first else place
        return self._only[place] if self._only is not None else place

    def parts(self, number: int) -> Parts:
        """Return the timestamp and the message of a line, with the matches marked."""
        line = self._cache.get(self.number_at(number))
        if line is None:
            return ((" " + self.look.glyphs.ellipsis, "faint"),)
        parts: list[tuple[str, str]] = []
        if self.times:
            parts.append((line.timestamp.astimezone().strftime(" %H:%M:%S "), "faint"))
        text = safe_text(line.message.expandtabs(4)[:LINE_LIMIT])
        marked = line.number == self._marked
        role = "selected" if marked else _STREAMS.get(line.stream, "text")
        if marked and parts:
            parts = [(parts[0][0], role)]
        if not self.needle:
            return (*parts, (text, role))
        low, needle = text.casefold(), self.needle.casefold()
        at = 0
        # Case folding may change the length; then no match is marked in the line.
        while len(low) == len(text) and (found := low.find(needle, at)) >= 0:
            mark = "current-match" if line.number == self._match else "match"
            parts += [(text[at:found], role), (text[found : found + len(needle)], mark)]
            at = found + len(needle)
        return (*parts, (text[at:], role))

    def show_from(self, top: int) -> None:
        """Scroll. Scrolling away from the newest line stops following; scrolling to it resumes."""
        super().show_from(top)
        newest = 0 if self.newest_first else max(0, self.line_count() - self.size.height)
        self.following = self.top == newest
        self.follow_up()

    async def _read(self) -> None:
        try:
            log = self._log
            if log is None:
                return
            read = self.launchpad.files
            count = await read(log.count)
            grown = count != self._cache.count
            before = self._cache.count or 0
            self._cache.count = count
            if grown and before % BLOCK:
                # The last block was incomplete when it was read.
                number = before // BLOCK
                self._cache.put(number, await read(log.slice, number * BLOCK, (number + 1) * BLOCK))
            if grown and self._only is None:
                self._keep_view(count - before)
            self._show_marked()
            while (block := self._missing()) is not None:
                self._cache.put(block, await read(log.slice, block * BLOCK, (block + 1) * BLOCK))
            self.repaint()
        finally:
            self._busy = False

    def _show_marked(self) -> None:
        """Scroll to the highlighted line, with the lines that precede it in most of the view."""
        if not self._scroll_to_marked or self._marked is None or self.size.height < 2:
            return
        self._scroll_to_marked = False
        place = self.place_of(self._marked)
        if place is not None:
            above = self.size.height // 4 if self.newest_first else self.size.height * 3 // 4
            self.top = place - above
            self.clamp()

    def _missing(self) -> int | None:
        high = max(1, self.size.height)
        for place in range(self.top, min(self.top + high, self.line_count())):
            number = self.number_at(place)
            if self._cache.get(number) is None:
                return number // BLOCK
        return None

    def _keep_view(self, grown: int) -> None:
        if self.following:
            self.top = 0 if self.newest_first else self.line_count()
        elif self.newest_first:
            self.top += grown
        self.clamp()

    async def _find(self, text: str) -> None:
        log = self._log
        self._matches = (
            await self.launchpad.files(log.matching, text) if log is not None and text else ()
        )
        self.repaint()
        if text and not self._matches:
            self.launchpad.say("No line matches", "warn")
        elif text:
            count = len(self._matches)
            lines = "1 line matches" if count == 1 else f"{count:,} lines match"
            self.launchpad.say(f"{lines}; n and N move between them")

    def _to_match(self, by: int) -> None:
        """Move down (1) or up (-1) to the next match.

        The search starts at the current match, else at the edge of the view.
        """
        places = sorted(
            place for number in self._matches if (place := self.place_of(number)) is not None
        )
        origin = None if self._match is None else self.place_of(self._match)
        if origin is None:
            origin = self.top - 1 if by > 0 else self.top + self.size.height
        at = bisect_right(places, origin) if by > 0 else bisect_left(places, origin) - 1
        if not 0 <= at < len(places):
            self.launchpad.say("No further match" if places else "No visible line matches", "warn")
            return
        self._match = self.number_at(places[at])
        self.launchpad.say(f"Match {at + 1:,} of {len(places):,}")
        if not self.top <= places[at] < self.top + self.size.height:
            self.show_from(places[at] - self.size.height // 3)
        else:
            self.repaint()

    def place_of(self, number: int) -> int | None:
        """Return the position of a log line in the view, None if it is not shown."""
        place = number
        if self._only is not None:
            place = bisect_left(self._only, number)
            if place == len(self._only) or self._only[place] != number:
                return None
        return self.line_count() - 1 - place if self.newest_first else place

    def do_follow(self) -> None:
        """Follow the log: keep the newest line in view."""
        self._show_newest()
        self.launchpad.say("The newest line is in view")

    def _show_newest(self) -> None:
        self.show_from(0 if self.newest_first else self.line_count())

    def do_order(self) -> None:
        """Show the newest or the oldest line first."""
        self.newest_first = not self.newest_first
        self._show_newest()
        self.launchpad.say("Newest line first" if self.newest_first else "Oldest line first")

    def do_timestamps(self) -> None:
        """Show or hide the timestamps."""
        self.times = not self.times
        self.repaint()

    def why_not_next_match(self) -> str | None:
        """Return why there is no match to go to."""
        if self._matches:
            return None
        return "No line matches" if self.needle else "Search for a text first"

    why_not_previous_match = why_not_next_match

    def do_next_match(self) -> None:
        """Move to the next match."""
        self._to_match(1)

    def do_previous_match(self) -> None:
        """Move to the previous match."""
        self._to_match(-1)

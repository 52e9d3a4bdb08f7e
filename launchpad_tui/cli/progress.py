"""Progress lines on standard error, shown on terminals only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from launchpad_tui.cli.terminal_size import terminal_width
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.text import clip

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Transfer

#: Printed after Ctrl+C during a download and an upload.
DOWNLOAD_INTERRUPTED = "Interrupted. To resume the download, run the command again."
UPLOAD_INTERRUPTED = (
    "Interrupted. Nothing was added or changed; run the command again to upload the files."
)
#: Seconds between two repaints, chosen for slow connections.
_INTERVAL = 0.2
#: Seconds that a search takes before its progress is shown.
_SEARCH_SECONDS = 1.0


@contextmanager
def progress(
    verb: str, *, quiet: bool, interrupted: str = ""
) -> Iterator[Callable[[Transfer], None] | None]:
    """Show the progress of a transfer in one line, which is erased at the end.

    Args:
        verb: The activity, such as ``Downloading``.
        quiet: Show nothing.
        interrupted: Printed after Ctrl+C: what happened to the transfer, and how to resume it.

    Yields:
        A callback for the transfer, or None if nothing is shown.
    """
    if quiet or not sys.stderr.isatty():
        try:
            yield None
        except KeyboardInterrupt:
            if interrupted and not quiet:
                print(interrupted, file=sys.stderr)
            raise
        return
    started = time.monotonic()
    next_at = started + _INTERVAL
    shown = False

    def report(transfer: Transfer) -> None:
        nonlocal next_at, shown
        if time.monotonic() < next_at:
            return
        next_at, shown = time.monotonic() + _INTERVAL, True
        part = (
            f"{100 * transfer.done // transfer.total:3} %"
            if transfer.total
            else f"{transfer.done:,} bytes"
        )
        _show(f"{verb} {part}{_pace(transfer, started)} {transfer.path}")

    try:
        yield report
    except KeyboardInterrupt:
        if interrupted:
            _show("")
            print(interrupted, file=sys.stderr)
        raise
    finally:
        if shown:
            _show("")


@contextmanager
def counted(verb: str, *, quiet: bool) -> Iterator[Callable[[int, str], None] | None]:
    """Show a count in one line, which is erased at the end.

    Args:
        verb: The activity, such as ``Verifying``.
        quiet: Show nothing.

    Yields:
        A callback for the count and the name of the last item, or None if nothing is shown.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    next_at = time.monotonic() + _INTERVAL

    def report(count: int, name: str) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + _INTERVAL
            _show(f"{verb} {count:,} {name}")

    try:
        yield report
    finally:
        _show("")


class SearchProgress:
    """How far a list has been searched, in one line that is erased before rows are printed.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._next_at = time.monotonic() + _SEARCH_SECONDS
        self._hidden = quiet or not sys.stderr.isatty()
        self._shown = False

    def report(self, searched: int, total: int | None) -> None:
        """Show how many rows have been searched, of all rows if their number is known."""
        if self._hidden or time.monotonic() < self._next_at:
            return
        self._next_at, self._shown = time.monotonic() + _INTERVAL, True
        if total:
            _show(f"Searched {min(99, 100 * searched // total)}% of {total:,} rows")
        else:
            _show(f"Searched {searched:,} rows")

    def erase(self) -> None:
        """Erase the line."""
        if self._shown:
            self._shown = False
            _show("")


def _show(line: str) -> None:
    print(
        f"\r{clip(line, terminal_width() - 1)}\x1b[K",
        end="",
        file=sys.stderr,
        flush=True,
    )


def _pace(transfer: Transfer, started: float) -> str:
    """Return the average transfer rate and the remaining time at that rate."""
    seconds = time.monotonic() - started
    if not transfer.done or seconds < 1:
        return ""
    speed = transfer.done / seconds
    left = f", {(transfer.total - transfer.done) / speed:.0f} s left" if transfer.total else ""
    return f", {size_text(int(speed))}/s{left}"

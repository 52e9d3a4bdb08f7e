"""How far a transfer is, on standard error of somebody who watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from launchpad_tui.cli.output import terminal_width
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.text import clip

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Transfer

#: seconds between two repaints: few bytes over a slow line
_EVERY = 0.2


@contextmanager
def progress(verb: str, *, quiet: bool) -> Iterator[Callable[[Transfer], None] | None]:
    """Gives what a transfer tells its progress to; None where nobody watches. The line is gone when it is over.

    Args:
        verb: what is done, such as ``Downloading``.
        quiet: tell nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    started = time.monotonic()
    next_at = started + _EVERY
    shown = False

    def tell(transfer: Transfer) -> None:
        nonlocal next_at, shown
        if time.monotonic() < next_at:
            return
        next_at, shown = time.monotonic() + _EVERY, True
        part = (
            f"{100 * transfer.done // transfer.total:3} %"
            if transfer.total
            else f"{transfer.done:,} bytes"
        )
        _show(f"{verb} {part}{_pace(transfer, started)} {transfer.path}")

    try:
        yield tell
    finally:
        if shown:
            _show("")


@contextmanager
def counted(verb: str, *, quiet: bool) -> Iterator[Callable[[int, str], None] | None]:
    """As `progress`, for things that are counted: told how many there were, and what the last one was."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    next_at = time.monotonic() + _EVERY

    def tell(count: int, name: str) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + _EVERY
            _show(f"{verb} {count:,} {name}")

    try:
        yield tell
    finally:
        _show("")


def _show(line: str) -> None:
    print(
        f"\r{clip(line, terminal_width() - 1)}\x1b[K",
        end="",
        file=sys.stderr,
        flush=True,
    )


def _pace(transfer: Transfer, started: float) -> str:
    """Bytes a second since the beginning, and the time that is left at that pace."""
    seconds = time.monotonic() - started
    if not transfer.done or seconds < 1:
        return ""
    speed = transfer.done / seconds
    left = f", {(transfer.total - transfer.done) / speed:.0f} s left" if transfer.total else ""
    return f", {size_text(int(speed))}/s{left}"

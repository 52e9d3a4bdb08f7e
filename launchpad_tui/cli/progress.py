"""How far a transfer is, on standard error of somebody who watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from launchpad_tui.cli.output import terminal_width
from launchpad_tui.domain.text import cut_cells, safe_text

if TYPE_CHECKING:
    from launchpad_tui.services.files import Transfer

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
    next_at = time.monotonic() + _EVERY
    shown = False

    def tell(transfer: Transfer) -> None:
        nonlocal next_at, shown
        if time.monotonic() < next_at:
            return
        next_at, shown = time.monotonic() + _EVERY, True
        part = f"{100 * transfer.done // transfer.total:3} %" if transfer.total else f"{transfer.done:,} bytes"
        line = cut_cells(safe_text(f"{verb} {part} {transfer.path}"), terminal_width() - 1)
        print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

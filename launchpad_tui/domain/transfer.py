"""The progress of file transfers."""

from __future__ import annotations

from collections.abc import Callable

from launchpad_tui.records import record


@record
class Transfer:
    """The progress of a transfer: bytes done, all bytes (0 if unknown), and the current file."""

    done: int
    total: int
    path: str = ""


#: A function that is called from any thread. An exception that it raises ends the transfer, and
#: nothing of it remains.
Progress = Callable[[Transfer], None]

"""Progress of transfers of files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    """The progress of a transfer: bytes done, bytes in total (0 if unknown), current file."""

    done: int
    total: int
    path: str = ""


#: called from any thread; an exception that it raises ends the transfer and leaves nothing behind
Progress = Callable[[Transfer], None]

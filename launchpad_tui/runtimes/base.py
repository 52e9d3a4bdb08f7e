"""What an AI runtime is to the services: small protocols, each a capability that a kind may lack."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from launchpad_tui.domain.connection import Capabilities
from launchpad_tui.domain.execution import LogLine


class AIRuntime(Protocol):
    """A connected runtime."""

    def capabilities(self) -> Capabilities:
        """What it can do. Raises Unreachable and its like where it has to be asked and does not answer."""


class ExecutionLog(Protocol):
    """The log of one execution, by line number; it may grow while it is read."""

    @property
    def finished(self) -> bool:
        """Whether nothing will be added any more."""

    def count(self) -> int:
        """How many lines there are now."""

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """The lines from ``start`` up to before ``stop``."""

    def matching(self, text: str = "", since: datetime | None = None, until: datetime | None = None) -> list[int]:
        """The numbers of the lines that hold the text (any case) and lie in the time, both ends included."""

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write these lines (None: all) into a file.

        Raises:
            PermissionDenied, StorageFull: it cannot be written.
        """


class Loggable(Protocol):
    """A runtime that keeps logs."""

    def log(self, execution_id: str) -> ExecutionLog:
        """The execution's log; empty where nothing was written. Raises NotFound."""

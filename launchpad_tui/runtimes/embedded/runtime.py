"""The embedded runtime as the services see it."""

from __future__ import annotations

from pathlib import Path

from launchpad_tui.domain.connection import Capabilities
from launchpad_tui.runtimes.embedded.logs import LogFile


class LocalRuntime:
    """The runtime of one home folder. It needs no connection, so nothing here can be out of reach."""

    def __init__(self, executions: Path) -> None:
        self._executions = executions

    def capabilities(self) -> Capabilities:
        """Everything."""
        return Capabilities()

    def log(self, execution_id: str) -> LogFile:
        """The log of an execution; empty where nothing was written."""
        return LogFile(self._executions / execution_id)

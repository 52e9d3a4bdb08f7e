"""The errors that end the run of a workflow."""

from __future__ import annotations

from launchpad_tui.errors import LaunchpadError


class StepFailed(LaunchpadError):
    """A step failed; ``details`` and the hint become status details of the execution."""

    def __init__(self, title: str, detail: str = "", hint: str = "", **details: str) -> None:
        super().__init__(title, detail, hint)
        self.details = details | ({"hint": hint} if hint else {})


class Interrupted(LaunchpadError):
    """The execution was stopped, or its deadline passed."""

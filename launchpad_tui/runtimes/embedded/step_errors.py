"""The errors that end the run of a workflow."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.errors import LaunchpadError


class StepFailed(LaunchpadError):
    """A step failed; ``details`` and the hint become status details of the execution.

    Args:
        is_error: whether the step could not run or its outputs are missing, which Argo
            distinguishes from a command that failed.
        outputs: values of the failed step, such as ``exitCode``.
    """

    def __init__(
        self,
        title: str,
        detail: str = "",
        hint: str = "",
        *,
        is_error: bool = False,
        outputs: Mapping[str, str] | None = None,
        **details: str,
    ) -> None:
        super().__init__(title, detail, hint)
        self.details = details | ({"hint": hint} if hint else {})
        self.is_error = is_error
        self.outputs = dict(outputs or {})


class Interrupted(LaunchpadError):
    """The execution was stopped, or its deadline passed."""

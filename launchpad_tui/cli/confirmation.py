"""Questions before commands that delete something."""

from __future__ import annotations

import sys

from launchpad_tui.errors import InvalidInput


def confirmed(question: str, detail: str, *, yes: bool) -> bool:
    """Return whether the user confirms, by the option --yes or at the terminal.

    Args:
        question: The question, for example ``Delete 3 files?``.
        detail: The consequence.
        yes: Whether the option --yes was given.

    Raises:
        InvalidInput: The option is missing, and the input is not a terminal.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InvalidInput(
            "The command requires confirmation",
            f"{question} {detail}",
            "To confirm, pass --yes.",
            field="yes",
        )
    print(f"{question} {detail} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}

"""Errors that nobody foresaw, in words."""

from __future__ import annotations

import logging

from launchpad_tui.errors import LaunchpadError


def unexpected(error: BaseException, where: str) -> LaunchpadError:
    """What is said of an error that nobody foresaw; the log, which is at ``where``, has all of it."""
    logging.getLogger("launchpad_tui.ui").error("unexpected error", exc_info=error)
    detail = f"{type(error).__name__}: {error}"[:2000]
    return LaunchpadError("Something unexpected went wrong", detail, f"Details are in {where}.")

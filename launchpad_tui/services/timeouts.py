"""Calls that must not take for ever, such as those to a server that sends a byte a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from launchpad_tui.errors import Unreachable

Result = TypeVar("Result")
#: seconds that somebody waits for a look at a store
LOOK = 45.0


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """The call's result where it comes in time; a call that does not end is left behind on a thread of its own.

    Raises:
        Unreachable: it took longer.
    """
    result: list[Result] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            result.append(call())
        except BaseException as error:  # noqa: BLE001  raised on the caller's thread
            failed.append(error)

    thread = threading.Thread(target=work, name="within", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not result:
        raise Unreachable(
            "There is no answer",
            f"Nothing came in {seconds:.0f} seconds.",
            "Check network and server.",
        )
    return result[0]

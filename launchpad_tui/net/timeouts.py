"""A time limit for blocking calls, such as those to a server that sends one byte per second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from launchpad_tui.errors import Unreachable

Result = TypeVar("Result")
#: seconds that a user waits for an object store
STORE_SECONDS = 45.0


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return the result of a call; a call that takes longer is abandoned on its own thread.

    Raises:
        Unreachable: the call took longer.
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
            "The request timed out",
            f"There was no answer within {seconds:.0f} seconds.",
            "Check the network and the server.",
        )
    return result[0]

"""Commands that are ended by SIGTERM or SIGHUP clean up as after Ctrl+C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """A signal ended the command.

    It is raised wherever Ctrl+C would raise KeyboardInterrupt, so that echo, temporary files, locks
    and child processes are handled in the same way.
    """


@contextmanager
def raise_terminated() -> Iterator[list[int]]:
    """Raise `Terminated` when the process receives SIGTERM or SIGHUP.

    A signal that was ignored when the process started, as by ``nohup``, stays ignored. A second
    signal ends the process at once.

    Yields:
        The numbers of the signals that have been received.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread can handle signals.
        yield received
        return

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        for each in former:
            signal.signal(each, signal.SIG_DFL)
        raise Terminated

    former = {
        number: signal.signal(number, handle)
        for number in _SIGNALS
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)

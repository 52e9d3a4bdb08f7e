"""Termination of the interface by signals, after which the terminal is always restored.

A signal asks the app to quit, and Textual then restores the terminal. If the app does not quit in
time, for example because a call blocks its thread or the terminal accepts no more output, a
watchdog restores the terminal and ends the process.

A terminal that is closed sends SIGHUP, but a process started by ``nohup`` or ``setsid`` does not
get it. Without a terminal nobody can use the app, so it ends as well: otherwise the thread that
reads the keys would read the end of the file again and again.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: signals that end the interface
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
#: seconds that the app has to quit by itself
GRACE_SECONDS = 3.0
#: sequences that undo what Textual switches on: mouse, bracketed paste, disabled line wrap, resize
#: and focus reports, keyboard protocol, alternate screen, hidden cursor, colors (xterm, kitty)
RESTORE = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?7h\x1b[?2048l"
    b"\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)


class _Watchdog:
    """Ends the process if the app does not quit within `GRACE_SECONDS` after a signal."""

    def __init__(self, attributes: list[Any] | None) -> None:
        self.code = 0
        self._ended = threading.Event()
        self._attributes = attributes
        if attributes is None:
            with suppress(termios.error, OSError, ValueError):
                standard_input = sys.__stdin__.fileno()  # type: ignore[union-attr]
                self._attributes = termios.tcgetattr(standard_input)

    def start(self, code: int) -> None:
        """Start to wait for the end of the app."""
        self.code = code
        threading.Thread(target=self._wait, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Note that the app has quit."""
        self._ended.set()

    def _wait(self) -> None:
        if not self._ended.wait(GRACE_SECONDS):
            self.end_process()

    def end_process(self) -> None:
        """Restore the terminal and end the process at once."""
        with suppress(OSError, ValueError):
            # Textual writes to standard error. Without blocking, since the terminal may be stuck.
            error = sys.__stderr__.fileno()  # type: ignore[union-attr]
            os.set_blocking(error, False)
            os.write(error, RESTORE)
            os.set_blocking(error, True)
        if self._attributes is not None:
            with suppress(termios.error, OSError, ValueError):
                standard_input = sys.__stdin__.fileno()  # type: ignore[union-attr]
                termios.tcsetattr(standard_input, termios.TCSANOW, self._attributes)
        os._exit(self.code)


class _Hangup:
    """Waits until the terminal of the standard input is closed, and then sends SIGTERM."""

    def __init__(self) -> None:
        self.noticed = False
        self._stop_reading, self._stop_writing = os.pipe()

    def start(self) -> None:
        """Start to wait on a thread."""
        threading.Thread(target=self._wait, name="hangup", daemon=True).start()

    def stop(self) -> None:
        """Stop waiting."""
        os.close(self._stop_writing)

    def _wait(self) -> None:
        poll = select.poll()
        # Without events, only errors and the end of the other side are reported.
        poll.register(self._stop_reading, 0)
        try:
            poll.register(sys.__stdin__.fileno(), 0)  # type: ignore[union-attr]
            ready = dict(poll.poll())
        except (OSError, ValueError):
            ready = {}
        stopped = self._stop_reading in ready
        os.close(self._stop_reading)
        if not stopped and any(
            events & (select.POLLHUP | select.POLLERR) for events in ready.values()
        ):
            self.noticed = True
            if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
                os._exit(128 + signal.SIGHUP)
            # The handler of signals runs on the main thread.
            os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def quit_on_signals(
    quit_app: Callable[[int], None], attributes: list[Any] | None = None
) -> Iterator[None]:
    """Call ``quit_app`` with the exit code when a signal asks the process to end, or when its
    terminal is closed.

    A signal that was ignored when the process started, as by ``nohup``, stays ignored. A second
    signal ends the process at once.

    Args:
        quit_app: quits the app; called on the thread of the event loop.
        attributes: those that the terminal is restored to; None for its current ones.
    """
    watchdog, hangup = _Watchdog(attributes), _Hangup()

    def handle(number: int, _frame: object) -> None:
        code = 128 + (signal.SIGHUP if hangup.noticed else number)
        if watchdog.code:
            watchdog.end_process()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # The app has not started yet, or has quit already.
            raise SystemExit(code) from None
        watchdog.start(code)
        loop.call_soon_threadsafe(quit_app, code)

    former = {
        number: signal.signal(number, handle)
        for number in SIGNALS
        if signal.getsignal(number) != signal.SIG_IGN
    }
    hangup.start()
    try:
        yield
    finally:
        hangup.stop()
        watchdog.stop()
        for number, handler in former.items():
            signal.signal(number, handler)

"""Long output through the pager of the terminal."""

from __future__ import annotations

import os
import sys


def print_paged(text: str) -> None:
    """Print a text that is safe already: through ``$PAGER`` on a terminal, else as it is.

    Without ``PAGER``, ``less`` is used if it is installed. An empty ``PAGER`` means no pager.
    """
    command = _pager() if sys.stdin.isatty() and sys.stdout.isatty() else []
    if not command or not _piped(command, text):
        sys.stdout.write(text)


def _pager() -> list[str]:
    import shlex
    import shutil

    named = os.environ.get("PAGER")
    if named is None:
        return ["less"] if shutil.which("less") else []
    try:
        return shlex.split(named)
    except ValueError:
        # An unbalanced quote: the text matters more than the pager.
        return []


def _piped(command: list[str], text: str) -> bool:
    """Write the text to a process; return False if it cannot be started."""
    import signal
    import subprocess

    # -F: a short text needs no pager; -R: colours; -X: the text stays on the screen afterwards.
    environ = {"LESS": "FRX", **os.environ}
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
    except OSError:
        return False
    # ctrl+c is for the pager, which stops what it is doing and stays open.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pager.communicate(text.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        # The reader left before the end.
        pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return True

"""Show long output in a pager."""

from __future__ import annotations

import os
import sys


def print_paged(text: str) -> None:
    """Print a text that is safe for terminals: in ``$PAGER`` on a terminal, otherwise directly.

    Without ``PAGER``, ``less`` is used if it is installed. An empty ``PAGER`` means no pager.
    """
    command = _pager() if _is_interactive() else []
    if not command or not _piped(command, text):
        sys.stdout.write(text)


def _is_interactive() -> bool:
    # Standard input is None if it is closed.
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def _pager() -> list[str]:
    import shlex
    import shutil

    named = os.environ.get("PAGER")
    if named is None:
        return ["less"] if shutil.which("less") else []
    try:
        return shlex.split(named)
    except ValueError:
        # An unbalanced quote: the text is printed without a pager.
        return []


def _piped(command: list[str], text: str) -> bool:
    """Write the text to a process; return False if it cannot be started."""
    import signal
    import subprocess

    # F exits at once if the text fits on the screen, R shows colors, X keeps the text on exit.
    environ = {"LESS": "FRX", **os.environ}
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
    except OSError:
        return False
    # The pager handles Ctrl+C and stays open.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pager.communicate(text.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        # The pager was closed before the end of the text.
        pager.wait()
    except BaseException:
        # A pager that stays open after its parent would compete with the shell for the terminal.
        pager.terminate()
        pager.wait()
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    return True

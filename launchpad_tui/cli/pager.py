"""Show output that is longer than the screen in a pager."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from launchpad_tui.cli.terminal_size import terminal_height, terminal_width
from launchpad_tui.domain.text import cell_width

if TYPE_CHECKING:
    import subprocess
    from typing import TextIO


class _PagerClosed(BaseException):
    """The user has closed the pager before the end of the output.

    It is no `Exception`, so that no handler between the writer and the pager takes it for an error.
    """


@contextmanager
def paged(command: Callable[[], list[str]]) -> Iterator[None]:
    """Show what the block prints in a pager if it is longer than the screen.

    Without a terminal, or inside of another such block, it is printed directly. Closing the pager
    ends the block, which is not an error.

    Args:
        command: Returns the command line of the pager; an empty one stands for no pager. It is
            called when the output is longer than the screen.
    """
    terminal = sys.stdout
    if not _is_interactive() or isinstance(terminal, _PagedStream):
        yield
        return
    stream = _PagedStream(terminal, command)
    sys.stdout = stream
    try:
        yield
    except _PagerClosed:
        # The user has seen enough of the output.
        pass
    except Exception:
        # What was printed before the error is shown before its message.
        stream.finish()
        raise
    except BaseException:
        stream.end()
        raise
    else:
        stream.finish()
    finally:
        sys.stdout = terminal
        stream.wait()


def pager_command(setting: str) -> list[str]:
    """Return the command line of the pager; empty for no pager.

    Args:
        setting: The value of the setting ``ui.pager``: ``auto`` selects ``PAGER``, or ``less`` if
            it is not set; ``never`` no pager.
    """
    import shlex
    import shutil

    if setting == "never":
        return []
    named = os.environ.get("PAGER") if setting == "auto" else setting
    if named is None:
        return ["less"] if shutil.which("less") else []
    try:
        return shlex.split(named)
    except ValueError:
        # An unbalanced quote: the text is printed without a pager.
        return []


def _is_interactive() -> bool:
    # Standard input is None if it is closed.
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


class _PagedStream(io.TextIOBase):
    """Holds text back until it is longer than the screen, then passes it on to a pager."""

    def __init__(self, terminal: TextIO, command: Callable[[], list[str]]) -> None:
        self._terminal = terminal
        self._command = command
        self._held: list[str] = []
        self._lines = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._direct = False
        self._interrupt: object = None
        self._height, self._width = terminal_height(), terminal_width()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return the encoding of the terminal."""
        return self._terminal.encoding or "utf-8"

    def isatty(self) -> bool:
        """Return True: the pager is shown on a terminal."""
        return True

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write a text to the pager, or hold it back while it fits on the screen."""
        if self._process is not None:
            self._send(text)
        elif self._direct:
            self._print(text)
        else:
            self._held.append(text)
            self._lines += self._line_count(text)
            # The prompt of the shell takes a line of the screen.
            if self._lines >= self._height:
                self._start()
        return len(text)

    def finish(self) -> None:
        """Print the text that was held back because it fits on the screen."""
        held, self._held = self._held, []
        try:
            if self._process is not None:
                self._send("")
            elif held:
                self._print("".join(held))
        except _PagerClosed:
            # The pager was closed at the end of the output.
            return

    def end(self) -> None:
        """End the pager because the command was interrupted."""
        if self._process is not None:
            self._process.terminate()
        else:
            self.finish()

    def wait(self) -> None:
        """Wait until the pager is closed."""
        if self._process is None:
            return
        import signal
        from contextlib import suppress

        with suppress(OSError):
            # A pager that was closed has closed its input, too.
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait()
        except BaseException:
            # A pager that stays open after its parent would compete with the shell for the
            # terminal.
            self._process.terminate()
            self._process.wait()
            raise
        finally:
            signal.signal(signal.SIGINT, self._interrupt)  # type: ignore[arg-type]

    def _start(self) -> None:
        import signal
        import subprocess

        held, self._held = "".join(self._held), []
        command = self._command()
        # F exits at once if the text fits on the screen, R shows colors, X keeps the text on exit.
        environ = {"LESS": "FRX", **os.environ}
        try:
            if command:
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
        except OSError:
            # The pager cannot be started: the text is printed without it.
            self._process = None
        if self._process is None:
            self._direct = True
            self._print(held)
            return
        # The pager handles Ctrl+C and stays open.
        self._interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._send(held)

    def _send(self, text: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text.encode(self.encoding, "backslashreplace"))
            if not text:
                self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise _PagerClosed from error

    def _print(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.flush()

    def _line_count(self, text: str) -> int:
        """Return the number of lines that a text takes on the screen, where long lines wrap."""
        lines = text.split("\n")
        long = sum(max(0, cell_width(line) - 1) // self._width for line in lines if line)
        return len(lines) - 1 + long

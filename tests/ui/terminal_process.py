"""A process in a pseudo terminal, for tests of what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

#: sequences that switch a mode of the terminal on, each with the one that switches it off
MODES = {
    b"\x1b[?1049h": b"\x1b[?1049l",
    b"\x1b[?25l": b"\x1b[?25h",
    b"\x1b[?1000h": b"\x1b[?1000l",
    b"\x1b[?1003h": b"\x1b[?1003l",
    b"\x1b[?2004h": b"\x1b[?2004l",
    b"\x1b[?1004h": b"\x1b[?1004l",
    b"\x1b[?7l": b"\x1b[?7h",
}


class TerminalProcess:
    """A process whose controlling terminal is a pseudo terminal.

    Attributes:
        output: everything that the process has written.
        attributes: the attributes of the terminal before the process started.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", 32, 120, 0, 0))
        self.attributes = termios.tcgetattr(self._slave)
        self.output = b""
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            # The variables of another terminal's size would be preferred.
            env={
                **{
                    name: value
                    for name, value in os.environ.items()
                    if name not in {"COLUMNS", "LINES"}
                },
                "TERM": "xterm-256color",
                **environ,
            },
            start_new_session=True,
        )

    def read(self, seconds: float) -> bytes:
        """Read what the process writes within some seconds, until it pauses for 50 ms."""
        start = len(self.output)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if not ready:
                break
            try:
                self.output += os.read(self.master, 1 << 16)
            except OSError:
                break
        return self.output[start:]

    def wait_for(self, text: bytes, seconds: float = 60) -> None:
        """Read until a text has been written. Raise TimeoutError if it is missing."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(f"{text!r} is missing in {self.output[-2000:]!r}")
            self.read(0.2)

    def write(self, keys: bytes) -> None:
        """Type some keys."""
        os.write(self.master, keys)

    def wait(self, seconds: float = 60) -> int:
        """Read until the process has ended, and return its exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.2)
        code = self.process.wait(0.1)
        self.read(1)
        return code

    def modes_left_on(self) -> list[bytes]:
        """Return the modes of the terminal that the process has switched on, but not off."""
        return [on for on, off in MODES.items() if self.output.rfind(on) > self.output.rfind(off)]

    def is_restored(self) -> bool:
        """Return whether echo, line editing and signals of the terminal are as before."""
        return termios.tcgetattr(self._slave)[:4] == self.attributes[:4]

    def close(self) -> None:
        """Kill the process if it runs, and close the terminal."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for each in (self.master, self._slave):
            with suppress(OSError):
                os.close(each)

    def hang_up(self) -> None:
        """Close the terminal, as when a connection is lost."""
        os.close(self._slave)
        os.close(self.master)


@contextmanager
def terminal_process(
    arguments: Sequence[str], environ: Mapping[str, str], *, code: str = ""
) -> Iterator[Any]:
    """Run ``launchpad`` with arguments in a pseudo terminal.

    Args:
        arguments: the arguments of the command.
        environ: further environment variables.
        code: Python code that runs before the command, in the same process.
    """
    # The leader of a session gets a controlling terminal by opening one.
    program = "\n".join(
        [
            "import os, sys",
            "os.open(os.ttyname(0), os.O_RDWR)",
            code,
            "from launchpad_tui.__main__ import main",
            "sys.exit(main())",
        ]
    )
    process = TerminalProcess([sys.executable, "-c", program, *arguments], environ)
    try:
        yield process
    finally:
        process.close()

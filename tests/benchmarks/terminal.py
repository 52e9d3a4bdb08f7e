"""A pseudo-terminal for benchmarks, which records every chunk of output with its time.

One thread only reads and adds timestamps. The output is interpreted by pyte afterwards, chunk by
chunk, so that the time of the emulator is not measured. Queries of programs (device attributes,
cursor position, modes) are answered as xterm does.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from tests.terminal_replay import Cells, Replay

KEYS = {
    "down": "\x1b[B",
    "up": "\x1b[A",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "ctrl+q": "\x11",
    "ctrl+l": "\x0c",
}
_QUERIES = (
    # Changes of size are signaled, not reported in the input.
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;4;22c"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[\?(?!2048\$)(\d+)\$p"), b"\x1b[?%s;2$y"),
    (re.compile(rb"\x1b\[\?u"), b"\x1b[?0u"),
)


@dataclass(frozen=True, slots=True)
class Reaction:
    """The effect of a key.

    Attributes:
        first_ms: Milliseconds to the first chunk that changed the screen; None if none did.
        last_ms: Milliseconds to the last chunk that changed the screen; None if none did.
        size: The number of bytes written to the terminal.
    """

    first_ms: float | None
    last_ms: float | None
    size: int


class Terminal:
    """A running program and the screen that it has drawn."""

    def __init__(
        self, command: Sequence[str], *, size: tuple[int, int], environment: Mapping[str, str]
    ) -> None:
        self.columns, self.rows = size
        self._replay = Replay(self.columns, self.rows)
        self._screen = self._replay.screen
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._chunks: list[tuple[float, bytes]] = []
        self._seen = 0
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        full = {
            # COLUMNS and LINES would fix the size that the program sees.
            **{key: text for key, text in os.environ.items() if key not in {"COLUMNS", "LINES"}},
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **environment,
        }
        self._file = master
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=full,
            start_new_session=True,
            close_fds=True,
        )
        os.close(slave)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._file, 65536)
            except OSError:
                return
            if not data:
                return
            self._chunks.append((time.perf_counter(), data))
            for query, answer in _QUERIES:
                for match in query.finditer(data):
                    os.write(self._file, answer % match.groups() if match.groups() else answer)

    def _interpret(self, until: int) -> None:
        for _, data in self._chunks[self._seen : until]:
            self._replay.feed(self._decode(data))
        self._seen = until

    def text(self) -> str:
        """Return the screen as lines of text, after all output so far."""
        self._interpret(len(self._chunks))
        return "\n".join(self._screen.display)

    def cells(self) -> Cells:
        """Return text and attributes of each cell, after all output so far."""
        self._interpret(len(self._chunks))
        return self._replay.cells()

    def blank(self) -> None:
        """Lose the content of the terminal."""
        self._interpret(len(self._chunks))
        self._replay = Replay(self.columns, self.rows)
        self._screen = self._replay.screen

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self._process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal; its content is lost."""
        self.columns, self.rows = columns, rows
        self.blank()
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # The terminal does not control the program, so the system sends it no signal.
        self.signal(signal.SIGWINCH)

    def wait(self, pattern: str, timeout: float = 60.0) -> float:
        """Return the milliseconds from the start until the pattern appeared on the screen.

        Raises:
            TimeoutError: It did not appear; the message contains the screen.
        """
        deadline = time.perf_counter() + timeout
        wanted = re.compile(pattern)
        while time.perf_counter() < deadline:
            while self._seen < len(self._chunks):
                stamp = self._chunks[self._seen][0]
                self._interpret(self._seen + 1)
                if wanted.search("\n".join(self._screen.display)):
                    return (stamp - self.started) * 1000
            time.sleep(0.003)
        raise TimeoutError(f"{pattern!r} did not appear:\n{self.text()}")

    def seen(self, pattern: str, gap: float = 0.3, timeout: float = 60.0) -> float:
        """Return the same as `wait`, but interpret output only after ``gap`` seconds without any.

        The emulator then uses no processor time while the program runs.
        """
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline:
            if self._chunks and time.perf_counter() - self._chunks[-1][0] > gap:
                break
            time.sleep(0.02)
        return self.wait(pattern, timeout)

    def press(self, key: str) -> None:
        """Send a key, by its name or as a character."""
        os.write(self._file, KEYS.get(key, key).encode())

    def settle(self, gap: float = 0.3, timeout: float = 30.0) -> None:
        """Wait until nothing has been written for ``gap`` seconds."""
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline:
            last = self._chunks[-1][0] if self._chunks else self.started
            if time.perf_counter() - last > gap:
                break
            time.sleep(0.01)
        self._interpret(len(self._chunks))

    def react(self, key: str, *, gap: float = 0.2) -> Reaction:
        """Press a key and return its effect."""
        self.settle(gap)
        before, start = list(self._screen.display), time.perf_counter()
        mark = len(self._chunks)
        self.press(key)
        time.sleep(gap)
        self.settle_quietly(gap)
        first = last = None
        for stamp, data in self._chunks[mark:]:
            self._replay.feed(self._decode(data))
            shown = list(self._screen.display)
            attributes_only = shown == before and b"\x1b[" in data
            if shown != before or attributes_only:
                last = (stamp - start) * 1000
                first = last if first is None else first
                before = shown
        self._seen = len(self._chunks)
        return Reaction(first, last, sum(len(data) for _, data in self._chunks[mark:]))

    def settle_quietly(self, gap: float) -> None:
        """Wait as `settle` does, without interpreting the output."""
        while self._chunks and time.perf_counter() - self._chunks[-1][0] < gap:
            time.sleep(0.01)

    def memory_mb(self, *, children: bool = False) -> float:
        """Return the resident memory of the program, or of all its processes, in MB (10^6 B)."""
        program = psutil.Process(self._process.pid)
        found = [program, *(program.children(recursive=True) if children else ())]
        return sum(float(one.memory_info().rss) for one in found) / 1e6

    def written(self) -> int:
        """Return the bytes written to the terminal since the start."""
        return sum(len(data) for _, data in self._chunks)

    def written_in(self, seconds: float) -> int:
        """Return the bytes written to the terminal while no key is pressed."""
        mark = len(self._chunks)
        time.sleep(seconds)
        return sum(len(data) for _, data in self._chunks[mark:])

    def close(self) -> None:
        """Kill the program."""
        self._process.kill()
        self._process.wait()
        os.close(self._file)

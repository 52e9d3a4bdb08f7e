"""Whether the background of the terminal is light, which the terminal reports.

The terminal is asked by OSC 11 while the interface is being imported, so that the first frame has
the right colors. A request for device attributes (DA1), which every terminal answers, follows it:
the answers come in this order, so a terminal without OSC 11 is noticed without waiting. tmux
answers both itself. An answer that comes after the time limit is removed from the input, see
`ReportFilter`. Both requests and answers: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

#: seconds that answers are waited for, from the request on
LIMIT = 0.1
_REQUEST = b"\x1b]11;?\x1b\\\x1b[c"
_BACKGROUND = re.compile(r"\x1b\]11;([^\x07\x1b]*)(?:\x07|\x1b\\)")
_ATTRIBUTES = re.compile(r"\x1b\[\?[\d;]*c")
#: the beginning of an answer at the end of the input; the longest one is cut at `_LONGEST`
_BEGINNING = re.compile(r"\x1b(?:\](?:1(?:1(?:;[^\x07\x1b]*\x1b?)?)?)?|\[(?:\?[\d;]*)?)?\Z")
_LONGEST = 64
#: seconds after which the beginning of an answer is a key that was typed: ``alt+]``, or an escape
_KEY_AFTER = 0.1
#: more of an answer than a key sends
_NO_KEY = 3
#: terminals that print a request, and those that know no colors
_MONOCHROME = frozenset(
    {"dumb", "unknown", "vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "xterm-mono"}
)
_SILENT = _MONOCHROME | {"", "linux", "cons25"}


def is_monochrome(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal shows no colors, False if it is unknown."""
    if environ.get("COLORTERM", "").strip():
        return False
    term = environ.get("TERM", "").strip().lower()
    # By convention of terminfo, see term(7), such an entry ends with -m.
    return term in _MONOCHROME or term.endswith("-m")


def has_few_colors(environ: Mapping[str, str]) -> bool:
    """Return whether Rich writes at most 16 colors to the terminal, False if it is unknown."""
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return False
    term = environ.get("TERM", "").strip().lower()
    return bool(term) and term.rpartition("-")[2] not in {"256color", "kitty"}


def has_256_colors(environ: Mapping[str, str]) -> bool:
    """Return whether Rich writes 256 colors to the terminal, False if it is unknown."""
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return False
    return bool(environ.get("TERM", "").strip()) and not has_few_colors(environ)


def is_light(color: str) -> bool | None:
    """Return whether a color is light; None if the text is not a color.

    Args:
        color: in the form of X11: ``rgb:rrrr/gggg/bbbb`` with one to four digits, ``rgba:`` with a
            fourth part, or ``#rrggbb``.
    """
    kind, _, rest = color.partition(":")
    parts = rest.split("/")[:3] if kind in {"rgb", "rgba"} else []
    if re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        parts = [color[at : at + 2] for at in (1, 3, 5)]
    if len(parts) != 3 or not all(re.fullmatch(r"[0-9a-fA-F]{1,4}", part) for part in parts):
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in parts)
    # Perceived brightness, ITU-R BT.601.
    return bool(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)


class ReportFilter:
    """Removes late answers of the terminal from its input, until the last one has come.

    Args:
        expected: whether answers may still come.
    """

    def __init__(self, *, expected: bool = False) -> None:
        self._held = ""
        self._held_at = 0.0
        self.expected = expected

    def feed(self, data: str, now: float) -> str:
        """Return the typed part of the input. The beginning of an answer is kept for later."""
        data, self._held = self._held + data, ""
        if not self.expected:
            return data
        data = _BACKGROUND.sub("", data)
        data, found = _ATTRIBUTES.subn("", data)
        if found:
            # It is the last answer.
            self.expected = False
            return data
        beginning = _BEGINNING.search(data)
        if beginning is not None and len(beginning[0]) <= _LONGEST:
            self._held, self._held_at = beginning[0], now
            data = data[: beginning.start()]
        return data

    def keep(self, typed: str) -> None:
        """Put keys that were typed before the rest of the input."""
        self._held = typed + self._held

    def tick(self, now: float) -> str:
        """Return what was kept for an answer that has not continued and may be a key."""
        if not self._held:
            return ""
        if len(self._held) >= _NO_KEY and self.expected and self._held.startswith("\x1b"):
            return ""
        if now - self._held_at < _KEY_AFTER:
            return ""
        held, self._held = self._held, ""
        return held


class BackgroundRequest:
    """A request to the terminal; `send` it, do something else, then call `result`.

    Args:
        environ: the environment.
        source, target: the file descriptors of the terminal for input and output.
    """

    def __init__(
        self, environ: Mapping[str, str], source: int | None = None, target: int | None = None
    ) -> None:
        self._environ = environ
        self._source = sys.stdin.fileno() if source is None else source
        self._target = sys.stdout.fileno() if target is None else target
        self._sent = 0.0
        self._signals: list[signal.Signals] = []
        #: the attributes of the terminal before the request; None if nothing was sent
        self.attributes: list[Any] | None = None
        #: what the app reads instead of the plain input
        self.filter = ReportFilter()

    def send(self) -> None:
        """Send the request, if the terminal can show a theme and would answer.

        The terminal does not echo its answers until `restore` is called.
        """
        environ = self._environ
        if environ.get("TERM", "").strip().lower() in _SILENT or is_monochrome(environ):
            return
        if environ.get("NO_COLOR"):
            return
        if not (os.isatty(self._source) and os.isatty(self._target)):
            return
        with suppress(termios.error, OSError):
            if os.getpgrp() != os.tcgetpgrp(self._source):
                # A process in the background would be stopped.
                return
            attributes = termios.tcgetattr(self._source)
            silent = list(attributes)
            silent[3] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(self._source, termios.TCSANOW, silent)
            self.attributes = attributes
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is signal.SIG_DFL:
                    # The default action would leave the terminal without echo.
                    signal.signal(number, _end)
                    self._signals.append(number)
            os.write(self._target, _REQUEST)
            self._sent = time.monotonic()

    def result(self) -> bool | None:
        """Return whether the background is light; None if the terminal did not report it in time.

        The time limit runs from the request. Other input is passed to `filter`.
        """
        if self.attributes is None:
            return None
        data = b""
        # What has arrived is read in any case.
        while select.select(
            [self._source], [], [], max(0.0, self._sent + LIMIT - time.monotonic())
        )[0]:
            part = os.read(self._source, 4096)
            data += part
            if not part or _ATTRIBUTES.search(data.decode("ascii", "replace")):
                break
        text = data.decode(errors="surrogateescape")
        found = _BACKGROUND.search(text)
        self.filter = ReportFilter(expected=True)
        self.filter.keep(self.filter.feed(text, 0.0))
        return is_light(found[1]) if found else None

    def restore(self) -> None:
        """Restore the attributes of the terminal; keys that were typed are not lost."""
        if self.attributes is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(self._source, termios.TCSANOW, self.attributes)
        while self._signals:
            number = self._signals.pop()
            if signal.getsignal(number) is _end:
                signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: object) -> None:
    """End the process so that its ``finally`` blocks run."""
    raise SystemExit(128 + number)

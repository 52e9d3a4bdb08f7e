"""Print the output of a command again and again until Ctrl+C: in place on terminals."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from launchpad_tui.cli.context import READING
from launchpad_tui.cli.formats import JSON, YAML
from launchpad_tui.cli.terminal_size import terminal_height, terminal_width
from launchpad_tui.domain.text import clip
from launchpad_tui.errors import InvalidInput, LaunchpadError

if TYPE_CHECKING:
    import argparse

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope

#: Seconds between two outputs: the default, and the least.
_INTERVAL, _LEAST = 2.0, 0.1
#: Moves the cursor up; erases the rest of a line, and of the screen.
_UP, _END_OF_LINE, _END_OF_SCREEN = "\x1b[{}A\r", "\x1b[K", "\x1b[J"


def watch(context: CommandContext, options: argparse.Namespace) -> NoReturn:
    """Run a command again and again until the process is interrupted.

    On a terminal the output replaces the previous one and is cut to the screen. Otherwise what has
    changed is appended: new lines of a table, of CSV and of names, and whole documents of JSON and
    YAML. An error that may pass is shown, and the next output is awaited.

    Raises:
        KeyboardInterrupt: Ctrl+C was pressed.
        LaunchpadError: The first run fails, or a later one with an error that does not pass.
        InvalidInput: The interval is not a number of seconds.
    """
    interval = _seconds(options.interval) if hasattr(options, "interval") else _INTERVAL
    in_place = sys.stdout.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}
    options.no_pager = True
    previous: list[str] = []
    notes = height = 0
    first = True
    while True:
        try:
            lines, messages = _captured(context, options, first=first)
        except LaunchpadError as error:
            if first or not error.retryable:
                raise
            lines, messages = previous, [f"{error.title}. Trying again."]
        if in_place:
            height = _replace(lines, messages, height, interval)
        else:
            _append(context, lines, previous)
            if messages and not notes:
                print(*messages, sep="\n", file=sys.stderr)
            notes = len(messages)
        previous, first = lines, False
        time.sleep(interval)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise InvalidInput(
            f"Invalid interval {text[:40]!r}",
            "It is not a number of seconds.",
            "Use a number, for example --interval 5.",
            field="interval",
        )
    return max(_LEAST, value)


class _Captured(io.StringIO):
    """Collects output as if it were written to a stream."""

    def __init__(self, terminal: bool, encoding: str) -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return the encoding of the stream."""
        return self._encoding

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._terminal


def _captured(
    context: CommandContext, options: argparse.Namespace, *, first: bool
) -> tuple[list[str], list[str]]:
    """Run the command once and return the lines of its output and of its messages."""
    streams = sys.stdout, sys.stderr
    out = _Captured(sys.stdout.isatty(), sys.stdout.encoding or "utf-8")
    messages = _Captured(False, sys.stderr.encoding or "utf-8")
    sys.stdout, sys.stderr = out, messages
    try:
        scope = context.scope if options.command.path[0] in READING else None
        # The first output is what is stored, which is there at once.
        outage = None if first or scope is None else _fetched(context, scope)
        options.command.run(context, options)
        if outage is not None:
            print(outage, file=messages)
    finally:
        sys.stdout, sys.stderr = streams
    return out.getvalue().splitlines(), messages.getvalue().splitlines()


def _fetched(context: CommandContext, scope: Scope) -> str | None:
    """Fetch what is new in a remote runtime; return the message if it does not respond."""
    sync = context.desk.sync
    if sync.freshness(scope).paused:
        return None
    error = sync.follow(scope, lists=True)
    if error is None:
        return None
    from launchpad_tui.cli.relative_time import relative_time

    done_at = sync.freshness(scope).done_at
    age = f" Synchronized {relative_time(done_at)} ago." if done_at is not None else ""
    return f"{error.title}.{age} Trying again."


def _replace(lines: Sequence[str], messages: Sequence[str], former: int, interval: float) -> int:
    """Print a screen in place of the former one and return its number of lines."""
    width = terminal_width()
    room = max(1, terminal_height() - 2 - len(messages))
    shown = list(lines if len(lines) <= room else lines[: max(0, room - 1)])
    if len(shown) < len(lines):
        shown.append(f"{len(lines) - len(shown):,} more lines")
    shown += [*messages, f"Updated {time.strftime('%X')}, every {interval:g} s. Ctrl+C ends."]
    # A line is erased before it is written: after a line of full width, terminals erase its end.
    text = "".join(f"{_END_OF_LINE}{clip(line, width)}\n" for line in shown)
    start = _UP.format(former) if former else ""
    sys.stdout.write(f"{start}{text}{_END_OF_SCREEN}")
    sys.stdout.flush()
    return len(shown)


def _append(context: CommandContext, lines: Sequence[str], previous: Sequence[str]) -> None:
    """Print what has changed since the previous output."""
    if context.output in {JSON, YAML}:
        if lines != previous:
            separator = ["---"] if context.output == YAML and previous else []
            print(*separator, *lines, sep="\n", flush=True)
        return
    # Other widths of the columns are no change.
    known = {" ".join(line.split()) for line in previous}
    changed = [line for line in lines if " ".join(line.split()) not in known]
    if changed:
        print(*changed, sep="\n", flush=True)

"""The command that prints, follows, searches and saves the log of an execution."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import output
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.timestamps import now, parse_rfc3339
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.execution import LogLine
    from launchpad_tui.runtimes.base import ExecutionLog

_LOOK_SECONDS = 0.3
_BATCH = 2000
#: a log that nothing closed (its supervisor was killed) gets no more lines so long after its execution ended
_SILENT_SECONDS = 2.0
_AGO = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _logs(context: Context, options: argparse.Namespace) -> int:
    if options.tail is not None and options.tail < 0:
        raise InvalidInput(f"{options.tail} lines cannot be printed", field="tail")
    execution = context.desk.executions.resolve(context.scope, options.id).id
    log = context.desk.executions.log(context.scope, execution)
    since, until = moment(options.since, "since"), moment(options.until, "until")
    filtered = bool(options.grep or since or until)
    if options.save:
        target = Path(options.save).expanduser()
        log.save(target, log.matching(options.grep or "", since, until) if filtered else None)
        context.done(
            f"Saved the log to {target}.",
            {"id": execution, "path": str(target.absolute())},
            id=execution,
        )
        return 0
    log.whole()
    seen = log.count()
    for line in _first(log, seen, options, filtered, since, until):
        _print_line(context, options, line)
    if not options.follow:
        return 0
    for line in _later(context, execution, log, seen):
        if (options.grep.casefold() in line.message.casefold() if options.grep else True) and (
            since is None or line.timestamp >= since
        ):
            if until is not None and line.timestamp > until:
                break
            _print_line(context, options, line)
    return 0


def _first(
    log: ExecutionLog,
    count: int,
    options: argparse.Namespace,
    filtered: bool,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[LogLine]:
    """The lines that are there, of which ``--tail`` keeps the last."""
    if filtered:
        numbers: Sequence[int] = [
            n for n in log.matching(options.grep or "", since, until) if n < count
        ]
    else:
        numbers = range(count)
    if options.tail is not None:
        numbers = numbers[len(numbers) - min(len(numbers), options.tail) :]
    for start, stop in _stretches(numbers):
        for batch in range(start, stop, _BATCH):
            yield from log.slice(batch, min(stop, batch + _BATCH))


def _stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Sorted numbers as ranges without gaps."""
    if isinstance(numbers, range):
        yield numbers.start, numbers.stop
        return
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in group]
        yield found[0], found[-1] + 1


def _later(context: Context, execution: str, log: ExecutionLog, position: int) -> Iterator[LogLine]:
    """The lines that come, until the execution has ended."""
    ended_at: float | None = None
    while True:
        # Asked before the count: what was written up to the end is then counted for sure.
        finished = log.finished
        count = log.count()
        if count > position:
            for line in log.slice(position, min(count, position + _BATCH)):
                position = line.number + 1
                yield line
            continue
        if finished or (ended_at is not None and time.monotonic() - ended_at > _SILENT_SECONDS):
            return
        time.sleep(_LOOK_SECONDS)
        context.desk.executions.reconcile()
        context.desk.sync.follow(context.scope)
        if (
            ended_at is None
            and context.desk.executions.get(context.scope, execution).execution.status.final
        ):
            ended_at = time.monotonic()


def _print_line(context: Context, options: argparse.Namespace, line: LogLine) -> None:
    at = rfc3339(line.timestamp)
    if context.json:
        data = {"timestamp": at, "stream": line.stream, "container": line.step, "msg": line.message}
        context.line(output.json_text(data))
    elif options.timestamps:
        context.line(f"{at} {line.stream:<9} {safe_text(line.step)} {safe_text(line.message)}")
    else:
        context.line(safe_text(line.message))


def moment(text: str | None, field: str) -> datetime | None:
    """A moment: RFC 3339, or how long ago (``90s``, ``10m``, ``2h``, ``1d``).

    Raises:
        InvalidInput: it is neither.
    """
    if not text:
        return None
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now() - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
        return parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        hint = "Write it as 2026-01-31T12:00:00Z, or how long ago: 90s, 10m, 2h, 1d."
        raise InvalidInput(f"{text[:80]!r} is not a moment", hint=hint, field=field) from error


COMMANDS = (
    Command(
        ("executions", "logs"),
        "print the log; with --json one object a line",
        (
            "launchpad executions logs e0123 --follow",
            "launchpad executions logs e0123 --grep error --since 10m --timestamps",
            "launchpad executions logs e0123 --save training.log",
        ),
        _logs,
        (
            arg(
                "id",
                help="the execution's ID, or a unique part of its beginning",
                completes="executions",
            ),
            arg("--follow", "-f", help="go on until the execution ends", action="store_true"),
            arg(
                "--timestamps",
                "-t",
                help="moment, stream and step before each line",
                action="store_true",
            ),
            arg("--grep", metavar="TEXT", help="lines with this text, in any case"),
            arg(
                "--since",
                metavar="MOMENT",
                help="from this moment on: RFC 3339, or how long ago, such as 10m",
            ),
            arg("--until", metavar="MOMENT", help="up to this moment"),
            arg("--tail", type=int, metavar="N", help="the last N of these lines"),
            arg("--save", metavar="FILE", help="write them into a file", completes="files"),
        ),
    ),
)

"""The command that prints, follows, filters and saves the log of an execution."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import output
from launchpad_tui.cli.arguments import EXECUTION, integer
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.timestamps import now, parse_rfc3339
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.execution import ExecutionLog, LogLine

_POLL_SECONDS = 0.3
_BATCH = 2000
#: Seconds after the end of an execution until its log is considered complete although it was not
#: closed, because the supervisor was killed.
_SILENT_SECONDS = 2.0
_AGO = re.compile(r"(\d+)(s|m|h|d)")
#: The fields of a line in structured formats.
_COLUMNS = ("timestamp", "stream", "container", "msg")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _logs(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.execution_sources import execution_of

    if options.tail is not None and options.tail < 0:
        raise InvalidInput(
            f"Invalid number of lines {options.tail}",
            "It cannot be negative.",
            "Use --tail N with N from 0.",
            field="tail",
        )
    execution = execution_of(context, options.id).id
    log = context.desk.executions.log(context.scope, execution)
    since, until = parse_time(options.since, "since"), parse_time(options.until, "until")
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
    printed = log.count()
    printer = _printer(context, options)
    present = _present_lines(log, printed, options, filtered, since, until)
    if not options.follow:
        with context.paged():
            for line in present:
                printer(line)
        return 0
    for line in present:
        printer(line)
    for line in _following_lines(context, execution, log, printed):
        if (options.grep.casefold() in line.message.casefold() if options.grep else True) and (
            since is None or line.timestamp >= since
        ):
            if until is not None and line.timestamp > until:
                break
            printer(line)
    return 0


def _present_lines(
    log: ExecutionLog,
    count: int,
    options: argparse.Namespace,
    filtered: bool,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[LogLine]:
    """Yield the matching lines among the first ``count`` lines, or the last ones of them."""
    if filtered:
        numbers: Sequence[int] = [
            n for n in log.matching(options.grep or "", since, until) if n < count
        ]
    else:
        numbers = range(count)
    if options.tail is not None:
        numbers = numbers[len(numbers) - min(len(numbers), options.tail) :]
    for start, stop in _ranges(numbers):
        for batch in range(start, stop, _BATCH):
            yield from log.slice(batch, min(stop, batch + _BATCH))


def _ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield sorted numbers as ranges without gaps: start and stop."""
    if isinstance(numbers, range):
        yield numbers.start, numbers.stop
        return
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in group]
        yield found[0], found[-1] + 1


def _following_lines(
    context: CommandContext, execution: str, log: ExecutionLog, position: int
) -> Iterator[LogLine]:
    """Yield new lines until the execution has ended."""
    ended_at: float | None = None
    from launchpad_tui.cli.remote_polling import RemotePolling

    polling = RemotePolling(context)
    while True:
        # This is read before the count, so that the count includes the last line.
        finished = log.finished
        count = log.count()
        if count > position:
            for line in log.slice(position, min(count, position + _BATCH)):
                position = line.number + 1
                yield line
            continue
        if finished or (ended_at is not None and time.monotonic() - ended_at > _SILENT_SECONDS):
            return
        time.sleep(_POLL_SECONDS)
        context.desk.executions.reconcile()
        polling.poll()
        if (
            ended_at is None
            and context.desk.executions.get(context.scope, execution).execution.status.final
        ):
            ended_at = time.monotonic()


def _printer(context: CommandContext, options: argparse.Namespace) -> Callable[[LogLine], None]:
    """Return a function that prints a line in the selected format, at once."""
    if not context.structured:
        return lambda line: _print_text(context, options, line)
    if context.output in {"json", "yaml"}:
        return lambda line: _print_object(context, _line_data(line))
    from launchpad_tui.cli.streams import row_printer

    print_row = row_printer(context.output)
    print_row(_COLUMNS)

    def print_line(line: LogLine) -> None:
        print_row(list(_line_data(line).values()))
        sys.stdout.flush()

    return print_line


def _line_data(line: LogLine) -> dict[str, str | None]:
    at = rfc3339(line.timestamp)
    return {"timestamp": at, "stream": line.stream, "container": line.step, "msg": line.message}


def _print_object(context: CommandContext, data: Mapping[str, str | None]) -> None:
    if context.output == "json":
        context.line(output.json_text(data))
        return
    from launchpad_tui.cli.yaml_text import item_lines

    for text in item_lines(output.without_credentials(data)):
        context.line(text)


def _print_text(context: CommandContext, options: argparse.Namespace, line: LogLine) -> None:
    if options.timestamps:
        at = rfc3339(line.timestamp)
        context.line(f"{at} {line.stream:<9} {safe_text(line.step)} {safe_text(line.message)}")
    else:
        context.line(safe_text(line.message))


def parse_time(text: str | None, field: str) -> datetime | None:
    """Return the time that a text names: an RFC 3339 timestamp or an age such as ``10m``.

    Args:
        text: The text; None or an empty text returns None.
        field: The option, for the error message.

    Raises:
        InvalidInput: The text is neither a timestamp nor an age.
    """
    if not text:
        return None
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now() - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
        return parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"Invalid time {text[:80]!r}",
            "It is neither an RFC 3339 timestamp nor an age.",
            "Write it as 2026-01-31T12:00:00Z, or as an age: 90s, 10m, 2h, 1d.",
            field=field,
        ) from error


COMMANDS = (
    Command(
        ("executions", "logs"),
        "Print the log of an execution",
        (
            "launchpad executions logs e0123 --follow",
            "launchpad executions logs e0123 --grep error --since 10m --timestamps",
            "launchpad executions logs e0123 --save training.log",
        ),
        _logs,
        (
            EXECUTION,
            argument(
                "--follow",
                "-f",
                help="Print new lines until the execution ends",
                action="store_true",
            ),
            argument(
                "--timestamps",
                "-t",
                help="Print time, stream and step before each line",
                action="store_true",
            ),
            argument(
                "--grep", metavar="TEXT", help="Only lines that contain the text; case is ignored"
            ),
            argument(
                "--since",
                metavar="TIME",
                help="Only lines since this time: RFC 3339, or an age such as 10m",
            ),
            argument("--until", metavar="TIME", help="Only lines until this time"),
            argument("--tail", type=integer, metavar="N", help="Only the last N of these lines"),
            argument("--save", metavar="FILE", help="Write the lines to a file", completes="files"),
        ),
        details="With -o json each line is an object.",
    ),
)

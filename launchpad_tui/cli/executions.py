"""Commands on executions."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli import listing, shapes
from launchpad_tui.cli.bindings import bindings, input_bindings
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.cli.configurations import BINDINGS
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.execution import Execution, LogLine

_LOOK_SECONDS = 0.3
_LOG_BATCH = 2000
ATTRIBUTES = frozenset(
    {
        "id",
        "status",
        "configuration_name",
        "configuration_id",
        "executable_id",
        "scenario_id",
        "created_at",
        "modified_at",
        "duration",
    }
)


def _list(context: Context, options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    query = listing.query(options, ATTRIBUTES)
    columns = query.metrics
    context.resources(
        listing.walk(context.desk.executions.listing(context.scope, query), options.limit),
        lambda row: {**shapes.execution(row.execution), "metrics": shapes.metric_values(row.metrics)},
        ("ID", "STATUS", "CONFIGURATION", "EXECUTABLE", "CREATED", "DURATION", *map(str, columns), "MESSAGE"),
        lambda row: (
            row.execution.id,
            str(row.execution.status),
            row.execution.configuration_name,
            row.execution.executable_id,
            shapes.moment(row.execution.created_at) or "",
            _duration(row.execution),
            *(listing.number_text(row.metrics.get(column)) for column in columns),
            row.execution.status_message,
        ),
    )


def _duration(execution: Execution) -> str:
    from launchpad_tui.domain.moments import duration_text, now

    seconds = execution.duration_seconds(now())
    return "" if seconds is None else duration_text(seconds)


def _show(context: Context, options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    found = context.desk.executions.resolve(context.scope, options.id)
    details = context.desk.executions.get(context.scope, found.id)
    one = details.execution
    parameters = details.configuration.parameters if details.configuration else {}
    inputs = [f"{name}: {each.name} ({each.id})" if each else f"{name}: gone" for name, each in details.inputs]
    lines = [
        ("id", one.id),
        ("status", f"{one.status}  {one.status_message}".rstrip()),
        ("target status", str(one.target_status)),
        ("executable", f"{details.executable_name}  {one.executable_id} {one.executable_version}"),
        ("configuration", f"{one.configuration_name}  {one.configuration_id}"),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in parameters.items())),
        ("inputs", "\n".join(inputs)),
        ("outputs", "\n".join(f"{each.name} ({each.kind})  {each.id}  {each.url}" for each in details.outputs)),
        ("created", shapes.moment(one.created_at) or ""),
        ("started", shapes.moment(one.started_at) or ""),
        ("finished", shapes.moment(one.completed_at) or ""),
        ("duration", _duration(one)),
        *((f"detail {key}", value) for key, value in one.status_details.items()),
    ]  # fmt: skip
    context.resource(shapes.execution_details(details), lines)


def _create(context: Context, options: argparse.Namespace) -> int:
    configuration = context.desk.configurations.resolve(context.scope, options.configuration)
    return _created(context, context.desk.executions.create(context.scope, configuration.id), options.wait)


def _again(context: Context, options: argparse.Namespace) -> int:
    source = context.desk.executions.resolve(context.scope, options.id)
    made = context.desk.executions.create_again(
        context.scope,
        source.id,
        bindings(options.parameter, "parameter"),
        input_bindings(context, options.input),
        options.name or "",
    )
    return _created(context, made, options.wait)


def _created(context: Context, made: Execution, wait: bool) -> int:
    if not wait:
        context.done(f"Created execution {made.id}.", shapes.execution(made), id=made.id)
        return 0
    return _follow_to_end(context, [made.id], None)


def _wait(context: Context, options: argparse.Namespace) -> int:
    ids = [context.desk.executions.resolve(context.scope, text).id for text in options.ids]
    return _follow_to_end(context, ids, options.timeout)


def _follow_to_end(context: Context, ids: Sequence[str], timeout: float | None) -> int:
    deadline = None if timeout is None else time.monotonic() + timeout
    waiting, failed = list(ids), 0
    while waiting:
        context.desk.executions.reconcile()
        for execution_id in list(waiting):
            details = context.desk.executions.get(context.scope, execution_id)
            if details.execution.status.final:
                waiting.remove(execution_id)
                failed += details.execution.status != "COMPLETED"
                text = f"{execution_id}: {details.execution.status}  {details.execution.status_message}".rstrip()
                context.done(text, shapes.execution_details(details), id=execution_id)
        if deadline is not None and time.monotonic() > deadline and waiting:
            context.note(f"not ended after {timeout:g} s: {', '.join(waiting)}")
            return 1
        if waiting:
            time.sleep(_LOOK_SECONDS)
    return 1 if failed else 0


def _stop(context: Context, options: argparse.Namespace) -> int:
    return _several(context, options, "stop", "Stopping")


def _delete(context: Context, options: argparse.Namespace) -> int:
    return _several(context, options, "delete", "Deleted")


def _several(context: Context, options: argparse.Namespace, verb: str, said: str) -> int:
    service = context.desk.executions
    ids = [service.resolve(context.scope, text).id for text in options.ids]
    outcomes = (service.stop if verb == "stop" else service.delete)(context.scope, ids)
    if context.json:
        context.print_json(
            {"executions": [{"id": each.id, "error": str(each.error) if each.error else None} for each in outcomes]}
        )
    for each in () if context.json else outcomes:
        if each.error is None:
            context.done(f"{said} {each.id}.", id=each.id)
        else:
            context.note(f"{each.id}: {each.error}")
    return 1 if any(each.error for each in outcomes) else 0


def _logs(context: Context, options: argparse.Namespace) -> int:
    found = context.desk.executions.resolve(context.scope, options.id)
    log = context.desk.executions.log(context.scope, found.id)
    since, until = _moment(options.since, "since"), _moment(options.until, "until")
    if options.save:
        numbers = log.matching(options.grep or "", since, until) if (options.grep or since or until) else None
        log.save(Path(options.save).expanduser(), numbers)
        context.done(f"Saved the log to {options.save}.")
        return 0

    def wanted(line: LogLine) -> bool:
        return (
            (not options.grep or options.grep.casefold() in line.message.casefold())
            and (since is None or line.timestamp >= since)
            and (until is None or line.timestamp <= until)
        )

    position = 0
    if options.tail is not None:
        position = max(0, log.count() - max(0, options.tail))
    while True:
        # Asked before the count: what was written up to the end is then counted for sure.
        finished = log.finished
        count = log.count()
        while position < count:
            lines = log.slice(position, min(count, position + _LOG_BATCH))
            for line in lines:
                if wanted(line):
                    _print_line(context, options, line)
            position += len(lines)
            if not lines:
                break
        if not options.follow or finished:
            return 0
        context.desk.executions.reconcile()
        time.sleep(_LOOK_SECONDS)


def _print_line(context: Context, options: argparse.Namespace, line: LogLine) -> None:
    if context.json:
        from json import dumps

        context.line(
            dumps(
                {
                    "timestamp": shapes.moment(line.timestamp),
                    "stream": line.stream,
                    "container": line.step,
                    "msg": line.message,
                },
                ensure_ascii=False,
            )
        )
    elif options.timestamps:
        context.line(
            f"{shapes.moment(line.timestamp)} {line.stream:<9} {safe_text(line.step)} {safe_text(line.message)}"
        )
    else:
        context.line(safe_text(line.message))


def _moment(text: str | None, field: str) -> datetime | None:
    if not text:
        return None
    from launchpad_tui.domain.moments import parse_rfc3339

    try:
        return parse_rfc3339(text)
    except ValueError as error:
        hint = "Write it as 2026-01-31T12:00:00Z."
        raise InvalidInput(f"{text!r} is not a moment", hint=hint, field=field) from error


_ID = arg("id", help="the execution's ID, or a unique part of its beginning", completes="executions")
_IDS = arg("ids", nargs="+", metavar="id", help="IDs, or unique parts of their beginnings", completes="executions")
_WAIT = arg("--wait", help="wait until it has ended; exit code 1 unless COMPLETED", action="store_true")
COMMANDS = (
    Command(
        ("executions", "create"),
        "create an execution of a configuration: it starts as soon as there is room",
        ("launchpad executions create fast", "launchpad executions create fast --wait"),
        _create,
        (arg("configuration", help="the configuration's ID or unique name", completes="configurations"), _WAIT),
    ),
    Command(
        ("executions", "again"),
        "create an execution again, with changed parameters or inputs",
        ("launchpad executions again e0123 -p learning_rate=0.05", "launchpad executions again e0123 --wait"),
        _again,
        (_ID, *BINDINGS, arg("--name", help="the new configuration's name"), _WAIT),
    ),
    Command(
        ("executions", "list"),
        "list the executions, newest first",
        ("launchpad executions list", "launchpad executions list --where 'status = RUNNING' --metric loss"),
        _list,
        listing.OPTIONS,
    ),
    Command(
        ("executions", "show"),
        "show an execution",
        ("launchpad executions show e0123", "launchpad executions show e0123 --json"),
        _show,
        (_ID,),
    ),
    Command(
        ("executions", "wait"),
        "wait until executions have ended; exit code 1 unless all are COMPLETED",
        ("launchpad executions wait e0123 --timeout 600", "launchpad executions wait e0123 e4567"),
        _wait,
        (_IDS, arg("--timeout", type=float, metavar="SECONDS", help="give up after so long, exit code 1")),
    ),
    Command(
        ("executions", "stop"),
        "stop executions",
        ("launchpad executions stop e0123", "launchpad executions stop e0123 e4567"),
        _stop,
        (_IDS,),
    ),
    Command(
        ("executions", "delete"),
        "delete executions that have ended; their models stay",
        ("launchpad executions delete e0123", "launchpad executions delete e0123 e4567"),
        _delete,
        (_IDS,),
    ),
    Command(
        ("executions", "logs"),
        "print the log",
        ("launchpad executions logs e0123 --follow", "launchpad executions logs e0123 --grep error --timestamps"),
        _logs,
        (
            _ID,
            arg("--follow", "-f", help="go on until the execution ends", action="store_true"),
            arg("--timestamps", "-t", help="moment, stream and step before each line", action="store_true"),
            arg("--grep", metavar="TEXT", help="lines with this text, in any case"),
            arg("--since", metavar="MOMENT", help="from this moment on (RFC 3339)"),
            arg("--until", metavar="MOMENT", help="up to this moment (RFC 3339)"),
            arg("--tail", type=int, metavar="N", help="the last N lines"),
            arg("--save", metavar="FILE", help="write it into a file", completes="files"),
        ),
    ),
)

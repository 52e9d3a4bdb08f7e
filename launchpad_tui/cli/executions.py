"""Commands on executions."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact
from launchpad_tui.aiapi.executions import extended_execution, extended_execution_details
from launchpad_tui.aiapi.metrics import serialize_metric_values
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import listing, logs, output
from launchpad_tui.cli.bindings import bindings, input_bindings
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.cli.configurations import BINDINGS
from launchpad_tui.cli.progress import progress
from launchpad_tui.domain.numbers import metric_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.execution import Execution, ExecutionDetails, Outcome

_LOOK_SECONDS = 0.3
ATTRIBUTES = frozenset(
    {
        "id",
        "status",
        "target_status",
        "status_message",
        "configuration_name",
        "configuration_id",
        "executable_id",
        "executable_version",
        "scenario_id",
        "created_at",
        "modified_at",
        "submitted_at",
        "started_at",
        "completed_at",
        "duration",
    }
)


def _list(context: Context, options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    query = listing.query(context, options, ATTRIBUTES)
    columns = query.metrics
    context.resources(
        listing.walk(context.desk.executions.listing(context.scope, query), options.limit),
        lambda row: {
            **extended_execution(row.execution),
            "metrics": serialize_metric_values(row.metrics),
        },
        (
            "ID",
            "STATUS",
            "CONFIGURATION",
            "EXECUTABLE",
            "CREATED",
            "DURATION",
            *map(str, columns),
            "MESSAGE",
        ),
        lambda row: (
            row.execution.id,
            str(row.execution.status),
            row.execution.configuration_name,
            row.execution.executable_id,
            rfc3339(row.execution.created_at) or "",
            _duration(row.execution),
            *(metric_text(row.metrics.get(column), 6) for column in columns),
            row.execution.status_message,
        ),
    )


def _duration(execution: Execution) -> str:
    from launchpad_tui.domain.timestamps import duration_text, now

    seconds = execution.duration_seconds(now())
    return "" if seconds is None else duration_text(seconds)


def _show(context: Context, options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    found = context.desk.executions.resolve(context.scope, options.id)
    details = context.desk.executions.get(context.scope, found.id)
    one = details.execution
    parameters = details.configuration.parameters if details.configuration else {}
    inputs = [
        f"{name}: {each.name} ({each.id})" if each else f"{name}: gone"
        for name, each in details.inputs
    ]
    lines = [
        ("id", one.id),
        ("status", f"{one.status}  {one.status_message}".rstrip()),
        ("target status", str(one.target_status)),
        ("executable", f"{details.executable_name}  {one.executable_id} {one.executable_version}"),
        ("configuration", f"{one.configuration_name}  {one.configuration_id}"),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in parameters.items())),
        ("inputs", "\n".join(inputs)),
        (
            "outputs",
            "\n".join(
                f"{each.name} ({each.kind})  {each.id}  {each.url}" for each in details.outputs
            ),
        ),
        ("created", rfc3339(one.created_at) or ""),
        ("started", rfc3339(one.started_at) or ""),
        ("finished", rfc3339(one.completed_at) or ""),
        ("duration", _duration(one)),
        *((f"detail {key}", value) for key, value in one.status_details.items()),
    ]
    context.resource(extended_execution_details(details), lines)


def _create(context: Context, options: argparse.Namespace) -> int:
    configuration = context.desk.configurations.resolve(context.scope, options.configuration)
    return _created(
        context, context.desk.executions.create(context.scope, configuration.id), options.wait
    )


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
        context.done(f"Created execution {made.id}.", extended_execution(made), id=made.id)
        return 0
    ended = _until_ended(context, [made.id], None)
    for each in ended:
        context.done(_told(each), extended_execution_details(each), id=made.id)
    return _judged(ended)


def _wait(context: Context, options: argparse.Namespace) -> int:
    ids = [context.desk.executions.resolve(context.scope, text).id for text in options.ids]
    ended = _until_ended(context, ids, options.timeout, tell=not context.json)
    if context.json:
        output.stream_json(extended_execution_details(each) for each in ended)
    return 1 if len(ended) < len(set(ids)) else _judged(ended)


def _told(each: ExecutionDetails) -> str:
    return f"{each.execution.id}: {each.execution.status}  {each.execution.status_message}".rstrip()


def _judged(ended: Sequence[ExecutionDetails]) -> int:
    return 0 if all(each.execution.status == "COMPLETED" for each in ended) else 1


def _until_ended(
    context: Context, ids: Sequence[str], timeout: float | None, *, tell: bool = False
) -> list[ExecutionDetails]:
    """Those that ended, as they ended; all of them unless the time is over."""
    deadline = None if timeout is None else time.monotonic() + timeout
    waiting, ended = list(dict.fromkeys(ids)), []
    while True:
        context.desk.executions.reconcile()
        context.desk.sync.follow(context.scope)
        for execution_id in list(waiting):
            details = context.desk.executions.get(context.scope, execution_id)
            if details.execution.status.final:
                waiting.remove(execution_id)
                ended.append(details)
                if tell:
                    context.done(_told(details), id=execution_id)
        if not waiting:
            return ended
        if deadline is not None and time.monotonic() > deadline:
            context.note(f"not ended after {timeout:g} s: {', '.join(waiting)}")
            return ended
        time.sleep(_LOOK_SECONDS)


def _stop(context: Context, options: argparse.Namespace) -> int:
    ids = [context.desk.executions.resolve(context.scope, text).id for text in options.ids]
    return _outcomes(context, context.desk.executions.stop(context.scope, ids), "Stopping {}.")


def _delete(context: Context, options: argparse.Namespace) -> int:
    ids = [context.desk.executions.resolve(context.scope, text).id for text in options.ids]
    return _outcomes(
        context, context.desk.executions.delete(context.scope, ids), "Deleted {}; its models stay."
    )


def _outcomes(context: Context, outcomes: Sequence[Outcome], said: str) -> int:
    """Tell what became of each; as JSON like the AI API's answer to a bulk change."""
    if context.json:
        context.print_json(
            {
                "executions": [
                    {"id": each.id, "message": said.format(each.id)}
                    if each.error is None
                    else {
                        "id": each.id,
                        "error": {"message": each.error.title, "details": str(each.error)},
                    }
                    for each in outcomes
                ]
            }
        )
    else:
        for each in outcomes:
            if each.error is None:
                context.done(said.format(each.id), id=each.id)
        for each in outcomes:
            if each.error is not None:
                context.note(f"launchpad: {each.error.title}")
                for line in f"{each.error.detail}\n{each.error.hint}".split("\n"):
                    if line:
                        context.note(f"  {line}")
    return 1 if any(each.error is not None for each in outcomes) else 0


def _finish(context: Context, options: argparse.Namespace) -> None:
    for text in options.ids:
        execution = context.desk.executions.resolve(context.scope, text)
        with progress("Storing", quiet=context.quiet) as tell:
            made = context.desk.executions.finish(context.scope, execution.id, tell)
        data = {"id": execution.id, "artifacts": [extended_artifact(each) for each in made]}
        context.done(
            f"Finished {execution.id}: {', '.join(each.name for each in made)}.",
            data,
            id=execution.id,
        )


_ID = arg(
    "id", help="the execution's ID, or a unique part of its beginning", completes="executions"
)
_IDS = arg(
    "ids",
    nargs="+",
    metavar="id",
    help="IDs, or unique parts of their beginnings",
    completes="executions",
)
_WAIT = arg(
    "--wait", help="wait until it has ended; exit code 1 unless COMPLETED", action="store_true"
)
COMMANDS = (
    Command(
        ("executions", "create"),
        "create an execution of a configuration: it starts as soon as there is room",
        ("launchpad executions create fast", "launchpad executions create fast --wait"),
        _create,
        (
            arg(
                "configuration",
                help="the configuration's ID or unique name",
                completes="configurations",
            ),
            _WAIT,
        ),
    ),
    Command(
        ("executions", "again"),
        "create an execution again, with changed parameters or inputs",
        (
            "launchpad executions again e0123 -p learning_rate=0.05",
            "launchpad executions again e0123 --wait",
        ),
        _again,
        (_ID, *BINDINGS, arg("--name", help="the new configuration's name"), _WAIT),
    ),
    Command(
        ("executions", "list"),
        "list the executions, newest first",
        (
            "launchpad executions list",
            "launchpad executions list --where 'status = RUNNING' --metric loss",
        ),
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
        (
            _IDS,
            arg(
                "--timeout",
                type=float,
                metavar="SECONDS",
                help="give up after so long, exit code 1",
            ),
        ),
    ),
    Command(
        ("executions", "stop"),
        "stop executions",
        ("launchpad executions stop e0123", "launchpad executions stop e0123 e4567"),
        _stop,
        (_IDS,),
    ),
    Command(
        ("executions", "finish"),
        "store and register the outputs of executions that did their work while the object store failed",
        ("launchpad executions finish e0123", "launchpad executions finish e0123 e4567 --json"),
        _finish,
        (_IDS,),
    ),
    Command(
        ("executions", "delete"),
        "delete executions that have ended; their models stay",
        ("launchpad executions delete e0123", "launchpad executions delete e0123 e4567"),
        _delete,
        (_IDS,),
    ),
    *logs.COMMANDS,
)

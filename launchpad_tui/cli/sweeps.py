"""Commands on sweeps: executions of one executable with different values of parameters."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import listing
from launchpad_tui.cli.arguments import YES, integer
from launchpad_tui.cli.bindings import bindings, input_bindings, warn_of_credentials
from launchpad_tui.cli.command import Argument, Command, argument
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.numbers import metric_text
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.query import MetricColumn
    from launchpad_tui.domain.sweep import Sweep, SweepMember


def _create(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.domain.sweep import (
        MOST_EXECUTIONS,
        grid,
        parse_values,
        random_combinations,
    )

    scope = context.scope
    name, executable_id, parameters, inputs = _source(context, scope, options.source)
    random = options.random is not None
    definition = bindings(options.parameter, "parameter")
    values = {key: parse_values(key, text, random=random) for key, text in definition.items()}
    varied = {
        key: one for key, one in values.items() if one.range is not None or len(one.listed) > 1
    }
    parameters |= {key: one.listed[0] for key, one in values.items() if key not in varied}
    inputs |= input_bindings(context, options.input)
    if not varied:
        combinations: list[dict[str, str]] = []
    elif random:
        combinations = random_combinations(varied, options.random, options.seed)
        definition |= {"random": str(options.random), "seed": str(options.seed)}
    else:
        combinations = grid(varied, options.limit or MOST_EXECUTIONS)
    if options.dry_run:
        _print_combinations(context, combinations)
        return 0
    warn_of_credentials(context, "parameter", parameters, executable_id)
    sweep = context.desk.sweeps.create(
        scope, options.name or name, executable_id, parameters, inputs, combinations, definition
    )
    _report_errors(context, sweep)
    if not options.wait:
        context.done(
            f"Created sweep {sweep.id} ({sweep.name}): {sweep.progress}.",
            _serialized(sweep),
            id=sweep.id,
        )
        return 1 if any(one.error for one in sweep.members) else 0
    return _wait_for(context, sweep)


def _source(
    context: CommandContext, scope: Scope, text: str
) -> tuple[str, str, dict[str, str], dict[str, str]]:
    """Return name, executable, parameters and inputs of the executable or configuration."""
    desk = context.desk
    try:
        found = desk.scenarios.executable(scope, text)
    except NotFound:
        one = desk.configurations.resolve(scope, text)
        inputs = dict(one.inputs) | dict(desk.configurations.references(scope, one.id))
        return one.name, one.executable_id, dict(one.parameters), inputs
    return found.name, found.id, {}, {}


def _print_combinations(context: CommandContext, combinations: Sequence[Mapping[str, str]]) -> None:
    names = list(combinations[0]) if combinations else []
    context.resources(
        list(enumerate(combinations, 1)),
        lambda row: {"position": row[0], "parameters": dict(row[1])},
        ("NUMBER", *names),
        lambda row: (str(row[0]), *(row[1][name] for name in names)),
    )
    context.note(f"Dry run: {len(combinations):,} executions would be created.")


def _report_errors(context: CommandContext, sweep: Sweep) -> None:
    for one in sweep.members:
        if one.error:
            context.note(f"launchpad: {_values(one)} was not created: {one.error}")


def _values(one: SweepMember) -> str:
    return " ".join(f"{key}={value}" for key, value in one.parameters.items())


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    context.resources(
        context.desk.sweeps.list(context.scope),
        _serialized,
        (
            ID,
            NAME,
            TableColumn("EXECUTABLE", optional=2),
            TableColumn("PROGRESS", cut_last=True),
            TableColumn("PARAMETERS", optional=3),
            TableColumn("CREATED", optional=1),
        ),
        lambda one: (
            one.id,
            one.name,
            one.executable_id,
            one.progress,
            " ".join(f"{key}={value}" for key, value in one.definition.items()),
            context.time(one.created_at),
        ),
    )


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    desk, scope = context.desk, context.scope
    sweep = desk.sweeps.resolve(scope, options.id)
    columns = listing.metric_columns(context, options.metric or ())
    members = [one for one in sweep.members if not options.failed or one.resumable]
    values = _metrics(context, members, columns)
    if columns:
        members = _ranked(context, members, values, columns[0])
    outputs = desk.sweeps.outputs(scope, sweep)
    names = list(members[0].parameters) if members else []
    context.resources(
        members,
        lambda one: {
            "position": one.position,
            "executionId": one.execution_id or None,
            "configurationId": one.configuration_id or None,
            "status": one.state,
            "parameters": dict(one.parameters),
            "metrics": [
                {"name": str(column), "value": values[one.execution_id][column]}
                for column in columns
                if column in values.get(one.execution_id, {})
            ],
            "artifactId": outputs.get(one.execution_id),
            "error": one.error or None,
        },
        (
            TableColumn("EXECUTION", cut_last=True, whole=True),
            "STATUS",
            *(TableColumn(name, right=True) for name in names),
            *(TableColumn(str(column), right=True) for column in columns),
            TableColumn("OUTPUT", optional=1),
        ),
        lambda one: (
            one.execution_id,
            one.state,
            *(one.parameters.get(name, "") for name in names),
            *(metric_text(values.get(one.execution_id, {}).get(column), 6) for column in columns),
            context.short_id("artifacts", outputs[one.execution_id])
            if one.execution_id in outputs
            else "",
        ),
    )
    context.note(f"{sweep.name} ({sweep.id}): {sweep.progress}.")


def _metrics(
    context: CommandContext, members: Sequence[SweepMember], columns: Sequence[MetricColumn]
) -> dict[str, Mapping[MetricColumn, float]]:
    """Return the values of metrics by the ID of the execution."""
    from launchpad_tui.domain.query import Query

    ids = tuple(one.execution_id for one in members if one.execution_id)
    if not columns or not ids:
        return {}
    context.read_metrics(ids)
    query = Query(ids=ids, metrics=tuple(columns))
    found = context.desk.executions.listing(context.scope, query)
    return {row.execution.id: row.metrics for row in listing.rows(found, 0)}


def _ranked(
    context: CommandContext,
    members: Sequence[SweepMember],
    values: Mapping[str, Mapping[MetricColumn, float]],
    column: MetricColumn,
) -> list[SweepMember]:
    """Return members with the best value of a metric first, and those without one last."""
    from launchpad_tui.domain.metric import Direction, guess_direction

    known = context.desk.boards.directions()
    direction = known.get(column.key) or guess_direction(column.key)
    sign = -1 if direction == Direction.HIGHER else 1

    def rank(one: SweepMember) -> tuple[bool, float]:
        value = values.get(one.execution_id, {}).get(column, math.nan)
        return math.isnan(value), 0.0 if math.isnan(value) else sign * value

    return sorted(members, key=rank)


def _wait(context: CommandContext, options: argparse.Namespace) -> int:
    return _wait_for(context, context.desk.sweeps.resolve(context.scope, options.id))


def _wait_for(context: CommandContext, sweep: Sweep) -> int:
    """Wait until all executions of a sweep have ended, and return the exit code."""
    from launchpad_tui.cli.execution_results import wait_for

    ids = [one.execution_id for one in sweep.members if one.execution is not None]
    wait_for(context, ids, None, report=not context.structured)
    ended = context.desk.sweeps.get(context.scope, sweep.id)
    context.done(f"{ended.name} ({ended.id}): {ended.progress}.", _serialized(ended), id=ended.id)
    return 1 if any(one.resumable for one in ended.members) else 0


def _stop(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.execution_results import print_outcomes

    sweep = context.desk.sweeps.resolve(context.scope, options.id)
    outcomes = context.desk.sweeps.stop(context.scope, sweep)
    return print_outcomes(context, outcomes, "Stopping {}.")


def _resume(context: CommandContext, options: argparse.Namespace) -> int:
    sweep = context.desk.sweeps.resolve(context.scope, options.id)
    count = sum(one.resumable for one in sweep.members)
    if not count:
        raise InvalidInput(
            f"The sweep {sweep.name} has nothing to resume",
            f"Its progress: {sweep.progress}.",
            "Executions that failed, were stopped or were not created can be resumed.",
            field="id",
        )
    resumed = context.desk.sweeps.resume(context.scope, sweep)
    _report_errors(context, resumed)
    if options.wait:
        return _wait_for(context, resumed)
    context.done(
        f"Resumed {count:,} executions of {sweep.name}: {resumed.progress}.",
        _serialized(resumed),
        id=sweep.id,
    )
    return 1 if any(one.error for one in resumed.members) else 0


def _remove(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    sweep = context.desk.sweeps.resolve(context.scope, options.id)
    question = f"Remove the sweep {sweep.name} ({sweep.id})?"
    if not confirmed(question, "Its executions and models are kept.", yes=options.yes):
        context.note("Nothing was removed.")
        return 1
    context.desk.sweeps.remove(context.scope, sweep)
    context.done(f"Removed sweep {sweep.id}. Its executions are kept.", id=sweep.id)
    return 0


def _serialized(one: Sweep) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "executableId": one.executable_id,
        "definition": dict(one.definition),
        "parameters": dict(one.parameters),
        "inputArtifacts": dict(one.inputs),
        "createdAt": rfc3339(one.created_at),
        "createdBy": one.created_by,
        "total": len(one.members),
        "progress": one.progress,
        "counts": one.counts(),
        "executionIds": [each.execution_id for each in one.members if each.execution_id],
    }


def _sweep() -> Argument:
    return argument("id", help="Sweep: ID, unique ID prefix, unique name, or latest")


_WAIT = argument(
    "--wait",
    action="store_true",
    help="Wait until all have ended; the exit code is 1 unless all are COMPLETED",
)
CREATE = Command(
    ("executions", "sweep"),
    "Create executions for combinations of parameter values",
    (
        "launchpad executions sweep digits-train -p learning_rate=0.001,0.01,0.1 -p seed=1..3 "
        "-i digits=digits",
        "launchpad executions sweep fast -p learning_rate=0.0001..0.1:log -p batch=16,32,64 "
        "--random 20 --seed 7",
    ),
    _create,
    (
        argument(
            "source",
            help="Executable: ID; or configuration: ID, unique ID prefix or unique name",
            completes="executables",
        ),
        argument(
            "--parameter",
            "-p",
            action="append",
            metavar="NAME=VALUES",
            help="Values: 0.1,0.01 or 1..5 or 0..1:5 or 0.0001..0.1:4:log; may be repeated",
        ),
        argument(
            "--input",
            "-i",
            action="append",
            metavar="NAME=ARTIFACT",
            help="Input artifact: ID, unique name, NAME@VERSION or NAME@ALIAS; may be repeated",
            completes="artifacts",
        ),
        argument("--name", help="Name of the sweep (default: that of the source)"),
        argument("--random", type=integer, metavar="N", help="Use N random combinations, not all"),
        argument(
            "--seed", type=integer, default=0, metavar="N", help="Seed of --random (default: 0)"
        ),
        argument(
            "--limit",
            type=integer,
            default=0,
            metavar="N",
            help="Maximum number of combinations of a grid (default: 1000)",
        ),
        argument(
            "--dry-run", action="store_true", help="Show the combinations without creating them"
        ),
        _WAIT,
    ),
    details=(
        "Without --random, the executions have all combinations of the values. With it, ranges may "
        "be given without a number of values (0..1, 0.0001..0.1:log), and the same seed selects "
        "the same values. Show the progress with: launchpad sweeps show"
    ),
)
COMMANDS = (
    Command(
        ("sweeps", "list"),
        "List the sweeps with their progress, newest first",
        ("launchpad sweeps list", "launchpad sweeps list --json"),
        _list,
    ),
    Command(
        ("sweeps", "show"),
        "List the executions of a sweep with their parameters",
        (
            "launchpad sweeps show latest --metric val_loss:best",
            "launchpad sweeps show s0123 --failed --quiet",
        ),
        _show,
        (
            _sweep(),
            argument(
                "--metric",
                metavar="NAME",
                action="append",
                completes="metrics",
                help="Add a metric; the best value of the first one comes first; may be repeated",
            ),
            argument(
                "--failed",
                action="store_true",
                help="Only executions that failed, were stopped or were not created",
            ),
        ),
    ),
    Command(
        ("sweeps", "wait"),
        "Wait until the executions of a sweep have ended",
        ("launchpad sweeps wait latest", "launchpad sweeps wait s0123 --json"),
        _wait,
        (_sweep(),),
        details="Prints each execution when it ends. The exit code is 1 unless all are COMPLETED.",
    ),
    Command(
        ("sweeps", "stop"),
        "Stop the executions of a sweep",
        ("launchpad sweeps stop latest", "launchpad sweeps stop s0123 --json"),
        _stop,
        (_sweep(),),
    ),
    Command(
        ("sweeps", "resume"),
        "Create the failed executions of a sweep again",
        ("launchpad sweeps resume latest", "launchpad sweeps resume s0123 --wait"),
        _resume,
        (_sweep(), _WAIT),
        details="Executions that failed, were stopped or were not created are created.",
    ),
    Command(
        ("sweeps", "remove"),
        "Remove a sweep; its executions are kept",
        ("launchpad sweeps remove latest", "launchpad sweeps remove s0123 --yes"),
        _remove,
        (_sweep(), YES),
    ),
)

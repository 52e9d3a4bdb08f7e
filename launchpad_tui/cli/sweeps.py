"""Commands on sweeps: executions of one executable with different values of parameters."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from launchpad_tui.cli import list_rows, listing
from launchpad_tui.cli.arguments import METRICS, YES
from launchpad_tui.cli.charts import CHART_OPTIONS
from launchpad_tui.cli.command import Argument, Command, argument
from launchpad_tui.cli.compare import COMPARE_OPTIONS
from launchpad_tui.cli.sweep_create import WAIT, report_errors, serialized_sweep, wait_for_sweep
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.numbers import metric_text
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.query import MetricColumn
    from launchpad_tui.domain.sweep import SweepMember


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    context.resources(
        context.desk.sweeps.list(context.scope),
        serialized_sweep,
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
            *listing.metric_table_columns(context, columns),
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
    return {row.execution.id: row.metrics for row in list_rows.rows(found, 0, quiet=context.quiet)}


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


def _only_metric(context: CommandContext) -> str:
    """Return the metric of the resource group. Raises InvalidInput if there are several or none."""
    known = context.desk.artifacts.metric_keys(context.scope)
    if len(known) == 1:
        return known[0]
    raise InvalidInput(
        "The metric is missing",
        f"Metrics of {context.scope}: {', '.join(known[:20]) or 'none'}.",
        "Pass --metric NAME.",
        field="metric",
    )


def _promote(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.artifact_edits import UNDO_HINT, promoted_text, serialized_change
    from launchpad_tui.domain.list_names import metric_column

    context.desk.executions.reconcile()
    desk, scope = context.desk, context.scope
    sweep = desk.sweeps.resolve(scope, options.id)
    column = metric_column(options.metric or _only_metric(context))
    (column,) = listing.known_columns(context, (column,))
    members = [one for one in sweep.members if one.execution is not None]
    values = _metrics(context, members, (column,))
    best = next(
        (
            (one, models[0])
            for one in _ranked(context, members, values, column)
            if not math.isnan(values.get(one.execution_id, {}).get(column, math.nan))
            and (models := desk.artifacts.models_of(scope, one.execution_id))
        ),
        None,
    )
    if best is None:
        raise NotFound(
            f"No model of the sweep {sweep.name} has a value of {column}",
            f"Its progress: {sweep.progress}.",
            "List the metrics with: launchpad metrics keys",
        )
    member, model = best
    change = desk.annotations.promote(scope, model.id, options.alias)
    value = metric_text(values[member.execution_id][column], 6)
    text = " ".join(f"{key}={each}" for key, each in member.parameters.items())
    context.done(
        f"{promoted_text(change)} {column} {value} with {text}.",
        {
            **serialized_change(change),
            "executionId": member.execution_id,
            "parameters": dict(member.parameters),
            "metric": {"name": str(column), "value": values[member.execution_id][column]},
        },
        id=model.id,
    )
    context.hint(UNDO_HINT)


def _wait(context: CommandContext, options: argparse.Namespace) -> int:
    return wait_for_sweep(context, context.desk.sweeps.resolve(context.scope, options.id))


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
    report_errors(context, resumed)
    if options.wait:
        return wait_for_sweep(context, resumed)
    context.done(
        f"Resumed {count:,} executions of {sweep.name}: {resumed.progress}.",
        serialized_sweep(resumed),
        id=sweep.id,
    )
    return 1 if any(one.error for one in resumed.members) else 0


def _remove(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    desk, scope = context.desk, context.scope
    sweep = desk.sweeps.resolve(scope, options.id)
    question = f"Remove the sweep {sweep.name} ({sweep.id})?"
    detail = "Its executions and models are kept."
    if options.executions:
        desk.sweeps.check_removable(sweep)
        question = f"Remove the sweep {sweep.name} ({sweep.id}) and delete its executions?"
        ids = [one.execution_id for one in sweep.members if one.execution is not None]
        detail = desk.executions.deletion(scope, ids).text
    if not confirmed(question, detail, yes=options.yes):
        context.note("Nothing was removed.")
        return 1
    if not options.executions:
        desk.sweeps.remove(scope, sweep)
        context.done(f"Removed sweep {sweep.id}. Its executions are kept.", id=sweep.id)
        return 0
    failed = [one for one in desk.sweeps.remove_with_executions(scope, sweep) if one.error]
    for one in failed:
        context.note(f"launchpad: {one.error}")
    if failed:
        return 1
    context.done(f"Removed sweep {sweep.id} and deleted its executions.", id=sweep.id)
    return 0


def _compare(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli import compare

    options.ids = _execution_ids(context, options.id)
    compare.run(context, options)


def _chart(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.charts import print_charts
    from launchpad_tui.cli.compare import find_subjects

    print_charts(context, find_subjects(context, _execution_ids(context, options.id)), options)


def _execution_ids(context: CommandContext, text: str) -> list[str]:
    """Return the IDs of the existing executions of a sweep. Raises NotFound if there are none."""
    context.desk.executions.reconcile()
    sweep = context.desk.sweeps.resolve(context.scope, text)
    found = [one.execution_id for one in sweep.members if one.execution is not None]
    if not found:
        raise NotFound(
            f"The sweep {sweep.name} has no executions",
            f"Its progress: {sweep.progress}.",
            f"Create them with: launchpad sweeps resume {sweep.id}",
        )
    return found


def _sweep() -> Argument:
    return argument(
        "id", help="Sweep: ID, unique ID prefix, unique name, or latest", completes="sweeps"
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
        (_sweep(), WAIT),
        details="Executions that failed, were stopped or were not created are created.",
    ),
    Command(
        ("sweeps", "compare"),
        "Compare the executions of a sweep",
        (
            "launchpad sweeps compare latest",
            "launchpad sweeps compare latest --metric val_loss --aggregate best --format markdown",
        ),
        _compare,
        (_sweep(), *COMPARE_OPTIONS),
    ),
    Command(
        ("sweeps", "chart"),
        "Draw charts of the metrics of the executions of a sweep",
        (
            "launchpad sweeps chart latest --metric val_loss",
            "launchpad sweeps chart latest --metric val_loss --x-axis parameters "
            "--parameter learning_rate",
        ),
        _chart,
        (_sweep(), METRICS, *CHART_OPTIONS),
    ),
    Command(
        ("sweeps", "promote"),
        "Point an alias at the best model of a sweep",
        (
            "launchpad sweeps promote latest production --metric val_loss:best",
            "launchpad sweeps promote s0123 champion --metric accuracy --json",
        ),
        _promote,
        (
            _sweep(),
            argument("alias", help="Alias, for example production", completes="aliases"),
            argument(
                "--metric",
                metavar="NAME",
                completes="metrics",
                help="Metric of which the best value wins: val_loss or val_loss:best (default: the "
                "only metric)",
            ),
        ),
        details=(
            "Whether lower or higher values are better follows from the name of the metric, unless "
            "launchpad metrics set-direction was used."
        ),
    ),
    Command(
        ("sweeps", "remove"),
        "Remove a sweep, and its executions with --executions",
        ("launchpad sweeps remove latest", "launchpad sweeps remove s0123 --executions --yes"),
        _remove,
        (
            _sweep(),
            argument(
                "--executions",
                action="store_true",
                help="Delete its executions too; their models are kept with parameters and metrics",
            ),
            YES,
        ),
    ),
)

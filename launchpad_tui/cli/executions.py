"""Commands on executions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact
from launchpad_tui.aiapi.executions import extended_execution, extended_execution_details
from launchpad_tui.cli import list_rows, listing, logs, reproduction, sweep_create
from launchpad_tui.cli.arguments import EXECUTION, EXECUTIONS, SOURCE, YES, seconds
from launchpad_tui.cli.bindings import bindings, input_bindings, warn_of_credentials
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.configurations import BINDING_OPTIONS
from launchpad_tui.cli.execution_results import (
    exit_code,
    hint_at_logs,
    print_outcomes,
    report_created,
    status_line,
    wait_for,
)
from launchpad_tui.cli.progress import progress
from launchpad_tui.cli.table import ID, TableColumn
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.execution import Execution, ExecutionDetails

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
        "sweep",
        "commit",
    }
)


def _list(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    options.list_name = "executions"
    query = listing.query(context, options, ATTRIBUTES)
    rows = list_rows.rows(
        context.desk.executions.listing(context.scope, query), options.limit, quiet=context.quiet
    )
    if options.columns:
        from launchpad_tui.cli.list_columns import print_columns

        shown = listing.columns_option(
            options.columns, listing.known_names(context, ATTRIBUTES - listing.FILTERED_ONLY)
        )
        print_columns(context, rows, shown, ATTRIBUTES, "executions")
        return
    context.resources(
        rows,
        lambda row: {
            **extended_execution(row.execution),
            **listing.serialized_columns(query, row),
        },
        (
            ID,
            TableColumn("STATUS", whole=True),
            TableColumn("CONFIGURATION", cut_last=True),
            TableColumn("EXECUTABLE", optional=3),
            TableColumn("CREATED", optional=1),
            TableColumn("STARTED", wide=True),
            TableColumn("COMPLETED", wide=True),
            TableColumn("DURATION", optional=1, right=True),
            *listing.table_columns(context, query),
            TableColumn("MESSAGE", optional=2),
        ),
        lambda row: (
            context.short_id("executions", row.execution.id),
            str(row.execution.status),
            row.execution.configuration_name,
            row.execution.executable_id,
            context.time(row.execution.created_at),
            context.time(row.execution.started_at),
            context.time(row.execution.completed_at),
            _duration(row.execution),
            *listing.column_texts(query, row),
            row.execution.status_message,
        ),
        metrics=tuple(map(str, query.metrics)),
        parameters=listing.parameter_names(query),
    )


def _duration(execution: Execution) -> str:
    from launchpad_tui.domain.timestamps import duration_text, now

    seconds = execution.duration_seconds(now())
    return "" if seconds is None else duration_text(seconds)


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.execution_sources import execution_of
    from launchpad_tui.domain.code_text import code_lines
    from launchpad_tui.domain.reproduction import report_json, report_lines

    context.desk.executions.reconcile()
    found = execution_of(context, options.id)
    details = context.desk.executions.get(context.scope, found.id)
    one = details.execution
    parameters = details.configuration.parameters if details.configuration else {}
    inputs = [
        f"{name}: {each.name} ({each.id}){_reference(details, name)}"
        if each
        else f"{name}: deleted{_reference(details, name)}"
        for name, each in details.inputs
    ]
    provenance = details.provenance
    report = context.desk.reproduction.report_of(context.scope, one.id)
    reproductions = details.reproductions
    reproduced = [
        (
            "reproduced by",
            "\n".join(f"{each.id}  {each.status}" for each in reproductions),
        ),
        ("reproduction of", str(provenance.get("reproduces", ""))),
        *(
            (f"reproduction {name}", text)
            for name, text, _ in (report_lines(report) if report else ())
        ),
    ]
    lines = [
        ("id", one.id),
        ("status", f"{one.status}  {one.status_message}".rstrip()),
        ("target status", str(one.target_status)),
        (
            "executable",
            f"{details.executable_name}  {one.executable_id} {one.executable_version}".rstrip(),
        ),
        ("configuration", f"{one.configuration_name}  {one.configuration_id}"),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in parameters.items())),
        ("inputs", "\n".join(inputs)),
        (
            "outputs",
            "\n".join(
                f"{each.name} ({each.kind})  {each.id}  {each.url}" for each in details.outputs
            ),
        ),
        *code_lines(provenance),
        *reproduced,
        ("created", context.field_time(one.created_at)),
        ("started", context.field_time(one.started_at)),
        ("completed", context.field_time(one.completed_at)),
        ("duration", _duration(one)),
        *((f"status detail {key}", value) for key, value in one.status_details.items()),
    ]
    data = {
        **extended_execution_details(details),
        "provenance": dict(provenance) or None,
        "reproduction": report_json(report) if report else None,
        "reproducedBy": [each.id for each in reproductions],
    }
    context.resource(data, lines)


def _reference(details: ExecutionDetails, name: str) -> str:
    given = details.references.get(name)
    return f", given as {given}" if given else ""


def _create(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.execution_sources import configuration_of

    settings = _settings(context, options)
    configuration = configuration_of(context, options)
    created = context.desk.executions.create(context.scope, configuration.id, settings)
    return _report_created(context, created, options)


def _settings(context: CommandContext, options: argparse.Namespace) -> dict[str, str]:
    """Return the settings of an execution. Raises InvalidInput."""
    found: dict[str, str] = {}
    for text in options.set or ():
        name, equals, value = text.partition("=")
        if not equals:
            fields = ", ".join(each.name for each in context.desk.executions.fields(context.scope))
            raise InvalidInput(
                f"Invalid setting {text[:80]!r}",
                "The = is missing.",
                f"Write NAME=VALUE with one of these names: {fields or 'none'}.",
            )
        found[name] = value
    return found


def _rerun(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.execution_sources import execution_of

    source = execution_of(context, options.id)
    parameters = bindings(options.parameter, "parameter")
    execution = context.desk.executions.create_again(
        context.scope,
        source.id,
        parameters,
        input_bindings(context, options.input),
        options.name or "",
        _settings(context, options),
    )
    warn_of_credentials(context, "parameter", parameters, execution.executable_id)
    return _report_created(context, execution, options)


def _report_created(
    context: CommandContext, execution: Execution, options: argparse.Namespace
) -> int:
    if not options.wait and not options.require:
        report_created(context, execution)
        return 0
    ended = wait_for(context, [execution.id], None)
    for each in ended:
        context.done(status_line(each), extended_execution_details(each), id=execution.id)
    hint_at_logs(context, ended)
    return exit_code(ended) or _requirements(context, options, ended)


def _requirements(
    context: CommandContext, options: argparse.Namespace, ended: Sequence[ExecutionDetails]
) -> int:
    """Return 0 if the executions meet all conditions of ``--require``, otherwise 1."""
    if not options.require:
        return 0
    from launchpad_tui.cli.requirements import all_meet

    return 0 if all_meet(context, options.require, ended, ATTRIBUTES) else 1


def _wait(context: CommandContext, options: argparse.Namespace) -> int:
    ids = [context.desk.executions.resolve(context.scope, text).id for text in options.ids]
    ended = wait_for(context, ids, options.timeout, report=not context.structured)
    if context.structured:
        context.print_data(
            {
                "resources": [extended_execution_details(each) for each in ended],
                "count": len(ended),
            },
            rows="resources",
        )
    if len(ended) < len(set(ids)):
        return 1
    return exit_code(ended) or _requirements(context, options, ended)


def _stop(context: CommandContext, options: argparse.Namespace) -> int:
    ids = [context.desk.executions.resolve(context.scope, text).id for text in options.ids]
    return print_outcomes(context, context.desk.executions.stop(context.scope, ids), "Stopping {}.")


def _delete(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    service = context.desk.executions
    ids = list(dict.fromkeys(service.resolve(context.scope, text).id for text in options.ids))
    removed = service.deletion(context.scope, ids)
    what = f"execution {ids[0]}" if len(ids) == 1 else f"{len(ids)} executions"
    if not confirmed(f"Delete {what}?", removed.text, yes=options.yes):
        context.note("Nothing was deleted.")
        return 1
    return print_outcomes(
        context, service.delete(context.scope, ids), "Deleted {}. Its outputs are kept."
    )


def _store_outputs(context: CommandContext, options: argparse.Namespace) -> None:
    for text in options.ids:
        execution = context.desk.executions.resolve(context.scope, text)
        with progress("Storing", quiet=context.quiet) as report:
            outputs = context.desk.executions.store_outputs(context.scope, execution.id, report)
        data = {"id": execution.id, "artifacts": [extended_artifact(each) for each in outputs]}
        context.done(
            f"Stored the outputs of {execution.id}: {', '.join(each.name for each in outputs)}.",
            data,
            id=execution.id,
        )


_WAIT = argument(
    "--wait",
    help="Wait until it has ended; the exit code is 1 unless it is COMPLETED",
    action="store_true",
)
_REQUIRE = argument(
    "--require",
    metavar="CONDITION",
    action="append",
    completes="columns",
    help="Wait, and exit with code 1 unless it meets a condition, such as 'accuracy > 0.9'; may "
    "be repeated",
)
_SETTINGS = argument(
    "--set",
    action="append",
    metavar="NAME=VALUE",
    help="Set options (of sbatch) or resource_plan on a Slurm cluster; may be repeated",
)
COMMANDS = (
    Command(
        ("executions", "create"),
        "Create an execution of a configuration or executable",
        (
            "launchpad executions create fast",
            "launchpad executions create digits-train -p epochs=60 -i digits=digits --wait",
            "launchpad executions create fast --set resource_plan=train.l",
        ),
        _create,
        (
            SOURCE,
            *BINDING_OPTIONS,
            argument("--name", help="Name of the new configuration"),
            _SETTINGS,
            _WAIT,
            _REQUIRE,
        ),
        details=(
            "With --parameter, --input or --name, and for an executable, a new configuration is "
            "created. The execution starts as soon as the number of running executions is below "
            "executions.parallel (see: launchpad settings)."
        ),
    ),
    Command(
        ("executions", "rerun"),
        "Rerun an execution, with the same or other bindings",
        (
            "launchpad executions rerun e0123 -p learning_rate=0.05",
            "launchpad executions rerun e0123 --wait",
        ),
        _rerun,
        (
            EXECUTION,
            *BINDING_OPTIONS,
            argument("--name", help="Name of the new configuration"),
            _SETTINGS,
            _WAIT,
            _REQUIRE,
        ),
        details=(
            "With --parameter, --input or --name a new configuration is created. Otherwise the "
            "configuration of the execution is used."
        ),
    ),
    *reproduction.COMMANDS_OF_EXECUTIONS,
    Command(
        ("executions", "list"),
        "List the executions, newest first",
        (
            "launchpad executions list",
            "launchpad executions list --where 'status = RUNNING' --metric loss",
        ),
        _list,
        listing.LIST_OPTIONS,
    ),
    Command(
        ("executions", "show"),
        "Show an execution",
        ("launchpad executions show e0123", "launchpad executions show e0123 --json"),
        _show,
        (EXECUTION,),
    ),
    Command(
        ("executions", "wait"),
        "Wait until executions have ended",
        (
            "launchpad executions wait e0123 --timeout 600",
            "launchpad executions wait latest --require 'accuracy > 0.9'",
        ),
        _wait,
        (
            EXECUTIONS,
            argument(
                "--timeout",
                type=seconds,
                metavar="SECONDS",
                help="Maximum time to wait; after that, the exit code is 1",
            ),
            _REQUIRE,
        ),
        details="Prints each execution when it ends. The exit code is 1 unless all are "
        "COMPLETED and meet the conditions of --require.",
    ),
    Command(
        ("executions", "stop"),
        "Stop executions",
        ("launchpad executions stop e0123", "launchpad executions stop e0123 e4567"),
        _stop,
        (EXECUTIONS,),
    ),
    Command(
        ("executions", "store-outputs"),
        "Retry storing the outputs of executions",
        (
            "launchpad executions store-outputs e0123",
            "launchpad executions store-outputs e0123 e4567 --json",
        ),
        _store_outputs,
        (EXECUTIONS,),
        details=(
            "Stores and registers the outputs of executions whose training ended while the object "
            "store could not be reached."
        ),
    ),
    Command(
        ("executions", "delete"),
        "Delete executions that have ended; their outputs are kept",
        ("launchpad executions delete e0123", "launchpad executions delete e0123 e4567 --yes"),
        _delete,
        (EXECUTIONS, YES),
        details=(
            "Models and other outputs are kept, with the parameters, inputs, metrics and lineage "
            "of the execution. The log and the working files are deleted. Running executions have "
            "to be stopped first."
        ),
    ),
    sweep_create.CREATE,
    *logs.COMMANDS,
)

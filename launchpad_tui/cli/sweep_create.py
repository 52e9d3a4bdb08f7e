"""The command that creates a sweep: executions with different values of parameters."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.arguments import integer
from launchpad_tui.cli.bindings import bindings, input_bindings, warn_of_credentials
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.progress import counted
from launchpad_tui.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.sweep import Sweep, SweepMember


def _create(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.domain.sweep import MOST_EXECUTIONS, plan
    from launchpad_tui.services.configurations import (
        name_with_parameters,
        name_without_parameters,
    )

    scope = context.scope
    name, executable_id, parameters, inputs = _source(context, scope, options.source)
    found = plan(
        bindings(options.parameter, "parameter"),
        random=options.random,
        seed=options.seed,
        limit=options.limit or MOST_EXECUTIONS,
    )
    combinations = found.combinations
    if parameters:
        # The name of a configuration may have values of parameters that are replaced.
        varied = combinations[0] if combinations else {}
        given = found.parameters
        changed = {key: value for key, value in given.items() if value != parameters.get(key)}
        name = name_without_parameters(name, varied, executable_id)
        name = name_with_parameters(name, parameters, changed)
    parameters |= found.parameters
    inputs |= input_bindings(context, options.input)
    if options.dry_run:
        _print_combinations(context, combinations)
        return 0
    warn_of_credentials(context, "parameter", parameters, executable_id)
    with counted("Creating execution", quiet=context.quiet) as report:
        sweep = context.desk.sweeps.create(
            scope,
            options.name or name,
            executable_id,
            parameters,
            inputs,
            combinations,
            found.definition,
            None if report is None else lambda done, total: report(done, f"of {total:,}"),
        )
    report_errors(context, sweep)
    if not options.wait:
        context.done(
            f"Created sweep {sweep.id} ({sweep.name}): {sweep.progress}.",
            serialized_sweep(sweep),
            id=sweep.id,
        )
        return 1 if any(one.error for one in sweep.members) else 0
    return wait_for_sweep(context, sweep)


def _source(
    context: CommandContext, scope: Scope, text: str
) -> tuple[str, str, dict[str, str], dict[str, str]]:
    """Return name, executable, parameters and inputs of the executable or configuration."""
    desk = context.desk
    try:
        found = desk.scenarios.executable(scope, text)
    except NotFound:
        try:
            one = desk.configurations.resolve(scope, text)
        except NotFound:
            from launchpad_tui.cli.execution_sources import source_missing

            raise source_missing(scope, text) from None
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


def report_errors(context: CommandContext, sweep: Sweep) -> None:
    for one in sweep.members:
        if one.error:
            context.note(f"launchpad: {_values(one)} was not created: {one.error}")


def _values(one: SweepMember) -> str:
    return " ".join(f"{key}={value}" for key, value in one.parameters.items())


def wait_for_sweep(context: CommandContext, sweep: Sweep) -> int:
    """Wait until all executions of a sweep have ended, and return the exit code."""
    from launchpad_tui.cli.execution_results import wait_for

    ids = [one.execution_id for one in sweep.members if one.execution is not None]
    wait_for(context, ids, None, report=not context.structured)
    ended = context.desk.sweeps.get(context.scope, sweep.id)
    context.done(
        f"{ended.name} ({ended.id}): {ended.progress}.", serialized_sweep(ended), id=ended.id
    )
    return 1 if any(one.resumable for one in ended.members) else 0


def serialized_sweep(one: Sweep) -> dict[str, Any]:
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


WAIT = argument(
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
            completes="parameter bindings",
        ),
        argument(
            "--input",
            "-i",
            action="append",
            metavar="NAME=ARTIFACT",
            help="Input artifact: ID, unique name, NAME@VERSION or NAME@ALIAS; may be repeated",
            completes="input bindings",
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
        WAIT,
    ),
    details=(
        "Without --random, the executions have all combinations of the values. With it, ranges may "
        "be given without a number of values (0..1, 0.0001..0.1:log), and the same seed selects "
        "the same values. Show the progress with: launchpad sweeps show"
    ),
)

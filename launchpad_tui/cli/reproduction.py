"""Commands that reproduce executions and manage the snapshots of their code."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.arguments import EXECUTION, YES, age, tolerance
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.execution_results import print_report, report_created, wait_for
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.domain.numbers import TOLERANCE, size_text
from launchpad_tui.domain.timestamps import now

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext


def _reproduce(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.execution_sources import execution_of

    service = context.desk.reproduction
    source = execution_of(context, options.id)
    if options.compare_with is not None:
        other = context.desk.executions.resolve(context.scope, options.compare_with)
        return print_report(
            context, service.report(context.scope, source.id, other.id, options.tolerance)
        )
    created = service.create(context.scope, source.id)
    if options.no_wait:
        report_created(context, created)
        return 0
    context.note(f"Created execution {created.id}.")
    wait_for(context, [created.id], None)
    return print_report(
        context, service.report(context.scope, source.id, created.id, options.tolerance)
    )


def _code(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.execution_sources import execution_of

    found = execution_of(context, options.id)
    target = Path(options.folder)
    snapshot = context.desk.code.export(context.scope, found.id, target)
    count = len(snapshot.files)
    context.done(
        f"Wrote {count:,} file{'s' * (count != 1)} of {found.id} to {target}.",
        {"id": found.id, "snapshot": snapshot.id, "folder": str(target), "files": count},
        id=found.id,
    )


def _list(context: CommandContext, options: argparse.Namespace) -> None:  # noqa: ARG001
    from launchpad_tui.domain.code_text import SHORT

    context.resources(
        context.desk.code.listing(),
        lambda row: {
            "id": row.id,
            "files": row.files,
            "size": row.size,
            "executions": row.executions,
            "storedAt": rfc3339(row.stored_at),
        },
        (
            TableColumn("ID", whole=True),
            TableColumn("FILES", right=True),
            TableColumn("SIZE", right=True),
            TableColumn("EXECUTIONS", right=True),
            TableColumn("STORED", optional=1),
        ),
        lambda row: (
            row.id[:SHORT],
            "damaged" if row.files is None else f"{row.files:,}",
            "" if row.size is None else size_text(row.size),
            f"{row.executions:,}",
            context.time(row.stored_at),
        ),
        name=lambda row: row.id,
    )
    context.note(f"{size_text(context.desk.code.size())} on the disk; equal files are stored once.")


def _prune(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.confirmation import confirmed

    period: timedelta | None = options.older_than
    before = None if period is None else now() - period
    service = context.desk.code
    plan = service.prune(before, dry_run=True)
    count = len(plan.ids)
    what = f"{count:,} code snapshot{'s' * (count != 1)} ({size_text(plan.size)})"
    data = {"ids": list(plan.ids), "size": plan.size, "dryRun": options.dry_run}
    if options.dry_run or (not plan.ids and not plan.size):
        context.done(f"{'Would remove' if options.dry_run else 'Removed'} {what}.", data)
        return 0
    detail = "Executions with their code can no longer be reproduced." if before else ""
    if not confirmed(f"Remove {what}?", detail, yes=options.yes):
        context.note("Nothing was removed.")
        return 1
    removed = service.prune(before)
    count = len(removed.ids)
    context.done(
        f"Removed {count:,} code snapshot{'s' * (count != 1)} ({size_text(removed.size)}).",
        {"ids": list(removed.ids), "size": removed.size, "dryRun": False},
    )
    return 0


COMMANDS_OF_EXECUTIONS = (
    Command(
        ("executions", "reproduce"),
        "Run an execution again with its recorded code and compare",
        (
            "launchpad executions reproduce e0123",
            "launchpad executions reproduce churn@production --tolerance 0.001",
            "launchpad executions reproduce e0123 --compare-with e4567 --json",
        ),
        _reproduce,
        (
            EXECUTION,
            argument(
                "--tolerance",
                type=tolerance,
                default=TOLERANCE,
                metavar="NUMBER",
                help=f"Largest difference of equal metrics, relative or absolute "
                f"(default: {TOLERANCE:g})",
            ),
            argument(
                "--compare-with",
                metavar="ID",
                help="Report about this execution instead of creating one",
                completes="executions",
            ),
            argument(
                "--no-wait",
                action="store_true",
                help="Do not wait for the end; executions show reports the result",
            ),
        ),
        details=(
            "Outputs are compared by the checksums of their files, metrics point by point. The "
            "exit code is 1 unless all outputs are identical and all metrics are equal."
        ),
    ),
    Command(
        ("executions", "code"),
        "Write the recorded code of an execution into a folder",
        (
            "launchpad executions code e0123 ./code",
            "launchpad executions code churn@production ./code",
        ),
        _code,
        (
            EXECUTION,
            argument("folder", help="New or empty folder", completes="files"),
        ),
        details="The workflow template becomes the file template.yaml.",
    ),
)
COMMANDS = (
    Command(
        ("snapshots", "list"),
        "List the code snapshots of all executions on this machine",
        ("launchpad snapshots list", "launchpad snapshots list --json"),
        _list,
    ),
    Command(
        ("snapshots", "prune"),
        "Remove the code snapshots that no execution refers to",
        (
            "launchpad snapshots prune --dry-run",
            "launchpad snapshots prune --older-than 90d --yes",
        ),
        _prune,
        (
            argument(
                "--older-than",
                type=age,
                metavar="PERIOD",
                help="Remove also those of executions that all started longer ago, for example 90d",
            ),
            argument("--dry-run", action="store_true", help="Only show what would be removed"),
            YES,
        ),
        details="Snapshots of the last hour are kept. A removed one cannot be restored.",
    ),
)

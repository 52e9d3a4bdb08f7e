"""Commands on execution schedules."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.schedules import extended_schedule
from launchpad_tui.cli.arguments import CONFIGURATION
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.listing import WHERE, where_filters
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.schedule import ScheduleStatus

if TYPE_CHECKING:
    from datetime import datetime

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.schedule import Schedule

#: Seconds between two checks for due schedules.
_POLL_SECONDS = 1.0


#: The attributes by which schedules are filtered.
ATTRIBUTES = frozenset(
    {
        "id",
        "name",
        "cron",
        "status",
        "configuration_id",
        "configuration_name",
        "start_at",
        "end_at",
        "next_at",
        "created_at",
        "modified_at",
    }
)


def _list(context: CommandContext, options: argparse.Namespace) -> None:
    filters = where_filters(context, options.where, ATTRIBUTES)
    context.resources(
        context.desk.schedules.list(context.scope, filters=filters),
        extended_schedule,
        (ID, NAME, "CRON", "STATUS", "NEXT", TableColumn("CONFIGURATION", optional=1)),
        lambda one: (
            context.short_id("execution_schedules", one.id),
            one.name,
            one.cron,
            "DELETED" if one.deleted_at else str(one.status),
            context.time(one.next_at),
            context.short_id("configurations", one.configuration_id),
        ),
    )


def _lines(context: CommandContext, one: Schedule) -> list[tuple[str, str]]:
    return [
        ("id", one.id),
        ("name", one.name),
        ("cron", one.cron),
        ("configuration", one.configuration_id),
        ("status", str(one.status)),
        ("start", context.field_time(one.start)),
        ("end", context.field_time(one.end)),
        ("next", context.field_time(one.next_at)),
        ("created", context.field_time(one.created_at)),
        ("deleted", context.field_time(one.deleted_at)),
    ]


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    context.resource(extended_schedule(one), _lines(context, one))


def _create(context: CommandContext, options: argparse.Namespace) -> None:
    configuration = context.desk.configurations.resolve(context.scope, options.configuration)
    one = context.desk.schedules.create(
        context.scope,
        options.name or configuration.name,
        options.cron,
        configuration.id,
        _time(options.start, "start"),
        _time(options.end, "end"),
    )
    context.done(f"Created schedule {one.id}.", extended_schedule(one), id=one.id)


def _edit(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    configuration = None
    if options.configuration:
        configuration = context.desk.configurations.resolve(context.scope, options.configuration).id
    one = context.desk.schedules.change(
        context.scope,
        one.id,
        cron=options.cron,
        configuration_id=configuration,
        start=_time(options.start, "start"),
        end=_time(options.end, "end"),
    )
    context.done(f"Changed schedule {one.name}.", extended_schedule(one), id=one.id)


def _set_status(
    context: CommandContext, options: argparse.Namespace, status: ScheduleStatus, verb: str
) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    one = context.desk.schedules.change(context.scope, one.id, status=status)
    context.done(f"{verb} schedule {one.name}.", extended_schedule(one), id=one.id)


def _pause(context: CommandContext, options: argparse.Namespace) -> None:
    _set_status(context, options, ScheduleStatus.INACTIVE, "Paused")


def _resume(context: CommandContext, options: argparse.Namespace) -> None:
    _set_status(context, options, ScheduleStatus.ACTIVE, "Resumed")


def _delete(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    context.desk.schedules.delete(context.scope, one.id)
    context.done(f"Deleted schedule {one.name}. Its executions are kept.", id=one.id)


def _run(context: CommandContext, options: argparse.Namespace) -> None:
    """Create due executions and start queued ones, until interrupted."""
    while True:
        context.desk.executions.reconcile()
        created = context.desk.schedules.fire_due()
        if created and not context.quiet:
            context.line(f"Created {created} execution{'s' * (created != 1)}.")
        if options.once:
            return
        due = context.desk.schedules.due_in()
        # An execution that could not be created stays due and is retried after the next poll.
        time.sleep(min(_POLL_SECONDS, max(0.05, due)) if due else _POLL_SECONDS)


def _time(text: str | None, field: str) -> datetime | None:
    from launchpad_tui.cli.logs import parse_time

    return parse_time(text, field)


_ID = argument("id", help="Schedule: ID, unique ID prefix or unique name", completes="schedules")
_BOUNDS = (
    argument(
        "--start",
        metavar="TIME",
        help="Time from which the schedule is active: RFC 3339, such as 2026-01-31T12:00:00Z",
    ),
    argument("--end", metavar="TIME", help="Time until which the schedule is active"),
)
COMMANDS = (
    Command(
        ("schedules", "list"),
        "List the execution schedules",
        ("launchpad schedules list", "launchpad schedules list --where 'status = ACTIVE' --json"),
        _list,
        (WHERE,),
    ),
    Command(
        ("schedules", "show"),
        "Show a schedule",
        ("launchpad schedules show nightly", "launchpad schedules show nightly --json"),
        _show,
        (_ID,),
    ),
    Command(
        ("schedules", "create"),
        "Create a schedule for a configuration",
        (
            "launchpad schedules create fast --cron '0 3 * * *' --name nightly",
            "launchpad schedules create fast --cron '*/30 * * * *' --end 2026-12-31T00:00:00Z",
        ),
        _create,
        (
            CONFIGURATION,
            argument(
                "--cron",
                required=True,
                help="Cron expression in UTC: minute, hour, day of month, month, day of week",
            ),
            argument("--name", help="Name (default: name of the configuration)"),
            *_BOUNDS,
        ),
    ),
    Command(
        ("schedules", "edit"),
        "Change a schedule",
        (
            "launchpad schedules edit nightly --cron '0 4 * * *'",
            "launchpad schedules edit nightly --configuration slow",
        ),
        _edit,
        (
            _ID,
            argument(
                "--cron",
                help="Cron expression in UTC: minute, hour, day of month, month, day of week",
            ),
            argument(
                "--configuration",
                help="Configuration: ID, unique ID prefix or unique name",
                completes="configurations",
            ),
            *_BOUNDS,
        ),
        details="Fields without an option keep their value.",
    ),
    Command(
        ("schedules", "pause"),
        "Pause a schedule",
        ("launchpad schedules pause nightly", "launchpad schedules pause nightly --quiet"),
        _pause,
        (_ID,),
        details="It creates no executions until it is resumed.",
    ),
    Command(
        ("schedules", "resume"),
        "Resume a paused schedule",
        ("launchpad schedules resume nightly", "launchpad schedules resume nightly --quiet"),
        _resume,
        (_ID,),
        details="Executions that were due while it was paused are not created.",
    ),
    Command(
        ("schedules", "delete"),
        "Delete a schedule; its executions are kept",
        ("launchpad schedules delete nightly", "launchpad schedules delete nightly --quiet"),
        _delete,
        (_ID,),
        details="The executions that it created are kept.",
    ),
    Command(
        ("schedules", "run"),
        "Run the schedules of this machine until interrupted",
        ("launchpad schedules run", "launchpad schedules run --once"),
        _run,
        (
            argument(
                "--once",
                action="store_true",
                help="Create the executions that are due now, and exit",
            ),
        ),
        details=(
            "The terminal interface does the same while it is open. Remote runtimes run their own "
            "schedules."
        ),
    ),
)

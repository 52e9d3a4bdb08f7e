"""Commands on execution schedules."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.schedules import extended_schedule
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.domain.schedule import ScheduleStatus

if TYPE_CHECKING:
    from datetime import datetime

    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.schedule import Schedule

#: seconds between two looks at what is due
_LOOK = 1.0


def _list(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.schedules.list(context.scope),
        extended_schedule,
        ("ID", "NAME", "CRON", "STATUS", "NEXT", "CONFIGURATION"),
        lambda one: (
            one.id,
            one.name,
            one.cron,
            "GONE" if one.deleted_at else str(one.status),
            rfc3339(one.next_at) or "",
            one.configuration_id,
        ),
    )


def _lines(one: Schedule) -> list[tuple[str, str]]:
    return [
        ("id", one.id),
        ("name", one.name),
        ("cron", one.cron),
        ("configuration", one.configuration_id),
        ("status", str(one.status)),
        ("start", rfc3339(one.start) or ""),
        ("end", rfc3339(one.end) or ""),
        ("next", rfc3339(one.next_at) or ""),
        ("created", rfc3339(one.created_at) or ""),
        ("gone", rfc3339(one.deleted_at) or ""),
    ]


def _show(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    context.resource(extended_schedule(one), _lines(one))


def _create(context: Context, options: argparse.Namespace) -> None:
    configuration = context.desk.configurations.resolve(context.scope, options.configuration)
    one = context.desk.schedules.create(
        context.scope,
        options.name or configuration.name,
        options.cron,
        configuration.id,
        _moment(options.start, "start"),
        _moment(options.end, "end"),
    )
    context.done(f"Created schedule {one.id}.", extended_schedule(one), id=one.id)


def _edit(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    configuration = None
    if options.configuration:
        configuration = context.desk.configurations.resolve(context.scope, options.configuration).id
    one = context.desk.schedules.change(
        context.scope,
        one.id,
        cron=options.cron,
        configuration_id=configuration,
        start=_moment(options.start, "start"),
        end=_moment(options.end, "end"),
    )
    context.done(f"Changed schedule {one.name}.", extended_schedule(one), id=one.id)


def _to(context: Context, options: argparse.Namespace, status: ScheduleStatus, said: str) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    one = context.desk.schedules.change(context.scope, one.id, status=status)
    context.done(f"{said} schedule {one.name}.", extended_schedule(one), id=one.id)


def _pause(context: Context, options: argparse.Namespace) -> None:
    _to(context, options, ScheduleStatus.INACTIVE, "Paused")


def _resume(context: Context, options: argparse.Namespace) -> None:
    _to(context, options, ScheduleStatus.ACTIVE, "Resumed")


def _delete(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.schedules.resolve(context.scope, options.id)
    context.desk.schedules.delete(context.scope, one.id)
    context.done(f"Deleted schedule {one.name}; the executions that it created stay.", id=one.id)


def _run(context: Context, options: argparse.Namespace) -> None:
    """Create what is due, and the executions that wait, until interrupted."""
    while True:
        context.desk.executions.reconcile()
        made = context.desk.schedules.fire_due()
        if made and not context.quiet:
            context.line(f"Created {made} execution{'s' * (made != 1)}.")
        if options.once:
            return
        due = context.desk.schedules.due_in()
        # What is due still could not be created; it is tried again at the next look.
        time.sleep(min(_LOOK, max(0.05, due)) if due else _LOOK)


def _moment(text: str | None, field: str) -> datetime | None:
    from launchpad_tui.cli.logs import moment

    return moment(text, field)


_ID = arg("id", help="the schedule: ID, part of its beginning, or name", completes="schedules")
_BOUNDS = (
    arg(
        "--start",
        metavar="WHEN",
        help="it creates nothing before: RFC 3339, such as 2026-01-31T12:00:00Z",
    ),
    arg("--end", metavar="WHEN", help="it creates nothing after"),
)
COMMANDS = (
    Command(
        ("schedules", "list"),
        "list the execution schedules",
        ("launchpad schedules list", "launchpad schedules list --json"),
        _list,
    ),
    Command(
        ("schedules", "show"),
        "show a schedule",
        ("launchpad schedules show nightly", "launchpad schedules show nightly --json"),
        _show,
        (_ID,),
    ),
    Command(
        ("schedules", "create"),
        "execute a configuration again and again",
        (
            "launchpad schedules create fast --cron '0 3 * * *' --name nightly",
            "launchpad schedules create fast --cron '*/30 * * * *' --end 2026-12-31T00:00:00Z",
        ),
        _create,
        (
            arg("configuration", help="the configuration: ID or name", completes="configurations"),
            arg(
                "--cron",
                required=True,
                help="minute, hour, day of the month, month, day of the week; UTC",
            ),
            arg("--name", help="its name (default: the configuration's)"),
            *_BOUNDS,
        ),
    ),
    Command(
        ("schedules", "edit"),
        "change a schedule; what is not named stays",
        (
            "launchpad schedules edit nightly --cron '0 4 * * *'",
            "launchpad schedules edit nightly --configuration slow",
        ),
        _edit,
        (
            _ID,
            arg("--cron", help="minute, hour, day of the month, month, day of the week; UTC"),
            arg(
                "--configuration", help="the configuration: ID or name", completes="configurations"
            ),
            *_BOUNDS,
        ),
    ),
    Command(
        ("schedules", "pause"),
        "let a schedule create nothing until it is resumed",
        ("launchpad schedules pause nightly", "launchpad schedules pause nightly --quiet"),
        _pause,
        (_ID,),
    ),
    Command(
        ("schedules", "resume"),
        "let a paused schedule go on; what it missed is not made up",
        ("launchpad schedules resume nightly", "launchpad schedules resume nightly --quiet"),
        _resume,
        (_ID,),
    ),
    Command(
        ("schedules", "delete"),
        "delete a schedule; the executions that it created stay",
        ("launchpad schedules delete nightly", "launchpad schedules delete nightly --quiet"),
        _delete,
        (_ID,),
    ),
    Command(
        ("schedules", "run"),
        "create what the schedules of this machine want, until interrupted; the screens do so too while they are open",
        ("launchpad schedules run", "launchpad schedules run --once"),
        _run,
        (arg("--once", action="store_true", help="create what is due now, and end"),),
    ),
)

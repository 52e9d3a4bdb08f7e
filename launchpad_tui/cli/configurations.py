"""Commands on configurations."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.configurations import serialize_configuration
from launchpad_tui.cli import trash
from launchpad_tui.cli.bindings import bindings, input_bindings
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.list_rows import check_limit
from launchpad_tui.cli.listing import ALL, LIMIT, WHERE, where_filters
from launchpad_tui.cli.table import ID, NAME, TableColumn

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext

#: The attributes by which configurations are filtered.
ATTRIBUTES = frozenset({"id", "name", "scenario_id", "executable_id", "created_at"})


def _list(context: CommandContext, options: argparse.Namespace) -> None:
    check_limit(options.limit)
    found = context.desk.configurations.all(
        context.scope,
        executable_id=options.executable,
        search=options.search or "",
        filters=where_filters(context, options.where, ATTRIBUTES),
    )
    context.resources(
        islice(found, options.limit or None),
        serialize_configuration,
        (
            ID,
            NAME,
            TableColumn("EXECUTABLE", optional=2),
            TableColumn("CREATED", optional=1),
            TableColumn("PARAMETERS", optional=1),
        ),
        lambda one: (
            context.short_id("configurations", one.id),
            one.name,
            one.executable_id,
            context.time(one.created_at),
            " ".join(f"{key}={value}" for key, value in one.parameters.items()),
        ),
    )


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.configurations.resolve(context.scope, options.id)
    given = context.desk.configurations.references(context.scope, one.id)
    inputs = (
        f"{key} = {value}" + (f" (given as {given[key]})" if key in given else "")
        for key, value in one.inputs.items()
    )
    lines = [
        ("id", one.id),
        ("name", one.name),
        ("scenario", one.scenario_id),
        ("executable", one.executable_id),
        ("created", context.field_time(one.created_at)),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in one.parameters.items())),
        ("inputs", "\n".join(inputs)),
    ]
    context.resource({**serialize_configuration(one), "references": dict(given)}, lines)


def _create(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.execution_sources import create_configuration

    one = create_configuration(
        context,
        options.name,
        options.executable,
        bindings(options.parameter, "parameter"),
        input_bindings(context, options.input),
    )
    context.done(
        f"Created configuration {one.id} ({one.name}).", serialize_configuration(one), id=one.id
    )


BINDING_OPTIONS = (
    argument(
        "--parameter",
        "-p",
        action="append",
        metavar="NAME=VALUE",
        help="Value of a parameter; others keep their default; may be repeated",
        completes="parameter bindings",
    ),
    argument(
        "--input",
        "-i",
        action="append",
        metavar="NAME=ARTIFACT",
        help="Input artifact: ID, unique ID prefix, unique name, NAME@VERSION or NAME@ALIAS; "
        "may be repeated",
        completes="input bindings",
    ),
)
COMMANDS = (
    Command(
        ("configurations", "create"),
        "Create a configuration",
        (
            "launchpad configurations create digits-train --name fast -p learning_rate=0.1 "
            "-i digits=digits",
            "launchpad configurations create digits-train -p epochs=60 -i digits=digits --quiet",
        ),
        _create,
        (
            argument("executable", help="ID of the executable", completes="executables"),
            argument(
                "--name",
                help="Name; need not be unique (default: the executable and the parameters given)",
            ),
            *BINDING_OPTIONS,
        ),
    ),
    Command(
        ("configurations", "list"),
        "List the configurations, newest first",
        (
            "launchpad configurations list",
            "launchpad configurations list --executable digits-train --json",
            "launchpad configurations list --where 'epochs=5 and name contains fast'",
        ),
        _list,
        (
            argument(
                "--executable",
                metavar="ID",
                help="Only configurations of this executable",
                completes="executables",
            ),
            argument(
                "--search",
                metavar="TEXT",
                help="Only configurations whose name, ID, executable or values contain all "
                "search terms",
            ),
            WHERE,
            LIMIT,
            ALL,
        ),
    ),
    Command(
        ("configurations", "show"),
        "Show a configuration",
        ("launchpad configurations show fast", "launchpad configurations show fast --json"),
        _show,
        (
            argument(
                "id",
                help="ID, unique ID prefix or unique name",
                completes="configurations",
            ),
        ),
    ),
    trash.DELETE_CONFIGURATIONS,
)

"""Commands on configurations."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.configurations import serialize_configuration
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.bindings import bindings, input_bindings
from launchpad_tui.cli.command import Command, arg

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context


def _list(context: Context, options: argparse.Namespace) -> None:
    context.resources(
        context.desk.configurations.list(
            context.scope, executable_id=options.executable, search=options.search or ""
        ),
        serialize_configuration,
        ("ID", "NAME", "EXECUTABLE", "CREATED", "PARAMETERS"),
        lambda one: (
            one.id,
            one.name,
            one.executable_id,
            rfc3339(one.created_at) or "",
            " ".join(f"{key}={value}" for key, value in one.parameters.items()),
        ),
    )


def _show(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.configurations.resolve(context.scope, options.id)
    lines = [
        ("id", one.id),
        ("name", one.name),
        ("scenario", one.scenario_id),
        ("executable", one.executable_id),
        ("created", rfc3339(one.created_at) or ""),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in one.parameters.items())),
        ("inputs", "\n".join(f"{key} = {value}" for key, value in one.inputs.items())),
    ]
    context.resource(serialize_configuration(one), lines)


def _create(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.configurations.create(
        context.scope,
        options.name,
        options.executable,
        bindings(options.parameter, "parameter"),
        input_bindings(context, options.input),
    )
    context.done(
        f"Created configuration {one.id} ({one.name}).", serialize_configuration(one), id=one.id
    )


BINDINGS = (
    arg(
        "--parameter",
        "-p",
        action="append",
        metavar="NAME=VALUE",
        help="a parameter; others keep their default",
    ),
    arg(
        "--input",
        "-i",
        action="append",
        metavar="NAME=ARTIFACT",
        help="an input artifact, by ID or name",
        completes="artifacts",
    ),
)
COMMANDS = (
    Command(
        ("configurations", "create"),
        "create a configuration",
        (
            "launchpad configurations create digits-train --name fast -p learning_rate=0.1 -i digits=digits",
            "launchpad configurations create digits-train --name plain --quiet",
        ),
        _create,
        (
            arg("executable", help="the executable's ID", completes="executables"),
            arg("--name", required=True, help="its name; need not be unique"),
            *BINDINGS,
        ),
    ),
    Command(
        ("configurations", "list"),
        "list the configurations, newest first",
        (
            "launchpad configurations list",
            "launchpad configurations list --executable digits-train --json",
        ),
        _list,
        (
            arg(
                "--executable",
                metavar="ID",
                help="of this executable only",
                completes="executables",
            ),
            arg("--search", metavar="TEXT", help="the name or ID holds this"),
        ),
    ),
    Command(
        ("configurations", "show"),
        "show a configuration",
        ("launchpad configurations show fast", "launchpad configurations show fast --json"),
        _show,
        (
            arg(
                "id",
                help="ID, a unique part of its beginning, or a unique name",
                completes="configurations",
            ),
        ),
    ),
)

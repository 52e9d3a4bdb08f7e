"""Commands on configurations."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.cli import shapes
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context


def bindings(texts: list[str] | None, what: str) -> dict[str, str]:
    """``name=value`` texts as a mapping.

    Raises:
        InvalidInput: one has no ``=``.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInput(
                f"{text!r} is not a {what}", hint=f"Write name=value, such as --{what} rate=0.1.", field=what
            )
        found[name] = value
    return found


def input_bindings(context: Context, texts: list[str] | None) -> dict[str, str]:
    """``name=artifact`` texts with each artifact (ID, prefix or name) as its ID."""
    found = bindings(texts, "input")
    return {name: context.desk.artifacts.resolve(context.scope, text).id for name, text in found.items()}


def _list(context: Context, options: argparse.Namespace) -> None:
    context.resources(
        context.desk.configurations.list(context.scope, executable_id=options.executable, search=options.search or ""),
        shapes.configuration,
        ("ID", "NAME", "EXECUTABLE", "CREATED", "PARAMETERS"),
        lambda one: (
            one.id,
            one.name,
            one.executable_id,
            shapes.moment(one.created_at) or "",
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
        ("created", shapes.moment(one.created_at) or ""),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in one.parameters.items())),
        ("inputs", "\n".join(f"{key} = {value}" for key, value in one.inputs.items())),
    ]
    context.resource(shapes.configuration(one), lines)


def _create(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.configurations.create(
        context.scope,
        options.name,
        options.executable,
        bindings(options.parameter, "parameter"),
        input_bindings(context, options.input),
    )
    context.done(f"Created configuration {one.id} ({one.name}).", shapes.configuration(one), id=one.id)


BINDINGS = (
    arg("--parameter", "-p", action="append", metavar="NAME=VALUE", help="a parameter; others keep their default"),
    arg("--input", "-i", action="append", metavar="NAME=ARTIFACT", help="an input artifact, by ID or name",
        completes="artifacts"),
)  # fmt: skip
COMMANDS = (
    Command(
        ("configurations", "create"),
        "create a configuration",
        ("launchpad configurations create digits-train --name fast -p learning_rate=0.1 -i digits=digits",),
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
        ("launchpad configurations list", "launchpad configurations list --executable digits-train --json"),
        _list,
        (
            arg("--executable", metavar="ID", help="of this executable only", completes="executables"),
            arg("--search", metavar="TEXT", help="the name or ID holds this"),
        ),
    ),
    Command(
        ("configurations", "show"),
        "show a configuration",
        ("launchpad configurations show fast",),
        _show,
        (arg("id", help="ID, a unique part of its beginning, or a unique name", completes="configurations"),),
    ),
)

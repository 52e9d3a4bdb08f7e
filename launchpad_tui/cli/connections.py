"""Commands on connections."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.cli import fields, shapes
from launchpad_tui.cli.command import Command, arg

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import ConnectionKind


def _list(context: Context, _options: argparse.Namespace) -> None:
    current = context.desk.connections.current().connection
    context.resources(
        context.desk.connections.list(),
        lambda one: {**shapes.connection(one), "chosen": one.name == current},
        ("NAME", "KIND", "CHOSEN", "REFRESHED", "LAST ERROR"),
        lambda one: (
            one.name,
            one.kind,
            "*" if one.name == current else "",
            shapes.moment(one.synced_at) or "",
            one.last_error,
        ),
    )


def _show(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    able = context.desk.connections.capabilities(one.name)
    groups = [each.name for each in context.desk.connections.groups(one.name)]
    lines = [
        ("name", one.name),
        ("kind", one.kind),
        ("created", shapes.moment(one.created_at) or ""),
        ("refreshed", shapes.moment(one.synced_at) or ""),
        *one.settings.items(),
        ("groups", "\n".join(groups)),
        *shapes.capability_lines(able),
        ("last error", one.last_error),
    ]
    context.resource(
        {**shapes.connection(one), "resourceGroups": groups, "capabilities": shapes.capabilities(able)}, lines
    )


def _kinds(context: Context, _options: argparse.Namespace) -> None:
    fields.print_kinds(context, context.desk.connections.kinds())


def _kind(context: Context, name: str) -> ConnectionKind:
    from launchpad_tui.errors import InvalidInput

    kinds = {kind.id: kind for kind in context.desk.connections.kinds()}
    if name not in kinds:
        raise InvalidInput(f"There is no kind {name[:80]!r}", hint=f"Kinds: {', '.join(kinds)}.", field="kind")
    return kinds[name]


def _add(context: Context, options: argparse.Namespace) -> None:
    kind = _kind(context, options.kind)
    one = context.desk.connections.add(options.name, kind.id, fields.values(options, kind.fields))
    if not kind.connectable:
        context.note(f"note: {kind.reason}")
    context.done(f"Added connection {one.name}.", shapes.connection(one), id=one.name)


def _edit(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    values = {**one.settings, **fields.values(options, _kind(context, one.kind).fields)}
    one = context.desk.connections.edit(one.name, values)
    context.done(f"Changed connection {one.name}.", shapes.connection(one), id=one.name)


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete(options.name)
    context.done(f"Deleted connection {options.name}; nothing is lost in the runtime.", id=options.name)


def _refresh(context: Context, options: argparse.Namespace) -> None:
    found = context.desk.connections.refresh(options.name)
    context.resource({"name": options.name, **shapes.capabilities(found)}, shapes.capability_lines(found))


def _use(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope

    scope = Scope(options.name, options.group or DEFAULT_SCOPE.resource_group)
    context.desk.connections.choose(scope)
    message = f"From now on: connection {scope.connection}, resource group {scope.resource_group}."
    context.done(message, {"connection": scope.connection, "resourceGroup": scope.resource_group}, id=scope.connection)


_NAME = arg("name", help="the connection", completes="connections")
COMMANDS = (
    Command(
        ("connections", "list"),
        "list the connections",
        ("launchpad connections list", "launchpad connections list --json"),
        _list,
    ),
    Command(
        ("connections", "kinds"),
        "list the kinds of connections and their fields",
        ("launchpad connections kinds", "launchpad connections kinds --json"),
        _kinds,
    ),
    Command(
        ("connections", "show"),
        "show a connection and what it can do",
        ("launchpad connections show local", "launchpad connections show local --json"),
        _show,
        (_NAME,),
    ),
    Command(
        ("connections", "add"),
        "add a connection; secrets are never words of the command line",
        (
            "launchpad connections add lab --kind mlflow --set tracking_uri=https://mlflow.example.com --secret token",
            "launchpad connections add core --kind aicore --set base_url=https://api.example.com \\\n"
            "    --set auth_url=https://auth.example.com --set client_id=me --set-file client_secret=secret.txt",
        ),
        _add,
        (
            arg("name", help="its name: lower-case letters, digits, '-' and '.'"),
            arg("--kind", required=True, help="a kind of runtime (see: connections kinds)", completes="kinds"),
            *fields.OPTIONS,
        ),
    ),
    Command(
        ("connections", "edit"),
        "change fields of a connection; the others stay",
        (
            "launchpad connections edit local --set description='the machine in the lab'",
            "launchpad connections edit lab --secret token < token.txt",
        ),
        _edit,
        (_NAME, *fields.OPTIONS),
    ),
    Command(
        ("connections", "delete"),
        "forget a connection; nothing is lost in its runtime",
        ("launchpad connections delete lab", "launchpad connections delete lab --quiet"),
        _delete,
        (_NAME,),
    ),
    Command(
        ("connections", "refresh"),
        "ask the runtime what it can do",
        ("launchpad connections refresh local", "launchpad connections refresh local --json"),
        _refresh,
        (_NAME,),
    ),
    Command(
        ("connections", "use"),
        "choose the connection for later commands",
        ("launchpad connections use local", "launchpad connections use local --group default"),
        _use,
        (_NAME,),
    ),
)

"""Commands on connections."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.connections import (
    capability_names,
    serialize_capabilities,
    serialize_connection,
)
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import fields
from launchpad_tui.cli.command import Command, arg

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import Capabilities, ConnectionKind


#: the number of characters that are read of a service key
_KEY_LIMIT = 1_000_000


def _list(context: Context, _options: argparse.Namespace) -> None:
    current = context.desk.connections.current().connection
    context.resources(
        context.desk.connections.list(),
        lambda one: {**serialize_connection(one), "chosen": one.name == current},
        ("NAME", "KIND", "CHOSEN", "REFRESHED", "LAST ERROR"),
        lambda one: (
            one.name,
            one.kind,
            "*" if one.name == current else "",
            rfc3339(one.synced_at) or "",
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
        ("created", rfc3339(one.created_at) or ""),
        ("refreshed", rfc3339(one.synced_at) or ""),
        *one.settings.items(),
        ("groups", "\n".join(groups)),
        *_capability_lines(able),
        ("last error", one.last_error),
    ]
    context.resource(
        {
            **serialize_connection(one),
            "resourceGroups": groups,
            "capabilities": serialize_capabilities(able),
        },
        lines,
    )


def _capability_lines(able: Capabilities) -> list[tuple[str, str]]:
    """Return a line for each capability of a runtime, with the reason if it is missing."""
    return [
        (
            name.replace("_", " "),
            "yes" if getattr(able, name) else f"no: {able.reasons.get(name, '')}",
        )
        for name in capability_names()
    ]


def _kinds(context: Context, _options: argparse.Namespace) -> None:
    fields.print_kinds(context, context.desk.connections.kinds())


def _kind(context: Context, name: str) -> ConnectionKind:
    from launchpad_tui.errors import InvalidInput

    kinds = {kind.id: kind for kind in context.desk.connections.kinds()}
    if name not in kinds:
        raise InvalidInput(
            f"There is no kind {name[:80]!r}", hint=f"Kinds: {', '.join(kinds)}.", field="kind"
        )
    return kinds[name]


def _add(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.errors import InvalidInput

    if not options.kind and not options.service_key:
        raise InvalidInput(
            "The type is missing",
            "",
            "Give --type; see: launchpad connections kinds.",
            field="type",
        )
    kind = _kind(context, options.kind or _key_kinds(context)[0])
    values = {
        **_service_key(context, kind, options.service_key),
        **fields.values(options, kind.fields),
    }
    one = context.desk.connections.add(options.name, kind.id, values)
    context.done(f"Added connection {one.name}.", serialize_connection(one), id=one.name)


def _key_kinds(context: Context) -> list[str]:
    return [kind.id for kind in context.desk.connections.kinds() if kind.key_title]


def _service_key(context: Context, kind: ConnectionKind, path: str | None) -> dict[str, str]:
    """What the service key in a file fills; ``-`` is standard input. Nothing where there is none."""
    from launchpad_tui.errors import InvalidInput

    if not path:
        return {}
    if not kind.key_title:
        raise InvalidInput(
            f"Connections of the type {kind.id} have no service key",
            "",
            f"Types with a service key: {', '.join(_key_kinds(context))}.",
            field="service-key",
        )
    if path == "-":
        text = sys.stdin.read(_KEY_LIMIT) if sys.stdin is not None else ""
    else:
        from launchpad_tui.services.input_files import read_text

        text = read_text("service-key", Path(path).expanduser())
    return context.desk.connections.service_key(text, kind.id)


def _edit(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    kind = _kind(context, one.kind)
    key = _service_key(context, kind, options.service_key)
    values = {**one.settings, **key, **fields.values(options, kind.fields)}
    one = context.desk.connections.edit(one.name, values)
    context.done(f"Changed connection {one.name}.", serialize_connection(one), id=one.name)


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete(options.name)
    context.done(
        f"Deleted connection {options.name}; nothing is lost in the runtime.", id=options.name
    )


def _refresh(context: Context, options: argparse.Namespace) -> None:
    found = context.desk.connections.refresh(options.name)
    context.resource(
        {"name": options.name, **serialize_capabilities(found)}, _capability_lines(found)
    )


def _test(context: Context, options: argparse.Namespace) -> int:
    from launchpad_tui.cli import steps

    name, group = options.name, options.group or ""
    return steps.run(context, name, lambda tell: context.desk.connections.test(name, group, tell))


def _use(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope

    scope = Scope(options.name, options.group or DEFAULT_SCOPE.resource_group)
    context.desk.connections.choose(scope)
    message = f"From now on: connection {scope.connection}, resource group {scope.resource_group}."
    context.done(
        message,
        {"connection": scope.connection, "resourceGroup": scope.resource_group},
        id=scope.connection,
    )


_NAME = arg("name", help="the connection", completes="connections")
_KEY = arg(
    "--service-key",
    metavar="FILE",
    completes="files",
    help="fill the fields from a service key of SAP AI Core, JSON; - reads standard input",
)
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
            "launchpad connections add core --type sap-ai-core --service-key key.json",
            "launchpad connections add core --type sap-ai-core --set credentials=environment",
        ),
        _add,
        (
            arg("name", help="its name: lower-case letters, digits, '-' and '.'"),
            arg(
                "--type",
                "--kind",
                dest="kind",
                metavar="TYPE",
                help="a kind of runtime (see: connections kinds)",
                completes="kinds",
            ),
            _KEY,
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
        (_NAME, _KEY, *fields.OPTIONS),
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
        ("connections", "test"),
        "look at a connection step by step, up to what is wrong",
        (
            "launchpad connections test core",
            "launchpad connections test core --group vision --json",
        ),
        _test,
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

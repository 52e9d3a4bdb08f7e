"""Commands on connections, resource groups and object stores."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.cli import shapes
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import Field, Scope


def _values(options: argparse.Namespace, fields: Sequence[Field]) -> dict[str, str]:
    """``--set name=value`` and ``--secret name`` as values; a secret is read from standard input, never from a word of
    the command line, where every process of the machine can read it."""
    from launchpad_tui.domain.connection import FieldKind

    secrets = {field.name for field in fields if field.kind is FieldKind.SECRET}
    known = {field.name for field in fields}
    values: dict[str, str] = {}
    for text in options.set or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"{text!r} is not name=value", field="set")
        if name in secrets:
            raise InvalidInput(f"{name} is a secret", hint=f"Use --secret {name} and give it on standard input.")
        values[name] = value
    for name in options.secret or ():
        if sys.stdin.isatty():
            from getpass import getpass

            values[name] = getpass(f"{name}: ")
        else:
            values[name] = sys.stdin.readline().rstrip("\n")
    unknown = sorted(values.keys() - known)
    if unknown:
        raise InvalidInput(
            f"There is no field {unknown[0]!r}", hint=f"Fields: {', '.join(sorted(known)) or 'none'}.", field=unknown[0]
        )
    return values


def _list(context: Context, _options: argparse.Namespace) -> None:
    current = context.desk.connections.current().connection
    context.resources(
        context.desk.connections.list(),
        shapes.connection,
        ("NAME", "KIND", "CHOSEN", "LAST ERROR"),
        lambda one: (one.name, one.kind, "*" if one.name == current else "", one.last_error),
    )


def _show(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    lines = [("name", one.name), ("kind", one.kind), ("created", shapes.moment(one.created_at) or "")]
    lines += [(name, value) for name, value in one.settings.items()]
    context.resource(shapes.connection(one), [*lines, ("last error", one.last_error)])


def _kinds(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.connections.kinds(),
        lambda kind: {
            "id": kind.id,
            "title": kind.title,
            "description": kind.description,
            "connectable": kind.connectable,
            "fields": [{"name": each.name, "title": each.title, "required": each.required} for each in kind.fields],
        },
        ("KIND", "TITLE", "FIELDS", ""),
        lambda kind: (kind.id, kind.title, ", ".join(each.name for each in kind.fields), kind.reason),
    )


def _add(context: Context, options: argparse.Namespace) -> None:
    kinds = {kind.id: kind for kind in context.desk.connections.kinds()}
    if options.kind not in kinds:
        raise InvalidInput(f"There is no kind {options.kind!r}", hint=f"Kinds: {', '.join(kinds)}.", field="kind")
    values = _values(options, kinds[options.kind].fields)
    context.desk.connections.add(options.name, options.kind, values)
    context.done(f"Added connection {options.name}.", id=options.name)


def _edit(context: Context, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    kind = next(kind for kind in context.desk.connections.kinds() if kind.id == one.kind)
    context.desk.connections.edit(options.name, {**one.settings, **_values(options, kind.fields)})
    context.done(f"Changed connection {options.name}.", id=options.name)


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete(options.name)
    context.done(f"Deleted connection {options.name}; nothing is lost in the runtime.", id=options.name)


def _refresh(context: Context, options: argparse.Namespace) -> None:
    found = context.desk.connections.refresh(options.name)
    names = ("executions", "stop", "delete", "logs", "create_artifact", "create_configuration", "add_executable")
    data = {name: bool(getattr(found, name)) for name in names}
    lines = [(name, "yes" if able else f"no: {found.reasons.get(name, '')}") for name, able in data.items()]
    context.resource({**data, "reasons": dict(found.reasons)}, lines)


def _use(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope

    group = options.group or DEFAULT_SCOPE.resource_group
    context.desk.connections.choose(Scope(options.name, group))
    context.done(f"From now on: connection {options.name}, resource group {group}.", id=options.name)


def _groups(context: Context, _options: argparse.Namespace) -> None:
    scope = context.scope
    context.resources(
        context.desk.connections.groups(scope.connection),
        shapes.group,
        ("NAME", "STATUS", "CHOSEN"),
        lambda one: (one.name, one.status, "*" if one.name == scope.resource_group else ""),
    )


def _group_add(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.add_group(context.scope.connection, options.name, {})
    context.done(f"Added resource group {options.name}.", id=options.name)


def _group_delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete_group(_group(context, options.name))
    context.done(f"Deleted resource group {options.name}.", id=options.name)


def _group_use(context: Context, options: argparse.Namespace) -> None:
    scope = _group(context, options.name)
    context.desk.connections.choose(scope)
    context.done(f"From now on: {scope}.", id=options.name)


def _group(context: Context, name: str) -> Scope:
    from launchpad_tui.domain.connection import Scope

    return Scope(context.scope.connection, name)


def _stores(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.connections.stores(context.scope),
        shapes.store,
        ("NAME", "TYPE", "SETTINGS"),
        lambda one: (one.name, one.kind, ", ".join(f"{key}={value}" for key, value in one.settings.items() if value)),
    )


def _store_add(context: Context, options: argparse.Namespace) -> None:
    kinds = {kind.id: kind for kind in context.desk.connections.store_kinds()}
    if options.type not in kinds:
        raise InvalidInput(f"There is no type {options.type!r}", hint=f"Types: {', '.join(kinds)}.", field="type")
    values = _values(options, kinds[options.type].fields)
    context.desk.connections.add_store(context.scope, options.name, options.type, values)
    context.done(f"Added object store {options.name}.", id=options.name)


def _store_edit(context: Context, options: argparse.Namespace) -> None:
    one = next((each for each in context.desk.connections.stores(context.scope) if each.name == options.name), None)
    kind = next((each for each in context.desk.connections.store_kinds() if one and each.id == one.kind), None)
    if one is None or kind is None:
        raise InvalidInput(f"There is no object store {options.name!r}", field="name")
    context.desk.connections.edit_store(context.scope, one.name, {**one.settings, **_values(options, kind.fields)})
    context.done(f"Changed object store {options.name}.", id=options.name)


def _store_delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete_store(context.scope, options.name)
    context.done(f"Deleted object store {options.name}; its files stay.", id=options.name)


def _store_check(context: Context, options: argparse.Namespace) -> None:
    context.done(context.desk.connections.check_store(context.scope, options.name), id=options.name)


_NAME = arg("name", help="the connection", completes="connections")
_GROUP = arg("name", help="the resource group", completes="groups")
_STORE = arg("name", help="the object store", completes="stores")
_SETTINGS = (
    arg("--set", action="append", metavar="FIELD=VALUE", help="a field; may be repeated"),
    arg("--secret", action="append", metavar="FIELD", help="a secret field, read from standard input; may be repeated"),
)
COMMANDS = (
    Command(("connections", "list"), "list the connections", ("launchpad connections list",), _list),
    Command(("connections", "kinds"), "list the kinds and their fields", ("launchpad connections kinds",), _kinds),
    Command(("connections", "show"), "show a connection", ("launchpad connections show local",), _show, (_NAME,)),
    Command(
        ("connections", "add"),
        "add a connection",
        ("launchpad connections add lab --kind local",),
        _add,
        (
            arg("name", help="its name: lower-case letters, digits, '-' and '.'"),
            arg("--kind", required=True, help="a kind of runtime (see: connections kinds)"),
            *_SETTINGS,
        ),
    ),
    Command(
        ("connections", "edit"),
        "change the fields of a connection",
        ("launchpad connections edit lab --set description='the lab'",),
        _edit,
        (_NAME, *_SETTINGS),
    ),
    Command(("connections", "delete"), "forget a connection", ("launchpad connections delete lab",), _delete, (_NAME,)),
    Command(
        ("connections", "refresh"),
        "ask the runtime what it can do",
        ("launchpad connections refresh local",),
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
    Command(("groups", "list"), "list the resource groups", ("launchpad groups list",), _groups),
    Command(
        ("groups", "add"),
        "add a resource group",
        ("launchpad groups add vision",),
        _group_add,
        (arg("name", help="its name: letters, digits, '-' and '.'"),),
    ),
    Command(
        ("groups", "delete"), "delete a resource group", ("launchpad groups delete vision",), _group_delete, (_GROUP,)
    ),
    Command(("groups", "use"), "choose the resource group", ("launchpad groups use vision",), _group_use, (_GROUP,)),
    Command(("stores", "list"), "list the object stores", ("launchpad stores list",), _stores),
    Command(
        ("stores", "add"),
        "add an object store",
        (
            "launchpad stores add archive --type file --set path=/srv/models",
            "launchpad stores add lake --type s3 --set bucket=models --secret secret_access_key < key.txt",
        ),
        _store_add,
        (
            arg("name", help="its name, the host part of ai:// URLs"),
            arg("--type", required=True, help="a type of object store"),
            *_SETTINGS,
        ),
    ),
    Command(
        ("stores", "edit"),
        "change the fields of an object store",
        ("launchpad stores edit archive --set path=/srv/new",),
        _store_edit,
        (_STORE, *_SETTINGS),
    ),
    Command(
        ("stores", "delete"), "forget an object store", ("launchpad stores delete lake",), _store_delete, (_STORE,)
    ),
    Command(
        ("stores", "check"), "see whether it answers", ("launchpad stores check default",), _store_check, (_STORE,)
    ),
)

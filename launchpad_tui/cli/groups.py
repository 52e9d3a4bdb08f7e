"""Commands on resource groups and their object stores."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.cli import fields, shapes
from launchpad_tui.cli.bindings import bindings
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import ObjectStore, Scope, StoreKind


def _groups(context: Context, _options: argparse.Namespace) -> None:
    scope = context.scope
    context.resources(
        context.desk.connections.groups(scope.connection),
        lambda one: {**shapes.group(one), "chosen": one.name == scope.resource_group},
        ("NAME", "STATUS", "CHOSEN", "LABELS"),
        lambda one: (
            one.name,
            one.status,
            "*" if one.name == scope.resource_group else "",
            ", ".join(f"{key}={value}" for key, value in one.labels.items()),
        ),
    )


def _group_add(context: Context, options: argparse.Namespace) -> None:
    labels = bindings(options.label, "label")
    one = context.desk.connections.add_group(context.scope.connection, options.name, labels)
    context.done(f"Added resource group {one.name}.", shapes.group(one), id=one.name)


def _group_delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete_group(_group(context, options.name))
    context.done(f"Deleted resource group {options.name}; files in its stores stay.", id=options.name)


def _group_use(context: Context, options: argparse.Namespace) -> None:
    scope = _group(context, options.name)
    context.desk.connections.choose(scope)
    data = {"connection": scope.connection, "resourceGroup": scope.resource_group}
    context.done(f"From now on: {scope}.", data, id=options.name)


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


def _store(context: Context, name: str) -> ObjectStore:
    stores = {each.name: each for each in context.desk.connections.stores(context.scope)}
    if name not in stores:
        hint = f"Object stores of {context.scope}: {', '.join(stores) or 'none'}."
        raise NotFound(f"There is no object store {name[:80]!r}", hint=hint)
    return stores[name]


def _store_kinds(context: Context, _options: argparse.Namespace) -> None:
    fields.print_kinds(context, context.desk.connections.store_kinds())


def _kind(context: Context, name: str) -> StoreKind:
    kinds = {kind.id: kind for kind in context.desk.connections.store_kinds()}
    if name not in kinds:
        raise InvalidInput(f"There is no type {name[:80]!r}", hint=f"Types: {', '.join(kinds)}.", field="type")
    return kinds[name]


def _store_show(context: Context, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    lines = [("name", one.name), ("type", one.kind), ("created", shapes.moment(one.created_at) or "")]
    secrets = [each.name for each in _kind(context, one.kind).fields if each.kind == "secret"]
    context.resource(shapes.store(one), [*lines, *one.settings.items(), ("secrets, not shown", ", ".join(secrets))])


def _store_add(context: Context, options: argparse.Namespace) -> None:
    kind = _kind(context, options.type)
    one = context.desk.connections.add_store(context.scope, options.name, kind.id, fields.values(options, kind.fields))
    context.done(f"Added object store {one.name}.", shapes.store(one), id=one.name)


def _store_edit(context: Context, options: argparse.Namespace) -> None:
    one = _store(context, options.name)
    values = {**one.settings, **fields.values(options, _kind(context, one.kind).fields)}
    one = context.desk.connections.edit_store(context.scope, one.name, values)
    context.done(f"Changed object store {one.name}.", shapes.store(one), id=one.name)


def _store_delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.connections.delete_store(context.scope, options.name)
    context.done(f"Deleted object store {options.name}; its files stay.", id=options.name)


def _store_check(context: Context, options: argparse.Namespace) -> int:
    from launchpad_tui.errors import LaunchpadError

    one = _store(context, options.name)
    try:
        message = context.desk.connections.check_store(context.scope, one.name)
    except LaunchpadError as error:
        if not context.json:
            raise
        context.print_json({"name": one.name, "reachable": False, "message": str(error)})
        return 2
    context.done(message, {"name": one.name, "reachable": True, "message": message}, id=one.name)
    return 0


_GROUP = arg("name", help="the resource group", completes="groups")
_STORE = arg("name", help="the object store", completes="stores")
COMMANDS = (
    Command(
        ("groups", "list"),
        "list the resource groups",
        ("launchpad groups list", "launchpad groups list --connection local"),
        _groups,
    ),
    Command(
        ("groups", "add"),
        "add a resource group",
        ("launchpad groups add vision", "launchpad groups add vision --label team=vision"),
        _group_add,
        (
            arg("name", help="its name: letters, digits, '-' and '.'"),
            arg("--label", action="append", metavar="KEY=VALUE", help="a label; may be repeated"),
        ),
    ),
    Command(
        ("groups", "delete"),
        "forget a resource group and all that is in it; files in its stores stay",
        ("launchpad groups delete vision", "launchpad groups delete vision --quiet"),
        _group_delete,
        (_GROUP,),
    ),
    Command(
        ("groups", "use"),
        "choose the resource group for later commands",
        ("launchpad groups use vision", "launchpad groups use default"),
        _group_use,
        (_GROUP,),
    ),
    Command(
        ("stores", "list"),
        "list the object stores",
        ("launchpad stores list", "launchpad stores list --group vision --json"),
        _stores,
    ),
    Command(
        ("stores", "kinds"),
        "list the types of object stores and their fields",
        ("launchpad stores kinds", "launchpad stores kinds --json"),
        _store_kinds,
    ),
    Command(
        ("stores", "show"),
        "show an object store, without its secrets",
        ("launchpad stores show default", "launchpad stores show lake --json"),
        _store_show,
        (_STORE,),
    ),
    Command(
        ("stores", "add"),
        "add an object store; secrets are never words of the command line",
        (
            "launchpad stores add archive --type file --set root=/srv/models",
            "launchpad stores add lake --type s3 --set bucket=models --secret access_key_id \\\n"
            "    --secret secret_access_key < keys.txt",
        ),
        _store_add,
        (
            arg("name", help="its name, the host part of ai:// URLs"),
            arg("--type", required=True, help="a type of object store (see: stores kinds)", completes="types"),
            *fields.OPTIONS,
        ),
    ),
    Command(
        ("stores", "edit"),
        "change fields of an object store; the others stay",
        ("launchpad stores edit archive --set root=/srv/new", "launchpad stores edit lake --secret secret_access_key"),
        _store_edit,
        (_STORE, *fields.OPTIONS),
    ),
    Command(
        ("stores", "delete"),
        "forget an object store; what is in it stays",
        ("launchpad stores delete lake", "launchpad stores delete lake --quiet"),
        _store_delete,
        (_STORE,),
    ),
    Command(
        ("stores", "check"),
        "see whether the object store answers",
        ("launchpad stores check default", "launchpad stores check lake --json"),
        _store_check,
        (_STORE,),
    ),
)

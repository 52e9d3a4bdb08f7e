"""Commands on resource groups."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.resource_groups import extended_resource_group
from launchpad_tui.cli.bindings import bindings
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import Scope


def _groups(context: Context, _options: argparse.Namespace) -> None:
    scope = context.scope
    context.resources(
        context.desk.connections.groups(scope.connection),
        lambda one: {**extended_resource_group(one), "chosen": one.name == scope.resource_group},
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
    context.done(f"Added resource group {one.name}.", extended_resource_group(one), id=one.name)


def _group_delete(context: Context, options: argparse.Namespace) -> None:
    scope = _group(context, options.name)
    if context.desk.sync.is_remote(scope) and options.yes != options.name:
        raise InvalidInput(
            f"The runtime would delete {scope} with all that is in it, for everybody",
            hint=f"To do it, repeat its name: --yes {options.name}",
            field="yes",
        )
    context.desk.connections.delete_group(scope)
    context.done(
        f"Deleted resource group {options.name}; files in its stores stay.", id=options.name
    )


def _group_label(context: Context, options: argparse.Namespace) -> None:
    labels = bindings(options.label, "label")
    context.desk.connections.label_group(_group(context, options.name), labels)
    context.done(f"Labelled resource group {options.name}.", id=options.name)


def _group_use(context: Context, options: argparse.Namespace) -> None:
    scope = _group(context, options.name)
    context.desk.connections.choose(scope)
    data = {"connection": scope.connection, "resourceGroup": scope.resource_group}
    context.done(f"From now on: {scope}.", data, id=options.name)


def _group(context: Context, name: str) -> Scope:
    from launchpad_tui.domain.connection import Scope

    return Scope(context.scope.connection, name)


_GROUP = arg("name", help="the resource group", completes="groups")
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
        ("groups", "label"),
        "give a resource group labels in place of those it has",
        ("launchpad groups label vision --label team=vision", "launchpad groups label vision"),
        _group_label,
        (
            _GROUP,
            arg("--label", action="append", metavar="KEY=VALUE", help="a label; may be repeated"),
        ),
    ),
    Command(
        ("groups", "delete"),
        "delete a resource group and all that is in it; files in its stores stay",
        (
            "launchpad groups delete vision",
            "launchpad groups delete vision --connection core --yes vision",
        ),
        _group_delete,
        (
            _GROUP,
            arg(
                "--yes",
                metavar="NAME",
                help="its name once more; needed where its runtime is elsewhere",
            ),
        ),
    ),
    Command(
        ("groups", "use"),
        "choose the resource group for later commands",
        ("launchpad groups use vision", "launchpad groups use default"),
        _group_use,
        (_GROUP,),
    ),
)

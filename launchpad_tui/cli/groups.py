"""Commands on resource groups."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.resource_groups import extended_resource_group
from launchpad_tui.cli.arguments import LABEL
from launchpad_tui.cli.bindings import bindings, warn_of_credentials
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.table import NAME
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope


def _groups(context: CommandContext, _options: argparse.Namespace) -> None:
    scope = context.scope
    context.resources(
        context.desk.connections.groups(scope.connection),
        lambda one: {**extended_resource_group(one), "current": one.name == scope.resource_group},
        (NAME, "STATUS", "CURRENT", "LABELS"),
        lambda one: (
            one.name,
            one.status,
            "*" if one.name == scope.resource_group else "",
            ", ".join(f"{key}={value}" for key, value in one.labels.items()),
        ),
    )


def _group_add(context: CommandContext, options: argparse.Namespace) -> None:
    labels = bindings(options.label, "label")
    one = context.desk.connections.add_group(context.scope.connection, options.name, labels)
    warn_of_credentials(context, "label", labels)
    context.done(f"Added resource group {one.name}.", extended_resource_group(one), id=one.name)


def _group_delete(context: CommandContext, options: argparse.Namespace) -> None:
    scope = _scope(context, options.name)
    if context.desk.sync.is_remote(scope) and options.yes != options.name:
        raise InvalidInput(
            f"Deleting resource group {options.name} requires confirmation",
            f"The runtime {scope.connection} deletes it with all its content, for all users.",
            f"To confirm, repeat its name: --yes {options.name}",
            field="yes",
        )
    context.desk.connections.delete_group(scope)
    context.done(
        f"Deleted resource group {options.name}. Files in its object stores are kept.",
        id=options.name,
    )


def _group_label(context: CommandContext, options: argparse.Namespace) -> None:
    labels = bindings(options.label, "label")
    context.desk.connections.label_group(_scope(context, options.name), labels)
    warn_of_credentials(context, "label", labels)
    context.done(f"Replaced the labels of resource group {options.name}.", id=options.name)


def _group_use(context: CommandContext, options: argparse.Namespace) -> None:
    scope = _scope(context, options.name)
    context.desk.connections.choose(scope)
    data = {"connection": scope.connection, "resourceGroup": scope.resource_group}
    context.done(f"Switched to {scope}.", data, id=options.name)


def _scope(context: CommandContext, name: str) -> Scope:
    from launchpad_tui.domain.connection import Scope

    return Scope(context.scope.connection, name)


_GROUP = argument("name", help="Name of the resource group", completes="groups")
COMMANDS = (
    Command(
        ("groups", "list"),
        "List the resource groups",
        ("launchpad groups list", "launchpad groups list --connection local"),
        _groups,
    ),
    Command(
        ("groups", "add"),
        "Add a resource group",
        ("launchpad groups add vision", "launchpad groups add vision --label team=vision"),
        _group_add,
        (
            argument("name", help="Name: letters, digits, '-' and '.'"),
            LABEL,
        ),
    ),
    Command(
        ("groups", "label"),
        "Replace the labels of a resource group",
        ("launchpad groups label vision --label team=vision", "launchpad groups label vision"),
        _group_label,
        (
            _GROUP,
            LABEL,
        ),
        details="Labels that are not given are removed.",
    ),
    Command(
        ("groups", "delete"),
        "Delete a resource group and its content",
        (
            "launchpad groups delete vision",
            "launchpad groups delete vision --connection core --yes vision",
        ),
        _group_delete,
        (
            _GROUP,
            argument(
                "--yes",
                metavar="NAME",
                help="Name of the resource group again, to confirm; required for remote runtimes",
            ),
        ),
        details=(
            "Files in object stores are kept. A remote runtime deletes the resource group for all "
            "users."
        ),
    ),
    Command(
        ("groups", "use"),
        "Make a resource group the current one",
        ("launchpad groups use vision", "launchpad groups use default"),
        _group_use,
        (_GROUP,),
        details="Later commands use it, unless they have the option --group.",
    ),
)

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
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.field_options import (
    FIELD_OPTIONS,
    field_values,
    option_hints,
    print_types,
    with_missing_secrets,
)
from launchpad_tui.cli.table import NAME

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Capabilities, ConnectionKind


#: The maximum number of characters that are read of a service key.
_KEY_LIMIT = 1_000_000


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    current = context.desk.connections.current().connection
    context.resources(
        context.desk.connections.list(),
        lambda one: {**serialize_connection(one), "current": one.name == current},
        (NAME, "TYPE", "CURRENT", "SYNCHRONIZED", "LAST ERROR"),
        lambda one: (
            one.name,
            one.kind,
            "*" if one.name == current else "",
            context.time(one.synced_at),
            one.last_error,
        ),
    )


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    capabilities = context.desk.connections.capabilities(one.name)
    groups = [each.name for each in context.desk.connections.groups(one.name)]
    lines = [
        ("name", one.name),
        ("type", one.kind),
        ("created", context.field_time(one.created_at)),
        ("synchronized", context.field_time(one.synced_at)),
        *one.settings.items(),
        ("resource groups", "\n".join(groups)),
        *_capability_lines(capabilities),
        ("last error", one.last_error),
    ]
    context.resource(
        {
            **serialize_connection(one),
            "resourceGroups": groups,
            "capabilities": serialize_capabilities(capabilities),
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


def _types(context: CommandContext, _options: argparse.Namespace) -> None:
    print_types(context, context.desk.connections.kinds())


def _kind(context: CommandContext, name: str) -> ConnectionKind:
    from launchpad_tui.errors import InvalidInput

    kinds = {kind.id: kind for kind in context.desk.connections.kinds()}
    if name not in kinds:
        raise InvalidInput(
            f"Unknown connection type {name[:80]!r}",
            f"Types: {', '.join(kinds)}.",
            "To list the types with their fields: launchpad connections types",
            field="type",
        )
    return kinds[name]


def _add(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.errors import InvalidInput

    if not options.type and not options.service_key:
        raise InvalidInput(
            "The connection type is missing",
            "It is required if no service key is passed.",
            "Use --type. To list the types: launchpad connections types",
            field="type",
        )
    kind = _kind(context, options.type or _types_with_service_key(context)[0])
    values = {
        **_service_key(context, kind, options.service_key),
        **field_values(options, kind.fields),
    }
    either = () if values.get("private_key") else ("client_secret", "certificate")
    with option_hints(kind.fields):
        one = context.desk.connections.add(
            options.name, kind.id, with_missing_secrets(values, kind.fields, either=either)
        )
    context.done(f"Added connection {one.name}.", serialize_connection(one), id=one.name)
    context.hint(
        f"Test it with: launchpad connections test {one.name}; "
        f"make it the current one with: launchpad connections use {one.name}"
    )


def _types_with_service_key(context: CommandContext) -> list[str]:
    return [kind.id for kind in context.desk.connections.kinds() if kind.key_title]


def _service_key(context: CommandContext, kind: ConnectionKind, path: str | None) -> dict[str, str]:
    """Return the fields that a service key sets.

    Args:
        context: The context of the command.
        kind: The type of the connection.
        path: The file of the service key; ``-`` is standard input; None returns no fields.
    """
    from launchpad_tui.errors import InvalidInput

    if not path:
        return {}
    if not kind.key_title:
        raise InvalidInput(
            f"A connection of type {kind.id} has no service key",
            f"Types with a service key: {', '.join(_types_with_service_key(context))}.",
            "Use --set and --secret instead.",
            field="service-key",
        )
    if path == "-":
        text = sys.stdin.read(_KEY_LIMIT) if sys.stdin is not None else ""
    else:
        from launchpad_tui.services.input_files import read_text

        text = read_text("service-key", Path(path).expanduser())
    try:
        return context.desk.connections.service_key(text, kind.id)
    except InvalidInput as error:
        if path != "-":
            error.detail = f"{path}: {error.detail.removeprefix('the service key: ')}"
        raise


def _edit(context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.connections.get(options.name)
    kind = _kind(context, one.kind)
    key = _service_key(context, kind, options.service_key)
    values = {**one.settings, **key, **field_values(options, kind.fields)}
    one = context.desk.connections.edit(one.name, values)
    context.done(f"Changed connection {one.name}.", serialize_connection(one), id=one.name)


def _remove(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.connections.delete(options.name)
    context.done(
        f"Removed connection {options.name}. Nothing was deleted in its runtime.", id=options.name
    )


def _refresh(context: CommandContext, options: argparse.Namespace) -> None:
    found = context.desk.connections.refresh(options.name)
    context.resource(
        {"name": options.name, **serialize_capabilities(found)}, _capability_lines(found)
    )


def _test(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.cli.step_report import run_test

    name, group = options.name, options.group or ""
    return run_test(
        context, name, lambda report: context.desk.connections.test(name, group, report)
    )


def _cluster(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.aiapi.connections import serialize_cluster
    from launchpad_tui.errors import InvalidInput

    one = context.desk.connections.get(options.name)
    found = context.desk.connections.cluster(one.name)
    if found is None:
        raise InvalidInput(
            f"The connection {one.name} has no cluster",
            "Its executions do not run as jobs of a cluster.",
            "Name a connection of the type slurm.",
        )
    lines = [
        *((f"partition {each.name}", ", ".join(each.columns)) for each in found.partitions),
        *((f"nodes in {each.partition}", ", ".join(each.columns)) for each in found.nodes),
        *((f"job {each.id}", ", ".join(each.columns)) for each in found.jobs),
    ]
    context.resource(serialize_cluster(found), lines)


def _use(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope

    scope = Scope(options.name, options.group or DEFAULT_SCOPE.resource_group)
    context.desk.connections.choose(scope)
    message = f"Switched to connection {scope.connection}, resource group {scope.resource_group}."
    context.done(
        message,
        {"connection": scope.connection, "resourceGroup": scope.resource_group},
        id=scope.connection,
    )


_NAME = argument("name", help="Name of the connection", completes="connections")
_KEY = argument(
    "--service-key",
    metavar="FILE",
    completes="files",
    help="Set the fields from an SAP AI Core service key in JSON; - reads standard input",
)
COMMANDS = (
    Command(
        ("connections", "list"),
        "List the connections",
        ("launchpad connections list", "launchpad connections list --json"),
        _list,
    ),
    Command(
        ("connections", "types"),
        "List the connection types and their fields",
        ("launchpad connections types", "launchpad connections types --json"),
        _types,
    ),
    Command(
        ("connections", "show"),
        "Show a connection and its capabilities",
        ("launchpad connections show local", "launchpad connections show local --json"),
        _show,
        (_NAME,),
    ),
    Command(
        ("connections", "add"),
        "Add a connection",
        (
            "launchpad connections add core --type sap-ai-core --service-key key.json",
            "launchpad connections add core --type sap-ai-core --set credentials=environment",
        ),
        _add,
        (
            argument("name", help="Name: lower-case letters, digits, '-' and '.'"),
            argument(
                "--type",
                help="Connection type; to list them: launchpad connections types",
                completes="connection types",
            ),
            _KEY,
            *FIELD_OPTIONS,
        ),
        details=(
            "Secrets are passed with --secret, --set-file or --service-key, because other users of "
            "the machine can read the command line."
        ),
    ),
    Command(
        ("connections", "edit"),
        "Change fields of a connection",
        (
            "launchpad connections edit local --set description='machine in the lab'",
            "launchpad connections edit lab --secret token < token.txt",
        ),
        _edit,
        (_NAME, _KEY, *FIELD_OPTIONS),
        details="Fields without an option keep their value.",
    ),
    Command(
        ("connections", "remove"),
        "Remove a connection",
        ("launchpad connections remove lab", "launchpad connections remove lab --quiet"),
        _remove,
        (_NAME,),
        details="Nothing is deleted in its runtime.",
    ),
    Command(
        ("connections", "refresh"),
        "Fetch the current capabilities of the runtime",
        ("launchpad connections refresh local", "launchpad connections refresh local --json"),
        _refresh,
        (_NAME,),
    ),
    Command(
        ("connections", "test"),
        "Test a connection step by step",
        (
            "launchpad connections test core",
            "launchpad connections test core --group vision --json",
        ),
        _test,
        (_NAME,),
        details="Stops at the first step that fails, with exit code 1.",
    ),
    Command(
        ("connections", "cluster"),
        "Show partitions, nodes and your jobs of a cluster",
        ("launchpad connections cluster hpc", "launchpad connections cluster hpc --json"),
        _cluster,
        (_NAME,),
    ),
    Command(
        ("connections", "use"),
        "Make a connection the current one",
        ("launchpad connections use local", "launchpad connections use local --group default"),
        _use,
        (_NAME,),
        details="Later commands use it, unless they have the option --connection.",
    ),
)

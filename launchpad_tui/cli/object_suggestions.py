"""Suggest names of objects that are similar to one that does not exist."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from launchpad_tui.cli.completion import stored_values
from launchpad_tui.cli.completion_values import CONTEXTUAL
from launchpad_tui.cli.context import READING
from launchpad_tui.domain.suggestions import did_you_mean, nearest
from launchpad_tui.errors import LaunchpadError, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext

#: The number of newest artifacts whose names are suggested.
_LIMIT = 500
_ARTIFACTS = {"models", "datasets", "resultsets", "artifacts"}


def add_suggestion(
    context: CommandContext, options: argparse.Namespace, error: LaunchpadError
) -> None:
    """Add the names that may have been meant to an error about an argument.

    Nothing is added if the error names no argument, or suggests names itself. If records of a
    remote runtime were searched, their age is added: newer ones are not known yet.
    """
    if isinstance(error, NotFound) and options.command.path[0] in READING:
        _add_age(context, error)
    if "Did you mean" in str(error):
        return
    for kind, value in _named(options):
        if value not in error.title:
            continue
        try:
            names = dict.fromkeys(_names(context, options, kind))
        except LaunchpadError:
            # The names cannot be read, for example because the connection does not exist.
            continue
        if value not in names and (suggestion := did_you_mean(nearest(value, names))):
            error.detail = "\n".join(filter(None, (error.detail, suggestion)))
            return


def _add_age(context: CommandContext, error: LaunchpadError) -> None:
    from launchpad_tui.cli.relative_time import relative_time

    try:
        scope = context.scope
        at = context.desk.sync.freshness(scope).done_at
        remote = context.desk.sync.is_remote(scope)
    except LaunchpadError:
        # The connection or resource group is what does not exist, or its runtime is not reachable.
        return
    if remote and at is not None:
        error.hint = "\n".join(
            [
                *filter(None, [error.hint]),
                f"Synchronized {relative_time(at)} ago. To fetch newer records: launchpad sync now",
            ]
        )


def _named(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield the kinds of objects that a command line names, each with the name or ID."""
    for each in (*options.command.args, *options.command.common):
        bound = each.completes == "input bindings"
        if each.completes in {"", "files"} or (each.completes in CONTEXTUAL and not bound):
            continue
        flag = each.flags[0].lstrip("-").replace("-", "_")
        values = getattr(options, str(each.keywords.get("dest", flag)), None)
        for value in [values] if isinstance(values, str) else values or ():
            # The name in NAME=ARTIFACT is that of an input.
            text = value.rpartition("=")[2] if bound else value
            if isinstance(text, str) and text:
                yield "artifacts" if bound else each.completes, text


def _names(context: CommandContext, options: argparse.Namespace, kind: str) -> Iterable[str]:
    """Return the names, or the IDs, of the objects of a kind, see `Argument.completes`."""
    connections = context.desk.connections
    if kind == "connections":
        return [one.name for one in connections.list()]
    if kind == "groups":
        return [
            one.name
            for one in connections.groups(options.connection or connections.current().connection)
        ]
    if kind == "topics":
        from launchpad_tui.services.manual import TOPICS

        return TOPICS
    if kind in _ARTIFACTS:
        from launchpad_tui.domain.query import Query

        found = context.desk.artifacts.listing(context.scope, None, Query()).slice(0, _LIMIT)
        return [row.artifact.name for row in found]
    return [name for name, _ in stored_values(context, kind, "")]

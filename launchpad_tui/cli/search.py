"""The command that searches all connections and resource groups."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact
from launchpad_tui.aiapi.executions import extended_execution
from launchpad_tui.aiapi.values import Json
from launchpad_tui.cli.arguments import integer
from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.cli.table import ID, NAME, TableColumn

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.query import Hit


def _search(context: CommandContext, options: argparse.Namespace) -> None:
    def hit_json(hit: Hit) -> Json:
        fields = extended_artifact(hit.artifact) if hit.artifact is not None else {}
        if hit.execution is not None:
            fields = extended_execution(hit.execution)
        return {
            "connection": hit.scope.connection,
            "resourceGroup": hit.scope.resource_group,
            "resource": "artifact" if hit.artifact is not None else "execution",
            **fields,
        }

    def kind_text(hit: Hit) -> str:
        if hit.artifact is not None:
            return str(hit.artifact.kind)
        return str(hit.execution.status) if hit.execution else ""

    context.resources(
        context.desk.everywhere.search(" ".join(options.text), options.limit),
        hit_json,
        (
            ID,
            NAME,
            "KIND",
            TableColumn("CONNECTION", optional=1),
            TableColumn("GROUP", optional=1),
            "CREATED",
        ),
        lambda hit: (
            context.short_id(
                "artifacts" if hit.artifact is not None else "executions", hit.id, hit.scope
            ),
            hit.name,
            kind_text(hit),
            hit.scope.connection,
            hit.scope.resource_group,
            context.time(hit.created_at),
        ),
    )


COMMANDS = (
    Command(
        ("search",),
        COMMAND_GROUPS["search"].help,
        ("launchpad search churn", "launchpad search churn production --json"),
        _search,
        (
            argument(
                "text",
                nargs="+",
                help="Terms that the name, ID, description or labels contain",
            ),
            argument(
                "--limit",
                type=integer,
                default=100,
                metavar="N",
                help="Maximum number of results (default: 100)",
            ),
        ),
    ),
)

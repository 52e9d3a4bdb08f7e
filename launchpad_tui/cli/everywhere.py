"""The command that searches all connections and resource groups at once."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact
from launchpad_tui.aiapi.executions import extended_execution
from launchpad_tui.aiapi.values import Json, rfc3339
from launchpad_tui.cli.command import Command, arg

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.query import Hit


def _search(context: Context, options: argparse.Namespace) -> None:
    def data(hit: Hit) -> Json:
        shown = extended_artifact(hit.artifact) if hit.artifact is not None else {}
        if hit.execution is not None:
            shown = extended_execution(hit.execution)
        return {
            "connection": hit.scope.connection,
            "resourceGroup": hit.scope.resource_group,
            "resource": "artifact" if hit.artifact is not None else "execution",
            **shown,
        }

    def what(hit: Hit) -> str:
        if hit.artifact is not None:
            return str(hit.artifact.kind)
        return str(hit.execution.status) if hit.execution else ""

    context.resources(
        context.desk.everywhere.search(" ".join(options.text), options.limit),
        data,
        ("ID", "NAME", "KIND", "CONNECTION", "GROUP", "CREATED"),
        lambda hit: (
            hit.id,
            hit.name,
            what(hit),
            hit.scope.connection,
            hit.scope.resource_group,
            rfc3339(hit.created_at) or "",
        ),
    )


COMMANDS = (
    Command(
        ("search",),
        "search models, other artifacts and executions of all connections and resource groups",
        ("launchpad search churn", "launchpad search churn production --json"),
        _search,
        (
            arg(
                "text",
                nargs="+",
                help="each of these words is a part of name, ID, description or a label",
            ),
            arg(
                "--limit", type=int, default=100, metavar="N", help="at most so many (default: 100)"
            ),
        ),
    ),
)

"""The command that logs metrics from inside an execution."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.cli.arguments import integer
from launchpad_tui.cli.bindings import bindings, nothing_to_log, number_bindings
from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.errors import ConfigError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext


def _log(_context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.tracking import TrackingError, send

    metrics = number_bindings(options.metric, "metric")
    tags, infos = bindings(options.tag, "tag"), bindings(options.info, "info")
    if not (metrics or tags or infos):
        raise nothing_to_log()
    try:
        send(
            metrics,
            step=options.step,
            labels=bindings(options.label, "label"),
            tags=tags,
            infos=infos,
        )
    except TrackingError as error:
        raise ConfigError(
            "Logging the metrics failed",
            str(error),
            "Run this command inside an execution. From outside, use: launchpad metrics log ID",
        ) from error


COMMANDS = (
    Command(
        ("log",),
        COMMAND_GROUPS["log"].help,
        (
            "launchpad log loss=0.31 accuracy=0.9 --step 5",
            "launchpad log loss=0.35 --step 5 --label phase=validation",
            "launchpad log --tag group=tree-82 --info note='first try'",
        ),
        _log,
        (
            argument(
                "metric",
                nargs="*",
                metavar="NAME=NUMBER",
                help="Metric and its value; nan and inf are allowed",
            ),
            argument("--step", type=integer, default=0, metavar="N", help="Step (default: 0)"),
            argument(
                "--label",
                action="append",
                metavar="NAME=VALUE",
                help="Add a label to these metrics; may be repeated",
            ),
            argument(
                "--tag",
                action="append",
                metavar="NAME=VALUE",
                help="Set a tag of the execution; may be repeated",
            ),
            argument(
                "--info",
                action="append",
                metavar="NAME=TEXT",
                help="Set custom info of the execution; may be repeated",
            ),
        ),
    ),
)

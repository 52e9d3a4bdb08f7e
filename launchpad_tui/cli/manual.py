"""The command that shows the manual."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from launchpad_tui.cli.context import CommandContext

#: The maximum width of a line of text in cells.
_MAXIMUM_WIDTH = 100
_BOLD = ("\x1b[1m", "\x1b[0m")


def _help(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.terminal_size import terminal_width
    from launchpad_tui.services.manual import find_topic, topic, topics

    if not options.topic:
        width = max(len(each.name) for each in topics())
        print("Topics of the manual:\n")
        for each in topics():
            print(f"  {each.name:<{width}}  {each.title}")
        print(
            "\nRead a topic: launchpad help TOPIC\nOptions of a command: launchpad COMMAND --help"
        )
        return
    name = options.topic[0]
    if len(options.topic) > 1 or (find_topic(name) is None and name in COMMAND_GROUPS):
        _command_help(options.topic)
        return
    text = topic(name).text
    width = min(_MAXIMUM_WIDTH, terminal_width())
    with context.paged():
        sys.stdout.write("".join(f"{line}\n" for line in _lines(text, width, bold=context.colour)))


def _lines(text: str, width: int, *, bold: bool) -> Iterator[str]:
    from launchpad_tui.domain.markdown import render_markdown

    for line in render_markdown(text, width, ticks=True):
        parts = [
            f"{_BOLD[0]}{part}{_BOLD[1]}" if bold and role in {"heading", "strong"} else part
            for part, role in line
        ]
        yield "".join(parts).rstrip()


def _command_help(path: list[str]) -> None:
    """Print the help of a command and end the program, as ``launchpad COMMAND --help`` does."""
    from launchpad_tui.cli.parser import parse

    parse([*path, "--help"])


COMMANDS = (
    Command(
        ("help",),
        COMMAND_GROUPS["help"].help,
        ("launchpad help", "launchpad help stores", "launchpad help models list"),
        _help,
        (
            argument(
                "topic",
                nargs="*",
                metavar="TOPIC",
                help="Topic of the manual, or path of a command",
                completes="topics",
            ),
        ),
    ),
)

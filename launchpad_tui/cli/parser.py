"""The parser, made from the tables of commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from launchpad_tui import __version__
from launchpad_tui.cli import artifacts, configurations, connections, executables, executions, metrics, tools
from launchpad_tui.cli.command import COMMON, GROUPS, Arg, Command

DESCRIPTION = "The models desk of an AI runtime, in a terminal: train, list, trace, chart, compare."
EPILOG = """\
examples:
  launchpad                     open the terminal interface
  launchpad demo                train models on this machine and watch them
  launchpad models list         list the models of the resource group
  launchpad compare A B         lay two models side by side

exit codes: 0 done; 1 what was asked for failed (an execution died, a file is missing);
2 wrong use, or an error, told on standard error; 130 interrupted
"""


def commands() -> tuple[Command, ...]:
    """All commands, in the order of the help."""
    return (
        *tools.COMMANDS,
        *connections.COMMANDS,
        *executables.COMMANDS,
        *configurations.COMMANDS,
        *executions.COMMANDS,
        *artifacts.COMMANDS,
        *metrics.COMMANDS,
    )


class _Parser(argparse.ArgumentParser):
    """Gives the usage errors the look of all others: the message and what to do."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def build(table: Sequence[Command] | None = None) -> argparse.ArgumentParser:
    """The parser; its result has ``command`` (the `Command`, None where none was named)."""
    parser = _Parser(
        prog="launchpad",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"launchpad {__version__}")
    parser.add_argument("--home", metavar="DIR", help=COMMON[0].help)
    parser.set_defaults(command=None)
    top = parser.add_subparsers(title="commands", metavar="COMMAND")
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in commands() if table is None else table:
        if len(command.words) == 1:
            _leaf(top, command.words[0], command)
            continue
        group, word = command.words
        if group not in groups:
            heading = GROUPS[group]
            branch = top.add_parser(
                group,
                help=heading,
                description=heading[0].upper() + heading[1:] + ".",
                allow_abbrev=False,
            )
            branch.set_defaults(branch=branch)
            groups[group] = branch.add_subparsers(title="commands", metavar="COMMAND")
        _leaf(groups[group], word, command)
    return parser


def _leaf(place: argparse._SubParsersAction[argparse.ArgumentParser], word: str, command: Command) -> None:
    extra = {} if command.hidden else {"help": command.help}
    leaf = place.add_parser(
        word,
        description=command.help[0].upper() + command.help[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {line}" for line in command.examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **extra,
    )
    leaf.set_defaults(command=command, branch=leaf)
    for each in command.args:
        _add(leaf, each)
    common = leaf.add_argument_group("everywhere")
    for each in COMMON:
        # --home may stand before the command too: a default here would overwrite it.
        _add(common, each, default=argparse.SUPPRESS if each.flags == ("--home",) else None)


def _add(place: argparse._ActionsContainer, each: Arg, default: str | None = None) -> None:
    options = dict(each.options)
    if default is not None:
        options["default"] = default
    place.add_argument(*each.flags, help=each.help, **options)

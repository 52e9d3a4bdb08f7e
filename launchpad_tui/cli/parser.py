"""The parser, made from the tables of commands: those of the first word only, as building all would cost each start."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from launchpad_tui import __version__
from launchpad_tui.cli.command import BRANCHES, COMMON, WORDS, Arg, Command

DESCRIPTION = "The models desk of an AI runtime, in a terminal: train, list, trace, chart, compare."
EPILOG = """\
examples:
  launchpad                     open the terminal interface
  launchpad demo                train models on this machine and watch them
  launchpad models list         list the models of the resource group
  launchpad compare A B         lay two models side by side

--json prints the AI API's field names (executionId, createdAt as RFC 3339); lists are
{"resources": [...], "count": N}; numbers that are not finite are "NaN", "Infinity", "-Infinity"

exit codes: 0 done; 1 what was asked for failed (an execution died, a file is missing);
2 wrong use, or an error, told on standard error; 130 interrupted
"""


def commands(word: str | None = None) -> tuple[Command, ...]:
    """The commands under a first word, or all in the order of the help; loads the modules that define them."""
    found: list[Command] = []
    for each in WORDS if word is None else (word,):
        table: tuple[Command, ...] = import_module(
            f"launchpad_tui.cli.{WORDS[each].module}"
        ).COMMANDS
        found += [command for command in table if command.words[0] == each]
    return tuple(found)


def command_tree() -> tuple[Command, ...]:
    """All commands that a user may give, in the order of the help."""
    return tuple(command for command in commands() if not command.hidden)


class _Parser(argparse.ArgumentParser):
    """Gives the usage errors the look of all others: the message and what to do."""

    def error(self, message: str) -> None:  # type: ignore[override]
        from launchpad_tui.domain.text import safe_text

        self.exit(2, f"{self.prog}: {safe_text(message)}\nTry: {self.prog} --help\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help whose first column holds the longest word."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)


def first_word(arguments: Sequence[str]) -> str:
    """The first of the arguments that is no common option and no value of one; empty where there is none."""
    values = {flag for each in COMMON if each.takes_value for flag in each.flags}
    rest = iter(arguments)
    for each in rest:
        if each in values:
            next(rest, None)
        elif not each.startswith("-"):
            return each
    return ""


def build(arguments: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser; its result has ``command`` (the `Command`, None where none was named) and the common options.

    Args:
        arguments: the command line that it is for, so that only the commands of its first word are loaded; None: all.
    """
    parser = _Parser(
        prog="launchpad",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"launchpad {__version__}")
    for option in COMMON:
        _add(parser, option)
    parser.set_defaults(command=None, branch=None)
    top = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    chosen = None if arguments is None else first_word(arguments)
    for name, word in WORDS.items():
        if chosen is None or name == chosen:
            _word(top, name)
        elif not word.hidden:
            # Never parsed: it stands for its line in the help, and for the choices of an unknown word.
            top.add_parser(name, help=word.help, add_help=False)
    return parser


def _word(top: argparse._SubParsersAction[_Parser], name: str) -> None:
    _branch(top, (name,), WORDS[name].help, commands(name))


def _branch(
    place: argparse._SubParsersAction[_Parser],
    words: tuple[str, ...],
    heading: str,
    table: Sequence[Command],
) -> None:
    """Everything that begins with these words: the command that they are themselves, and those behind them."""
    own = next((each for each in table if each.words == words), None)
    below = [each for each in table if len(each.words) > len(words)]
    if own is not None:
        branch = _leaf(place, own)
    else:
        examples = "\n".join(f"  {each.examples[0]}" for each in table[:3])
        branch = place.add_parser(
            words[-1],
            help=heading,
            description=heading[0].upper() + heading[1:] + ".",
            epilog=f"examples:\n{examples}",
            formatter_class=_Help,
            allow_abbrev=False,
        )
        branch.set_defaults(command=None, branch=branch)
    if not below:
        return
    inner = branch.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for word in dict.fromkeys(each.words[len(words)] for each in below):
        further = (*words, word)
        under = [each for each in below if each.words[: len(further)] == further]
        if under[0].words == further and len(under) == 1:
            _leaf(inner, under[0])
        else:
            _branch(inner, further, BRANCHES[further], under)


def _leaf(place: argparse._SubParsersAction[_Parser], command: Command) -> _Parser:
    leaf = place.add_parser(
        command.words[-1],
        description=command.help[0].upper() + command.help[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  {line}" for line in command.examples),
        formatter_class=_Help,
        allow_abbrev=False,
        # Without a help argument the word stays out of the list; None would show it.
        **({} if command.hidden else {"help": command.help}),  # type: ignore[arg-type]
    )
    leaf.set_defaults(command=command, branch=leaf)
    for each in command.args:
        _add(leaf, each)
    common = leaf.add_argument_group("everywhere")
    for each in command.common:
        # They may stand before the command's words too: a default here would overwrite what was said there.
        _add(common, each, default=argparse.SUPPRESS)
    return leaf


def _add(place: argparse._ActionsContainer, each: Arg, default: str | None = None) -> None:
    options = dict(each.options)
    if default is not None:
        options["default"] = default
    place.add_argument(*each.flags, help=each.help, **options)

"""The argument parser, built from the tables of commands.

A command line that names a command needs only the parser of that command. Others, such as those of
help and of unknown commands, need a parser that knows all groups. Building all parsers would slow
down every start.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from launchpad_tui import __version__
from launchpad_tui.cli.aliases import current_names, positional_indexes
from launchpad_tui.cli.command import (
    COMMAND_GROUPS,
    COMMON_OPTIONS,
    DEFAULT_COMMANDS,
    SUBGROUPS,
    Argument,
    Command,
)
from launchpad_tui.cli.terminal_size import terminal_width

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

DESCRIPTION = """\
Train, list, trace, chart and compare models of an AI runtime.

Without a command, launchpad opens the terminal interface."""
EPILOG = """\
examples:
  launchpad                     Open the terminal interface
  launchpad demo                Train example models and watch them
  launchpad models list         List the models of the resource group
  launchpad compare A B         Compare two models

output formats:
  -o table (default), wide, json, yaml, csv, markdown or name

JSON has the field names of the AI API (executionId, createdAt in RFC 3339).
Lists are {"resources": [...], "count": N}. Numbers that are not finite are
"NaN", "Infinity" and "-Infinity". With -o json, errors are JSON on standard
error; their codes: launchpad help commands

exit codes:
  0    Success
  1    The operation ran and failed: an execution died, a file is missing
  2    Invalid usage, or an error, which is printed on standard error
  130  Interrupted
"""


def commands(group: str | None = None) -> tuple[Command, ...]:
    """Return the commands of a group, or all commands in the order of the help.

    The modules that define them are imported.
    """
    found: list[Command] = []
    for each in COMMAND_GROUPS if group is None else (group,):
        table: tuple[Command, ...] = import_module(
            f"launchpad_tui.cli.{COMMAND_GROUPS[each].module}"
        ).COMMANDS
        found += [command for command in table if command.path[0] == each]
    return tuple(found)


def visible_commands() -> tuple[Command, ...]:
    """Return all commands that are not hidden, in the order of the help."""
    return tuple(command for command in commands() if not command.hidden)


class _Parser(argparse.ArgumentParser):
    """A parser whose help and usage errors look like the rest of the command line."""

    def __init__(self, **keywords: object) -> None:
        super().__init__(
            **{  # type: ignore[arg-type]
                "formatter_class": _HelpFormatter,
                "allow_abbrev": False,
                "add_help": False,
                **keywords,
            }
        )
        self._positionals.title = "arguments"
        self.add_argument("--help", "-h", action="help", help="Show this help")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help. Unlike argparse, raise OSError if it cannot be written."""
        (sys.stdout if file is None else file).write(self.format_help())
        sys.stdout.flush()

    def error(self, message: str, suggestion: str = "") -> NoReturn:
        """Raise InvalidUsage.

        Args:
            message: What is invalid.
            suggestion: The question that suggests what may have been meant; empty for none.
        """
        from launchpad_tui.cli.error_report import InvalidUsage
        from launchpad_tui.domain.credential_text import masked_message
        from launchpad_tui.domain.text import safe_text

        message = safe_text(masked_message(message[:1].upper() + message[1:]), 500)
        raise InvalidUsage(message, suggestion, f"To see the usage: {self.prog} --help")

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse a command line. Raises InvalidUsage."""
        given = sys.argv[1:] if args is None else args
        options, unknown = self.parse_known_args(self._with_joined_values(given), namespace)
        if unknown:
            named = getattr(options, "branch", None)
            (named if isinstance(named, _Parser) else self)._refuse(unknown)
        return options

    def _with_joined_values(self, arguments: Sequence[str]) -> list[str]:
        """Return arguments in which options are joined with values that begin with a dash.

        argparse would take the value in ``--sort -loss`` for an option. Options of the command, and
        all words with two dashes, are never values.
        """
        with_value = {
            flag
            for flag, action in self._option_string_actions.items()
            if action.nargs is None and flag.startswith("--")
        }
        joined: list[str] = []
        rest = iter(arguments)
        for each in rest:
            joined.append(each)
            if each == "--":
                break
            if each in with_value and (value := next(rest, None)) is not None:
                if len(value) > 1 and value.startswith("-") and not self._is_option(value):
                    joined[-1] = f"{each}={value}"
                else:
                    joined.append(value)
        return [*joined, *rest]

    def _is_option(self, word: str) -> bool:
        """Return whether a word with a dash is an option, possibly with others or with its value.

        Such words are ``-q``, ``-qw``, ``-ojson`` and ``-prate=1``, but not ``-quality``.
        """
        flags = self._option_string_actions
        if word.startswith("--") or word in flags:
            return True
        first, rest = flags.get(word[:2]), word[2:]
        if first is not None and first.nargs is None:
            return "=" in rest or rest in (first.choices or ())
        return all(f"-{each}" in flags and flags[f"-{each}"].nargs == 0 for each in word[1:])

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Raise InvalidUsage for arguments that the command does not have."""
        from launchpad_tui.domain.suggestions import did_you_mean, nearest

        option = next((each for each in unknown if each.startswith("-")), "")
        flag = option.partition("=")[0]
        flags = [one for one in self._option_string_actions if one.startswith("--")]
        near = nearest(flag.lstrip("-"), [one[2:] for one in flags]) if flag else []
        noun = "option" if option else "argument"
        shown = option or " ".join(unknown)
        meant = [f"--{one}" for one in near]
        pairs = [one for one in self._actions if "=" in str(one.metavar) and one.option_strings]
        if not option and "=" in unknown[0] and pairs:
            # The first option with such a value is the one that is used most, such as --parameter.
            meant = [f"{min(pairs[0].option_strings, key=len)} {unknown[0]}"]
        self.error(f"unknown {noun} {shown}", did_you_mean(meant))

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Raise InvalidUsage if a value is not one of the choices of its argument."""
        if action.choices is None or value in action.choices:
            return
        from launchpad_tui.domain.suggestions import did_you_mean, nearest

        text, choices = str(value), [str(each) for each in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            visible = [each for each in choices if not each.startswith("_")]
            below = [] if " " in self.prog else _paths_ending_in(text)
            if below:
                self.error(f"unknown command '{text}'", did_you_mean(below))
            self.error(
                f"unknown command '{text}' of {self.prog}"
                if " " in self.prog
                else f"unknown command '{text}'",
                did_you_mean(nearest(text, visible)) or f"Commands: {', '.join(visible)}.",
            )
        name = "/".join(action.option_strings) or action.dest
        self.error(
            f"invalid value '{text}' of {name}",
            did_you_mean(nearest(text, choices)) or f"Use one of {', '.join(choices)}.",
        )


def _paths_ending_in(word: str) -> list[str]:
    """Return the commands whose last word this is, such as ``executions logs`` for ``logs``.

    Returns:
        The paths; none if more than three groups have such a command.
    """
    found = [each.path for each in visible_commands() if len(each.path) > 1]
    found = [path for path in found if path[-1] == word]
    if ("models", word) in found:
        # The other kinds of artifacts have the same commands.
        found = [path for path in found if path[0] not in {"datasets", "resultsets", "artifacts"}]
    return [" ".join(path) for path in found] if len(found) <= 3 else []


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Formats help with a first column that is as wide as the longest command."""

    def __init__(self, prog: str) -> None:
        # Without a width, argparse imports shutil, which takes as long as argparse itself.
        super().__init__(prog, max_help_position=26, width=terminal_width() - 2)

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            # argparse ignores the indentation of commands, so that the longest one would get a
            # line of its own.
            longest = max(map(len, action.choices), default=0)
            self._action_max_length = max(self._action_max_length, longest + 4)


def group_name(arguments: Sequence[str]) -> str:
    """Return the first argument that is neither an option nor its value; empty if there is none."""
    with_value = {flag for each in COMMON_OPTIONS if each.takes_value for flag in each.flags}
    rest = iter(arguments)
    for each in rest:
        if each in with_value:
            next(rest, None)
        elif not each.startswith("-"):
            return each
    return ""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line, in which former names are accepted.

    Returns:
        The values of all options; ``command`` is the `Command`, or None if none was named;
        ``branch`` is the parser of the group that was named without a command.
    """
    named = _with_default_command(current_names(arguments))
    command = _command_at_start(named)
    if command is None:
        return build(named).parse_args(named)
    return _parse_command(command, named[len(command.path) :])


def _with_default_command(arguments: list[str]) -> list[str]:
    """Return a command line in which a group without a command has the one that lists it.

    ``launchpad models`` lists the models, as ``launchpad models list`` does.
    """
    name = group_name(arguments)
    if name not in COMMAND_GROUPS or not {"-h", "--help"}.isdisjoint(arguments):
        return arguments
    places = positional_indexes(arguments)
    named = tuple(arguments[index] for index in places)
    path = named[:2] if named[:2] in SUBGROUPS else named[:1]
    table = commands(name)
    listing = default_command(table, path)
    after = places[len(path) - 1] + 1
    if listing is None or any(not each.startswith("-") for each in arguments[after : after + 1]):
        return arguments
    words = {each.path[len(path)] for each in table if each.path[: len(path)] == path}
    options = [each for each in listing.args if not each.positional]
    following = positional_indexes(arguments, options)[len(path) :]
    if words.intersection(arguments[index] for index in following):
        return arguments
    return [*arguments[:after], listing.path[-1], *arguments[after:]]


def default_command(table: Sequence[Command], path: tuple[str, ...]) -> Command | None:
    """Return the command that runs if a group is named alone: the one that lists it.

    Args:
        table: The commands of the group.
        path: The path of the group.

    Returns:
        The command; None if the group has none, or is a command itself.
    """
    if any(each.path == path for each in table):
        return None
    word = DEFAULT_COMMANDS.get(path, "list")
    return next((each for each in table if each.path == (*path, word)), None)


def _command_at_start(arguments: Sequence[str]) -> Command | None:
    """Return the command whose path begins a command line; None if there is none below it."""
    if not arguments or arguments[0] not in COMMAND_GROUPS:
        return None
    path = tuple(arguments[:3])
    table = commands(path[0])
    found = [each for each in table if each.path == path[: len(each.path)]]
    if len(found) != 1 or any(
        each.path[: len(found[0].path)] == found[0].path for each in table if each is not found[0]
    ):
        return None
    return found[0]


def _parse_command(command: Command, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments after the path of a command."""
    parser = _Parser(prog=" ".join(("launchpad", *command.path)), **_texts(command))
    _add_arguments(parser, command)
    options = parser.parse_args(arguments)
    for each in COMMON_OPTIONS:
        name = each.flags[0].removeprefix("--").replace("-", "_")
        if not hasattr(options, name):
            setattr(options, name, None if each.takes_value else False)
    return options


def build(arguments: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Return the parser for a command line.

    Args:
        arguments: The command line; only the commands of its group are loaded. None loads all.
    """
    parser = _Parser(prog="launchpad", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument(
        "--version",
        action="version",
        version=f"launchpad {__version__}",
        help="Show the version",
    )
    for option in COMMON_OPTIONS:
        _add(parser, option)
    parser.set_defaults(command=None, branch=None)
    top = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    used = None if arguments is None else group_name(arguments)
    for name, group in COMMAND_GROUPS.items():
        if used is None or name == used:
            _add_branch(top, (name,), group.help, commands(name))
        elif not group.hidden:
            # This parser is never used: it provides the line of the group in the help, and the
            # name of the group in the error about an unknown command.
            top.add_parser(name, help=group.help)
    return parser


def _add_branch(
    place: argparse._SubParsersAction[_Parser],
    path: tuple[str, ...],
    help_line: str,
    table: Sequence[Command],
) -> None:
    """Add all commands below a path, and the command at the path itself if there is one."""
    own = next((each for each in table if each.path == path), None)
    below = [each for each in table if len(each.path) > len(path)]
    if own is not None:
        branch = _add_command(place, own)
    else:
        examples = "\n".join(f"  {each.examples[0]}" for each in table[:3])
        branch = place.add_parser(
            path[-1],
            help=help_line,
            description=f"{help_line}.",
            epilog=f"examples:\n{examples}",
        )
        branch.set_defaults(command=None, branch=branch)
    if not below:
        return
    inner = branch.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for word in dict.fromkeys(each.path[len(path)] for each in below):
        further = (*path, word)
        under = [each for each in below if each.path[: len(further)] == further]
        if under[0].path == further and len(under) == 1:
            _add_command(inner, under[0])
        else:
            _add_branch(inner, further, SUBGROUPS[further], under)


def _add_command(place: argparse._SubParsersAction[_Parser], command: Command) -> _Parser:
    parser = place.add_parser(
        command.path[-1],
        **_texts(command),  # type: ignore[arg-type]
        # A help argument of None would list a hidden command.
        **({} if command.hidden else {"help": command.help}),  # type: ignore[arg-type]
    )
    _add_arguments(parser, command)
    return parser


def _texts(command: Command) -> dict[str, str]:
    """Return usage, description and examples of a command as argparse expects them."""
    description = f"{command.help}."
    if command.details:
        from textwrap import fill

        description += f"\n\n{fill(command.details, 78)}"
    return {
        "usage": _usage(command),
        "description": description,
        "epilog": "examples:\n" + "\n".join(f"  {line}" for line in command.examples),
    }


def _add_arguments(parser: _Parser, command: Command) -> None:
    parser.set_defaults(command=command, branch=parser)
    for each in command.args:
        _add(parser, each)
    common = parser.add_argument_group("common options")
    for each in command.common:
        # Common options may also precede the path: a default here would overwrite that value.
        _add(common, each, default=argparse.SUPPRESS)


def _usage(command: Command) -> str:
    """Return the usage of a command without its optional options, which the help lists."""
    words = ["launchpad", *command.path, "[options]"]
    for each in command.args:
        name = str(each.keywords.get("metavar", each.flags[0].lstrip("-")))
        if each.positional:
            choices = each.keywords.get("choices")
            name = f"{{{','.join(choices)}}}" if choices else name
            form = {"?": "[{}]", "*": "[{} ...]", "+": "{0} [{0} ...]"}
            words.append(form.get(each.keywords.get("nargs", ""), "{}").format(name))
        elif each.keywords.get("required"):
            words.insert(words.index("[options]") + 1, f"{each.flags[0]} {name.upper()}")
    return " ".join(words)


def _add(place: argparse._ActionsContainer, each: Argument, default: str | None = None) -> None:
    keywords = dict(each.keywords)
    if default is not None:
        keywords["default"] = default
    # argparse reads % in a help text as a format.
    place.add_argument(*each.flags, help=each.help.replace("%", "%%"), **keywords)

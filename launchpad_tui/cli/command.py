"""Commands as data: the parser, the help, the completion and the manual are generated from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from launchpad_tui.cli.formats import FORMATS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from launchpad_tui.cli.context import CommandContext

# Named tuples, because importing the dataclasses module would add 11 ms to every start.


class Argument(NamedTuple):
    """A positional argument or an option of a command.

    Attributes:
        flags: The name of a positional argument, or the flags of an option.
        help: One phrase that begins with a capital letter and has no full stop.
        keywords: Further keyword arguments of argparse's ``add_argument``.
        completes: The values that shell completion offers: models, datasets, resultsets, artifacts,
            executions, schedules, configurations, executables, scenarios, connections, groups,
            stores, connection types, store types, metrics, parameters, topics, files, execution
            sources, or a kind of `launchpad_tui.cli.completion_values`. Empty for none.
    """

    flags: tuple[str, ...]
    help: str
    keywords: Mapping[str, Any]
    completes: str = ""

    @property
    def positional(self) -> bool:
        """Return whether this is a positional argument."""
        return not self.flags[0].startswith("-")

    @property
    def takes_value(self) -> bool:
        """Return whether the option is followed by a value."""
        return not str(self.keywords.get("action", "")).startswith("store_")


def argument(*flags: str, help: str, completes: str = "", **keywords: Any) -> Argument:  # noqa: A002  as argparse
    """Return an `Argument`, written like a call of argparse's ``add_argument``."""
    return Argument(flags, help, keywords, completes)


class Command(NamedTuple):
    """A command.

    Attributes:
        path: The words after ``launchpad``, such as ``("models", "list")``.
        help: One imperative phrase that begins with a capital letter and has no full stop.
        examples: Complete command lines.
        run: Runs the command and returns its exit code; None stands for 0.
        args: The arguments and options that only this command has.
        details: Further sentences for the help of the command.
        hidden: Whether help and completion leave the command out.
    """

    path: tuple[str, ...]
    help: str
    examples: tuple[str, ...]
    run: Callable[[CommandContext, argparse.Namespace], int | None]
    args: tuple[Argument, ...] = ()
    details: str = ""
    hidden: bool = False

    @property
    def common(self) -> tuple[Argument, ...]:
        """Return the common options that apply to the command and that it does not redefine."""
        own = {flag for each in self.args for flag in each.flags}
        watch = WATCH_OPTIONS if self.path[-1] == "list" or self.path in WATCHED else ()
        applicable = (
            each
            for each in (*watch, *COMMON_OPTIONS)
            if self.path[0] not in ONLY_HOME or each.flags[0] == "--home"
        )
        return tuple(each for each in applicable if own.isdisjoint(each.flags))


class CommandGroup(NamedTuple):
    """The commands that share their first word.

    Attributes:
        module: The module of this package that defines them; imported when the group is used.
        help: One imperative phrase that begins with a capital letter and has no full stop.
        hidden: Whether help and completion leave the group out.
    """

    module: str
    help: str
    hidden: bool = False


#: In the order of the help.
COMMAND_GROUPS: Mapping[str, CommandGroup] = {
    "demo": CommandGroup("demo", "Train example models on this machine and browse them"),
    "models": CommandGroup("artifacts", "Manage models, their files and their lineage"),
    "datasets": CommandGroup("artifacts", "Manage datasets"),
    "resultsets": CommandGroup("artifacts", "Manage result sets"),
    "artifacts": CommandGroup("artifacts", "Manage artifacts of any kind"),
    "trash": CommandGroup("trash", "List, restore and delete what was deleted or archived"),
    "undo": CommandGroup("undo", "Undo the last edit, promotion or deletion"),
    "search": CommandGroup("search", "Search all connections and resource groups"),
    "compare": CommandGroup("compare", "Compare models or executions"),
    "metrics": CommandGroup("metrics", "List, export, chart and log metrics"),
    "views": CommandGroup("views", "List and delete saved views of lists"),
    "boards": CommandGroup("boards", "Manage and draw boards of charts"),
    "executions": CommandGroup("executions", "Create, follow, stop and delete executions"),
    "snapshots": CommandGroup("reproduction", "List and remove snapshots of code"),
    "sweeps": CommandGroup("sweeps", "Follow, stop and resume sweeps of parameters"),
    "schedules": CommandGroup("schedules", "Manage execution schedules"),
    "configurations": CommandGroup("configurations", "Create, list and show configurations"),
    "executables": CommandGroup("executables", "Manage executables (workflow templates)"),
    "scenarios": CommandGroup("executables", "List and show scenarios"),
    "connections": CommandGroup("connections", "Manage connections to AI runtimes"),
    "sync": CommandGroup("sync", "Synchronize with remote runtimes"),
    "groups": CommandGroup("groups", "Manage resource groups"),
    "stores": CommandGroup("stores", "Manage and browse object stores"),
    "serve": CommandGroup("serve", "Serve the AI API of this machine"),
    "log": CommandGroup("tracking", "Log metrics from inside an execution"),
    "reconcile": CommandGroup("home", "Correct the status of executions and start queued ones"),
    "doctor": CommandGroup("maintenance", "Check the registry, files and settings for problems"),
    "backup": CommandGroup("maintenance", "Write a copy of the registry to a file"),
    "restore": CommandGroup("maintenance", "Replace the registry by a backup"),
    "paths": CommandGroup("home", "Show the paths of the registry, files, settings and log"),
    "settings": CommandGroup("home", "Show the effective settings"),
    "help": CommandGroup("manual", "List the topics of the manual, or show one"),
    "completion": CommandGroup("completion", "Print the completion script for a shell"),
    "_complete": CommandGroup("completion", "Print the completions of a command line", hidden=True),
}
#: Help of the groups below the first word, by path.
SUBGROUPS: Mapping[tuple[str, ...], str] = {
    ("serve", "clients"): "Manage the clients that may call the AI API",
}
#: By path of a group: the command that is run if the group is named alone and it is not ``list``.
DEFAULT_COMMANDS: Mapping[tuple[str, ...], str] = {("metrics",): "keys", ("sync",): "status"}
#: Groups whose commands accept ``--home`` and no other common option: they do not print resources.
ONLY_HOME = frozenset({"demo", "log", "help", "completion", "_complete"})

#: Commands that can be repeated with ``--watch``, besides those that list.
WATCHED = frozenset(
    {
        ("executions", "show"),
        ("metrics", "keys"),
        ("metrics", "show"),
        ("models", "aliases"),
        ("models", "versions"),
        ("sync", "status"),
    }
)
WATCH_OPTIONS = (
    argument(
        "--watch", help="Print again every 2 seconds until Ctrl+C, in place", action="store_true"
    ),
    argument("--interval", help="With --watch: seconds between two outputs", metavar="SECONDS"),
)
#: Options of all commands. They may also stand before the path of a command.
COMMON_OPTIONS = (
    argument(
        "--home",
        help="Home folder (default: LAUNCHPAD_HOME, or the XDG data folder)",
        metavar="DIR",
        completes="files",
    ),
    argument(
        "--connection",
        help="Connection (default: the current one)",
        metavar="NAME",
        completes="connections",
    ),
    argument(
        "--group",
        help="Resource group (default: the current one)",
        metavar="NAME",
        completes="groups",
    ),
    argument(
        "--output",
        "-o",
        help="Format: table, wide (all columns, uncut), json, yaml, csv, markdown or name",
        metavar="FORMAT",
        choices=FORMATS,
    ),
    argument("--json", help="Print JSON, as -o json does", action="store_true"),
    argument("--csv", help="Print CSV, as -o csv does", action="store_true"),
    argument("--wide", "-w", help="Print all columns, as -o wide does", action="store_true"),
    argument(
        "--quiet",
        "-q",
        help="Print only IDs or names, as -o name does, and no progress",
        action="store_true",
    ),
    argument("--no-color", help="Print without color, as NO_COLOR does", action="store_true"),
    argument("--no-pager", help="Print long output without a pager", action="store_true"),
)

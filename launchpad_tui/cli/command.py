"""What a command is: data, from which the parser, the help, the completion and README's list are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from launchpad_tui.cli.context import Context

# Named tuples, as the dataclasses module costs 11 ms at every start.


class Arg(NamedTuple):
    """An argument or option. ``options`` are argparse's; ``completes`` names what a shell may offer for its value:
    models, datasets, resultsets, artifacts, executions, configurations, executables, scenarios, connections, groups,
    stores, kinds, types, metrics, topics, files."""

    flags: tuple[str, ...]
    help: str
    options: Mapping[str, Any]
    completes: str = ""

    @property
    def positional(self) -> bool:
        """Whether it has no flag."""
        return not self.flags[0].startswith("-")

    @property
    def takes_value(self) -> bool:
        """Whether a word of the command line is its value."""
        return not str(self.options.get("action", "")).startswith("store_")


def arg(*flags: str, help: str, completes: str = "", **options: Any) -> Arg:  # noqa: A002  argparse's word
    """An `Arg` as it is written in a table."""
    return Arg(flags, help, options, completes)


class Command(NamedTuple):
    """A command: the words after ``launchpad``, one line of help, examples, arguments and what runs it.

    ``run`` gives the exit code, None for 0. ``common`` are the flags of `COMMON` that it takes too.
    """

    words: tuple[str, ...]
    help: str
    examples: tuple[str, ...]
    run: Callable[[Context, argparse.Namespace], int | None]
    args: tuple[Arg, ...] = ()
    hidden: bool = False

    @property
    def common(self) -> tuple[Arg, ...]:
        """The options of `COMMON` that mean something to it, and that it has no own meaning for."""
        own = {flag for each in self.args for flag in each.flags}
        wanted = (
            each for each in COMMON if self.words[0] not in PLAIN or each.flags[0] == "--home"
        )
        return tuple(each for each in wanted if own.isdisjoint(each.flags))


class Word(NamedTuple):
    """A first word behind ``launchpad``: the module of its commands, loaded when it is used, and its line of help."""

    module: str
    help: str
    hidden: bool = False


#: in the order of the help
WORDS: Mapping[str, Word] = {
    "demo": Word(
        "tools", "train six models on this machine and look at them, in a home of its own"
    ),
    "models": Word(
        "artifacts", "list, show, add, import, trace, verify, preview, upload and download models"
    ),
    "datasets": Word("artifacts", "the same for data sets"),
    "resultsets": Word("artifacts", "the same for result sets"),
    "artifacts": Word("artifacts", "the same for artifacts of any kind"),
    "search": Word("everywhere", "search all connections and resource groups at once"),
    "compare": Word("compare", "lay models or executions side by side"),
    "metrics": Word("metrics", "list and export the metrics of executions and models"),
    "boards": Word("boards", "list, draw, export, import and delete boards of charts"),
    "executions": Word("executions", "create, list, follow, stop, finish and delete executions"),
    "schedules": Word(
        "schedules", "execute configurations again and again: create, list, pause, resume, delete"
    ),
    "configurations": Word("configurations", "create, list and show configurations"),
    "executables": Word("executables", "add, list, show and set up workflow executables"),
    "scenarios": Word("executables", "list and show scenarios"),
    "connections": Word(
        "connections", "add, choose, edit, test and refresh connections to AI runtimes"
    ),
    "sync": Word("sync", "read runtimes elsewhere, and show how old what is known of them is"),
    "groups": Word("groups", "add, choose and delete resource groups"),
    "stores": Word("stores", "add, edit, test, browse and import object stores"),
    "serve": Word(
        "serve", "serve the AI API of this machine, for SAP's SDK, scripts and other launchpads"
    ),
    "log": Word("tools", "log metrics from inside an execution, for programs without any SDK"),
    "reconcile": Word(
        "tools", "see to executions whose process is gone, and start those that wait"
    ),
    "paths": Word("tools", "show where everything lies"),
    "settings": Word("tools", "show the settings in force"),
    "help": Word("manual", "list the topics of the manual, or show one of them"),
    "completion": Word("tools", "print the completion script of a shell"),
    "_complete": Word("tools", "print what may follow these words", hidden=True),
}
#: what stands below a command that is one itself, by the words before
BRANCHES: Mapping[tuple[str, ...], str] = {
    (
        "serve",
        "clients",
    ): "add, list and delete the clients that may call the AI API of this machine",
}
#: words whose commands have an output of their own, and so take no other common option than --home
PLAIN = frozenset({"demo", "log", "help", "completion", "_complete"})

#: what commands take beside their own; before the command's words they may stand too
COMMON = (
    arg(
        "--home",
        help="the home folder (default: LAUNCHPAD_HOME, else the XDG data folder)",
        metavar="DIR",
        completes="files",
    ),
    arg(
        "--connection",
        help="the connection (default: the one chosen last)",
        metavar="NAME",
        completes="connections",
    ),
    arg(
        "--group",
        help="the resource group (default: the one chosen last)",
        metavar="NAME",
        completes="groups",
    ),
    arg("--json", help="print JSON, for programs", action="store_true"),
    arg("--quiet", "-q", help="print IDs only, or nothing", action="store_true"),
    arg("--no-color", help="print without colour (so does NO_COLOR)", action="store_true"),
)

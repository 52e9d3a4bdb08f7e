"""What a command is: data, from which the parser, the help, the completion and README's list are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from launchpad_tui.cli.context import Context


@dataclass(frozen=True, slots=True)
class Arg:
    """An argument or option. ``options`` are argparse's; ``completes`` names what a shell may offer for its value:
    models, executions, configurations, executables, connections, groups, stores, metrics, files."""

    flags: tuple[str, ...]
    help: str
    options: Mapping[str, Any] = field(default_factory=dict)
    completes: str = ""


def arg(*flags: str, help: str, completes: str = "", **options: Any) -> Arg:
    """An `Arg` as it is written in a table."""
    return Arg(flags, help, options, completes)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the words after ``launchpad``, one line of help, examples, arguments and what runs it.

    ``run`` gives the exit code, None for 0.
    """

    words: tuple[str, ...]
    help: str
    examples: tuple[str, ...]
    run: Callable[[Context, argparse.Namespace], int | None]
    args: tuple[Arg, ...] = ()
    hidden: bool = False


#: what each command takes beside its own
COMMON = (
    arg("--home", help="the home folder (default: LAUNCHPAD_HOME, else the XDG data folder)", metavar="DIR",
        completes="files"),
    arg("--connection", help="the connection (default: the one chosen last)", metavar="NAME", completes="connections"),
    arg("--group", help="the resource group (default: the one chosen last)", metavar="NAME", completes="groups"),
    arg("--json", help="print JSON, for programs", action="store_true"),
    arg("--quiet", "-q", help="print IDs only, or nothing", action="store_true"),
)  # fmt: skip

#: headings of the groups of commands
GROUPS: Mapping[str, str] = {
    "connections": "connections to AI runtimes",
    "groups": "resource groups of a connection",
    "stores": "object stores of a resource group",
    "scenarios": "scenarios",
    "executables": "workflow executables",
    "configurations": "configurations",
    "executions": "executions",
    "models": "models",
    "datasets": "datasets",
    "resultsets": "result sets",
    "artifacts": "artifacts of any kind",
    "metrics": "metrics of executions and models",
}

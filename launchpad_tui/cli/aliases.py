"""Other names of commands, options and values: former ones, and those that users type by habit.

Help and completion show only the current names. A command line is translated before it is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.cli.command import COMMAND_GROUPS, COMMON_OPTIONS, SUBGROUPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from launchpad_tui.cli.command import Argument

_CHART_OPTIONS = {"--over": "--x-axis", "--log": "--log-y"}
_VERIFY_OPTIONS = {"--content": "--checksum"}

#: Groups that are commands whose argument may be any text, also ``ls``.
_WITH_ARGUMENT = frozenset({"search", "compare", "backup", "restore", "help", "log", "_complete"})
_URL_START = "ai://"
#: Commands whose arguments are an object store and a path in it, which a URL may replace.
_STORE_PATHS = frozenset(
    {
        *(("stores", word) for word in ("browse", "preview", "download", "upload", "delete")),
        *((group, "import") for group in ("models", "datasets", "resultsets", "artifacts")),
    }
)
#: Former paths of commands and their current paths, of the same length.
COMMANDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("executions", "again"): ("executions", "rerun"),
    ("executions", "sweeps"): ("sweeps", "list"),
    ("executions", "finish"): ("executions", "store-outputs"),
    ("executables", "delete"): ("executables", "remove"),
    ("connections", "delete"): ("connections", "remove"),
    ("connections", "kinds"): ("connections", "types"),
    ("stores", "kinds"): ("stores", "types"),
    ("metrics", "better"): ("metrics", "set-direction"),
    ("sync", "hold"): ("sync", "pause"),
}
#: Former options and their current names, by the current path of the command.
OPTIONS: Mapping[tuple[str, ...], Mapping[str, str]] = {
    ("demo",): {"--again": "--retrain"},
    ("compare",): _CHART_OPTIONS,
    ("metrics", "chart"): _CHART_OPTIONS,
    ("boards", "export"): {"--force": "--overwrite"},
    ("boards", "import"): {"--force": "--overwrite"},
    ("connections", "add"): {"--kind": "--type"},
    ("models", "verify"): _VERIFY_OPTIONS,
    ("datasets", "verify"): _VERIFY_OPTIONS,
    ("resultsets", "verify"): _VERIFY_OPTIONS,
    ("artifacts", "verify"): _VERIFY_OPTIONS,
    ("stores", "add"): {"--here": "--local-only"},
    ("stores", "edit"): {"--at-runtime": "--update-runtime"},
    ("sync", "now"): {"--thorough": "--full"},
}


def current_names(arguments: Sequence[str]) -> list[str]:
    """Return a command line in which other names are replaced by current ones.

    The singular of a group, such as ``launchpad model list``, stands for the plural, and ``ls`` for
    ``list``.
    """
    translated = list(arguments)
    positions = positional_indexes(translated)
    if positions and f"{translated[positions[0]]}s" in COMMAND_GROUPS:
        translated[positions[0]] += "s"
    if len(positions) > 1 and translated[positions[0]] in COMMAND_GROUPS:
        _replace_ls(translated, positions)
    for former, current in COMMANDS.items():
        if tuple(translated[index] for index in positions[: len(former)]) == former:
            for index, name in zip(positions, current, strict=False):
                translated[index] = name
            break
    path = tuple(translated[index] for index in positions[:2])
    if path in _STORE_PATHS:
        _split_url(translated, positions[1] + 1)
    options = OPTIONS.get(path) or OPTIONS.get(path[:1])
    if options is None:
        return translated
    stop = translated.index("--") if "--" in translated else len(translated)
    for index in range(positions[0] + 1, stop):
        flag, equals, value = translated[index].partition("=")
        if flag in options:
            translated[index] = f"{options[flag]}{equals}{value}"
    return translated


def _replace_ls(arguments: list[str], positions: Sequence[int]) -> None:
    """Replace ``ls`` after a group, or after a group below it, by ``list``."""
    group = arguments[positions[0]]
    depth = 2 if (group, arguments[positions[1]]) in SUBGROUPS else 1
    if (
        group not in _WITH_ARGUMENT
        and len(positions) > depth
        and arguments[positions[depth]] == "ls"
    ):
        arguments[positions[depth]] = "list"


def _split_url(arguments: list[str], start: int) -> None:
    """Replace the first ``ai://store/path`` by the two words ``store`` and ``path``."""
    for index in range(start, len(arguments)):
        if arguments[index].startswith(_URL_START):
            store, _, path = arguments[index].removeprefix(_URL_START).partition("/")
            arguments[index : index + 1] = [store, path] if path.strip("/") else [store]
            return


def current_direction(text: str) -> str:
    """Return the current name of a direction of ``metrics set-direction``.

    ``auto`` was formerly called ``name``.
    """
    return "auto" if text == "name" else text


def positional_indexes(arguments: Sequence[str], more: Sequence[Argument] = ()) -> list[int]:
    """Return the indexes of arguments that are neither options nor values of options.

    Args:
        arguments: A command line.
        more: The options besides the common ones.
    """
    with_value = {
        flag for each in (*COMMON_OPTIONS, *more) if each.takes_value for flag in each.flags
    }
    indexes: list[int] = []
    skip = False
    for index, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument in with_value:
            skip = True
        elif not argument.startswith("-"):
            indexes.append(index)
    return indexes

"""Former names of commands, options and values, which keep working.

Help and completion show only the current names. A command line is translated before it is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.cli.command import COMMON_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CHART_OPTIONS = {"--over": "--x-axis", "--log": "--log-y"}
_VERIFY_OPTIONS = {"--content": "--checksum"}

#: Former paths of commands and their current paths, of the same length.
COMMANDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("executions", "again"): ("executions", "rerun"),
    ("executions", "finish"): ("executions", "store-outputs"),
    ("executables", "delete"): ("executables", "remove"),
    ("connections", "delete"): ("connections", "remove"),
    ("connections", "kinds"): ("connections", "types"),
    ("stores", "delete"): ("stores", "remove"),
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
    """Return a command line in which former names are replaced by current ones."""
    found = list(arguments)
    places = _word_places(found)
    for former, current in COMMANDS.items():
        if tuple(found[place] for place in places[: len(former)]) == former:
            for place, word in zip(places, current, strict=False):
                found[place] = word
            break
    path = tuple(found[place] for place in places[:2])
    options = OPTIONS.get(path) or OPTIONS.get(path[:1])
    if options is None:
        return found
    stop = found.index("--") if "--" in found else len(found)
    for place in range(places[0] + 1, stop):
        flag, equals, value = found[place].partition("=")
        if flag in options:
            found[place] = f"{options[flag]}{equals}{value}"
    return found


def current_direction(text: str) -> str:
    """Return the current name of a value of ``metrics set-direction``: ``auto`` was called ``name``."""
    return "auto" if text == "name" else text


def _word_places(arguments: Sequence[str]) -> list[int]:
    """Return the positions of the arguments that are neither options nor values of common options."""
    with_value = {flag for each in COMMON_OPTIONS if each.takes_value for flag in each.flags}
    places: list[int] = []
    skip = False
    for place, each in enumerate(arguments):
        if skip:
            skip = False
        elif each in with_value:
            skip = True
        elif not each.startswith("-"):
            places.append(place)
    return places

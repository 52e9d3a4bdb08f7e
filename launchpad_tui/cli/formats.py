"""The output formats of commands, and the options that select them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

TABLE, WIDE, JSON, YAML, CSV, MARKDOWN, NAME = (
    "table",
    "wide",
    "json",
    "yaml",
    "csv",
    "markdown",
    "name",
)
FORMATS = (TABLE, WIDE, JSON, YAML, CSV, MARKDOWN, NAME)
#: The formats that show the data of an object instead of a text about it.
STRUCTURED = frozenset({JSON, YAML, CSV, MARKDOWN})
#: Options that select a format, besides ``--output``.
_ALIASES = {"json": JSON, "csv": CSV, "wide": WIDE, "quiet": NAME}


def output_format(options: argparse.Namespace) -> str:
    """Return the format that the options of a command select."""
    if options.output:
        return str(options.output)
    return next((name for flag, name in _ALIASES.items() if getattr(options, flag)), TABLE)


def requested_format(arguments: Sequence[str]) -> str:
    """Return the format that a command line selects, which need not be valid.

    Errors in a command line are reported in this format.
    """
    found = TABLE
    stop = arguments.index("--") if "--" in arguments else len(arguments)
    for index, each in enumerate(arguments[:stop]):
        if each in {"-o", "--output"}:
            value = arguments[index + 1] if index + 1 < stop else ""
        elif each.startswith("--output="):
            value = each.partition("=")[2]
        elif each.startswith("-o") and not each.startswith("--"):
            value = each[2:].removeprefix("=")
        elif each == "--json" and found == TABLE:
            value = JSON
        else:
            continue
        found = value if value in FORMATS else found
    return found

"""Arguments that several commands share."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from launchpad_tui.cli.command import Argument, argument


def integer(text: str) -> int:
    """Return the integer in an argument, which must fit into 64 bits as in the registry."""
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ArgumentTypeError(f"{text[:40]} is out of range")
    return value


def seconds(text: str) -> float:
    """Return the number of seconds in an argument."""
    value = float(text)
    if math.isnan(value) or value < 0:
        raise ArgumentTypeError(f"{text[:40]!r} is not a number of seconds")
    return value


def tolerance(text: str) -> float:
    """Return the finite number that is not negative in an argument."""
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ArgumentTypeError(f"{text[:40]!r} is not a number of at least 0")
    return value


#: The value of ``--metric`` that names all metrics.
ALL_METRICS = "all"


def age(text: str) -> timedelta:
    """Return the period in an argument: a number with the unit m, h, d or w."""
    units = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    number, unit = text[:-1], text[-1:]
    try:
        value = float(number) * units[unit]
        if not 0 <= value <= 1e10:
            raise ValueError
    except (KeyError, ValueError) as error:
        raise ArgumentTypeError(f"{text[:40]!r} is not a period such as 30d, 12h or 2w") from error
    return timedelta(seconds=value)


def download_target(given: str | None, *names: str) -> Path:
    """Return the folder of a download.

    Args:
        given: The argument; None for a folder in the current one.
        names: The names of that folder, the preferred one first. Only the last part of a path is
            used, and the first name that a folder can have.
    """
    if given is not None:
        return Path(given).expanduser()
    lasts = (name.strip("/").rpartition("/")[2] for name in names)
    return Path(next((last for last in lasts if last not in {"", ".", ".."}), "files"))


EXECUTION = argument(
    "id",
    help="Execution: ID, unique ID prefix or latest; or the model that it created",
    completes="executions",
)
EXECUTIONS = argument(
    "ids",
    nargs="+",
    metavar="id",
    help="Executions: IDs, unique ID prefixes or latest",
    completes="executions",
)
SUBJECTS = argument(
    "ids",
    nargs="+",
    metavar="id",
    help="Models or executions: IDs, unique ID prefixes or unique names",
    completes="artifacts",
)
SOURCE = argument(
    "configuration",
    help="Configuration: ID, unique ID prefix or unique name; or ID of an executable",
    completes="execution sources",
)
CONFIGURATION = argument(
    "configuration",
    help="Configuration: ID, unique ID prefix or unique name",
    completes="configurations",
)
LABEL = argument("--label", action="append", metavar="KEY=VALUE", help="Label; may be repeated")
METRICS = argument(
    "--metric",
    action="append",
    metavar="NAME",
    help="Only this metric; may be repeated; all names all metrics",
    completes="metrics",
)
YES = argument("--yes", action="store_true", help="Confirm, without being asked")
OVERWRITE = argument("--overwrite", action="store_true", help="Replace existing files")


def named_metrics(texts: Sequence[str] | None) -> Sequence[str]:
    """Return the metrics that options name; none if all are named."""
    return () if texts is None or ALL_METRICS in texts else texts


def artifact(completes: str, *, optional: bool = False) -> Argument:
    """Return the argument that names an artifact of the kinds that ``completes`` offers."""
    keywords = {"nargs": "?"} if optional else {}
    return argument(
        "id",
        help="ID, unique ID prefix, unique name, NAME@VERSION or NAME@ALIAS"
        if completes in {"models", "artifacts"}
        else "ID, unique ID prefix or unique name",
        completes=completes,
        **keywords,
    )


#: The height of a chart in lines, unless an option sets another.
CHART_HEIGHT = 20

#: The size of a chart.
SIZE_OPTIONS: tuple[Argument, ...] = (
    argument(
        "--width",
        type=integer,
        metavar="CELLS",
        help="Width of the chart (default: width of the terminal)",
    ),
    argument(
        "--height",
        type=integer,
        metavar="LINES",
        help=f"Height of the chart (default: {CHART_HEIGHT})",
    ),
)

#: Details for the help of the commands that show a preview.
PREVIEW_DETAILS = (
    "Shows metadata and the first lines, rows or tensors. No content of the file is executed."
)

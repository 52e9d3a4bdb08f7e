"""The settings of a connection to a Slurm cluster."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record
from launchpad_tui.runtimes.catalog import SLURM_FIELDS

#: options that the engine sets itself, so that it finds its jobs and their files again
_RESERVED = frozenset(
    (
        "--array",
        "-a",
        "--comment",
        "--output",
        "-o",
        "--error",
        "-e",
        "--open-mode",
        "--parsable",
        "--wrap",
        "--chdir",
        "-D",
        "--wait",
        "-W",
        "--test-only",
        "--input",
        "-i",
        "--clusters",
        "-M",
        "--export",
        "--export-file",
        "--no-requeue",
        "--requeue",
    )
)


@record
class SlurmSettings:
    """The settings of a connection to a cluster, see `SLURM_FIELDS`.

    Args:
        plans: the options of sbatch by the name of a resource plan, in lower case.
        container_runtime: the name of the program that runs images, ``none`` for none.
        host: the login node; empty to call the commands on this machine.
        poll_seconds: seconds between two calls of squeue.
    """

    shared_folder: Path
    partition: str
    account: str
    qos: str
    options: tuple[str, ...]
    plans: Mapping[str, tuple[str, ...]]
    requeue: bool
    container_runtime: str
    host: str
    parallel: int
    poll_seconds: float

    def submit_options(self, plan: str, own: tuple[str, ...] = ()) -> list[str]:
        """Return the options of sbatch for a step. Later options replace earlier ones.

        Args:
            plan: the resource plan of the step; empty if it has none.
            own: the options of its executable.
        """
        found = ["--requeue" if self.requeue else "--no-requeue"]
        for name, value in (
            ("partition", self.partition),
            ("account", self.account),
            ("qos", self.qos),
        ):
            if value:
                found.append(f"--{name}={value}")
        return [*found, *self.options, *self.plans.get(plan.lower() or "default", ()), *own]


def parse_settings(settings: Mapping[str, str]) -> SlurmSettings:
    """Return the settings of a connection.

    Args:
        settings: the values of `SLURM_FIELDS`; missing ones have their defaults.

    Raises:
        InvalidInput: a value is not valid; ``field`` names it.
    """
    values = {field.name: settings.get(field.name) or field.default for field in SLURM_FIELDS}
    folder = Path(values["shared_folder"])
    if not folder.is_absolute():
        raise InvalidInput(
            f"The shared folder {values['shared_folder']!r} is not an absolute path",
            hint="Enter the path that all nodes see.",
            field="shared_folder",
        )
    return SlurmSettings(
        shared_folder=folder,
        partition=values["partition"],
        account=values["account"],
        qos=values["qos"],
        options=parse_options(values["options"], "options"),
        plans=_parse_plans(values["resource_plans"]),
        requeue=values["requeue"] == "yes",
        container_runtime=values["container_runtime"],
        host=values["host"],
        parallel=int(values["parallel"]),
        poll_seconds=max(0.05, float(values["poll_seconds"])),
    )


def parse_options(text: str, field: str) -> tuple[str, ...]:
    """Return options of sbatch.

    Args:
        text: the options as on a command line.
        field: the field that an error names.

    Raises:
        InvalidInput: the text is not a list of options, or has an option that is reserved.
    """
    try:
        found = tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidInput(
            f"The options {text[:80]!r} are not valid", str(error), "Close all quotes.", field=field
        ) from error
    for each in found:
        name = each.partition("=")[0]
        short = each[:2] if each.startswith("-") and not each.startswith("--") else ""
        if name in _RESERVED or short in _RESERVED:
            raise InvalidInput(
                f"The option {name} cannot be set",
                "launchpad sets it itself, to follow its jobs.",
                "Remove the option.",
                field=field,
            )
    if found and not found[0].startswith("-"):
        raise InvalidInput(
            f"{found[0]!r} is not an option of sbatch",
            hint="Enter options such as --gres=gpu:1.",
            field=field,
        )
    return found


def _parse_plans(text: str) -> dict[str, tuple[str, ...]]:
    plans: dict[str, tuple[str, ...]] = {}
    for entry in text.replace("\n", ";").split(";"):
        name, colon, options = entry.partition(":")
        if not entry.strip():
            continue
        if not colon or not name.strip() or name.strip().startswith("-"):
            raise InvalidInput(
                f"The resource plan {entry.strip()[:80]!r} is not valid",
                hint="Enter each plan as NAME: OPTIONS, for example starter: --cpus-per-task=1.",
                field="resource_plans",
            )
        plans[name.strip().lower()] = parse_options(options, "resource_plans")
    return plans

"""Commands that check, save and restore what launchpad keeps on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.arguments import OVERWRITE
from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.cli.progress import counted
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext


def _doctor(context: CommandContext, options: argparse.Namespace) -> int:
    from launchpad_tui.services.doctor import Level, examine

    # The registry is not opened by the other services, so that this works when it is damaged.
    with counted("Reading files", quiet=context.quiet) as report:
        found = list(examine(context.home, checksums=options.checksums, progress=report))
    errors = sum(each.level is Level.ERROR for each in found)
    warnings = sum(each.level is Level.WARNING for each in found)
    if context.structured:
        context.print_data(
            {
                "errors": errors,
                "warnings": warnings,
                "findings": [
                    {
                        "level": str(each.level),
                        "area": each.area,
                        "message": each.message,
                        "hint": each.hint,
                    }
                    for each in found
                ],
            },
            rows="findings",
        )
        return int(errors > 0)
    for each in found:
        if context.quiet and each.level is Level.OK:
            continue
        context.line(f"{each.level:8} {each.area:12} {safe_text(each.message)}")
        if each.hint:
            context.line(f"{'':22}{safe_text(each.hint)}")
    if not context.quiet:
        context.line(f"{errors} errors, {warnings} warnings")
    return int(errors > 0)


def _backup(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.timestamps import now
    from launchpad_tui.services.maintenance import back_up

    target = Path(options.file).expanduser()
    if target.is_dir() or options.file.endswith("/"):
        target /= f"launchpad-{now():%Y-%m-%dT%H%M%SZ}.db"
    size = back_up(context.home, target, overwrite=options.overwrite)
    context.done(
        f"Wrote the registry to {target} ({size_text(size)}). Files of models, credentials and "
        "settings are not part of it.",
        {"file": str(target), "size": size},
    )


def _restore(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.errors import InvalidInput
    from launchpad_tui.services.maintenance import restore

    if not options.yes and context.home.registry_path.exists():
        raise InvalidInput(
            "Restoring a backup requires confirmation",
            f"It replaces the registry of {context.home.root}.",
            "To confirm, pass --yes.",
            field="yes",
        )
    former = restore(context.home, Path(options.file))
    kept = f" The former registry is at {former}." if former else ""
    context.done(
        f"Restored the registry from {options.file}.{kept}",
        {"file": options.file, "former": str(former) if former else None},
    )
    context.hint(
        "Backups contain neither files of models nor credentials. To find what is missing: "
        "launchpad models verify --all"
    )


_FILE = argument("file", help="Path of the backup", completes="files")
COMMANDS = (
    Command(
        ("doctor",),
        COMMAND_GROUPS["doctor"].help,
        ("launchpad doctor", "launchpad doctor --checksums --json"),
        _doctor,
        (
            argument(
                "--checksums",
                action="store_true",
                help="Read all recorded files, and compare them with their checksums",
            ),
        ),
        details="Nothing is changed and no server is called. The exit code is 1 if there is an "
        "error, 0 if there are only warnings.",
    ),
    Command(
        ("backup",),
        COMMAND_GROUPS["backup"].help,
        (
            "launchpad backup",
            "launchpad backup launchpad-2026-01-31.db",
            "launchpad backup /backups/launchpad.db --overwrite",
        ),
        _backup,
        (
            argument(
                "file",
                nargs="?",
                default=".",
                help="File, or folder in which the file is named after the current time (default: "
                "the current folder)",
                completes="files",
            ),
            OVERWRITE,
        ),
        details="The copy is consistent, even while executions write to the registry. It has all "
        "records and metrics, but neither files of models nor credentials.",
    ),
    Command(
        ("restore",),
        COMMAND_GROUPS["restore"].help,
        (
            "launchpad restore launchpad-2026-01-31.db --yes",
            "launchpad restore /backups/launchpad.db --yes --json",
        ),
        _restore,
        (
            _FILE,
            argument("--yes", action="store_true", help="Confirm that a registry is replaced"),
        ),
        details="The former registry is kept beside the new one. Executions must not be running. "
        "In a new home folder nothing is replaced, and --yes is not required.",
    ),
)

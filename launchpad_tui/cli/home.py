"""Commands on the home folder: reconcile, paths and settings."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.cli import output
from launchpad_tui.cli.command import COMMAND_GROUPS, Command

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext


def _reconcile(context: CommandContext, _options: argparse.Namespace) -> None:
    context.desk.executions.reconcile()
    context.done("Reconciled all executions.", {"reconciled": True})


def _paths(context: CommandContext, _options: argparse.Namespace) -> None:
    # The registry is not opened, so that this works when it is damaged.
    home = context.home
    data = {
        "home": str(home.root),
        "registry": str(home.registry_path),
        "files": str(home.files),
        "executions": str(home.executions),
        "code": str(home.code_snapshots),
        "secrets": str(home.secrets),
        "settings": str(home.settings_path),
        "credentials": str(home.credentials_path),
        "clients": str(home.clients_path),
        "log": str(home.log_path),
    }
    context.resource(data, list(data.items()))


def _settings(context: CommandContext, _options: argparse.Namespace) -> None:
    from launchpad_tui.config.settings import Settings

    settings = Settings.load(context.home)
    data = settings.by_section()
    # The values of the file: TOML writes strings, numbers and booleans as JSON does.
    lines = [
        (f"{section}.{key}", output.json_text(value))
        for section, values in data.items()
        for key, value in values.items()
    ]
    if context.output in {"csv", "markdown", "name"}:
        rows = [
            {"name": f"{section}.{key}", "value": value}
            for section, values in data.items()
            for key, value in values.items()
        ]
        context.print_data({"settings": rows}, rows="settings")
    else:
        context.resource(data, lines)
    for warning in settings.warnings:
        context.note(warning)
    if settings.keys:
        from launchpad_tui.ui.key_reference import key_problems

        for problem in key_problems(settings.keys):
            context.note(problem)


def _edit_settings(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.editing import edit_settings

    edit_settings(context, options)


COMMANDS = (
    Command(
        ("reconcile",),
        COMMAND_GROUPS["reconcile"].help,
        ("launchpad reconcile", "launchpad reconcile --quiet"),
        _reconcile,
    ),
    Command(
        ("paths",),
        COMMAND_GROUPS["paths"].help,
        ("launchpad paths", "launchpad paths --json"),
        _paths,
    ),
    Command(
        ("settings",),
        COMMAND_GROUPS["settings"].help,
        ("launchpad settings", "launchpad settings --json"),
        _settings,
    ),
    Command(
        ("settings", "edit"),
        "Edit the settings in an editor",
        ("launchpad settings edit", "launchpad settings edit --quiet"),
        _edit_settings,
        details=(
            "Opens the file in the program that VISUAL or EDITOR names. The settings are checked "
            "before they are saved."
        ),
    ),
)

"""Open the terminal interface. The argument parser is not imported here, to start faster."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from launchpad_tui.services.desk import Desk


def open_ui(
    home: Path | None, route: str = "models", params: Mapping[str, Any] | None = None
) -> int:
    """Open the terminal interface and return its exit code.

    Args:
        home: the home folder; None for the one of the environment.
        route: the id of the route of the first screen.
        params: arguments of the first screen's constructor.

    Raises:
        ConfigError: Standard input or output is not a terminal.
    """
    check_terminal()
    from launchpad_tui.config.logfile import setup
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.services.update_note import update_note
    from launchpad_tui.ui import run_ui

    # Errors in the home folder or the settings are reported on standard error, before the
    # terminal switches to full-screen mode.
    place = (Home.at(home) if home else Home.find()).ensure()
    settings = Settings.load(place)
    setup(place)

    def open_home() -> Desk:
        from launchpad_tui.bootstrap import open_desk

        return open_desk(place)

    if note := update_note(place.registry_path):
        print(note, file=sys.stderr)
        open_home().close()
    code = run_ui(open_home, route, params, theme=settings.ui.theme)
    # Imported before, it would load Textual before `run_ui` prepares for that.
    from launchpad_tui.ui.shell import START_DEMO

    if code == START_DEMO:
        # Another home is opened, with services of its own, so a new process is simpler.
        os.execv(sys.executable, [sys.executable, "-m", "launchpad_tui", "demo"])
    return code


def check_terminal(hint: str = "In scripts, use commands: launchpad --help") -> None:
    """Raise ConfigError if standard input or output is not a terminal.

    Args:
        hint: What to do without a terminal.
    """
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The terminal interface requires a terminal",
            "Standard input or standard output is not a terminal.",
            hint,
        )

"""Open the terminal interface. The argument parser is not imported here, to start faster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from launchpad_tui.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from launchpad_tui.services.desk import Desk


def open_ui(home: Path | None, route: str = "models") -> int:
    """Open the terminal interface and return its exit code.

    Raises:
        ConfigError: Standard input or output is not a terminal.
    """
    check_terminal()
    from launchpad_tui.config.logfile import setup
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.ui import run_ui

    # Errors in the home folder or the settings are reported on standard error, before the
    # terminal switches to full-screen mode.
    place = (Home.at(home) if home else Home.find()).ensure()
    Settings.load(place)
    setup(place)

    def open_home() -> Desk:
        from launchpad_tui.bootstrap import open_desk

        return open_desk(place)

    return run_ui(open_home, route)


def check_terminal() -> None:
    """Raise ConfigError if standard input or output is not a terminal."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The terminal interface requires a terminal",
            "Standard input or standard output is not a terminal.",
            "In scripts, use commands: launchpad --help",
        )

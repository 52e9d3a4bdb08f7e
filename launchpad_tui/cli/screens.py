"""The door to the terminal interface. It imports nothing that parses: without arguments there is nothing to parse."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from launchpad_tui.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from launchpad_tui.services.desk import Desk


def open_ui(home: Path | None, route: str = "models") -> int:
    """Open the terminal interface; its exit code.

    Raises:
        ConfigError: there is no terminal.
    """
    check_terminal()
    from launchpad_tui.config.logfile import setup
    from launchpad_tui.config.paths import Home
    from launchpad_tui.config.settings import Settings
    from launchpad_tui.ui import run_ui

    # Before the screen is taken: what is wrong with the home or the settings belongs on standard error.
    place = (Home.at(home) if home else Home.find()).ensure()
    Settings.load(place)
    setup(place)

    def open_home() -> Desk:
        from launchpad_tui.bootstrap import open_desk

        return open_desk(place)

    return run_ui(open_home, route)


def check_terminal() -> None:
    """Raises ConfigError where there is no terminal to draw on."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "There is no terminal to draw on",
            "Standard input and output have to be a terminal.",
            "For scripts there are commands: launchpad --help",
        )

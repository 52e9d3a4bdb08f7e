"""The width of the terminal, without the import of shutil."""

from __future__ import annotations

import os
import sys


def terminal_width() -> int:
    """Return the width of the terminal in cells; 80 if it is unknown.

    As ``shutil.get_terminal_size`` does, the environment variable COLUMNS is preferred.
    """
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns > 0:
        return columns
    if sys.__stdout__ is None:
        return 80
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80
    except (ValueError, OSError):
        # Standard output is closed, or is not a terminal.
        return 80

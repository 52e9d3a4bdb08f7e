"""The size of the terminal, without the import of shutil."""

from __future__ import annotations

import os
import sys


def terminal_width() -> int:
    """Return the width of the terminal in cells; 80 if it is unknown.

    As ``shutil.get_terminal_size`` does, the environment variable COLUMNS is preferred.
    """
    return _size("COLUMNS", 0, 80)


def terminal_height() -> int:
    """Return the number of lines of the terminal; 24 if it is unknown. LINES is preferred."""
    return _size("LINES", 1, 24)


def _size(variable: str, place: int, unknown: int) -> int:
    try:
        named = int(os.environ.get(variable, ""))
    except ValueError:
        named = 0
    if named > 0:
        return named
    if sys.__stdout__ is None:
        return unknown
    try:
        return os.get_terminal_size(sys.__stdout__.fileno())[place] or unknown
    except (ValueError, OSError):
        # Standard output is closed, or is not a terminal.
        return unknown

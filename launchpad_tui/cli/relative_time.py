"""Times relative to the present, as tables on terminals show them."""

from __future__ import annotations

from datetime import datetime

#: The units of relative times, the greatest first: seconds and symbol.
_UNITS = ((365 * 86400, "y"), (86400, "d"), (3600, "h"), (60, "m"))


def relative_time(timestamp: datetime) -> str:
    """Return the age of a time in its largest unit, such as ``3h`` or ``2d``; ``in 3h`` if it is in
    the future."""
    from launchpad_tui.domain.timestamps import now

    seconds = (now() - timestamp).total_seconds()
    size, unit = next((each for each in _UNITS if abs(seconds) >= each[0]), (1, "s"))
    text = f"{int(abs(seconds) // size)}{unit}"
    return f"in {text}" if seconds < 0 else text

"""Values of conditions with units: periods such as ``2h``, and sizes such as ``1.5 GB``."""

from __future__ import annotations

import re
from datetime import timedelta

_PERIOD = re.compile(r"-?(\d+(?:\.\d+)?)\s*(s|m|h|d|w)(?:\s+ago)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE)
_POWERS = ("", "k", "m", "g", "t", "p")
#: the longest period in seconds, about 300 years
_LONGEST = 1e10


def period(text: str) -> timedelta | None:
    """Return the period in a text such as ``30m``, ``2h`` or ``7d ago``; None for another text."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        return None
    seconds = float(match[1]) * _SECONDS[match[2]]
    return timedelta(seconds=seconds) if seconds <= _LONGEST else None


def size(text: str) -> float | None:
    """Return the bytes in a text such as ``500``, ``1 MB`` or ``1.5GiB``; None for another text."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    base = 1024 if match[3] else 1000
    return float(match[1]) * float(base ** _POWERS.index(match[2].lower()))

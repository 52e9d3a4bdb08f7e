"""Conversion of timestamps: aware datetimes in UTC, microseconds since 1970, and text."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)


def to_micros(timestamp: datetime) -> int:
    """Return an aware datetime as exact whole microseconds since 1970-01-01T00:00:00Z."""
    return (timestamp - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return whole microseconds since 1970-01-01T00:00:00Z as an aware UTC datetime."""
    return EPOCH + micros * _MICROSECOND


def to_rfc3339(timestamp: datetime) -> str:
    """Return text such as ``2026-01-31T12:00:00Z`` (AI API, section 2).

    It has six fractional digits unless the seconds are whole.
    """
    text = timestamp.astimezone(UTC).isoformat(timespec="auto")
    return text.removesuffix("+00:00") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Parse an RFC 3339 timestamp.

    Fractional digits after the sixth are ignored; a missing offset means UTC.

    Raises:
        ValueError: the text is not an RFC 3339 timestamp.
    """
    head, dot, tail = text.strip().partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        head = f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
    timestamp = datetime.fromisoformat(head)
    try:
        return (
            timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp.astimezone(UTC)
        )
    except OverflowError as error:
        raise ValueError(f"{text.strip()!r} is before the year 1 or after 9999 in UTC") from error


def duration_text(seconds: float) -> str:
    """Return a duration as text, such as ``850 ms``, ``12.3 s``, ``4 m 05 s`` or ``2 d 04 h``."""
    if not math.isfinite(seconds):
        return f"{seconds}"
    if seconds < 0:
        return "-" + duration_text(-seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def age_text(seconds: float) -> str:
    """Return a time span in its largest unit, at most six cells wide: ``26 m``, ``3 d``."""
    for size, unit in ((365 * 86400, "y"), (86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"

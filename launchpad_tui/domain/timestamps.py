"""Timestamps: aware UTC datetimes in the domain, whole microseconds since 1970 in the registry."""

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
    """Return ``2026-01-31T12:00:00Z``, with six fractional digits if needed (AI API, section 2)."""
    text = timestamp.astimezone(UTC).isoformat(timespec="auto")
    return text.removesuffix("+00:00") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Parse an RFC 3339 timestamp.

    More than six fractional digits are cut; a missing offset means UTC.

    Raises:
        ValueError: the text is not such a timestamp.
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
    """Return a duration as text.

    ``850 ms``, ``12.3 s``, ``4 m 05 s``, ``3 h 07 m``, ``2 d 04 h``.
    """
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


def age_text(timestamp: datetime, at: datetime) -> str:
    """Return the age at the time ``at`` in one unit.

    ``now``, ``12s``, ``5m``, ``3h``, ``9d``, ``2y``.
    """
    seconds = (at - timestamp).total_seconds()
    if seconds < 1:
        return "now"
    for limit, size, unit in (
        (60, 1, "s"),
        (3600, 60, "m"),
        (86400, 3600, "h"),
        (86400 * 730, 86400, "d"),
    ):
        if seconds < limit:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds // (86400 * 365))}y"

"""Terms of a search that rows show as the time of creation or as the size of the files.

Rows show ``2026-01-31 12:00`` in the time zone of this machine, and ``58.5 kB``. Neither is in the
search text: the time zone may change, and so does the size of files.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import MAXYEAR, datetime, timedelta

from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.records import record

_DATE = re.compile(r"(\d{4})-(\d{0,2})(?:(?<=\d\d)-(\d{0,2}))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:(?<=\d\d):(\d{0,2}))?", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,3})?", re.ASCII)
#: bytes of the units in which `numbers.size_text` writes sizes, case-folded
_UNITS = {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15, "eb": 1e18}
_LARGEST = 2**63 - 1


@record
class ShownValue:
    """The rows that show a term.

    Attributes:
        column: ``created_at`` or ``size``.
        low: the smallest value of the column, in microseconds or bytes.
        high: the largest value.
    """

    column: str
    low: int
    high: int


def joined(terms: Sequence[str]) -> tuple[str, ...]:
    """Return terms with those joined by a space that rows show as one value.

    These are a date and the time after it, and a number and the unit after it.
    """
    found: list[str] = []
    for term in terms:
        before = found[-1] if found else ""
        if (_DAY.fullmatch(before) and _TIME.fullmatch(term)) or (
            _NUMBER.fullmatch(before) and term in _UNITS
        ):
            found[-1] = f"{before} {term}"
        else:
            found.append(term)
    return tuple(found)


def shown_value(term: str) -> ShownValue | None:
    """Return the rows that show a term of `joined`; None if it is neither a time nor a size."""
    first, _, second = term.partition(" ")
    date = _DATE.fullmatch(first)
    if date is not None:
        return _created(date, second)
    return _size(first, second) if second in _UNITS else None


def _created(date: re.Match[str], time: str) -> ShownValue | None:
    """Return the rows that were created in the time that starts with a part of a date."""
    year, month, day = int(date.group(1)), date.group(2), date.group(3) or ""
    months = [one for one in range(1, 13) if f"{one:02}".startswith(month)]
    if not 1 <= year < MAXYEAR or not months:
        return None
    if not day:
        last = months[-1]
        return _range(datetime(year, months[0], 1), datetime(year, last, monthrange(year, last)[1]))
    days = [
        one for one in range(1, monthrange(year, months[0])[1] + 1) if f"{one:02}".startswith(day)
    ]
    if not days:
        return None
    start, end = (datetime(year, months[0], each) for each in (days[0], days[-1]))
    at = _TIME.fullmatch(time)
    if at is None:
        return _range(start, end)
    hours = [one for one in range(24) if f"{one:02}".startswith(at.group(1))]
    minutes = [one for one in range(60) if f"{one:02}".startswith(at.group(2) or "")]
    if not hours or not minutes:
        return None
    end = end.replace(hour=hours[-1], minute=minutes[-1])
    return _between(start.replace(hour=hours[0], minute=minutes[0]), end + timedelta(minutes=1))


def _range(first: datetime, last: datetime) -> ShownValue:
    """Return the rows that were created on the days from the first to the last one."""
    return _between(first, last + timedelta(days=1))


def _between(start: datetime, end: datetime) -> ShownValue:
    """Return the rows that were created between two local times, without the second one."""
    return ShownValue("created_at", to_micros(start.astimezone()), to_micros(end.astimezone()) - 1)


def _size(number: str, unit: str) -> ShownValue:
    """Return the rows whose size is rounded to a number with as many decimals."""
    decimals = len(number.partition(".")[2])
    half = 0.0 if unit == "b" else 0.5 * 10.0**-decimals
    low, high = ((float(number) + side * half) * _UNITS[unit] for side in (-1, 1))
    return ShownValue("size", max(0, round(low)), min(round(high), _LARGEST))

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.domain.timestamps import (
    age_text,
    duration_text,
    from_micros,
    parse_rfc3339,
    to_micros,
    to_rfc3339,
)

TIMESTAMP = datetime(2026, 1, 31, 12, 0, 0, 250000, tzinfo=UTC)


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
    )
)
def test_conversions_of_timestamps_are_inverse(timestamp: datetime) -> None:
    assert from_micros(to_micros(timestamp)) == timestamp
    assert parse_rfc3339(to_rfc3339(timestamp)) == timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00.25Z", TIMESTAMP),
        ("2026-01-31T12:00:00.250000999Z", TIMESTAMP),
        ("2026-01-31T13:00:00.250000+01:00", TIMESTAMP),
        ("2026-01-31T12:00:00.25", TIMESTAMP),
        ("2026-01-31", TIMESTAMP.replace(hour=0, microsecond=0)),
    ],
)
def test_parse_rfc3339_accepts_fractions_offsets_and_dates(text: str, expected: datetime) -> None:
    assert parse_rfc3339(text) == expected


def test_parse_rfc3339_raises_for_other_text() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        parse_rfc3339("yesterday")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0042, "4 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 m 00 s"),
        (245, "4 m 05 s"),
        (3599.6, "1 h 00 m"),
        (90000, "1 d 01 h"),
        (-5, "-5.0 s"),
    ],
)
def test_duration_text(seconds: float, shown: str) -> None:
    assert duration_text(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 m"),
        (3599, "59 m"),
        (86399, "23 h"),
        (364 * 86400, "364 d"),
        (366 * 86400, "1 y"),
    ],
)
def test_an_age_is_shown_in_its_largest_unit(seconds: float, text: str) -> None:
    assert age_text(seconds) == text

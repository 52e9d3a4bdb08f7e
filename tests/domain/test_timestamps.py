from __future__ import annotations

from datetime import UTC, datetime, timedelta

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

MOMENT = datetime(2026, 1, 31, 12, 0, 0, 250000, tzinfo=UTC)


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
    )
)
def test_timestamps_survive_both_conversions(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment
    assert parse_rfc3339(to_rfc3339(moment)) == moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00.25Z", MOMENT),
        ("2026-01-31T12:00:00.250000999Z", MOMENT),
        ("2026-01-31T13:00:00.250000+01:00", MOMENT),
        ("2026-01-31T12:00:00.25", MOMENT),
        ("2026-01-31", MOMENT.replace(hour=0, microsecond=0)),
    ],
)
def test_rfc3339_in_all_its_shapes(text: str, expected: datetime) -> None:
    assert parse_rfc3339(text) == expected


def test_text_that_is_not_a_timestamp_is_an_error() -> None:
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
def test_durations(seconds: float, shown: str) -> None:
    assert duration_text(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "now"),
        (-3, "now"),
        (59, "59s"),
        (60, "1m"),
        (7200, "2h"),
        (86400 * 9, "9d"),
        (86400 * 800, "2y"),
    ],
)
def test_ages(seconds: int, shown: str) -> None:
    assert age_text(MOMENT - timedelta(seconds=seconds), MOMENT) == shown

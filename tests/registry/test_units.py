"""Periods and sizes in conditions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from launchpad_tui.registry.units import period, size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1.5h", 5400), ("-2d", 172_800), ("2w ago", 1_209_600), ("10m", 600)],
)
def test_periods(text: str, seconds: int) -> None:
    assert period(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "1y", "2026-01-31", "h", "99999999999d", "1h later"])
def test_other_texts_are_no_periods(text: str) -> None:
    assert period(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500", 500), ("1MB", 1e6), ("1.5 GiB", 1.5 * 1024**3), ("2k", 2000), ("3 TB", 3e12)],
)
def test_sizes(text: str, expected: float) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "MB", "-1", "1 XB", "nan"])
def test_other_texts_are_no_sizes(text: str) -> None:
    assert size(text) is None

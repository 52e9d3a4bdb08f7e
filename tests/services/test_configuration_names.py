"""Tests of the names that are derived from changed parameters."""

from __future__ import annotations

import pytest

from launchpad_tui.services.configurations import name_with_parameters, name_without_parameters

PARAMETERS = {"rate": "0.1", "depth": "3", "api_key": "x"}


@pytest.mark.parametrize(
    ("name", "changed", "derived"),
    [
        ("deep trees", {"rate": "0.3"}, "deep trees rate=0.3"),
        ("deep trees", {}, "deep trees"),
        ("deep rate=0.3", {"depth": "5"}, "deep rate=0.3 depth=5"),
        ("deep rate=0.3 depth=5", {"rate": "0.9"}, "deep rate=0.9 depth=5"),
        ("deep rate=0.3", {"rate": ""}, "deep"),
        # What is no parameter stays a part of the name.
        ("a=b", {"rate": "0.3"}, "a=b rate=0.3"),
        ("deep", {"rate": ""}, "deep"),
        ("deep", {"rate": "x" * 25}, "deep"),
        ("deep", {"rate": "größer"}, "deep"),
        ("deep", {"api_key": "sk-1234567890abcdef"}, "deep"),
        ("d" * 250, {"rate": "0.3"}, "d" * 250),
    ],
)
def test_name_has_the_changed_parameters(name: str, changed: dict[str, str], derived: str) -> None:
    assert name_with_parameters(name, PARAMETERS, changed) == derived


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("deep rate=0.3 depth=5", "deep depth=5"),
        ("deep rate=0.3", "deep"),
        ("rate=0.3", "train"),
        ("deep trees", "deep trees"),
        ("the rate", "the rate"),
    ],
)
def test_name_of_a_sweep_has_no_value_of_a_varied_parameter(name: str, left: str) -> None:
    assert name_without_parameters(name, {"rate"}, "train") == left

"""Values of parameters of sweeps."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.sweep import (
    MOST_EXECUTIONS,
    Values,
    grid,
    parse_values,
    random_combinations,
)
from launchpad_tui.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.001,0.01, 0.1", ("0.001", "0.01", "0.1")),
        ("adam", ("adam",)),
        ("a,a,b", ("a", "b")),
        ('"x,y",z', ("x,y", "z")),
        ("1..4", ("1", "2", "3", "4")),
        ("-2..1", ("-2", "-1", "0", "1")),
        ("0..1:5", ("0", "0.25", "0.5", "0.75", "1")),
        ("1..9:3", ("1", "5", "9")),
        ("0.1..0.3:3", ("0.1", "0.2", "0.3")),
        ("0.0001..0.1:4:log", ("0.0001", "0.001", "0.01", "0.1")),
        ("1e-4..1e-1:4:log", ("0.0001", "0.001", "0.01", "0.1")),
        ("16..256:5:log", ("16", "32", "64", "128", "256")),
        ("../data", ("../data",)),
        ("", ("",)),
    ],
)
def test_values_are_parsed(text: str, values: tuple[str, ...]) -> None:
    assert parse_values("p", text, random=False).listed == tuple(dict.fromkeys(values))


@pytest.mark.parametrize(
    "text",
    [
        "1..1",
        "5..1:3",
        "0..1:log",
        "0.5..1",
        "-1..1:3:log",
        "0..1:1",
        '"a,b',
        "1..5000",
        "1..2:9999",
    ],
)
def test_invalid_values_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_values("rate", text, random=False)
    assert caught.value.field == "parameters.rate"


def test_a_grid_has_all_combinations() -> None:
    found = grid({"a": Values(("1", "2")), "b": Values(("x", "y", "z"))})
    assert len(found) == 6
    assert found[1] == {"a": "1", "b": "y"}
    with pytest.raises(InvalidInput, match="too large"):
        grid({"a": Values(tuple(map(str, range(MOST_EXECUTIONS + 1))))})
    with pytest.raises(InvalidInput, match="too large"):
        grid({"a": Values(("1", "2"))}, limit=1)


def test_random_combinations_depend_on_the_seed_only() -> None:
    values = {
        "rate": parse_values("rate", "0.0001..0.1:log", random=True),
        "depth": parse_values("depth", "2..9", random=True),
        "kind": parse_values("kind", "a,b", random=True),
    }
    found = random_combinations(values, 20, 7)
    assert found == random_combinations(values, 20, 7) != random_combinations(values, 20, 8)
    assert len({tuple(one.values()) for one in found}) == 20
    assert all(0.0001 <= float(one["rate"]) <= 0.1 and 2 <= int(one["depth"]) <= 9 for one in found)
    # Half of logarithmic values are below the geometric mean.
    many = random_combinations(values, 400, 1)
    assert 120 < sum(float(one["rate"]) < 0.00316 for one in many) < 280


def test_random_combinations_of_lists_are_different() -> None:
    values = {"a": Values(("1", "2", "3")), "b": Values(("x", "y"))}
    found = random_combinations(values, 4, 0)
    assert len({tuple(one.items()) for one in found}) == 4
    assert all(list(one) == ["a", "b"] for one in found)
    assert len(random_combinations(values, 100, 0)) == 6
    few = {"n": parse_values("n", "1..3", random=True)}
    assert sorted(one["n"] for one in random_combinations(few, 50, 0)) == ["1", "2", "3"]

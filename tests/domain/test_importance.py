"""The importance of parameters, compared with values that were computed in other ways."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.domain.importance import (
    MIN_MODELS,
    Importance,
    f_tail,
    importance,
    ranking,
    ranks,
)


def only(column: list[float | str | None], metric: list[float | None]) -> Importance:
    (found,) = importance({"p": column}, metric)
    return found


def test_ranks_of_ties_are_means() -> None:
    assert ranks([10.0, 20.0, 20.0, 30.0]) == [1.0, 2.5, 2.5, 4.0]
    assert ranks([3.0, 1.0, 2.0]) == [3.0, 1.0, 2.0]
    assert ranks([5.0, 5.0, 5.0]) == [2.0, 2.0, 2.0]
    assert ranks([]) == []


def test_spearman_by_hand() -> None:
    # d = 0, 1, -1, 0, 0: 1 - 6 * 2 / (5 * 24).
    found = only([1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 30.0, 20.0, 40.0, 50.0])
    assert found.strength == pytest.approx(0.9)
    assert found.signed
    assert found.n == 5
    assert only([1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0]).strength == pytest.approx(-1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=5, max_size=60))
def test_spearman_is_numpys_correlation_of_ranks(pairs: list[tuple[int, int]]) -> None:
    xs, ys = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    found = only(list(xs), list(ys))
    if len(set(xs)) < 3 or len(set(ys)) < 2:
        assert not found.signed or found.strength is None
        return

    def mean_ranks(values: list[float]) -> np.ndarray:
        array = np.asarray(values)
        return np.array([(array < v).sum() + ((array == v).sum() + 1) / 2 for v in array])

    expected = np.corrcoef(mean_ranks(xs), mean_ranks(ys))[0, 1]
    assert found.strength == pytest.approx(float(expected), abs=1e-9)


def test_correlation_ratio_by_hand() -> None:
    # Means 2 and 6, of all 4: between 3 * 4 + 3 * 4 = 24, within 2 + 2, so eta squared is 24 / 28.
    found = only(["a", "a", "a", "b", "b", "b"], [1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    assert found.strength == pytest.approx(math.sqrt(24 / 28))
    assert not found.signed
    two = only([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    assert (two.strength, two.signed) == (found.strength, False)


def test_too_few_models_are_not_computed() -> None:
    found = only([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    assert (found.strength, found.p, found.n) == (None, None, 4)
    assert found.could_be_chance
    assert (
        only([1.0, 2.0, 3.0, 4.0, None, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, math.nan]).strength is None
    )
    assert MIN_MODELS == 5


@pytest.mark.parametrize(
    ("column", "metric"),
    [
        ([1.0] * 8, [float(v) for v in range(8)]),
        ([float(v) for v in range(8)], [3.0] * 8),
        ([f"name{v}" for v in range(8)], [float(v) for v in range(8)]),
        ([], []),
        ([None] * 8, [1.0] * 8),
    ],
)
def test_constant_columns_have_no_strength(
    column: list[float | str | None], metric: list[float | None]
) -> None:
    assert only(column, metric).strength is None


def test_p_is_near_the_exact_one() -> None:
    # Of the 120 orders of five, 2 are as strong as a perfect one: p = 0.0167.
    found = only([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.p == pytest.approx(2 / 120, abs=0.012)
    assert found.p == only([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0]).p
    # Of the 20 ways to select three of six values, 2 are as strong.
    groups = only(["a", "a", "a", "b", "b", "b"], [1.0, 2.0, 3.0, 5.0, 6.0, 7.0])
    assert groups.p == pytest.approx(0.1, abs=0.03)
    assert groups.could_be_chance


def test_p_is_multiplied_by_the_number_of_parameters() -> None:
    metric: list[float | None] = [float(value) for value in range(10)]
    noise = [3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0, 5.5, 3.5]
    alone = importance({"noise": noise}, metric)[0].p
    both = {
        one.name: one.p
        for one in importance(
            {"noise": noise, "other": [*noise[1:], 0.0], "flat": [1.0] * 10}, metric
        )
    }
    assert alone is not None
    assert both["noise"] == pytest.approx(min(1.0, alone * 2))
    assert both["flat"] is None


def test_p_of_noise_is_seldom_small() -> None:
    rng = random.Random(7)
    small = 0
    for _ in range(60):
        xs = [rng.random() for _ in range(12)]
        ys = [rng.random() for _ in range(12)]
        small += not only(list(xs), list(ys)).could_be_chance
    assert small <= 9


def test_f_tail_is_that_of_tables() -> None:
    # Critical values at 5 % of the F distribution, and t = 2.228 with 10 degrees of freedom.
    assert f_tail(4.96, 1, 10) == pytest.approx(0.05, abs=2e-4)
    assert f_tail(3.10, 3, 20) == pytest.approx(0.05, abs=2e-4)
    assert f_tail(2.228**2, 1, 10) == pytest.approx(0.05, abs=2e-4)
    assert f_tail(161.45, 1, 1) == pytest.approx(0.05, abs=2e-4)
    assert f_tail(0.0, 3, 9) == 1.0
    assert f_tail(1.0, 7, 7) == pytest.approx(0.5)


def test_many_models_agree_with_shuffles() -> None:
    rng = random.Random(3)
    xs = [rng.random() for _ in range(60)]
    ys = [x * 0.3 + rng.random() for x in xs]
    (found,) = importance({"p": xs}, ys)
    array = np.array(ranks(ys))
    x_ranks = np.array(ranks(xs))
    generator = np.random.default_rng(0)
    observed = abs(np.corrcoef(x_ranks, array)[0, 1])
    hits = sum(
        abs(np.corrcoef(x_ranks, generator.permutation(array))[0, 1]) >= observed
        for _ in range(4000)
    )
    assert found.p == pytest.approx((hits + 1) / 4001, abs=0.02)


def test_strongest_first_and_ranking_agree() -> None:
    metric: list[float | None] = [float(value) for value in range(20)]
    parameters: dict[str, list[float | str | None]] = {
        "weak": [float(value * 7 % 11) for value in range(20)],
        "strong": [-float(value) for value in range(20)],
        "none": [1.0] * 20,
    }
    found = importance(parameters, metric)
    assert [one.name for one in found] == ["strong", "weak", "none"]
    assert ranking(parameters, metric) == ["strong", "weak", "none"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(), st.text(max_size=2)),
            st.one_of(st.none(), st.floats()),
        ),
        max_size=20,
    )
)
def test_any_values_are_accepted(pairs: list[tuple[float | str | None, float | None]]) -> None:
    found = only([x for x, _ in pairs], [y for _, y in pairs])
    if found.strength is not None:
        assert -1 <= found.strength <= 1
        assert found.p is not None
        assert 0 < found.p <= 1

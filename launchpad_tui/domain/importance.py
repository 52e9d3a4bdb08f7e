"""The association of parameters with a metric, and whether it could be chance.

For numeric parameters with at least three different values it is Spearman's rank correlation, the
correlation of average ranks (C. Spearman, "The Proof and Measurement of Association between Two
Things", The American Journal of Psychology 15, 1904), from -1 to 1. For other parameters it is the
correlation ratio, the square root of the share of the metric's variance that lies between the
groups of equal values (R. A. Fisher, "Statistical Methods for Research Workers", 1925, section 45),
from 0 to 1, without a sign.

The p-value is that of a permutation test with 1000 shuffles of a seeded generator, including the
observed order (B. Phipson and G. K. Smyth, "Permutation P-values Should Never Be Zero", 2010). For
more than 40 models, shuffling is slow and these distributions are accurate: Student's t with n - 2
degrees of freedom for rank correlations, and Fisher's F for groups. Because several parameters are
tested, each p-value is multiplied by their number (Bonferroni).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from launchpad_tui.records import record

#: the smallest number of models for which an association is computed
MIN_MODELS = 5
#: an association with a greater p-value could be chance
SIGNIFICANCE_LEVEL = 0.05
_SHUFFLES = 1000
#: the largest number of models for which p-values come from shuffles
_SHUFFLED = 40
#: numbers with fewer different values are treated as groups
_FEW = 3

Column = Sequence[float | str | None]


@record
class Importance:
    """The association of a parameter with a metric.

    Attributes:
        strength: the rank correlation (``signed``) or the correlation ratio; None if there are too
            few models or nothing varies.
        n: the number of models that have both values.
        p: the p-value, corrected for the number of parameters; None if ``strength`` is None.
    """

    name: str
    strength: float | None
    signed: bool
    n: int
    p: float | None = None

    @property
    def could_be_chance(self) -> bool:
        """Whether shuffled values are often associated as strongly as the observed ones."""
        return self.p is None or self.p > SIGNIFICANCE_LEVEL


def importance(
    parameters: Mapping[str, Column], metric: Sequence[float | None]
) -> tuple[Importance, ...]:
    """Return the importance of each parameter for a metric.

    The strongest associations come first, parameters without a result last.

    Args:
        parameters: one column for each parameter, with one value for each model. Values that are
            None or not finite are ignored.
        metric: one value for each model.
    """
    key = tuple((name, tuple(column)) for name, column in parameters.items())
    return _importance(key, tuple(metric))


def ranking(parameters: Mapping[str, Column], metric: Sequence[float | None]) -> list[str]:
    """Return the names of the parameters, strongest first, without the slow p-values."""
    found = {
        name: _prepared(name, column, metric).found.strength for name, column in parameters.items()
    }
    return sorted(found, key=lambda name: -abs(found[name] or 0.0))


@lru_cache(maxsize=32)
def _importance(
    columns: tuple[tuple[str, tuple[float | str | None, ...]], ...],
    metric: tuple[float | None, ...],
) -> tuple[Importance, ...]:
    prepared = [_prepared(name, column, metric) for name, column in columns]
    tried = sum(one.found.strength is not None for one in prepared)
    found = [one.with_p(tried) for one in prepared]
    return tuple(
        sorted(found, key=lambda one: (one.strength is None, -abs(one.strength or 0.0), one.name))
    )


@record
class _Prepared:
    found: Importance
    statistic: Callable[[Sequence[float]], float]
    values: tuple[float, ...]
    groups: int

    def with_p(self, tried: int) -> Importance:
        one = self.found
        if one.strength is None:
            return one
        p = self._shuffled() if one.n <= _SHUFFLED else self._approximated(abs(one.strength))
        return Importance(one.name, one.strength, one.signed, one.n, min(1.0, p * tried))

    def _shuffled(self) -> float:
        random_number = random.Random(0).random
        # Results of equivalent orders may differ in their last digits.
        least = abs(self.statistic(self.values)) - 1e-12
        hits = sum(
            abs(self.statistic(sorted(self.values, key=lambda _: random_number()))) >= least
            for _ in range(_SHUFFLES)
        )
        return (hits + 1) / (_SHUFFLES + 1)

    def _approximated(self, strength: float) -> float:
        n, square = self.found.n, min(strength * strength, 1.0)
        if square >= 1:
            return 0.0
        if self.found.signed:
            # The two tails of t are one tail of F with 1 and n - 2 degrees of freedom.
            return f_tail(square * (n - 2) / (1 - square), 1, n - 2)
        between, within = self.groups - 1, n - self.groups
        return (
            f_tail(square / between * within / (1 - square), between, within) if within > 0 else 1.0
        )


def _prepared(name: str, column: Column, metric: Sequence[float | None]) -> _Prepared:
    pairs = [
        (x, y)
        for x, y in zip(column, metric, strict=False)
        if x is not None
        and y is not None
        and math.isfinite(y)
        and (isinstance(x, str) or math.isfinite(x))
    ]
    xs = [x for x, _ in pairs]
    numbers = [x for x in xs if not isinstance(x, str)]
    signed = len(numbers) == len(xs) and len(set(numbers)) >= _FEW
    groups = len({str(x) for x in xs})
    ys = _scaled([y for _, y in pairs])
    nothing = _Prepared(Importance(name, None, signed, len(pairs)), lambda _: 0.0, (), groups)
    if len(pairs) < MIN_MODELS or groups < 2 or len(set(ys)) < 2:
        return nothing
    if signed:
        x_ranks, y_ranks = _centred(ranks(numbers)), _centred(ranks(ys))
        size = math.sqrt(math.fsum(x * x for x in x_ranks) * math.fsum(y * y for y in y_ranks))

        def correlation(values: Sequence[float]) -> float:
            return sum(map(float.__mul__, x_ranks, values)) / size

        strength = max(-1.0, min(1.0, correlation(y_ranks)))
        return _Prepared(
            Importance(name, strength, True, len(pairs)), correlation, tuple(y_ranks), groups
        )
    if groups == len(pairs):
        # If every model is a group of its own, the groups explain all variance by construction.
        return nothing
    places: dict[str, list[int]] = {}
    for place, x in enumerate(xs):
        places.setdefault(str(x), []).append(place)
    members = [(its, len(its)) for its in places.values()]
    centred = _centred(ys)
    whole = math.fsum(y * y for y in centred)

    def ratio(values: Sequence[float]) -> float:
        between = 0.0
        for its, size in members:
            total = 0.0
            for place in its:
                total += values[place]
            between += total * total / size
        return math.sqrt(min(1.0, between / whole))

    return _Prepared(
        Importance(name, ratio(centred), False, len(pairs)), ratio, tuple(centred), groups
    )


def ranks(values: Sequence[float]) -> list[float]:
    """Return the ranks from 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop + 1 < len(order) and values[order[stop + 1]] == values[order[start]]:
            stop += 1
        for place in order[start : stop + 1]:
            found[place] = (start + stop) / 2 + 1
        start = stop + 1
    return found


def _scaled(values: Sequence[float]) -> list[float]:
    """Return the values scaled to at most 1, so that squares do not overflow."""
    most = max((abs(value) for value in values), default=0.0)
    return [value / most for value in values] if most else list(values)


def _centred(values: Sequence[float]) -> list[float]:
    middle = math.fsum(values) / len(values)
    return [value - middle for value in values]


def f_tail(f: float, d1: int, d2: int) -> float:
    """Return the probability of an F of at least ``f``.

    It is the regularized incomplete beta function I_x(d2/2, d1/2) at x = d2 / (d2 + d1 f)
    (Abramowitz and Stegun, 26.6.2).
    """
    return _beta(d2 / 2, d1 / 2, d2 / (d2 + d1 * f)) if f > 0 else 1.0


def _beta(a: float, b: float, x: float) -> float:
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return min(1.0, front * _fraction(a, b, x) / a)


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function by Lentz's method.

    See Abramowitz and Stegun, 26.5.8.
    """
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    found = d
    for m in range(1, 300):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 + term * d, 1 + term / c
            d = 1 / (d if abs(d) > tiny else tiny)
            c = c if abs(c) > tiny else tiny
            found *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return found

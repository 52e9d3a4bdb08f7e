"""Exponential smoothing as TensorBoard does it."""

from __future__ import annotations

import math
from collections.abc import Sequence


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """The debiased exponential moving average (TensorBoard's ``smoothed`` of scalars): each value is the weighted mean
    of all before it, the weights falling by ``weight``; values that are not finite stay as they are, passed over.

    A constant stays exactly what it is.
    """
    if weight <= 0 or len(values) < 2:
        return list(values)
    out: list[float] = []
    average, count = 0.0, 0
    constant = all(value == values[0] for value in values)
    for value in values:
        if not math.isfinite(value) or constant:
            out.append(value)
            continue
        average = average * weight + (1 - weight) * value
        count += 1
        out.append(average / (1 - weight**count))
    return out

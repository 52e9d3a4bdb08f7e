"""Exponential smoothing as in TensorBoard."""

from __future__ import annotations

import math
from collections.abc import Sequence


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Return the debiased exponential moving average (TensorBoard's ``smoothed`` of scalars).

    Each value is the weighted mean of all before it, with weights that decrease by the factor
    ``weight``. Values that are not finite are kept and ignored. A constant is not changed at all.
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

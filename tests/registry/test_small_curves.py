"""Small curves have the values of a series, or its peaks, and are read without numpy."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import Metric
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import series
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.small_curves import small_curve
from launchpad_tui.registry.window import window
from tests.registry.registry_data import START, add_execution

ID = "e000000000000001"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    found = Registry(tmp_path / "registry.db")
    first_start(found)
    add_execution(found, ID)
    yield found
    found.close()


def add(registry: Registry, values: list[float], steps: list[int] | None = None) -> int:
    """Log values one after the other, and return the row number of the series."""
    metrics = [
        Metric("loss", value, START + timedelta(seconds=place), step)
        for place, (step, value) in enumerate(zip(steps or range(len(values)), values, strict=True))
    ]
    for start in range(0, len(metrics), 50):
        series.append(registry, ID, metrics[start : start + 50])
    return series.summaries(registry, DEFAULT_SCOPE, [ID])[ID][0].id


@pytest.mark.parametrize("count", [1, 2, 40, 64])
@pytest.mark.parametrize("ended", [False, True])
def test_short_series_are_returned_as_they_are(registry: Registry, count: int, ended: bool) -> None:
    rng = random.Random(count)
    steps = list(range(count))
    rng.shuffle(steps)
    number = add(registry, [rng.random() for _ in range(count)], steps)
    if ended:
        series.seal(registry, ID)
    assert small_curve(registry, number) == tuple(map(float, window(registry, number).values))


@pytest.mark.parametrize("count", [65, 500, 3000, 20_000])
def test_peaks_of_long_series_are_kept(registry: Registry, count: int) -> None:
    values = [math.sin(step / count) for step in range(count)]
    values[count // 3], values[count // 2] = 7.5, -9.0
    steps = range(count)
    series.append_bulk(registry, ID, "loss", (), steps, steps, values, DEFAULT_SCOPE)
    number = series.summaries(registry, DEFAULT_SCOPE, [ID])[ID][0].id
    found = small_curve(registry, number)
    assert len(found) == 64
    assert (max(found), min(found)) == (7.5, -9.0)
    assert found.index(7.5) < found.index(-9.0)
    assert set(found) <= set(values)
    assert len(small_curve(registry, number, 10)) == 10


def test_points_that_were_logged_out_of_order_are_sorted(registry: Registry) -> None:
    steps = [*range(100, 200), *range(100)]
    number = add(registry, [float(step) for step in steps], steps)
    found = small_curve(registry, number)
    assert list(found) == sorted(found)
    assert (found[0], found[-1]) == (0.0, 199.0)


def test_parts_without_finite_values_are_gaps(registry: Registry) -> None:
    values = [1.0] * 100 + [math.nan] * 100 + [math.inf] * 100 + [2.0] * 100
    found = small_curve(registry, add(registry, values), 40)
    assert [math.isnan(value) for value in found] == [False] * 10 + [True] * 20 + [False] * 10


def test_a_missing_series_is_reported(registry: Registry) -> None:
    with pytest.raises(NotFound):
        small_curve(registry, 99)


def test_numpy_is_not_imported(registry: Registry) -> None:
    number = add(registry, [float(step) for step in range(300)])
    script = f"""
import sys
from pathlib import Path
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.small_curves import small_curve
assert len(small_curve(Registry(Path({str(registry.path)!r})), {number})) == 64
assert "numpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)

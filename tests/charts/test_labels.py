"""Tests of the labels of y axes."""

from __future__ import annotations

import pytest

from launchpad_tui.charts.catalog import KINDS
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Series


@pytest.mark.parametrize("kind", ["line", "scatter"])
def test_labels_of_the_y_axis_have_a_least_width(kind: str) -> None:
    series = Series("a", "a", [0.0, 1.0], [1.0, 3.0])
    table = ChartTable(
        ("a", "b"), ("a", "b"), (0, 1), {"rate": (0.1, 0.2)}, {"loss": (1.0, 3.0)}, along="rate"
    )
    data = ChartData((series,)) if kind == "line" else ChartData(table=table)
    rows = KINDS[kind].draw(ChartSpec(40, 10, label_width=7), data).text().split("\n")[:-2]
    assert {row.index("│" if "│" in row else "┤") for row in rows} == {8}

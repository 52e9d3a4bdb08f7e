"""Curves drawn by plotext: its figure is private, loaded late and given only what is in view."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from itertools import pairwise, product
from pathlib import Path
from types import FrameType

import pytest

from launchpad_tui.charts.canvas import Cell
from launchpad_tui.charts.catalog import draw
from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing, Plot, Series
from launchpad_tui.charts.plotext_curves import Figure
from tests.charts.chart_data import check_size, curves, table

ROOT = Path(__file__).parents[2]
#: calls and returns while 5 curves are drawn in 200x50 cells; noise of full height takes 1,200,000
CALLS = 2_000_000


def calls_of(work: Callable[[], object]) -> int:
    """Return the number of calls and returns that a function causes."""
    calls = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def dots(drawing: Drawing) -> set[tuple[int, int]]:
    """Return the Braille dots of the plot, by column and row from the upper left."""
    assert drawing.plot is not None
    numbers = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
    return {
        (column * 2 + across, row * 4 + down)
        for row, line in enumerate(drawing.lines)
        for column, char in enumerate("".join(span.text for span in line))
        for bit, (across, down) in enumerate(numbers)
        if "\u2800" <= char <= "\u28ff" and (ord(char) - 0x2800) >> bit & 1
    }


def test_plotext_is_loaded_with_the_first_chart() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.charts.catalog import KINDS\n"
        "from launchpad_tui.charts.model import ChartData, ChartSpec, Series\n"
        "import launchpad_tui.ui.app, launchpad_tui.ui.screens.metrics.chart\n"
        "before = 'plotext' in sys.modules\n"
        "data = ChartData((Series('a', 'a', [0.0, 1.0], [0.0, 1.0]),))\n"
        "KINDS['line'].draw(ChartSpec(40, 10), data)\n"
        "import plotext\n"
        "own = plotext._core._figure.monitor\n"
        "print(before, 'plotext' in sys.modules, own.x)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False True []\n"


def test_version_6_of_plotext_is_excluded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "plotext>=5.3.2,<6" in project["dependencies"]


def test_crossing_curves_keep_their_dots_and_the_first_is_on_top() -> None:
    spec = ChartSpec(60, 20, markers=False, y_range=(0.0, 100.0), x_range=(0.0, 100.0))
    up = Series("up", "", [0.0, 100.0], [0.0, 100.0], 0)
    down = Series("down", "", [0.0, 100.0], [100.0, 0.0], 1)
    alone = [draw_line(spec, [one]) for one in (up, down)]
    both = draw_line(spec, [up, down])
    assert dots(both) == dots(alone[0]) | dots(alone[1])
    own = [(row, span) for row, line in enumerate(alone[0].lines) for span in line]
    crossed = [(row, span) for row, line in enumerate(both.lines) for span in line]
    assert sum(len(s.text) for _, s in own if s.slot == 0) == sum(
        len(s.text) for _, s in crossed if s.slot == 0
    )


@pytest.mark.parametrize("shape", ["noise", "spikes", "zigzag", "steep"])
def test_dense_and_sparse_curves_have_the_same_dots_whatever_covers_them(shape: str) -> None:
    values = {
        "noise": [float((number * 7919) % 101) for number in range(500)],
        "spikes": [100.0 if number % 50 == 0 else 0.0 for number in range(500)],
        "zigzag": [float(number % 2) * 100 for number in range(40)],
        "steep": [0.0, 3.0, 97.0, 100.0],
    }[shape]
    x = [float(number) for number in range(len(values))]
    spec = ChartSpec(60, 20, markers=False)
    one = Series("one", "", x, values, 0)
    alone = draw_line(spec, [one])
    assert dots(draw_line(spec, [one, Series("same", "", x, values, 1)])) == dots(alone)
    # Dots of adjacent columns touch.
    found = dots(alone)
    rows = [
        [row for column, row in found if column == each]
        for each in range(min(found)[0], max(found)[0] + 1)
    ]
    assert all(min(a) <= max(b) + 1 and min(b) <= max(a) + 1 for a, b in pairwise(rows))


@pytest.mark.parametrize("zoom", [1e3, 1e6, 1e9, 1e300])
@pytest.mark.parametrize("plain", [False, True])
def test_the_work_of_a_zoom_is_bounded(zoom: float, plain: bool) -> None:
    x = [float(number) for number in range(400)]
    series = [
        Series(f"s{slot}", "", x, [math.sin(at / 9 + slot) for at in x], slot) for slot in range(5)
    ]
    spec = ChartSpec(
        200,
        50,
        x_range=(200.0 - 200 / zoom, 200.0 + 200 / zoom),
        y_range=(0.5 - 1 / zoom, 0.5 + 1 / zoom),
        ascii=plain,
    )
    drawings: list[Drawing] = []
    assert calls_of(lambda: drawings.append(draw_line(spec, series))) < CALLS
    check_size(drawings[0], 200, 50)


def test_the_work_for_noise_is_bounded() -> None:
    x = [float(number) for number in range(1000)]
    series = [
        Series(f"s{slot}", "", x, [float((n * 7919 + slot * 31) % 101) for n in range(1000)], slot)
        for slot in range(5)
    ]
    assert calls_of(lambda: draw_line(ChartSpec(200, 50), series)) < CALLS


def test_a_line_is_clipped_where_it_leaves_the_plot() -> None:
    wide = ChartSpec(80, 20, markers=False, x_range=(0.0, 10.0), y_range=(0.0, 10.0))
    # The same line, once given by points that are far outside of the plot.
    near = draw_line(wide, [Series("a", "", [0.0, 10.0], [2.0, 8.0])])
    far = draw_line(wide, [Series("a", "", [-1e6, 1e6 + 10], [2 - 6e5, 8 + 6e5])])
    missed = dots(near) ^ dots(far)
    assert len(missed) < len(dots(near)) / 10


def test_characters_cover_curves_and_every_ink_is_kept() -> None:
    plot = Plot(0, 0, 4, 2, 0.0, 1.0, 0.0, 1.0)
    figure = Figure(plot)
    figure.marks({(0, 1): ("★", (300, "bold"))})
    figure.curve([(0, 7), (7, 7), None, (4, 0)], (1, "normal"))
    figure.points([(5, 7), (99, 99), None], (2, "faint"))
    cells = figure.cells()
    assert cells[0][0] == ("★", 300, "bold")
    assert cells[0][1] == ("⠉", 1, "normal")
    assert cells[0][2] == ("⠉", 1, "normal")
    assert cells[1] == [(" ", None, "normal")] * 2 + [("⡀", 1, "normal"), (" ", None, "normal")]


@pytest.mark.parametrize("kind", ["line", "scatter", "parallel"])
def test_forty_series_keep_their_slots(kind: str) -> None:
    data = curves(40, 60) if kind == "line" else ChartData((), table(40, "dropout"))
    drawing = draw(ChartSpec(200, 50), data, kind)
    slots = {span.slot for line in drawing.lines for span in line}
    assert len(slots - {None}) > 20


def test_cells_of_several_curves_have_the_color_of_their_run() -> None:
    """Where curves share cells, the colors change as rarely as possible, and none is invented."""
    rng = random.Random(3)
    plot = Plot(0, 0, 60, 12, 0, 59, 0, 47)
    curves = [[(column, round(24 + rng.gauss(0, 8))) for column in range(120)] for _ in range(4)]

    def drawn(numbers: Sequence[int], *, long_runs: bool = False) -> list[list[Cell]]:
        figure = Figure(plot)
        for number in numbers:
            figure.curve(curves[number], (number, "faint" if number == 3 else "normal"))
        return figure.cells(long_runs=long_runs)

    def changes(rows: list[list[Cell]]) -> int:
        slots = [[slot for text, slot, _ in row if text != " "] for row in rows]
        return sum(one != other for row in slots for one, other in pairwise(row))

    front, shared = drawn(range(4)), drawn(range(4), long_runs=True)
    alone = [drawn([number]) for number in range(4)]
    for y, x in product(range(12), range(60)):
        (text, _, style), (other, slot, other_style) = front[y][x], shared[y][x]
        # A curve in the background does not cover those in front of it.
        assert (text, style) == (other, other_style)
        assert slot is None or alone[slot][y][x][0] != " "
    assert changes(shared) < 0.8 * changes(front)

"""Tables and checks for the tests of charts."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from launchpad_tui.charts.model import ChartData, ChartTable, Drawing, Series
from launchpad_tui.domain.text import cell_width

HOSTILE_LABELS = (
    "\x1b[31mred",
    "[red]x[/]",
    "😀 emoji \U0001f469\u200d\U0001f467",
    "漢字のモデル名はとても長い",
    "a\nb\tc",
    "e" + "\u0301" * 6,
    "",
    "\u202ertl",
    "\ud800",
    "x" * 300,
)
HOSTILE_NUMBERS = (
    math.nan,
    math.inf,
    -math.inf,
    1.7976931348623157e308,
    -1.7976931348623157e308,
    5e-324,
    -5e-324,
    0.0,
    -0.0,
    1e308,
    1e-300,
    0.1,
    1.0,
    -1.0,
    123456.789,
    2.0**53,
)


def table(
    count: int, along: str = "", metrics: tuple[str, ...] = ("accuracy",), seed: int = 1
) -> ChartTable:
    """Return a table of models whose accuracy rises with the learning rate.

    The last model has no dropout.
    """
    rng = random.Random(seed)
    lr = [rng.choice([1e-4, 3e-4, 1e-3, 3e-3, 1e-2]) for _ in range(count)]
    batch = [float(rng.choice([16, 32, 64, 128])) for _ in range(count)]
    optimizer = [rng.choice(["adam", "sgd", "adamw"]) for _ in range(count)]
    dropout: list[float | None] = [round(rng.random() / 2, 2) for _ in range(count)]
    if count:
        dropout[-1] = None
    accuracy = [0.8 + 0.02 * math.log10(x / 1e-4) + rng.gauss(0, 0.01) for x in lr]
    values = {
        "accuracy": tuple(accuracy),
        "val/loss": tuple(2.5 - 2 * each for each in accuracy),
        "gap": tuple(rng.gauss(0, 1) for _ in range(count)),
    }
    return ChartTable(
        tuple(f"id{number}" for number in range(count)),
        tuple(f"model-{name}-{number:03d}" for number, name in enumerate(optimizer)),
        tuple(range(count)),
        {
            "lr": tuple(lr),
            "batch_size": tuple(batch),
            "optimizer": tuple(optimizer),
            "dropout": tuple(dropout),
        },
        {name: values[name] for name in metrics},
        {"accuracy": "higher", "val/loss": "lower"},
        along,
    )


def given(
    values: Sequence[float | None],
    along: str = "",
    directions: dict[str, str] | None = None,
    **parameters: Sequence[float | str | None],
) -> ChartTable:
    """Return a table of these values of the metric ``m``; models are called m0, m1…"""
    count = len(values)
    return ChartTable(
        tuple(f"id{number}" for number in range(count)),
        tuple(f"m{number}" for number in range(count)),
        tuple(range(count)),
        {name: tuple(column) for name, column in parameters.items()},
        {"m": tuple(values)},
        directions or {},
        along,
    )


def curves(count: int, points: int) -> ChartData:
    """Return falling curves."""
    x = [float(number * 10) for number in range(points)]
    return ChartData(
        tuple(
            Series(f"s{n}", f"curve {n}", x, [(1 + n) * math.exp(-at / 200) for at in x], n)
            for n in range(count)
        )
    )


def check_size(drawing: Drawing, width: int, height: int) -> None:
    """Assert the size of a drawing in cells, and that it has no control characters."""
    assert len(drawing.lines) == max(0, height)
    for line in drawing.lines:
        text = "".join(span.text for span in line)
        assert cell_width(text) == max(0, width), repr(text)
        assert not [char for char in text if ord(char) < 32 or 0x7F <= ord(char) < 0xA0], repr(text)
    for note in drawing.notes:
        assert "\x1b" not in note
        assert "\n" not in note


def slots_at(drawing: Drawing, row: int, column: int) -> int | None:
    """Return the slot of the series that a cell belongs to."""
    at = 0
    for span in drawing.lines[row]:
        at += cell_width(span.text)
        if column < at:
            return span.slot
    return None

"""Scenes of metrics, charts and comparison over the models of the demo."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tests.scenes.demo_home import demo
from tests.scenes.harness import Scene, burst, press
from tests.scenes.seeds import nothing
from tests.scenes.trained_seeds import hostile_sweep


async def _board(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+a", "m")


async def _smooth(pilot: Pilot[Any]) -> None:
    await _board(pilot)
    await press(pilot, "s", "s")


async def _chart(pilot: Pilot[Any]) -> None:
    await _board(pilot)
    await press(pilot, "down", "right", "enter", "s", *["left"] * 12)


async def _zoomed(pilot: Pilot[Any]) -> None:
    await _board(pilot)
    await press(pilot, "down", "enter", *["left"] * 20, "plus", "plus", "|")


async def _compare(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+a", "c")


async def _baseline(pilot: Pilot[Any]) -> None:
    await _compare(pilot)
    await press(pilot, "down", "s", "b")


async def _transposed(pilot: Pilot[Any]) -> None:
    await _compare(pilot)
    await press(pilot, "t")


async def _difference(pilot: Pilot[Any]) -> None:
    await _compare(pilot)
    await press(pilot, "end", "right", "v")


async def _edit(pilot: Pilot[Any]) -> None:
    await _board(pilot)
    await press(pilot, "a", *["down"] * 4, "enter", *"parameters", "enter")


async def _kinds(pilot: Pilot[Any]) -> None:
    await _edit(pilot)
    await press(pilot, "end", "up", "enter")


async def _own_board(pilot: Pilot[Any]) -> None:
    await _board(pilot)
    for kind in ("parallel", "importance", "scatter", "heat"):
        await press(pilot, "a", "down", "down", "enter")
        await burst(pilot, "loss{phase=validation}\r")
        await press(pilot, "down", "down", "enter")
        await burst(pilot, "parameters\r")
        await press(pilot, "down", "down", "down", "enter")
        await burst(pilot, f"{kind}\r")
        await press(pilot, "w")
    await press(pilot, "end")


async def _stay(_pilot: Pilot[Any]) -> None:
    """Show the first screen as it is."""


METRICS = (
    "My Selection 6",
    "train accuracy",
    "val loss",
    "balanced",
    "enter full screen",
)
COMPARED = ("PARAMETERS", "learning_rate", "balanced", "METRICS", "val loss ▼")

SCENES = [
    Scene("metrics", demo, _board, (140, 40), expect=METRICS),
    Scene("metrics-80x24", demo, _board, (80, 24), expect=("train accuracy", "? help")),
    Scene("metrics-smoothed", demo, _smooth, (140, 40), expect=METRICS),
    Scene(
        "metrics-empty", nothing, _stay, (80, 24), start="board", expect=("No models are selected",)
    ),
    Scene("chart", demo, _chart, (140, 36), expect=("› val loss", "step ", "balanced")),
    Scene("chart-zoomed", demo, _zoomed, (100, 30), expect=("› train loss", "step ")),
    Scene("compare", demo, _compare, (160, 40), expect=COMPARED),
    Scene("compare-80x24", demo, _compare, (80, 24), expect=("PARAMETERS", "METRICS", "of 6")),
    Scene("compare-baseline", demo, _baseline, (160, 40), expect=(*COMPARED, "baseline", "%")),
    Scene("compare-wide", demo, _baseline, (200, 50), expect=("PARAMETERS", "baseline", "%")),
    Scene("compare-transposed", demo, _transposed, (160, 30), expect=("balanced", "rate too low")),
    Scene("difference", demo, _difference, (120, 36), expect=("PARAMETERS", "CUSTOM INFO", "swap")),
    Scene("chart-edit", demo, _edit, (140, 36), expect=("Against", "Parameters", "Kind")),
    Scene(
        "chart-kinds",
        demo,
        _kinds,
        (120, 36),
        expect=("Parallel coordinates", "Only available against steps"),
    ),
    Scene("board", demo, _own_board, (180, 50), expect=("My board",)),
    Scene(
        "metrics-hostile",
        hostile_sweep,
        _board,
        (120, 32),
        expect=("␛[31mred", "漢字の名前", "2 values are not"),
    ),
    Scene(
        "compare-hostile",
        hostile_sweep,
        _compare,
        (120, 36),
        expect=("␛[31mred", "PARAMETERS", "xxxxx"),
    ),
    Scene("chart-hostile", hostile_sweep, _chart, (80, 24), expect=("␛", "漢字")),
    Scene("compare-narrow", demo, _compare, (40, 24), expect=("PARAMETERS", "of 6")),
]

"""Scenes over the home of the demo: the pictures that README and manual show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from tests.scenes.demo_home import demo, training
from tests.scenes.harness import Scene, press
from tests.scenes.seeds import nothing

Drive = Callable[[Pilot[Any]], Awaitable[None]]


def keys(*names: str) -> Drive:
    """Return a function that presses keys."""

    async def drive(pilot: Pilot[Any]) -> None:
        await press(pilot, *names)

    return drive


def shown(
    name: str, drive: Drive, *expect: str, start: str = "models", size: tuple[int, int] = (120, 32)
) -> Scene:
    """Return a scene over the demo's home whose picture README shows."""
    return Scene(f"demo-{name}", demo, drive, size, start, expect, shown=True)


SCENES = [
    Scene("demo-welcome", nothing, keys(), (120, 24), "welcome", ("Run the demo",), shown=True),
    shown("models", keys("end"), "digits-model", "balanced", "val accuracy", "1–6 of 6"),
    # A list with the preview of its row, and an execution that is running.
    shown("preview-pane", keys("end", "up"), "balanced", "Metrics", "★", "Source", size=(160, 38)),
    Scene(
        "demo-live",
        training,
        keys("home", "enter"),
        (160, 40),
        "executions",
        ("RUNNING", "balanced, again", "epoch  250", "validation  last"),
        shown=True,
    ),
    shown(
        "board",
        keys("ctrl+a", "m", "s", "s"),
        "My Selection 6",
        "train accuracy",
        size=(180, 48),
    ),
    shown("model", keys("end", "up", "enter"), "Overview", "learning_rate", "balanced"),
    shown("model-metrics", keys("end", "up", "enter", "tab"), "accuracy", "confusion matrix"),
    shown("model-files", keys("enter", "tab", "tab", "V"), "intact", size=(120, 20)),
    shown("lineage", keys("L"), "this dataset", "──▶", start="datasets", size=(150, 58)),
    shown("model-add", keys("a", *"models/resnet-50"), "models/resnet-50", size=(100, 26)),
    shown("datasets", keys(), "Datasets", "digits", start="datasets", size=(120, 16)),
    shown("executions", keys(), "COMPLETED", "balanced", start="executions"),
    shown(
        "execution", keys("end", "enter"), "Executable", "balanced", "COMPLETED", start="executions"
    ),
    shown(
        "execution-log",
        keys("end", "enter", "tab", "tab"),
        "registered model",
        "balanced",
        start="executions",
    ),
    shown(
        "configurations",
        keys(),
        "balanced",
        "rate too high",
        start="configurations",
        size=(120, 24),
    ),
    shown(
        "configuration-create",
        keys("a", "right", "enter", *"bold try", "ctrl+n"),
        "learning_rate",
        start="configurations",
        size=(110, 36),
    ),
    shown("scenarios", keys(), "digits-train", start="scenarios", size=(120, 20)),
    shown("executable", keys("down", "enter", "tab"), "apiVersion", start="scenarios"),
    shown("metrics", keys("ctrl+a", "m"), "My Selection 6", "train accuracy", size=(140, 40)),
    shown(
        "chart",
        keys("ctrl+a", "m", "down", "right", "enter", "s", *["left"] * 12),
        "step ",
        "balanced",
        size=(140, 36),
    ),
    shown(
        "compare", keys("ctrl+a", "c", "down", "s"), "PARAMETERS", "balanced", "★", size=(160, 42)
    ),
    shown(
        "compare-baseline", keys("ctrl+a", "c", "down", "s", "b"), "baseline", "%", size=(160, 30)
    ),
    shown("difference", keys("ctrl+a", "c", "right", "v"), "PARAMETERS", "swap", size=(120, 34)),
    shown("stores", keys(), "default", start="stores", size=(100, 14)),
    shown("connections", keys(), "local", start="connections", size=(100, 14)),
    shown("commands", keys("colon", *"com"), "compare", size=(110, 24)),
    shown("help", keys("question_mark"), "This screen", size=(110, 34)),
]

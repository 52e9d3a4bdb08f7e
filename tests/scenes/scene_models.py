"""Scenes of the list of models, the command palette and help."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tests.scenes.harness import Scene, press
from tests.scenes.seeds import hostile, models, nothing


async def _stay(_pilot: Pilot[Any]) -> None:
    """Show the first screen as it is."""


async def _select(pilot: Pilot[Any]) -> None:
    await press(pilot, "down", "down", "space", "down", "space")


async def _search(pilot: Pilot[Any]) -> None:
    await press(pilot, "slash", *"model-01")
    await pilot.pause(0.2)


async def _commands(pilot: Pilot[Any]) -> None:
    await press(pilot, "colon", "c", "o")


async def _help(pilot: Pilot[Any]) -> None:
    await press(pilot, "question_mark")


async def _filter(pilot: Pilot[Any]) -> None:
    await press(pilot, "f", "enter", "enter", *"07", "enter")


HARMLESS = ("␛[31mred", "[bold]markup[/bold", "two␊lines", "漢字の名前")

SCENES = [
    Scene(
        "models",
        models(),
        _stay,
        (120, 30),
        expect=("1–25 of 200", "churn-model-000", "Created ▼", "live"),
    ),
    Scene(
        "models-80x24",
        models(),
        _stay,
        (80, 24),
        expect=("1–19 of 200", "more columns ▸", "? help"),
    ),
    Scene("models-selected", models(), _select, expect=("» 2 selected", "» churn-model-002")),
    Scene("models-search", models(), _search, expect=("1–10 of 10", "churn-model-019")),
    Scene("models-filter", models(), _filter, expect=("name contains 07 ×", "of 12")),
    Scene(
        "models-empty",
        nothing,
        _stay,
        (80, 24),
        expect=("No models yet", "a to add one by its URL"),
    ),
    Scene("models-hostile", hostile, _stay, (120, 24), expect=HARMLESS),
    Scene("commands", models(), _commands, expect=("Configurations", "Connections")),
    Scene(
        "help",
        models(),
        _help,
        (120, 32),
        expect=("Select metrics, parameters, labels and tags as columns", "This screen"),
    ),
]

"""Scenes of the manual and of the screens of a new home."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tests.scenes.harness import Scene, press, settled
from tests.scenes.seeds import models, nothing

SMALL = (80, 24)


async def _topics(pilot: Pilot[Any]) -> None:
    """Open the manual from the help dialog."""
    await press(pilot, "question_mark", *"manual", "enter")
    await settled(pilot)


async def _stores(pilot: Pilot[Any]) -> None:
    await _topics(pilot)
    await press(pilot, *["down"] * 8, "enter")


async def _search(pilot: Pilot[Any]) -> None:
    await _stores(pilot)
    await press(pilot, "slash", *"bucket", "enter", "n")


async def _found(pilot: Pilot[Any]) -> None:
    await press(pilot, *"model-00", "enter")
    await pilot.pause(0.3)


async def _stay(_pilot: Pilot[Any]) -> None:
    """Show the first screen as it is."""


SCENES = [
    Scene("manual", nothing, _topics, (110, 24), expect=("Getting started", "Changelog")),
    Scene("manual-topic", nothing, _stores, (110, 30), expect=("Object stores", "Kind")),
    Scene("manual-search", nothing, _search, SMALL, expect=("Match 2 of",)),
    Scene("connections-empty", nothing, _stay, SMALL, start="connections", expect=("local",)),
    Scene("schedules-empty", nothing, _stay, SMALL, start="schedules", expect=("schedules yet",)),
    Scene("stores-80x24", nothing, _stay, SMALL, start="stores", expect=("default",)),
    Scene("datasets-empty", nothing, _stay, SMALL, start="datasets", expect=("o datasets",)),
    Scene("resultsets-empty", nothing, _stay, SMALL, start="resultsets", expect=("o result sets",)),
    Scene("others-empty", nothing, _stay, SMALL, start="others", expect=("o other",)),
    Scene("everywhere-80x24", models(), _found, SMALL, start="everywhere", expect=("-model-001",)),
]

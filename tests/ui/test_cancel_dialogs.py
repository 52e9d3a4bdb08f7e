"""The key that closes wizards closes dialogs with a text field, too."""

from __future__ import annotations

from typing import Any

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.modal import LaunchpadModal
from tests.scenes.harness import press, running


@pytest.mark.parametrize(
    "dialog",
    [
        lambda: PromptDialog("Name", "a name"),
        lambda: PromptDialog("File", "/", path=True),
        lambda: ConfirmDialog("Delete it?", "It is deleted."),
        lambda: ChooseDialog("Metric", [Choice("a", "a"), Choice("b", "b")]),
    ],
    ids=["prompt", "path", "question", "choices"],
)
async def test_dialogs_are_cancelled_without_a_result(workshop_home: Home, dialog: Any) -> None:
    results: list[object] = []
    async with running(workshop_home) as pilot:
        pilot.app.push_screen(dialog(), results.append)
        await press(pilot, "x", "ctrl+x")
        assert results == [None]
        assert not isinstance(pilot.app.screen, LaunchpadModal)

"""Editing artifacts and promoting models; results are checked in the registry."""

from __future__ import annotations

from typing import Any

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import NotFound
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import MODEL, SECOND


def model(pilot: Any) -> Artifact:
    found: Artifact = pilot.app.desk.artifacts.get(DEFAULT_SCOPE, MODEL)
    return found


async def chosen(pilot: Any, key: str, *typed: str) -> None:
    """Press a key of the page of a model, and select an entry of the dialog by its text."""
    await press(pilot, key)
    for text in typed:
        await press(pilot, *text)
        await press(pilot, "enter")
    await settled(pilot)


async def test_a_model_is_edited_on_its_page(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await chosen(pilot, "e", "labels", "team=red")
        assert ("ext.ai.sap.com/team", "red") in model(pilot).labels
        await chosen(pilot, "e", "description", "!")
        assert model(pilot).description.endswith("!")
        await chosen(pilot, "e", "pin")
        assert model(pilot).pinned_at is not None
        assert "Pinned" in screen_text(pilot)
        await chosen(pilot, "e", "pin")
        assert model(pilot).pinned_at is None
        labels = len(model(pilot).labels)
        await chosen(pilot, "e", "remove", "team")
        assert len(model(pilot).labels) == labels - 1


async def test_notes_are_shown_as_markdown(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        from launchpad_tui.domain.model_version import ArtifactEdit

        edit = ArtifactEdit(notes="# Findings\n\n- overfits **late**")
        pilot.app.desk.annotations.edit(DEFAULT_SCOPE, [MODEL], edit)
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        text = screen_text(pilot)
        assert "Findings" in text
        assert "overfits late" in text


async def test_a_model_is_promoted_and_listed_with_its_alias(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await chosen(pilot, "U", "production")
        assert model(pilot).aliases == ("production",)
        pilot.app.open("models")
        await settled(pilot)
        assert f"{model(pilot).name} v1 @" in screen_text(pilot)
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await chosen(pilot, "U", "other", "green")
        assert model(pilot).aliases == ("green", "production")
        await chosen(pilot, "U", "production")
        assert model(pilot).aliases == ("green",)


async def test_a_deleted_model_is_restored(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        name = model(pilot).name
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        # Executions use the model, so that a second dialog shows the consequence.
        await press(pilot, "D", "enter")
        assert "used by executions" in screen_text(pilot)
        await press(pilot, "n")
        assert model(pilot).name == name
        await press(pilot, "D", "enter", "y")
        await settled(pilot)
        with pytest.raises(NotFound):
            model(pilot)
        pilot.app.open("models")
        await settled(pilot)
        await press(pilot, "Z")
        assert f"model {name}" in screen_text(pilot)
        await press(pilot, "enter")
        await settled(pilot)
        assert model(pilot).name == name
        await press(pilot, "Z")
        assert "The trash is empty" in screen_text(pilot)


async def test_notes_that_cannot_be_saved_are_kept_in_a_file(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.open("artifact", item_id=MODEL)
        await settled(pilot)
        monkeypatch.setattr(app, "edit_text", lambda _before: "a long text")

        def full(*_arguments: object) -> None:
            raise NotFound("The registry is full", "No space left on the device")

        monkeypatch.setattr(type(app.desk.annotations), "edit", full)
        await chosen(pilot, "e", "notes")
        text = screen_text(pilot)
        assert "The registry is full" in text
        assert "Your notes are kept in" in text
        (kept,) = workshop_home.root.glob("notes-*.md")
        assert kept.read_text("utf-8") == "a long text"


async def test_values_are_added_to_a_model_and_removed(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.open("artifact", item_id=SECOND)
        await settled(pilot)
        await chosen(pilot, "e", "etrics", "f1=0.5 loss=3")
        await chosen(pilot, "e", "parameters", "depth=8")
        await chosen(pilot, "e", "tags", "team=red")
        await settled(pilot)
        (item,) = pilot.app.desk.compare.artifacts(DEFAULT_SCOPE, [SECOND])
        assert [one.key for one in item.series] == ["f1", "loss"]
        assert item.configuration.parameters == {"depth": "8"}
        assert item.tags == {"team": "red"}
        text = screen_text(pilot)
        assert "metric f1" in text
        assert "depth" in text
        await chosen(pilot, "e", "etrics", "f1=high")
        assert "is not a number" in screen_text(pilot)
        await press(pilot, "escape")
        await chosen(pilot, "e", "added", "loss")
        (item,) = pilot.app.desk.compare.artifacts(DEFAULT_SCOPE, [SECOND])
        assert [one.key for one in item.series] == ["f1"]
        await press(pilot, "m")
        assert "f1" in screen_text(pilot)


async def test_added_values_are_undone(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await chosen(pilot, "e", "etrics", "f1=0.5")
        assert "press z to undo" in screen_text(pilot)
        sources = app.desk.annotations.attribute_sources
        assert [name for _, name in sources(DEFAULT_SCOPE, MODEL)] == ["f1"]
        await press(pilot, "z")
        assert "Undo the addition of values to churn" in screen_text(pilot)
        await press(pilot, "enter")
        assert not sources(DEFAULT_SCOPE, MODEL)


async def test_parameters_of_a_trained_model_are_not_offered(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        pilot.app.open("artifact", item_id=MODEL)
        await settled(pilot)
        await press(pilot, "e")
        assert "set by the configuration" in " ".join(screen_text(pilot).split())


async def test_the_last_change_is_undone_after_a_question(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "z")
        assert "Nothing to undo in local/default" in screen_text(pilot)
        await chosen(pilot, "e", "description", "!")
        assert "press z to undo" in screen_text(pilot)
        await press(pilot, "3", "z")
        assert "Undo the edit of churn-model v1?" in screen_text(pilot)
        await press(pilot, "n")
        assert model(pilot).description.endswith("!")
        await press(pilot, "z", "enter")
        await settled(pilot)
        assert "Undid the edit of churn-model v1" in screen_text(pilot)
        assert not model(pilot).description.endswith("!")

"""The names of models with version and aliases, and the notes of lists in narrow terminals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.ui.palettes import BY_NAME
from launchpad_tui.ui.screens.models.artifact_columns import name_cell
from launchpad_tui.ui.theme import UNICODE, Look
from tests.scenes.harness import press, running, screen_text, settled

LOOK = Look(BY_NAME["dark"], UNICODE)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def model(version: int | None, *aliases: str) -> Artifact:
    kind = ArtifactKind.DATASET if version is None else ArtifactKind.MODEL
    return Artifact(
        id="1",
        name="churn",
        kind=kind,
        url="ai://a/b",
        description="",
        scenario_id="",
        execution_id="",
        labels=(),
        size=None,
        created_at=AT,
        modified_at=AT,
        version=version,
        aliases=aliases,
    )


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (30, "churn v1 @champion"),
        (17, "churn @champion"),
        (14, "churn v1 @…"),
        (9, "churn v1"),
    ],
)
def test_a_narrow_name_keeps_version_or_alias(width: int, text: str) -> None:
    assert name_cell(model(1, "champion"), LOOK).fitting(width) == text


def test_models_have_a_version_and_datasets_have_none() -> None:
    assert name_cell(model(1), LOOK).text == "churn v1"
    assert name_cell(model(None), LOOK).text == "churn"


async def test_a_narrow_list_shortens_the_note_of_further_columns(workshop_home: Home) -> None:
    for width, note in ((40, "more ▸"), (80, "more columns ▸")):
        async with running(workshop_home, "configurations", size=(width, 20)) as pilot:
            await settled(pilot)
            line = next(each for each in screen_text(pilot).splitlines() if " of " in each)
            assert line.rstrip().endswith(f"  {note}")


async def test_versions_are_distinguished_where_models_are_named(workshop_home: Home) -> None:
    async with running(workshop_home, "models", size=(120, 30)) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        assert "› Models › churn-model v1" in screen_text(pilot)
        await press(pilot, "D")
        assert "Delete churn-model v1" in screen_text(pilot)
        await press(pilot, "escape", "ctrl+g", *"churn-model")
        assert "churn-model v1" in screen_text(pilot)

"""The screens of artifacts and lineage; results are checked in the registry and on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.ui.screens.executions.execution import ExecutionScreen
from launchpad_tui.ui.screens.models.artifact import ArtifactScreen
from launchpad_tui.ui.screens.models.artifact_add import ArtifactAddScreen
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import paste, press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED, MODEL, SECOND


async def show(pilot: Any, route: str, **params: Any) -> None:
    pilot.app.open(route, **params)
    await settled(pilot)


def names(pilot: Any, kind: ArtifactKind) -> list[str]:
    listing = pilot.app.desk.artifacts.listing(DEFAULT_SCOPE, kind, Query())
    return [row.artifact.name for row in listing.slice(0, 100)]


async def test_tabs_show_overview_metrics_files_and_lineage(workshop_home: Home) -> None:
    async with running(workshop_home, size=(120, 34)) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        assert "Made for the spring campaign" in screen_text(pilot)
        assert "  customers             customers" in screen_text(pilot)
        await press(pilot, "tab")
        text = screen_text(pilot)
        assert "Points  1–" in text
        assert "of 80" in text
        assert "  val loss  " in text
        assert "{" not in text
        await press(pilot, "tab")
        assert "model.bin" in screen_text(pilot)
        await press(pilot, "tab")
        assert "─ result set ─" in screen_text(pilot)
        await press(pilot, "L")
        assert "result set churn report" in screen_text(pilot)
        await press(pilot, "tab")
        assert "Made for the spring campaign" in screen_text(pilot)


async def test_metrics_are_shown_beside_the_facts_or_among_them(workshop_home: Home) -> None:
    async with running(workshop_home, size=(120, 40)) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        lines = screen_text(pilot).splitlines()
        (beside,) = [line for line in lines if "val loss" in line]
        assert beside.index("│") > 60
        assert "0.025" in beside
        assert any("★ 0.025 @ 39" in line for line in lines)
        await pilot.resize_terminal(100, 40)
        await settled(pilot)
        (among,) = [line for line in screen_text(pilot).splitlines() if "val loss" in line]
        assert "│" not in among
        assert "▁" in among
        assert "★ 0.025 @ 39" in among
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
        assert beside in screen_text(pilot)


async def test_verify_shows_changed_files_and_record_accepts_them(workshop_home: Home) -> None:
    files = workshop_home.files / "models" / "churn"
    async with running(workshop_home) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        (files / "model.bin").write_bytes(b"other")
        (files / "card.md").unlink()
        (files / "new.txt").write_bytes(b"new")
        await press(pilot, "V")
        text = screen_text(pilot)
        assert "! changed" in text
        assert "✗ missing" in text
        assert "! extra" in text
        assert "1 changed" in text
        before = pilot.app.desk.files.recorded(DEFAULT_SCOPE, MODEL)
        await press(pilot, "R", "n")
        assert pilot.app.desk.files.recorded(DEFAULT_SCOPE, MODEL) == before
        await press(pilot, "R", "y")
        recorded = pilot.app.desk.files.recorded(DEFAULT_SCOPE, MODEL)
        assert {each.path for each in recorded} == {"model.bin", "new.txt"}
        await press(pilot, "V")
        assert "2 intact" in screen_text(pilot)


async def test_files_are_verified_from_the_list(workshop_home: Home) -> None:
    async with running(workshop_home, size=(200, 50)) as pilot:
        assert "? unverified" in screen_text(pilot)
        await press(pilot, "*")
        text = screen_text(pilot)
        assert "Verified 2 artifacts: 1 missing, 1 intact" in text
        assert "✗ missing" in text
        assert "✓ intact" in text
        (workshop_home.files / "models" / "churn" / "card.md").write_text("else")
        await press(pilot, "ctrl+a", "V")
        assert "Verified 2 artifacts: 1 missing, 1 changed" in screen_text(pilot)
        assert pilot.app.desk.artifacts.get(DEFAULT_SCOPE, MODEL).files_state == "changed"


async def test_files_of_an_intact_model_are_shown_as_intact(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        await press(pilot, "tab", "tab")
        assert "✓ intact" in screen_text(pilot)
        assert "not verified" not in screen_text(pilot)
        (workshop_home.files / "models" / "churn" / "card.md").write_text("else")
        await press(pilot, "V", "escape")
        await show(pilot, "artifact", item_id=MODEL)
        await press(pilot, "tab", "tab")
        # The registry has the state of all files together: which of them changed is not known.
        assert "✓ intact" not in screen_text(pilot)
        assert "not verified" in screen_text(pilot)


async def test_several_artifacts_are_downloaded_into_separate_folders(
    workshop_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(workshop_home) as pilot:
        await press(pilot, "ctrl+a", "d", *["backspace"], *"all", "enter", "ctrl+t")
        text = screen_text(pilot)
        assert "Download churn-model" in text
        assert "✓ done" in text
        assert "✗ failed" in text
        assert "No files at ai://default/models/hand" in text
    assert (tmp_path / "all" / "churn-model" / "model.bin").read_bytes() == b"trees" * 10


async def test_download_asks_before_replacing_files(
    workshop_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(workshop_home) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        await press(pilot, "d", "enter")
        got = tmp_path / "churn-model"
        assert (got / "model.bin").read_bytes() == b"trees" * 10
        assert "Downloaded 2 files" in screen_text(pilot)
        (got / "card.md").write_bytes(b"mine")
        await press(pilot, "d", "enter")
        assert "Replace the existing files?" in screen_text(pilot)
        await press(pilot, "enter")
        assert "Replace the existing files?" in screen_text(pilot)
        await press(pilot, "n")
        assert (got / "card.md").read_bytes() == b"mine"
        await press(pilot, "d", "enter", "y")
        assert (got / "card.md").read_bytes() == b"# it\n"


async def test_disabled_actions_show_their_reason(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "artifact", item_id=SECOND)
        await press(pilot, "m")
        assert "No execution created this artifact, and no metrics were added" in screen_text(pilot)
        await press(pilot, "p")
        assert "Open the Metrics tab to show points" in screen_text(pilot)
        await press(pilot, "home", "y")
        assert "This line has no value to copy" in screen_text(pilot)


async def test_details_link_to_the_execution(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        await press(pilot, *["down"] * 20)
        lines = screen_text(pilot)
        await press(pilot, "home")
        place = next(i for i, line in enumerate(lines.split("\n")) if "  Execution  " in line)
        await press(pilot, *["down"] * (place - 2), "enter")
        screen: Any = pilot.app.screen
        assert isinstance(screen, ExecutionScreen)
        assert screen.item_id == COMPLETED


async def test_wizard_adds_an_artifact_to_the_registry(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "2", "a", *"data/spring", "enter", *"spring data", "enter", *"Raw")
        await press(pilot, "enter", *"stage=raw", "enter", "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "ai://default/data/spring" in text
        assert "spring data" not in names(pilot, ArtifactKind.DATASET)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ArtifactScreen)
        added = pilot.app.desk.artifacts.get(DEFAULT_SCOPE, pilot.app.screen.item_id)
        assert (added.name, added.url, added.description) == (
            "spring data",
            "ai://default/data/spring",
            "Raw",
        )
        assert dict(added.labels) == {"ext.ai.sap.com/stage": "raw"}
        assert added.kind is ArtifactKind.DATASET
        await press(pilot, "escape")
        assert "spring data" in screen_text(pilot)


@pytest.mark.parametrize(
    ("typed", "message"),
    [("ai://nowhere/x", "has no object store 'nowhere'"), ("models/x", "'models/x'")],
)
async def test_invalid_url_is_reported_below_its_field_and_kept(
    workshop_home: Home, typed: str, message: str
) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a", "ctrl+u", *typed, "ctrl+n")
        lines = screen_text(pilot).split("\n")
        field = next(i for i, line in enumerate(lines) if line[1:].startswith("URL *"))
        assert typed in lines[field]
        assert "✗" in lines[field + 1]
        assert message in " ".join(lines[field + 1 : field + 4])
        assert pilot.app.screen.query_one(Form).values()["url"] == typed


async def test_invalid_name_is_refused(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a", *"models/churn", "tab")
        await paste(pilot, "naïve")
        await press(pilot, "ctrl+n")
        assert "● Model" in screen_text(pilot)
        assert "✗ The name 'naïve' is not valid" in screen_text(pilot)


async def test_a_url_without_files_is_reported_where_it_was_typed(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a")
        await paste(pilot, "ai://default/nothing/here")
        await press(pilot, "ctrl+n")
        text = " ".join(screen_text(pilot).split())
        assert "● Model" in text
        assert "The object store default has no files at nothing/here" in text
        await press(pilot, "ctrl+n")
        assert "● Review" in screen_text(pilot)
        await press(pilot, "escape")
        await paste(pilot, "ai://absent/model")
        await press(pilot, "ctrl+n", "ctrl+n")
        assert "has no object store 'absent'" in screen_text(pilot)


async def test_the_proposed_url_is_in_a_store_that_exists(workshop_home: Home) -> None:
    desk = open_desk(workshop_home)
    desk.artifacts.add(DEFAULT_SCOPE, ArtifactKind.MODEL, "far", "ai://archive/far", "churn")
    desk.close()
    async with running(workshop_home) as pilot:
        await press(pilot, "a")
        assert pilot.app.screen.query_one(Form).values()["url"] == "ai://archive/"
        await press(pilot, "escape", "2", "a")
        assert pilot.app.screen.query_one(Form).values()["url"] == "ai://default/"


async def test_pressing_enter_twice_adds_one_artifact(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a")
        await paste(pilot, "ai://default/models/once")
        await press(pilot, "ctrl+n", "ctrl+n")
        assert "● Review" in screen_text(pilot)
        await pilot.press("enter", "enter")
        await settled(pilot)
        assert names(pilot, ArtifactKind.MODEL).count("once") == 1


async def test_keys_before_the_first_step_is_shown_have_no_effect(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.open("artifact.add", kind=ArtifactKind.MODEL)
        await pilot.press("ctrl+n", "ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, ArtifactAddScreen)
        assert "unexpected error" not in screen_text(pilot)


async def test_lineage_is_drawn_as_boxes_that_keys_move_between(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "lineage", item_id=MODEL)
        (line,) = [line for line in screen_text(pilot).splitlines() if "│ customers" in line]
        assert [part.split()[-1] for part in line.split("──▶")[:-1]] == ["│"] * 4
        assert "churn report" in line
        await press(pilot, "y")
        assert pilot.app.clipboard == MODEL
        await press(pilot, "left", "y")
        assert pilot.app.clipboard == COMPLETED
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ExecutionScreen)
        await press(pilot, "escape")
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "result set churn report" in screen_text(pilot)
        await press(pilot, "L")
        assert "boxes do not fit" in screen_text(pilot)
        await pilot.resize_terminal(120, 32)
        await settled(pilot)
        assert "──▶" in screen_text(pilot)
        await press(pilot, "right", "right", "right", "enter")
        assert isinstance(pilot.app.screen, ArtifactScreen)
        assert "churn report" in screen_text(pilot)


async def test_lineage_lines_fold_open_and_copy(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "lineage", item_id=MODEL)
        await press(pilot, "L")
        (dataset,) = [one for one in screen_text(pilot).splitlines() if "dataset customers" in one]
        assert any(state in dataset for state in ("intact", "unverified", "changed", "missing"))
        await press(pilot, "down", "space")
        assert "dataset customers" not in screen_text(pilot)
        await press(pilot, "right")
        assert "dataset customers" in screen_text(pilot)
        await press(pilot, "y")
        assert pilot.app.clipboard == COMPLETED
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ExecutionScreen)
        await press(pilot, "escape", "home", "enter")
        assert "This line has no link to open" in screen_text(pilot)
        await press(pilot, "e")
        assert isinstance(pilot.app.screen, ArtifactScreen)


async def test_a_url_that_another_model_has_is_stated_before_it_is_added(
    workshop_home: Home,
) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a")
        await paste(pilot, "ai://default/models/churn")
        await press(pilot, "ctrl+n")
        assert "The URL belongs to churn-model v1" in screen_text(pilot)
        await press(pilot, "ctrl+n")
        assert "● Review" in screen_text(pilot)

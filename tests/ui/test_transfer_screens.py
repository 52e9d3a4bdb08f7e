"""The screens that browse, import, upload, preview and transfer files."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.transfer import Progress, Transfer
from launchpad_tui.ui.screens.models.artifact_add import ArtifactAddScreen
from launchpad_tui.ui.screens.stores.browse import BrowseScreen
from launchpad_tui.ui.screens.stores.preview import PreviewScreen
from launchpad_tui.ui.screens.transfers.transfers import LeaveDialog, TransfersScreen
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import paste, press, running, screen_text, settled
from tests.scenes.screen_seeds import INCOMING, MODEL


async def show(pilot: Any, route: str, **params: Any) -> None:
    pilot.app.open(route, **params)
    await settled(pilot)


def models(pilot: Any) -> dict[str, str]:
    rows = pilot.app.desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(
        0, 1000
    )
    return {row.artifact.url: row.artifact.name for row in rows}


async def test_store_is_browsed_with_keys(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "b")
        assert "▸ incoming/" in screen_text(pilot)
        await press(pilot, "enter", "down", "enter")
        text = screen_text(pilot)
        assert "ai://default/incoming/forest " in text
        assert "model.json" in text
        await press(pilot, "backspace")
        # The cursor returns to the folder that was open before.
        screen = pilot.app.screen
        assert isinstance(screen, BrowseScreen)
        assert (screen.path, screen.table.row_id) == ("incoming", "incoming/forest")
        await press(pilot, "end", "enter")
        assert isinstance(pilot.app.screen, PreviewScreen)
        assert "the second line" in screen_text(pilot)
        await press(pilot, "escape", "escape")
        assert "Object stores" in screen_text(pilot)


async def test_pages_of_a_large_folder_are_loaded_on_demand(workshop_home: Home) -> None:
    folder = workshop_home.files / "many"
    folder.mkdir()
    for number in range(1300):
        (folder / f"{number:04}.bin").touch()
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="many")
        screen = pilot.app.screen
        assert isinstance(screen, BrowseScreen)
        assert screen.table.cache.count == 500
        assert "500 loaded, scroll for more" in screen_text(pilot)
        for _ in range(3):
            await press(pilot, "end")
        assert screen.table.cache.count == 1300
        assert "scroll for more" not in screen_text(pilot)
        assert screen.table.row_id == "many/1299.bin"


async def test_a_long_name_does_not_hide_the_time_of_a_file(workshop_home: Home) -> None:
    (workshop_home.files / "incoming" / f"{'weights-' * 9}.bin").write_bytes(b"1")
    async with running(workshop_home, size=(80, 24)) as pilot:
        await show(pilot, "browse", store="default", path="incoming")
        (heading,) = [line for line in screen_text(pilot).splitlines() if " Name" in line]
        assert heading.split() == ["Name", "Size", "Changed"]


async def test_a_missing_folder_is_not_shown_as_an_empty_one(workshop_home: Home) -> None:
    (workshop_home.files / "bare").mkdir()
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="models/absent")
        assert "The object store has no folder models/absent" in screen_text(pilot)
        await show(pilot, "browse", store="default", path="bare")
        assert "The folder is empty" in screen_text(pilot)


async def test_url_is_selected_by_browsing(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a", "tab", *"mine", "shift+tab")
        await press(pilot, "ctrl+o", "enter")
        assert isinstance(pilot.app.screen, BrowseScreen)
        assert "t select" in screen_text(pilot)
        await press(pilot, "enter", "t")
        assert isinstance(pilot.app.screen, ArtifactAddScreen)
        assert (
            pilot.app.screen.query_one(Form).values()["url"] == "ai://default/incoming/bert-small"
        )
        # The URL is kept if the browser is closed without selecting a path.
        await press(pilot, "ctrl+o", "enter", "escape")
        assert (
            pilot.app.screen.query_one(Form).values()["url"] == "ai://default/incoming/bert-small"
        )
        await press(pilot, "ctrl+n", "enter")
        assert models(pilot)["ai://default/incoming/bert-small"] == "mine"


async def test_model_without_a_typed_name_has_the_last_part_of_its_url(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await press(pilot, "a", *"incoming/bert-small", "ctrl+n", "enter")
        assert models(pilot)["ai://default/incoming/bert-small"] == "bert-small"


async def test_browsed_folder_is_added_as_a_model(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="incoming")
        await press(pilot, "a", "ctrl+n", "enter")
        assert models(pilot)["ai://default/incoming/bert-small"] == "bert-small"


async def test_file_and_folder_are_deleted_after_a_question(workshop_home: Home) -> None:
    folder = workshop_home.files / "old" / "deep"
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        (folder / name).write_bytes(b"12345")
    (folder.parent / "c").write_bytes(b"1")
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="old")
        await press(pilot, "D")
        text = screen_text(pilot)
        assert "Delete deep/?" in text
        assert "2 files (10 B)" in text
        # Enter does not confirm what cannot be undone.
        await press(pilot, "enter", "escape")
        assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]
        await press(pilot, "D", "y")
        screen = pilot.app.screen
        assert isinstance(screen, BrowseScreen)
        for _ in range(100):
            if screen.table.cache.count == 1:
                break
            await pilot.pause(0.05)
        assert not folder.exists()
        assert screen.table.row_id == "old/c"
        await press(pilot, "D")
        assert "1 file (1 B)" in screen_text(pilot)


async def test_artifacts_of_the_files_are_named_before_they_are_deleted(
    workshop_home: Home,
) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="incoming")
        await press(pilot, "a", "ctrl+n", "ctrl+n", "ctrl+n", "ctrl+n", "enter")
        await show(pilot, "browse", store="default")
        screen = pilot.app.screen
        assert isinstance(screen, BrowseScreen)
        while screen.table.row_id != "incoming":
            await press(pilot, "down")
        await press(pilot, "D")
        text = " ".join(screen_text(pilot).split())
        assert "refers to them: model bert-small." in text


async def test_models_in_a_store_are_imported_once(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="incoming")
        await press(pilot, "i", "space", "space")
        await press(pilot, "a", "enter")
        assert "2 models added" in screen_text(pilot)
        added = {url for url in models(pilot) if "/incoming/" in url}
        assert added == {"ai://default/incoming/bert-small", "ai://default/incoming/forest"}
        await press(pilot, "r")
        assert "2 new, 2 added" in screen_text(pilot)
        await press(pilot, "p", *["backspace"], *"**/model.json", "enter")
        text = screen_text(pilot)
        assert "**/model.json in ai://default/incoming" in text
        assert "2 new, 0 added" in text
        await press(pilot, "p", *["backspace"] * 20, *"nothing", "enter")
        assert "No file or folder matches the pattern" in screen_text(pilot)
        await press(pilot, "a")
        assert "There is nothing to add" in screen_text(pilot)


async def test_files_are_uploaded_as_a_model(workshop_home: Home, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "weights.bin").write_bytes(b"w" * 100)
    async with running(workshop_home) as pilot:
        await press(pilot, "u")
        await paste(pilot, str(tmp_path / "nowhere"))
        await press(pilot, "enter")
        assert "✗ " in screen_text(pilot)
        pilot.app.screen.query_one(Form).set_value("source", str(tmp_path / "net"))
        await press(pilot, "ctrl+n", "ctrl+n")
        assert pilot.app.screen.query_one(Form).values()["url"] == "ai://default/net"
        pilot.app.screen.query_one(Form).set_value("url", "ai://default/models/churn")
        await press(pilot, "ctrl+n")
        assert "The URL already contains files" in screen_text(pilot)
        pilot.app.screen.query_one(Form).set_value("url", "ai://default/nets/1")
        await press(pilot, "ctrl+n", "ctrl+n")
        assert "1 file, 100 B" in screen_text(pilot)
        await press(pilot, "enter")
        assert "Uploaded and added net" in screen_text(pilot)
        assert models(pilot)["ai://default/nets/1"] == "net"
        assert pilot.app.screen.table.row.artifact.url == "ai://default/nets/1"
    assert (workshop_home.files / "nets" / "1" / "weights.bin").read_bytes() == b"w" * 100


@pytest.mark.parametrize("read", [True, False])
async def test_uploaded_files_with_metrics_are_read(
    workshop_home: Home, tmp_path: Path, read: bool
) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"w")
    (folder / "metrics.json").write_text('{"accuracy": 0.93}')
    (folder / "params.yaml").write_text("depth: 7")
    async with running(workshop_home) as pilot:
        await press(pilot, "u")
        pilot.app.screen.query_one(Form).set_value("source", str(folder))
        await press(pilot, "ctrl+n", "ctrl+n", "ctrl+n", "ctrl+n")
        assert "metrics.json, params.yaml" in screen_text(pilot)
        if not read:
            pilot.app.screen.query_one(Form).set_value("read_files", "false")
        await press(pilot, "ctrl+n")
        assert ("Values from" in screen_text(pilot)) is read
        await press(pilot, "enter")
        assert "Uploaded and added net" in screen_text(pilot)
    desk = open_desk(workshop_home)
    url = "ai://default/net"
    rows = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).slice(0, 100)
    (model,) = [row.artifact for row in rows if row.artifact.url == url]
    names = {name for _, name in desk.annotations.attribute_sources(DEFAULT_SCOPE, model.id)}
    desk.close()
    assert names == ({"accuracy", "depth"} if read else set())


async def test_file_of_a_model_is_previewed_and_browsed(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "artifact", item_id=MODEL)
        await press(pilot, "v")
        assert "Open the Files tab to preview a file" in screen_text(pilot)
        await press(pilot, "tab", "tab", "enter")
        assert isinstance(pilot.app.screen, PreviewScreen)
        assert "# it" in screen_text(pilot)
        await press(pilot, "escape", "b")
        assert isinstance(pilot.app.screen, BrowseScreen)
        assert "ai://default/models/churn" in screen_text(pilot)


async def test_preview_of_a_missing_file_shows_an_error(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await show(pilot, "preview", store="default", path="models/churn/gone.bin")
        assert "gone.bin" in screen_text(pilot)
        assert "unexpected error" not in screen_text(pilot)


async def test_browsed_folder_is_downloaded(
    workshop_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="incoming")
        await press(pilot, "d", "enter")
        assert "Downloaded 3 files" in screen_text(pilot)
    for path in ("model.safetensors", "config.json", "vocabulary.txt"):
        assert (tmp_path / "bert-small" / path).read_bytes() == INCOMING[f"bert-small/{path}"]


async def test_transfer_is_shown_stopped_and_restarted(workshop_home: Home) -> None:
    started, finish = threading.Event(), threading.Event()

    def work(progress: Progress) -> str:
        progress(Transfer(30, 100, "half.bin"))
        started.set()
        while not finish.wait(0.01):
            progress(Transfer(30, 100, "half.bin"))
        return "moved"

    async with running(workshop_home) as pilot:
        pilot.app.transfers.start("Download slow", work)
        assert started.wait(10)
        await pilot.pause(0.6)
        assert "1 transfer 30 %" in screen_text(pilot)
        await pilot.press("ctrl+t")
        await pilot.pause(0.7)
        assert isinstance(pilot.app.screen, TransfersScreen)
        assert "half.bin" in screen_text(pilot)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LeaveDialog)
        await pilot.press("n", "S")
        await settled(pilot)
        await press(pilot, "r")
        assert "■ stopped" in screen_text(pilot)
        finish.set()
        await press(pilot, "A")
        assert "moved" in screen_text(pilot)
        await press(pilot, "r", "D")
        assert "No transfers" in screen_text(pilot)
        assert pilot.app.is_running
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert not pilot.app.is_running


async def test_quitting_stops_running_transfers(workshop_home: Home) -> None:
    cleaned_up = threading.Event()

    def work(progress: Progress) -> str:
        try:
            while True:
                progress(Transfer(1, 2, "a"))
                time.sleep(0.01)
        finally:
            cleaned_up.set()

    async with running(workshop_home) as pilot:
        pilot.app.transfers.start("Upload something", work)
        await pilot.press("ctrl+q", "y")
        await pilot.pause(0.5)
        assert not pilot.app.is_running
    assert cleaned_up.is_set()


async def test_quitting_twice_does_not_wait_for_transfers(workshop_home: Home) -> None:
    finish = threading.Event()

    def work(progress: Progress) -> str:
        finish.wait(120)
        return ""

    async with running(workshop_home) as pilot:
        pilot.app.transfers.start("Download slow", work)
        started_at = time.monotonic()
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LeaveDialog)
        await pilot.press("ctrl+q")
        while pilot.app.is_running:
            await pilot.pause(0.05)
        assert time.monotonic() - started_at < 60
        finish.set()


async def test_files_with_metrics_beside_models_are_read(workshop_home: Home) -> None:
    """By the import after a question, and by the wizard unless its step refuses it."""
    for name, text in (("metrics.json", '{"f1": 0.5}'), ("params.yaml", "depth: 8\n")):
        (workshop_home.files / "incoming" / "forest" / name).write_text(text)

    def values(pilot: Any, name: str) -> tuple[list[str], dict[str, str]]:
        desk = pilot.app.desk
        one = desk.artifacts.resolve(DEFAULT_SCOPE, name)
        (item,) = desk.compare.artifacts(DEFAULT_SCOPE, [one.id])
        parameters = dict(item.configuration.parameters) if item.configuration else {}
        return [series.key for series in item.series], parameters

    async with running(workshop_home) as pilot:
        await show(pilot, "browse", store="default", path="incoming")
        await press(pilot, "i", "space", "space")
        assert "metrics, params" in screen_text(pilot)
        await press(pilot, "a", "enter")
        assert "Read metrics and parameters of 1 model?" in screen_text(pilot)
        await press(pilot, "enter")
        assert "Values added to 1 of 2" in screen_text(pilot)
        assert values(pilot, "forest") == (["f1"], {"depth": "8"})
        await show(
            pilot, "artifact.add", kind=ArtifactKind.MODEL, url="ai://default/incoming/forest"
        )
        pilot.app.screen.query_one(Form).set_value("name", "again")
        await press(pilot, "ctrl+n")
        assert "The URL belongs to forest" in screen_text(pilot)
        await press(pilot, "ctrl+n")
        assert "metrics.json, params.yaml" in " ".join(screen_text(pilot).split())
        await press(pilot, "ctrl+n", "enter")
        assert values(pilot, "again") == (["f1"], {"depth": "8"})

"""The preview of a file in narrow terminals."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from tests.scenes.harness import press, running, screen_text, settled

AUTHOR = "a team whose name and address are longer than a line of a small terminal, written out"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose store ``lab`` has files with long metadata."""
    files = tmp_path / "files"
    files.mkdir()
    header = json.dumps(
        {
            "__metadata__": {"author": AUTHOR},
            "weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        }
    ).encode()
    (files / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    (files / "data.pkl").write_bytes(pickle.dumps([1, 2]))
    place = Home.at(tmp_path / "home").ensure()
    desk = open_desk(place)
    desk.stores.add(DEFAULT_SCOPE, "lab", "file", {"root": str(files)})
    desk.close()
    return place


async def opened(pilot: Any, path: str) -> str:
    """Open a preview and return its text, without line breaks."""
    pilot.app.open("preview", store="lab", path=path)
    await settled(pilot)
    assert "▸" not in screen_text(pilot)
    return flat(pilot)


def flat(pilot: Any) -> str:
    return " ".join(screen_text(pilot).split())


@pytest.mark.parametrize("size", [(40, 30), (80, 24)])
async def test_metadata_notes_and_errors_are_wrapped(home: Home, size: tuple[int, int]) -> None:
    async with running(home, size=size) as pilot:
        app: Any = pilot.app
        assert AUTHOR in await opened(pilot, "model.safetensors")
        text = await opened(pilot, "data.pkl")
        assert "known to restore data and do nothing else." in text
        assert "Risk" not in text
        path = "a-folder-with-a-long-name/another-folder-with-a-long-name/missing.bin"
        text = await opened(pilot, path)
        assert "No such file or directory" in text
        assert "Check the path." in text
        await pilot.resize_terminal(60, 24)
        await settled(pilot)
        assert "▸" not in screen_text(pilot)
        app.copied = []
        await opened(pilot, "model.safetensors")
        app.copy = lambda copied, _what: app.copied.append(copied)
        await press(pilot, "y")
        assert AUTHOR in app.copied[0]

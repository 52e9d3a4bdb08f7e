"""Tests that every scene shows the expected text and matches its committed snapshot."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from launchpad_tui.ui.routes import ROUTES
from tests.scenes import snapshot
from tests.scenes.harness import Scene, play, press, scenes
from tests.scenes.snapshot import (
    SNAPSHOTS,
    UPDATE,
    Rendering,
    differences,
    snapshot_routes,
    unused,
    update,
)

SCENES = scenes()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_scene_matches_its_snapshot(scene: Scene) -> None:
    rendering = await play(scene)
    for text in scene.expect:
        assert text in rendering.text, rendering.text
    assert max(len(line) for line in rendering.text.split("\n")) <= scene.size[0]
    assert rendering.picture.startswith("<svg")
    assert not rendering.illegible, "\n".join(rendering.illegible)
    found = differences(rendering, scene.name, picture=scene.shown)
    assert not found, f"{scene.name} changed; if that is intended: {UPDATE} {scene.name}\n{found}"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are read from /proc")
async def test_a_scene_leaves_no_file_open() -> None:
    await play(SCENES[0])
    before = _open_databases()
    await play(SCENES[0])
    assert _open_databases() == before


def _open_databases() -> list[str]:
    names = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            name = str(descriptor.readlink())
            if "registry.db" in name:
                names.append(name)
    return sorted(names)


def test_every_snapshot_belongs_to_a_scene() -> None:
    names = [scene.name for scene in SCENES]
    assert len(names) == len(set(names))
    assert not unused(names)
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(names)


def test_every_screen_has_a_scene() -> None:
    assert not {route.id for route in ROUTES} - snapshot_routes()


@pytest.fixture
def committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rendering:
    """A rendering whose files are in temporary folders."""
    monkeypatch.setattr(snapshot, "SNAPSHOTS", tmp_path / "snapshots")
    monkeypatch.setattr(snapshot, "PICTURES", tmp_path)
    rendering = Rendering("one\ntwo", "  1  3 strong", '<svg><g id="terminal-12-a">one</g></svg>')
    assert differences(rendering, "scene", picture=True) == "scene has no snapshot\n"
    assert update(rendering, "scene", picture=True)
    return rendering


def test_an_unchanged_rendering_has_no_difference(committed: Rendering) -> None:
    other_id = replace(committed, picture=committed.picture.replace("-12-", "-77-"))
    assert differences(other_id, "scene", picture=True) == ""
    assert not update(other_id, "scene", picture=True)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"text": "one\ntwa"}, "+twa"),
        ({"styles": "  1  3 bad"}, "+  1  3 bad"),
        ({"picture": "<svg>two</svg>"}, "+<svg>two</svg>"),
    ],
)
def test_a_change_is_reported_and_can_be_accepted(
    committed: Rendering, changed: dict[str, str], line: str
) -> None:
    rendering = replace(committed, **changed)  # type: ignore[arg-type]
    assert line in differences(rendering, "scene", picture=True).splitlines()
    assert update(rendering, "scene", picture=True)
    assert differences(rendering, "scene", picture=True) == ""


def test_a_snapshot_without_a_scene_is_found(committed: Rendering) -> None:
    assert [path.name for path in unused(["other"])] == ["scene.txt"]
    assert unused(["scene"]) == []


async def test_a_changed_cell_of_a_screen_makes_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SNAPSHOTS", tmp_path / "snapshots")
    scene = next(scene for scene in SCENES if scene.name == "models-80x24")
    update(await play(scene), "scene", picture=False)
    assert differences(await play(scene), "scene", picture=False) == ""

    async def focus_next_row(pilot: Pilot[Any]) -> None:
        await scene.drive(pilot)
        await press(pilot, "down")

    moved = differences(
        await play(replace(scene, drive=focus_next_row)), "scene", picture=False
    ).splitlines()
    assert any(line.startswith("-▌  churn-model-000") for line in moved)
    assert any(line.startswith("+▌  churn-model-001") for line in moved)
    assert any(line.startswith("+") and "cursor" in line for line in moved)

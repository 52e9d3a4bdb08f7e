"""Every scene shows what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenes.harness import Scene, play, scenes


@pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)
async def test_scene(scene: Scene, tmp_path: Path) -> None:
    text, picture = await play(scene, tmp_path)
    for words in scene.expect:
        assert words in text, text
    assert max(len(line) for line in text.split("\n")) <= scene.size[0]
    assert picture.startswith("<svg")

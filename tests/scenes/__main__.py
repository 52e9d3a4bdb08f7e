"""Play scenes and write their snapshots and pictures.

``python -m tests.scenes --update [NAME …]`` writes the committed snapshots and pictures again and
lists those that changed. ``python -m tests.scenes DIR [NAME …]`` writes pictures into a folder.
Without names, the first command plays all scenes and the second those that README shows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from tests.scenes.harness import Scene, play, scenes
from tests.scenes.snapshot import picture_path, unused, update


def main() -> int:
    """Play the scenes; return 1 if one does not show its expected text."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenes", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="DIR | NAME")
    parser.add_argument("--update", action="store_true", help="write snapshots and pictures")
    options = parser.parse_args()
    names: list[str] = options.names
    if not options.update and not names:
        parser.error("a folder or --update is required")
    target = None if options.update else Path(names.pop(0))
    os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
    all_scenes = scenes()
    unknown = set(names) - {scene.name for scene in all_scenes}
    if unknown:
        parser.error(f"unknown scenes: {', '.join(sorted(unknown))}")
    failed = False
    for scene in all_scenes:
        if scene.name in names or (not names and (options.update or scene.shown)):
            failed |= not _play(scene, target)
    if options.update and not names:
        for path in unused(scene.name for scene in all_scenes):
            path.unlink()
            print(f"{path.stem}: removed, the scene does not exist")
    return int(failed)


def _play(scene: Scene, target: Path | None) -> bool:
    """Play a scene, write its files, and return whether it shows its expected text."""
    rendering = asyncio.run(play(scene))
    missing = [text for text in scene.expect if text not in rendering.text]
    if missing:
        print(f"{scene.name}: the screen does not show {missing}")
        print(rendering.text)
    if target is not None:
        target.mkdir(parents=True, exist_ok=True)
        (target / picture_path(scene.name).name).write_text(rendering.picture, encoding="utf-8")
        print(f"{scene.name}: written")
    elif update(rendering, scene.name, picture=scene.shown):
        print(f"{scene.name}: updated")
    return not missing


if __name__ == "__main__":
    sys.exit(main())

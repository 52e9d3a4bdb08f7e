"""Write the pictures: ``python -m tests.scenes OUTDIR [NAME …]``; without names those that README shows."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.scenes.harness import play, scenes


def main() -> None:
    """Play the scenes that are named, or those that are shown."""
    os.environ["LAUNCHPAD_CREDENTIALS"] = "file"
    target, names = Path(sys.argv[1]), sys.argv[2:]
    target.mkdir(parents=True, exist_ok=True)
    for scene in scenes():
        if scene.name in names or (not names and scene.shown):
            with tempfile.TemporaryDirectory() as folder:
                text, picture = asyncio.run(play(scene, Path(folder)))
            (target / f"{scene.name.removeprefix('demo-')}.svg").write_text(
                picture, encoding="utf-8"
            )
            missing = [words for words in scene.expect if words not in text]
            print(f"{scene.name}: {'ok' if not missing else f'lacks {missing}'}")


if __name__ == "__main__":
    main()

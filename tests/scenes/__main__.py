"""Write the pictures: ``python -m tests.scenes OUTDIR [NAME …]``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.scenes.harness import play, scenes


def main() -> None:
    """Play the scenes that are named, or all."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for scene in scenes():
        if len(sys.argv) < 3 or scene.name in sys.argv[2:]:
            with tempfile.TemporaryDirectory() as folder:
                text, picture = asyncio.run(play(scene, Path(folder)))
            (target / f"{scene.name}.svg").write_text(picture, encoding="utf-8")
            missing = [words for words in scene.expect if words not in text]
            print(f"{scene.name}: {'ok' if not missing else f'lacks {missing}'}")


if __name__ == "__main__":
    main()

"""Split the digits into images for training and images for validation.

Reads ``digits.csv.gz`` (64 pixels from 0 to 16 and the digit in each line), writes ``train.npz``
and ``validation.npz``: ``images`` (count, 64) float32 from 0 to 1, and ``digits`` (count,) int64.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("DATA_PATH", "/app/data/"))
SPLIT = Path(os.environ.get("SPLIT_PATH", "/app/split/"))


def main() -> None:
    """Read the images, shuffle and split them, and write both parts."""
    table = np.loadtxt(DATA / "digits.csv.gz", delimiter=",", dtype=np.float32)
    images, digits = table[:, :64] / 16, table[:, 64].astype(np.int64)
    order = np.random.default_rng(int(os.environ.get("SEED", "1"))).permutation(len(images))
    count = round(len(images) * float(os.environ.get("VALIDATION_SHARE", "0.25")))
    if not 0 < count < len(images):
        raise SystemExit(f"validation_share selects {count} of {len(images)} images for validation")
    SPLIT.mkdir(parents=True, exist_ok=True)
    for name, part in (("validation", order[:count]), ("train", order[count:])):
        np.savez_compressed(SPLIT / f"{name}.npz", images=images[part], digits=digits[part])
        print(f"{len(part)} images to {name}", flush=True)
    # A program in any language can log by printing such a line.
    print(f"::tag dataset=digits images={len(images)}", flush=True)


if __name__ == "__main__":
    main()

"""Evaluate a trained model on images that are shifted by one pixel, and on noisy images.

Metrics are logged as lines on standard output, which a program in any language can write. All
images are scored, including those of the training, so the results compare the conditions, not
models.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("DATA_PATH", "/app/data/"))
MODEL = Path(os.environ.get("MODEL_PATH", "/app/model/"))
REPORT = Path(os.environ.get("REPORT_PATH", "/app/report/"))


def main() -> None:
    """Score the model under each condition."""
    table = np.loadtxt(DATA / "digits.csv.gz", delimiter=",")
    images, digits = table[:, :64].reshape(-1, 8, 8) / 16, table[:, 64].astype(int)
    random = np.random.default_rng(int(os.environ.get("SEED", "1")))
    noise = random.normal(0, float(os.environ.get("NOISE", "0.2")), images.shape)
    conditions = {
        "as is": images,
        "one pixel left": np.pad(images, ((0, 0), (0, 0), (0, 1)))[:, :, 1:],
        "one pixel up": np.pad(images, ((0, 0), (0, 1), (0, 0)))[:, 1:, :],
        "noisy": np.clip(images + noise, 0, 1),
    }
    with np.load(MODEL / "model.npz") as model:
        rows = [(name, accuracy(model, changed, digits)) for name, changed in conditions.items()]
    REPORT.mkdir(parents=True, exist_ok=True)
    with (REPORT / "robustness.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("condition", "accuracy"), *rows])
    for name, value in rows:
        print(f"{name:16} {value:.3f}")
        print(f'::metric accuracy={value:.6f} | condition="{name}"', flush=True)


def accuracy(model: np.lib.npyio.NpzFile, images: np.ndarray, digits: np.ndarray) -> float:
    """Return the share of images (count, 8, 8) that the model recognizes correctly."""
    hidden = np.maximum(images.reshape(len(images), 64) @ model["weights1"] + model["bias1"], 0)
    scores = hidden @ model["weights2"] + model["bias2"]
    return float((scores.argmax(axis=1) == digits).mean())


if __name__ == "__main__":
    main()

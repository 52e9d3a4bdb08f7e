"""Train a network with one hidden layer to recognize digits.

Pixels, a layer of rectified units, softmax; cross-entropy with an L2 penalty; mini-batch gradient
descent with momentum, on images that are shifted randomly in each epoch. Reads the output of
prepare.py. Writes ``model.npz`` (the weights), ``summary.json`` (parameters and scores) and, as a
report, ``confusion.csv`` (a row for each true digit) and ``digits.json`` (accuracy of each digit).
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

import numpy as np

from launchpad_tui.tracking import info, log, tag

SPLIT = Path(os.environ.get("SPLIT_PATH", "/app/split/"))
MODEL = Path(os.environ.get("MODEL_PATH", "/app/model/"))
REPORT = Path(os.environ.get("REPORT_PATH", "/app/report/"))
CLASSES = 10


class Network:
    """``weights`` and ``biases`` of both layers, and the velocity of each for the momentum."""

    def __init__(self, inputs: int, hidden: int, random: np.random.Generator) -> None:
        sizes = ((inputs, hidden), (hidden, CLASSES))
        self.weights = [
            random.normal(0, math.sqrt(2 / rows), (rows, columns)) for rows, columns in sizes
        ]
        self.biases = [np.zeros(columns) for _, columns in sizes]
        self.velocity = [np.zeros_like(values) for values in (*self.weights, *self.biases)]

    def forward(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return hidden activations (count, hidden) and log-probabilities (count, 10).

        Args:
            images: The images, (count, 64).
        """
        hidden = np.maximum(images @ self.weights[0] + self.biases[0], 0)
        scores = hidden @ self.weights[1] + self.biases[1]
        scores = scores - scores.max(axis=1, keepdims=True)
        return hidden, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def step(
        self, images: np.ndarray, digits: np.ndarray, rate: float, momentum: float, l2: float
    ) -> tuple[float, int]:
        """Run one step of gradient descent on a batch.

        Returns:
            The mean cross-entropy and the number of correct predictions before the step.
        """
        hidden, log_probabilities = self.forward(images)
        rows = np.arange(len(digits))
        error = np.exp(log_probabilities)
        error[rows, digits] -= 1
        error /= len(digits)
        back = (error @ self.weights[1].T) * (hidden > 0)
        gradients = (
            images.T @ back + l2 * self.weights[0],
            hidden.T @ error + l2 * self.weights[1],
            back.sum(axis=0),
            error.sum(axis=0),
        )
        for number, values in enumerate((*self.weights, *self.biases)):
            self.velocity[number] = momentum * self.velocity[number] - rate * gradients[number]
            np.add(values, self.velocity[number], out=values)
        correct = int((log_probabilities.argmax(axis=1) == digits).sum())
        return float(-log_probabilities[rows, digits].mean()), correct

    def score(self, images: np.ndarray, digits: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Return mean cross-entropy, accuracy and the predicted digits."""
        _, log_probabilities = self.forward(images)
        predicted = log_probabilities.argmax(axis=1)
        loss = -log_probabilities[np.arange(len(digits)), digits].mean()
        return float(loss), float((predicted == digits).mean()), predicted


def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and digits of one part of the split."""
    with np.load(SPLIT / f"{name}.npz") as file:
        return file["images"].astype(np.float64), file["digits"]


def shifted(images: np.ndarray, pixels: int, random: np.random.Generator) -> np.ndarray:
    """Return images (count, 64), each shifted randomly by up to ``pixels`` in both directions.

    Pixels that are shifted in are empty.
    """
    if not pixels:
        return images
    padded: np.ndarray = np.pad(
        images.reshape(-1, 8, 8), ((0, 0), (pixels, pixels), (pixels, pixels))
    )
    down, right = random.integers(0, 2 * pixels + 1, (2, len(images), 1, 1))
    rows, columns = np.arange(8).reshape(8, 1) + down, np.arange(8) + right
    moved: np.ndarray = padded[np.arange(len(images)).reshape(-1, 1, 1), rows, columns]
    return moved.reshape(len(images), 64)


def main() -> None:
    """Train and log the metrics of both phases after each epoch, then write model and report."""
    options = arguments()
    random = np.random.default_rng(options.seed)
    images, digits = load("train")
    unseen, unseen_digits = load("validation")
    network = Network(images.shape[1], options.hidden_units, random)
    tag(algorithm="mlp", optimizer="momentum" if options.momentum else "sgd")

    best = 0.0
    for epoch in range(1, options.epochs + 1):
        losses, correct = [], 0
        varied = shifted(images, options.shift, random)
        order = random.permutation(len(images))
        for start in range(0, len(order), options.batch_size):
            part = order[start : start + options.batch_size]
            loss, hits = network.step(
                varied[part], digits[part], options.learning_rate, options.momentum, options.l2
            )
            losses.append(loss)
            correct += hits
        loss, accuracy, predicted = network.score(unseen, unseen_digits)
        best = max(best, accuracy)
        train_loss, train_accuracy = float(np.mean(losses)), correct / len(images)
        log(step=epoch, loss=train_loss, accuracy=train_accuracy, labels={"phase": "train"})
        log(step=epoch, loss=loss, accuracy=accuracy, labels={"phase": "validation"})
        if epoch == 1 or epoch % 50 == 0 or epoch == options.epochs:
            print(
                f"epoch {epoch:4d}  loss {train_loss:.4f} / {loss:.4f}  "
                f"accuracy {train_accuracy:.3f} / {accuracy:.3f}"
            )

    confusion = np.zeros((CLASSES, CLASSES), dtype=int)
    np.add.at(confusion, (unseen_digits, predicted), 1)
    info("confusion matrix", confusion.tolist())
    scores = {"train_loss": train_loss, "loss": loss, "accuracy": accuracy, "best_accuracy": best}
    write(network, options, confusion, scores)
    print(f"validation accuracy {accuracy:.3f} (best {best:.3f})")


def write(
    network: Network, options: argparse.Namespace, confusion: np.ndarray, scores: dict[str, float]
) -> None:
    """Write the model and the report."""
    MODEL.mkdir(parents=True, exist_ok=True)
    REPORT.mkdir(parents=True, exist_ok=True)
    (first, second), (first_bias, second_bias) = network.weights, network.biases
    np.savez(
        MODEL / "model.npz", weights1=first, bias1=first_bias, weights2=second, bias2=second_bias
    )
    summary = {"parameters": vars(options), "validation": scores}
    (MODEL / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    np.savetxt(REPORT / "confusion.csv", confusion, fmt="%d", delimiter=",")
    accuracies = {str(digit): row[digit] / max(1, row.sum()) for digit, row in enumerate(confusion)}
    (REPORT / "digits.json").write_text(json.dumps(accuracies, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Parse the parameters that the workflow template passes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=float, default=0.02)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--hidden-units", type=int, default=128)
    parser.add_argument("--l2", type=float, default=0.0001)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--shift", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    # A training that diverges logs infinities and NaN.
    with np.errstate(all="ignore"):
        main()

"""The six configurations of the demo: one that works well, and five with one thing wrong each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SCENARIO = "digits"
TRAIN = "digits-train"
EVALUATE = "digits-evaluate"
#: input of both executables, and the data set's name
DATASET = "digits"
#: input of the evaluation
CLASSIFIER = "classifier"
#: the metric that decides which is best, as the training logs it
SCORE = "accuracy"
LOSS = "loss"
PHASE = ("phase", "validation")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration of the training; ``parameters`` are those that differ from the template's defaults."""

    name: str
    parameters: Mapping[str, str]


CANDIDATES = (
    Candidate("balanced", {}),
    Candidate("rate too high", {"learning_rate": "0.3"}),
    Candidate("rate too low", {"learning_rate": "0.0005", "momentum": "0"}),
    Candidate("no momentum", {"momentum": "0"}),
    Candidate("penalty too strong", {"l2": "0.03"}),
    Candidate("network too small", {"hidden_units": "6"}),
)

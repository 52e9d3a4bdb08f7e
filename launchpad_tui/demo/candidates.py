"""The six configurations of the demo: one that works well, and five with one bad parameter each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SCENARIO = "digits"
TRAIN = "digits-train"
EVALUATE = "digits-evaluate"
#: the input of both executables, and the name of the dataset
DATASET = "digits"
#: the input of the evaluation
CLASSIFIER = "classifier"
#: the metric by which models are ranked, as the training logs it
SCORE = "accuracy"
LOSS = "loss"
PHASE = ("phase", "validation")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration of the training; ``parameters`` has the values that differ from the
    defaults."""

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

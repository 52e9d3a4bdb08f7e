"""The six configurations of the demo: one that works well, and five with one flaw each."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.records import record

SCENARIO = "digits"
TRAIN = "digits-train"
EVALUATE = "digits-evaluate"
#: The name of the dataset, and of the input artifact of both executables.
DATASET = "digits"
#: The input artifact of the evaluation that is the model.
CLASSIFIER = "classifier"
#: The metric by which models are ranked.
SCORE = "accuracy"
LOSS = "loss"
PHASE = ("phase", "validation")


@record
class Candidate:
    """A configuration of the training.

    Attributes:
        name: The name of the configuration.
        parameters: The values that differ from the defaults.
    """

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

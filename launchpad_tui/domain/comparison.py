"""Models side by side: one column a model, rows in groups, differing rows and best values known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.domain.metric import SeriesSummary


class RowGroup(StrEnum):
    """The groups of rows of a comparison, in their order."""

    PARAMETERS = "parameters"
    INPUTS = "inputs"
    EXECUTION = "execution"
    METRICS = "metrics"
    MODEL_METRICS = "model metrics"
    LABELS = "labels"
    TAGS = "tags"
    CUSTOM_INFO = "custom info"


@dataclass(frozen=True, slots=True)
class Subject:
    """One column: a model with its source execution, or an execution alone (``artifact`` is None)."""

    artifact: Artifact | None
    execution: Execution | None
    configuration: Configuration | None
    inputs: Mapping[str, str]
    series: Sequence[SeriesSummary]
    tags: Mapping[str, str]
    custom_info: Mapping[str, str]

    @property
    def id(self) -> str:
        """The artifact's ID, or the execution's."""
        if self.artifact is not None:
            return self.artifact.id
        return self.execution.id if self.execution else ""

    @property
    def name(self) -> str:
        """The artifact's name, or the configuration's."""
        if self.artifact is not None:
            return self.artifact.name
        return self.execution.configuration_name if self.execution else ""

"""Filters of the AI API's lists. All filters must hold; empty or None filters nothing."""

from __future__ import annotations

from dataclasses import dataclass

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import Status


@dataclass(frozen=True, slots=True)
class LabelCondition:
    """``key=value``, or ``key!=value`` if ``differs``; items without the label match the latter."""

    key: str
    value: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactFilter:
    """A filter of artifacts.

    ``search`` is part of the name or description, ``name`` the whole name.
    """

    scenario_id: str = ""
    execution_id: str = ""
    name: str = ""
    kind: ArtifactKind | None = None
    labels: tuple[LabelCondition, ...] = ()
    search: str = ""
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class ConfigurationFilter:
    """A filter of configurations.

    ``search`` is part of the name, ``executable_ids`` are alternatives.
    """

    scenario_id: str = ""
    executable_ids: tuple[str, ...] = ()
    search: str = ""
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """A filter of executions; ``executable_ids`` are alternatives."""

    scenario_id: str = ""
    executable_ids: tuple[str, ...] = ()
    configuration_id: str = ""
    schedule_id: str = ""
    status: Status | None = None

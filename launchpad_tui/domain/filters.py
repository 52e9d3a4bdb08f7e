"""What the AI API's lists may be asked for: filters that all have to hold. What is empty or None filters nothing."""

from __future__ import annotations

from dataclasses import dataclass

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import Status


@dataclass(frozen=True, slots=True)
class LabelCondition:
    """``key=value``, or ``key!=value`` where ``differs``: that also holds of what has no such label."""

    key: str
    value: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactFilter:
    """``search`` is a part of name or description; ``name`` is the whole name."""

    scenario_id: str = ""
    execution_id: str = ""
    name: str = ""
    kind: ArtifactKind | None = None
    labels: tuple[LabelCondition, ...] = ()
    search: str = ""
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class ConfigurationFilter:
    """``search`` is a part of the name; of ``executable_ids`` any has to be."""

    scenario_id: str = ""
    executable_ids: tuple[str, ...] = ()
    search: str = ""
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Of ``executable_ids`` any has to be."""

    scenario_id: str = ""
    executable_ids: tuple[str, ...] = ()
    configuration_id: str = ""
    schedule_id: str = ""
    status: Status | None = None

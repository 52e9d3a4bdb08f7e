"""Filters of the lists of the AI API. An entry must match all values that are not empty or None."""

from __future__ import annotations

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import Status
from launchpad_tui.records import record


@record
class LabelCondition:
    """A condition on a label: ``key=value``, or ``key!=value`` if ``differs`` is set.

    Entries without the label match ``key!=value``.
    """

    key: str
    value: str
    differs: bool = False


@record
class ArtifactFilter:
    """A filter of artifacts.

    ``search`` occurs in the name or description, ``name`` is the complete name.
    """

    scenario_id: str = ""
    execution_id: str = ""
    name: str = ""
    kind: ArtifactKind | None = None
    labels: tuple[LabelCondition, ...] = ()
    search: str = ""
    any_case: bool = False


@record
class ConfigurationFilter:
    """A filter of configurations.

    ``search`` occurs in the name; one of ``executable_ids`` is the executable.
    """

    scenario_id: str = ""
    executable_ids: tuple[str, ...] = ()
    search: str = ""
    any_case: bool = False


@record
class ExecutionFilter:
    """A filter of executions; one of ``executable_ids`` is the executable."""

    scenario_id: str = ""
    executable_ids: tuple[str, ...] = ()
    configuration_id: str = ""
    schedule_id: str = ""
    status: Status | None = None

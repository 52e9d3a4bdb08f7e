"""What the registry holds as the AI API writes it (specification 2.42.0). A moment is text; what is not known is left
out, as the API knows no null."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import Configuration, LogLine
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Scenario
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.domain.timestamps import to_rfc3339
from launchpad_tui.server.api.query import ID
from launchpad_tui.services.serving import ServedExecution

Json = dict[str, Any]
#: label keys of scenarios
_SCENARIO_LABEL = re.compile(r"(scenarios|ext)\.ai\.sap\.com/[\w.-]+", re.ASCII)


def resources(entries: Iterable[Json], count: int | None = None) -> Json:
    """A list; its count is that of the entries where no other is given."""
    found = list(entries)
    return {"count": len(found) if count is None else count, "resources": found}


def generic_id(name: str) -> str:
    """A name where the specification has an ID of 4 to 64 characters (``BckndId``). Names of resource groups and of
    object stores may be shorter and longer; such a one gets an ID that follows from it."""
    return name if ID.fullmatch(name) else str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def labels(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    """Labels."""
    return [{"key": key, "value": value} for key, value in pairs]


def moments(**named: datetime | None) -> Json:
    """Those of the moments that are known."""
    return {name: to_rfc3339(value) for name, value in named.items() if value is not None}


def artifact(one: Artifact, scenarios: Mapping[str, Scenario] | None = None) -> Json:
    """An artifact, with its scenario where the scenarios are given and it is one of them."""
    data: Json = {
        "id": one.id,
        "name": one.name,
        "kind": str(one.kind),
        "url": one.url,
        "description": one.description,
        "scenarioId": one.scenario_id,
        "labels": labels(one.labels),
        **moments(createdAt=one.created_at, modifiedAt=one.modified_at),
    }
    if one.execution_id:
        data["executionId"] = one.execution_id
    return _expanded(data, one.scenario_id, scenarios)


def configuration(one: Configuration, scenarios: Mapping[str, Scenario] | None = None) -> Json:
    """A configuration; the scenario as for artifacts."""
    data: Json = {
        "id": one.id,
        "name": one.name,
        "scenarioId": one.scenario_id,
        "executableId": one.executable_id,
        "parameterBindings": labels(one.parameters.items()),
        "inputArtifactBindings": [
            {"key": key, "artifactId": bound} for key, bound in one.inputs.items()
        ],
        **moments(createdAt=one.created_at),
    }
    return _expanded(data, one.scenario_id, scenarios)


def _expanded(data: Json, scenario_id: str, scenarios: Mapping[str, Scenario] | None) -> Json:
    found = None if scenarios is None else scenarios.get(scenario_id)
    return data if found is None else {**data, "scenario": scenario(found)}


def scenario(one: Scenario) -> Json:
    """A scenario."""
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "labels": labels(
            (key, value) for key, value in one.labels.items() if _SCENARIO_LABEL.fullmatch(key)
        ),
        **moments(createdAt=one.created_at, modifiedAt=one.modified_at),
    }


def executable(one: Executable) -> Json:
    """An executable."""
    return {
        "id": one.id,
        "scenarioId": one.scenario_id,
        "versionId": one.version,
        "name": one.name,
        "description": one.description,
        "deployable": False,
        "parameters": [
            {"name": each.name, "type": "string", "description": each.description}
            | ({} if each.default is None else {"default": each.default})
            for each in one.parameters
        ],
        "inputArtifacts": [_slot(each) for each in one.inputs],
        "outputArtifacts": [_slot(each) for each in one.outputs],
        **moments(createdAt=one.created_at, modifiedAt=one.modified_at),
    }


def _slot(one: ArtifactSlot) -> Json:
    return {
        "name": one.name,
        "kind": one.kind,
        "description": one.description,
        "labels": labels(one.labels),
    }


def execution_status(one: ServedExecution) -> Json:
    """An execution as ``$select=status`` has it."""
    found = one.execution
    return {
        "id": found.id,
        "configurationId": found.configuration_id,
        "status": str(found.status),
        "statusDetails": dict(found.status_details),
        **moments(createdAt=found.created_at, modifiedAt=found.modified_at),
    }


def execution(one: ServedExecution) -> Json:
    """An execution."""
    found = one.execution
    data = {
        **execution_status(one),
        "configurationName": found.configuration_name,
        "executableId": found.executable_id,
        "scenarioId": found.scenario_id,
        "targetStatus": str(found.target_status),
        "statusMessage": found.status_message,
        "outputArtifacts": [artifact(each) for each in one.outputs],
        **moments(
            submissionTime=found.submitted_at,
            startTime=found.started_at,
            completionTime=found.completed_at,
        ),
    }
    return data | (
        {"executionScheduleId": one.execution.schedule_id} if one.execution.schedule_id else {}
    )


def schedule(one: Schedule) -> Json:
    """An execution schedule."""
    return {
        "id": one.id,
        "name": one.name,
        "cron": one.cron,
        "configurationId": one.configuration_id,
        "status": str(one.status),
        **moments(
            start=one.start, end=one.end, createdAt=one.created_at, modifiedAt=one.modified_at
        ),
    }


def log_line(one: LogLine, execution_id: str) -> Json:
    """A line of a log; what a container and a pod are there is the template's step here."""
    return {
        "timestamp": to_rfc3339(one.timestamp),
        "msg": one.message,
        "container": one.step or "launchpad",
        "pod": f"{execution_id}-{one.step}" if one.step else execution_id,
        "stream": one.stream,
    }

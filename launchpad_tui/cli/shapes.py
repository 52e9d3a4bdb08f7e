"""Domain objects as JSON: the AI API's field names (camelCase) and moments (RFC 3339), so that scripts written for one
read the other. What the AI API has no name for follows its style: ``size``, ``files``, ``sha256``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.timestamps import to_rfc3339

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact, ArtifactFile, FileCheck
    from launchpad_tui.domain.connection import (
        Capabilities,
        Connection,
        ObjectStoreRecord,
        ResourceGroup,
    )
    from launchpad_tui.domain.execution import Configuration, Execution, ExecutionDetails
    from launchpad_tui.domain.metric import Metric, SeriesSummary
    from launchpad_tui.domain.query import MetricColumn
    from launchpad_tui.domain.scenario import Executable, Scenario
    from launchpad_tui.domain.schedule import Schedule

Json = dict[str, Any]


def moment(value: datetime | None) -> str | None:
    """RFC 3339, or None."""
    return None if value is None else to_rfc3339(value)


def number(value: float | None) -> float | str | None:
    """A number as JSON can say it: what is not finite becomes the text ``NaN``, ``Infinity`` or ``-Infinity``."""
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def pairs(labels: tuple[tuple[str, str], ...], first: str = "key") -> list[Json]:
    """Labels as the AI API lists them."""
    return [{first: key, "value": value} for key, value in labels]


def metric_values(values: Mapping[MetricColumn, float]) -> Json:
    """The values of metric columns by the column's name."""
    return {str(column): number(value) for column, value in values.items()}


def artifact(one: Artifact) -> Json:
    """An artifact."""
    return {
        "id": one.id,
        "name": one.name,
        "kind": str(one.kind),
        "url": one.url,
        "description": one.description,
        "scenarioId": one.scenario_id,
        "executionId": one.execution_id or None,
        "labels": pairs(one.labels),
        "size": one.size,
        "filesState": str(one.files_state),
        "checkedAt": moment(one.checked_at),
        "createdAt": moment(one.created_at),
        "modifiedAt": moment(one.modified_at),
        "goneAt": moment(one.deleted_at),
    }


def file(one: ArtifactFile) -> Json:
    """A recorded file."""
    return {"path": one.path, "size": one.size, "sha256": one.sha256 or None}


def check(one: FileCheck) -> Json:
    """A checked file."""
    return {
        **file(one.file),
        "state": str(one.state),
        "foundSize": one.size,
        "foundSha256": one.sha256 or None,
    }


def execution(one: Execution) -> Json:
    """An execution."""
    return {
        "id": one.id,
        "configurationId": one.configuration_id,
        "configurationName": one.configuration_name,
        "scenarioId": one.scenario_id,
        "executableId": one.executable_id,
        "executableVersion": one.executable_version,
        "status": str(one.status),
        "targetStatus": str(one.target_status),
        "statusMessage": one.status_message,
        "statusDetails": dict(one.status_details),
        "createdAt": moment(one.created_at),
        "modifiedAt": moment(one.modified_at),
        "submissionTime": moment(one.submitted_at),
        "startTime": moment(one.started_at),
        "completionTime": moment(one.completed_at),
        "executionScheduleId": one.schedule_id or None,
        "goneAt": moment(one.deleted_at),
    }


def execution_details(one: ExecutionDetails) -> Json:
    """An execution with its configuration, inputs and outputs."""
    return {
        **execution(one.execution),
        "executableName": one.executable_name,
        "configuration": configuration(one.configuration) if one.configuration else None,
        "inputArtifacts": [
            {"key": name, "artifact": artifact(found) if found else None}
            for name, found in one.inputs
        ],
        "outputArtifacts": [artifact(each) for each in one.outputs],
    }


def configuration(one: Configuration) -> Json:
    """A configuration."""
    return {
        "id": one.id,
        "name": one.name,
        "scenarioId": one.scenario_id,
        "executableId": one.executable_id,
        "parameterBindings": [
            {"key": key, "value": value} for key, value in one.parameters.items()
        ],
        "inputArtifactBindings": [
            {"key": key, "artifactId": value} for key, value in one.inputs.items()
        ],
        "createdAt": moment(one.created_at),
    }


def scenario(one: Scenario) -> Json:
    """A scenario."""
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "labels": pairs(tuple(one.labels.items())),
        "createdAt": moment(one.created_at),
        "modifiedAt": moment(one.modified_at),
    }


def executable(one: Executable) -> Json:
    """An executable."""
    return {
        "id": one.id,
        "scenarioId": one.scenario_id,
        "name": one.name,
        "description": one.description,
        "versionId": one.version,
        "deployable": False,
        "parameters": [
            {
                "name": each.name,
                "type": "string",
                "default": each.default,
                "description": each.description,
            }
            for each in one.parameters
        ],
        "inputArtifacts": [
            {
                "name": each.name,
                "kind": each.kind,
                "description": each.description,
                "labels": pairs(each.labels),
            }
            for each in one.inputs
        ],
        "outputArtifacts": [
            {
                "name": each.name,
                "kind": each.kind,
                "description": each.description,
                "labels": pairs(each.labels),
            }
            for each in one.outputs
        ],
        "source": one.source,
        "notes": list(one.notes),
        "settings": dict(one.settings),
        "createdAt": moment(one.created_at),
        "modifiedAt": moment(one.modified_at),
    }


def connection(one: Connection) -> Json:
    """A connection; secrets are never among its settings."""
    return {
        "name": one.name,
        "kind": one.kind,
        "settings": dict(one.settings),
        "createdAt": moment(one.created_at),
        "modifiedAt": moment(one.modified_at),
        "syncedAt": moment(one.synced_at),
        "lastError": one.last_error or None,
    }


_CAPABILITIES = {
    "executions": "executions",
    "stop": "stop",
    "delete": "delete",
    "logs": "logs",
    "create_artifact": "createArtifact",
    "create_configuration": "createConfiguration",
    "add_executable": "addExecutable",
    "schedules": "executionSchedules",
    "bulk": "bulkUpdates",
    "groups": "resourceGroups",
    "metrics": "metrics",
}


def capabilities(one: Capabilities) -> Json:
    """What a runtime can do; ``reasons`` says why not."""
    able: Json = {name: bool(getattr(one, attribute)) for attribute, name in _CAPABILITIES.items()}
    reasons = {
        _CAPABILITIES.get(attribute, attribute): reason for attribute, reason in one.reasons.items()
    }
    return {**able, "reasons": reasons}


def capability_lines(one: Capabilities) -> list[tuple[str, str]]:
    """What a runtime can do, for people."""
    return [
        (
            attribute.replace("_", " "),
            "yes" if getattr(one, attribute) else f"no: {one.reasons.get(attribute, '')}",
        )
        for attribute in _CAPABILITIES
    ]


def schedule(one: Schedule) -> Json:
    """An execution schedule."""
    return {
        "id": one.id,
        "name": one.name,
        "cron": one.cron,
        "configurationId": one.configuration_id,
        "status": str(one.status),
        "start": moment(one.start),
        "end": moment(one.end),
        "nextAt": moment(one.next_at),
        "createdAt": moment(one.created_at),
        "modifiedAt": moment(one.modified_at),
        "goneAt": moment(one.deleted_at),
    }


def group(one: ResourceGroup) -> Json:
    """A resource group."""
    return {
        "resourceGroupId": one.name,
        "connection": one.connection,
        "status": one.status,
        "labels": pairs(tuple(one.labels.items())),
        "createdAt": moment(one.created_at),
        "goneAt": moment(one.deleted_at),
    }


def store(one: ObjectStoreRecord) -> Json:
    """An object store; secrets are never among its settings."""
    return {
        "name": one.name,
        "type": one.kind,
        "settings": dict(one.settings),
        "createdAt": moment(one.created_at),
        "goneAt": moment(one.deleted_at),
    }


def series(one: SeriesSummary) -> Json:
    """What is known of a series."""
    return {
        "name": one.name,
        "key": one.key,
        "labels": pairs(one.labels, "name"),
        "executionId": one.execution_id,
        "count": one.count,
        "notFinite": one.not_finite,
        "first": number(one.first),
        "last": number(one.last),
        "minimum": number(one.minimum),
        "maximum": number(one.maximum),
        "minimumStep": one.minimum_step,
        "maximumStep": one.maximum_step,
        "firstStep": one.first_step,
        "lastStep": one.last_step,
        "firstAt": moment(one.first_at),
        "lastAt": moment(one.last_at),
    }


def metric(one: Metric) -> Json:
    """A point."""
    return {
        "name": one.name,
        "value": number(one.value),
        "timestamp": moment(one.timestamp),
        "step": one.step,
        "labels": pairs(one.labels, "name"),
    }

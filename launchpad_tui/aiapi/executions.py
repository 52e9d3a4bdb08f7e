"""Executions and their logs (``/lm/executions``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from launchpad_tui.aiapi import lenient, strict
from launchpad_tui.aiapi.artifacts import extended_artifact, serialize_artifact
from launchpad_tui.aiapi.configurations import serialize_configuration
from launchpad_tui.aiapi.values import Json, JsonObject, rfc3339, without_nulls
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import (
    Execution,
    ExecutionDetails,
    ExecutionState,
    LogLine,
    LogRecord,
    Status,
    TargetStatus,
)
from launchpad_tui.domain.timestamps import EPOCH
from launchpad_tui.errors import InvalidInput

#: the API's maximum number of executions in one bulk request
BULK_LIMIT = 100


def serialize_execution_status(execution: Execution) -> Json:
    """Return the fields of an execution that ``$select=status`` selects."""
    return {
        "id": execution.id,
        "configurationId": execution.configuration_id,
        "status": str(execution.status),
        "statusDetails": dict(execution.status_details),
        "createdAt": rfc3339(execution.created_at),
        "modifiedAt": rfc3339(execution.modified_at),
    }


def serialize_execution(execution: Execution, outputs: Iterable[Artifact] = ()) -> Json:
    """Return an execution with its output artifacts."""
    return {
        **without_nulls(_execution(execution)),
        "outputArtifacts": [serialize_artifact(each) for each in outputs],
    }


def extended_execution(execution: Execution) -> Json:
    """Return an execution with launchpad's own fields; what is unknown is null."""
    return {
        **_execution(execution),
        "executableVersion": execution.executable_version,
        "deletedAt": rfc3339(execution.deleted_at),
    }


def extended_execution_details(details: ExecutionDetails) -> Json:
    """Return an execution with its configuration, input and output artifacts."""
    configuration = details.configuration
    return {
        **extended_execution(details.execution),
        "executableName": details.executable_name,
        "configuration": serialize_configuration(configuration) if configuration else None,
        "inputArtifacts": [
            {
                "key": name,
                "artifact": extended_artifact(found) if found else None,
                "reference": details.references.get(name),
            }
            for name, found in details.inputs
        ],
        "outputArtifacts": [extended_artifact(each) for each in details.outputs],
    }


def _execution(execution: Execution) -> Json:
    return {
        **serialize_execution_status(execution),
        "configurationName": execution.configuration_name,
        "executableId": execution.executable_id,
        "scenarioId": execution.scenario_id,
        "targetStatus": str(execution.target_status),
        "statusMessage": execution.status_message,
        "submissionTime": rfc3339(execution.submitted_at),
        "startTime": rfc3339(execution.started_at),
        "completionTime": rfc3339(execution.completed_at),
        "executionScheduleId": execution.schedule_id or None,
    }


def parse_execution(data: JsonObject) -> Execution:
    """Parse an execution of a response; the API does not return its executable's version."""
    details = data.get("statusDetails")
    return Execution(
        id=lenient.identity(data),
        configuration_id=lenient.text(data, "configurationId"),
        configuration_name=lenient.text(data, "configurationName"),
        scenario_id=lenient.text(data, "scenarioId"),
        executable_id=lenient.text(data, "executableId"),
        executable_version="",
        status=lenient.enumeration(Status, data.get("status"), Status.UNKNOWN),
        target_status=lenient.enumeration(
            TargetStatus, data.get("targetStatus"), TargetStatus.COMPLETED
        ),
        status_message=lenient.text(data, "statusMessage"),
        created_at=lenient.created_at(data),
        modified_at=lenient.modified_at(data),
        submitted_at=lenient.timestamp(data, "submissionTime"),
        started_at=lenient.timestamp(data, "startTime"),
        completed_at=lenient.timestamp(data, "completionTime"),
        status_details={str(name): lenient.text(details, name) for name in details}
        if isinstance(details, Mapping)
        else {},
        schedule_id=lenient.text(data, "executionScheduleId"),
    )


def parse_execution_state(data: JsonObject) -> ExecutionState:
    """Parse the state of an execution from a response to ``$select=status``."""
    return ExecutionState(
        lenient.identity(data),
        lenient.enumeration(Status, data.get("status"), Status.UNKNOWN),
        lenient.modified_at(data),
    )


def serialize_new_execution(configuration_id: str) -> Json:
    """Return the body of a request that starts an execution."""
    return {"configurationId": configuration_id}


def parse_new_execution(data: JsonObject) -> str:
    """Return the configuration ID of a request that starts an execution. Raises InvalidInput."""
    return strict.text(data, "configurationId")


def serialize_target_status(target: TargetStatus) -> Json:
    """Return the body of a request that changes an execution's target status."""
    return {"targetStatus": str(target)}


def parse_target_status(data: JsonObject, *allowed: TargetStatus) -> TargetStatus:
    """Return the target status of a request. Raises InvalidInput if it is not an allowed one."""
    return strict.choice(data, "targetStatus", allowed)


def serialize_target_statuses(execution_ids: Iterable[str], target: TargetStatus) -> Json:
    """Return the body of a bulk request that changes the target status of executions."""
    return {
        "executions": [{"id": each, **serialize_target_status(target)} for each in execution_ids]
    }


def parse_target_statuses(data: JsonObject) -> Sequence[tuple[str, TargetStatus]]:
    """Return the execution IDs and target statuses of a bulk request. Raises InvalidInput."""
    found = strict.objects(data, "executions", BULK_LIMIT)
    if not found:
        raise InvalidInput(
            "executions is empty", hint=f"Send 1 to {BULK_LIMIT} executions.", field="executions"
        )
    items = [
        (
            strict.identity(each, "id"),
            parse_target_status(each, TargetStatus.STOPPED, TargetStatus.DELETED),
        )
        for each in found
    ]
    if len(set(items)) < len(items):
        raise InvalidInput(
            "executions contains the same entry twice",
            hint="Send each execution once.",
            field="executions",
        )
    return items


def serialize_log(lines: Iterable[LogLine], execution_id: str) -> Json:
    """Return a page of an execution's log.

    The API's container and pod are the template's step here.
    """
    return {"data": {"result": [_serialize_log_line(each, execution_id) for each in lines]}}


def _serialize_log_line(line: LogLine, execution_id: str) -> Json:
    return {
        "timestamp": rfc3339(line.timestamp),
        "msg": line.message,
        "container": line.step or "launchpad",
        "pod": f"{execution_id}-{line.step}" if line.step else execution_id,
        "stream": line.stream,
    }


def parse_log(data: object) -> list[LogRecord]:
    """Parse a page of an execution's log."""
    page = data.get("data") if isinstance(data, Mapping) else None
    return list(lenient.parse_list(page, _parse_log_record, key="result"))


def _parse_log_record(data: JsonObject) -> LogRecord:
    return LogRecord(
        lenient.timestamp(data, "timestamp") or EPOCH,
        lenient.text(data, "msg"),
        lenient.text(data, "stream"),
        lenient.text(data, "container"),
        lenient.text(data, "pod"),
        lenient.text(data, "timestamp"),
    )

"""Functions that add executions and artifacts to a registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import artifacts, configurations, executions
from launchpad_tui.registry.database import Registry

START = datetime(2026, 1, 1, tzinfo=UTC)


def add_execution(
    registry: Registry,
    execution_id: str,
    parameters: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    *,
    status: Status = Status.RUNNING,
    at: int = 0,
    seconds: float | None = None,
    name: str = "",
) -> Execution:
    created = START + timedelta(seconds=at)
    configuration = Configuration(
        f"c-{execution_id}",
        name or f"configuration {execution_id}",
        "sc",
        "ex",
        parameters or {},
        inputs or {},
        created,
    )
    configurations.add(registry, DEFAULT_SCOPE, configuration)
    ended = None if seconds is None else created + timedelta(seconds=seconds)
    execution = Execution(
        execution_id,
        configuration.id,
        configuration.name,
        "sc",
        "ex",
        "1",
        status,
        TargetStatus.COMPLETED,
        "",
        created,
        created,
        created,
        created,
        ended,
    )
    executions.create(registry, DEFAULT_SCOPE, execution)
    return execution


def add_artifact(
    registry: Registry,
    artifact_id: str,
    name: str = "model",
    *,
    kind: ArtifactKind = ArtifactKind.MODEL,
    execution_id: str = "",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    size: int | None = None,
    at: int = 0,
) -> Artifact:
    created = START + timedelta(seconds=at)
    pairs = tuple((f"ext.ai.sap.com/{key}", value) for key, value in (labels or {}).items())
    artifact = Artifact(
        artifact_id,
        name,
        kind,
        f"ai://default/{artifact_id}",
        description,
        "sc",
        execution_id,
        pairs,
        size,
        created,
        created,
    )
    artifacts.add(registry, DEFAULT_SCOPE, artifact)
    return artifact


def new_pending(
    configuration: Configuration, executable_version: str, execution_id: str
) -> Execution:
    """Return a new pending execution of the configuration."""
    at = now()
    return Execution(
        execution_id,
        configuration.id,
        configuration.name,
        configuration.scenario_id,
        configuration.executable_id,
        executable_version,
        Status.PENDING,
        TargetStatus.COMPLETED,
        "",
        at,
        at,
        submitted_at=at,
    )

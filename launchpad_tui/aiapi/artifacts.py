"""Artifacts (``/lm/artifacts``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launchpad_tui.aiapi import lenient, strict
from launchpad_tui.aiapi.scenarios import serialize_scenario
from launchpad_tui.aiapi.values import Json, JsonObject, rfc3339, serialize_labels, without_nulls
from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind, FileCheck
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.records import record


@record
class NewArtifact:
    """The body of a request that registers an artifact."""

    name: str
    kind: ArtifactKind
    url: str
    scenario_id: str
    description: str = ""
    labels: Sequence[tuple[str, str]] = ()


def serialize_artifact(artifact: Artifact, scenarios: Mapping[str, Scenario] | None = None) -> Json:
    """Return an artifact.

    Args:
        scenarios: by ID; the artifact's own is included if it is among them (``$expand``).
    """
    data = without_nulls(_artifact(artifact))
    return with_scenario(data, artifact.scenario_id, scenarios)


def with_scenario(data: Json, scenario_id: str, scenarios: Mapping[str, Scenario] | None) -> Json:
    """Return a resource with its scenario included, if that is among the given ones."""
    found = None if scenarios is None else scenarios.get(scenario_id)
    return data if found is None else {**data, "scenario": serialize_scenario(found)}


def extended_artifact(artifact: Artifact) -> Json:
    """Return an artifact with launchpad's own fields; what is unknown is null."""
    return {
        **_artifact(artifact),
        "size": artifact.size,
        "filesState": str(artifact.files_state),
        "checkedAt": rfc3339(artifact.checked_at),
        "deletedAt": rfc3339(artifact.deleted_at),
        "version": artifact.version,
        "aliases": list(artifact.aliases),
        "pinnedAt": rfc3339(artifact.pinned_at),
        "runtimeName": artifact.logged_name,
        "localChanges": list(artifact.local_changes),
    }


def _artifact(artifact: Artifact) -> Json:
    return {
        "id": artifact.id,
        "name": artifact.name,
        "kind": str(artifact.kind),
        "url": artifact.url,
        "description": artifact.description,
        "scenarioId": artifact.scenario_id,
        "executionId": artifact.execution_id or None,
        "labels": serialize_labels(artifact.labels),
        "createdAt": rfc3339(artifact.created_at),
        "modifiedAt": rfc3339(artifact.modified_at),
    }


def parse_artifact(data: JsonObject) -> Artifact:
    """Parse an artifact of a response; nothing is known about its files."""
    return Artifact(
        id=lenient.identity(data),
        name=lenient.text(data, "name"),
        kind=lenient.enumeration(ArtifactKind, data.get("kind"), ArtifactKind.OTHER),
        url=lenient.text(data, "url"),
        description=lenient.text(data, "description"),
        scenario_id=lenient.text(data, "scenarioId"),
        execution_id=lenient.text(data, "executionId"),
        labels=lenient.pairs(data, "labels"),
        size=None,
        created_at=lenient.created_at(data),
        modified_at=lenient.modified_at(data),
    )


def serialize_new_artifact(new: NewArtifact) -> Json:
    """Return the body of a request that registers an artifact."""
    return without_nulls(
        {
            "name": new.name,
            "kind": str(new.kind),
            "url": new.url,
            "scenarioId": new.scenario_id,
            "description": new.description or None,
            "labels": serialize_labels(new.labels) or None,
        }
    )


def parse_new_artifact(data: JsonObject) -> NewArtifact:
    """Parse the body of a request that registers an artifact. Raises InvalidInput."""
    return NewArtifact(
        strict.text(data, "name"),
        strict.choice(data, "kind", ArtifactKind),
        strict.text(data, "url"),
        strict.text(data, "scenarioId"),
        strict.text(data, "description", required=False),
        strict.pairs(data, "labels"),
    )


def serialize_file(file: ArtifactFile) -> Json:
    """Return a recorded file of an artifact."""
    return {"path": file.path, "size": file.size, "sha256": file.sha256 or None}


def serialize_file_check(check: FileCheck) -> Json:
    """Return the result of verifying a file."""
    return {
        **serialize_file(check.file),
        "state": str(check.state),
        "foundSize": check.size,
        "foundSha256": check.sha256 or None,
    }

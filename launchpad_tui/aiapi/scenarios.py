"""Scenarios, their versions and executables (``/lm/scenarios``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from launchpad_tui.aiapi import lenient
from launchpad_tui.aiapi.values import Json, JsonObject, rfc3339, serialize_labels, without_nulls
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario, Version

#: label keys that the specification allows for scenarios
_LABEL_KEY = re.compile(r"(scenarios|ext)\.ai\.sap\.com/[\w.-]+", re.ASCII)


def extended_scenario(scenario: Scenario) -> Json:
    """Return a scenario with all its labels."""
    return {
        "id": scenario.id,
        "name": scenario.name,
        "description": scenario.description,
        "labels": serialize_labels(scenario.labels),
        "createdAt": rfc3339(scenario.created_at),
        "modifiedAt": rfc3339(scenario.modified_at),
    }


def serialize_scenario(scenario: Scenario) -> Json:
    """Return a scenario with the labels that the API allows."""
    allowed = [pair for pair in scenario.labels.items() if _LABEL_KEY.fullmatch(pair[0])]
    return {**extended_scenario(scenario), "labels": serialize_labels(allowed)}


def parse_scenario(data: JsonObject) -> Scenario:
    """Parse a scenario of a response."""
    scenario_id = lenient.identity(data)
    return Scenario(
        scenario_id,
        lenient.text(data, "name") or scenario_id,
        lenient.text(data, "description"),
        dict(lenient.pairs(data, "labels")),
        lenient.created_at(data),
        lenient.modified_at(data),
    )


def serialize_version(version: Version, scenario_id: str) -> Json:
    """Return a version of a scenario."""
    return {
        "id": version.id,
        "scenarioId": scenario_id,
        "description": version.description,
        "createdAt": rfc3339(version.created_at),
        "modifiedAt": rfc3339(version.modified_at),
    }


def parse_version(data: JsonObject) -> Version:
    """Parse a version of a response; its ID is free text."""
    return Version(
        lenient.required_text(data, "id"),
        lenient.text(data, "description"),
        lenient.created_at(data),
        lenient.modified_at(data),
    )


def serialize_executable(executable: Executable) -> Json:
    """Return an executable; parameters without a default have no such field."""
    data = _executable(executable)
    return {**data, "parameters": [without_nulls(each) for each in data["parameters"]]}


def extended_executable(executable: Executable) -> Json:
    """Return an executable with launchpad's own fields: source, notes and settings."""
    return {
        **_executable(executable),
        "source": executable.source,
        "notes": list(executable.notes),
        "settings": dict(executable.settings),
    }


def _executable(executable: Executable) -> dict[str, Any]:
    return {
        "id": executable.id,
        "scenarioId": executable.scenario_id,
        "versionId": executable.version,
        "name": executable.name,
        "description": executable.description,
        "deployable": False,
        "parameters": [
            {
                "name": each.name,
                "type": "string",
                "description": each.description,
                "default": each.default,
            }
            for each in executable.parameters
        ],
        "inputArtifacts": _serialize_slots(executable.inputs),
        "outputArtifacts": _serialize_slots(executable.outputs),
        "createdAt": rfc3339(executable.created_at),
        "modifiedAt": rfc3339(executable.modified_at),
    }


def _serialize_slots(slots: Iterable[ArtifactSlot]) -> list[Json]:
    return [
        {
            "name": each.name,
            # An input without a kind accepts artifacts of any kind.
            **({"kind": each.kind} if each.kind else {}),
            "description": each.description,
            "labels": serialize_labels(each.labels),
        }
        for each in slots
    ]


def deployable(data: JsonObject) -> bool:
    """Return whether an executable of a response creates deployments instead of executions."""
    return data.get("deployable") is True


def parse_executable(data: JsonObject, scenario_id: str) -> Executable:
    """Parse an executable of a response; the API does not return its template.

    Args:
        scenario_id: the scenario whose executables were requested.
    """
    executable_id = lenient.identity(data)
    parameters = (
        Parameter(
            lenient.text(each, "name"),
            None if each.get("default") is None else lenient.text(each, "default"),
            lenient.text(each, "description"),
        )
        for each in lenient.objects(data, "parameters")
    )
    return Executable(
        id=executable_id,
        scenario_id=lenient.text(data, "scenarioId") or scenario_id,
        name=lenient.text(data, "name") or executable_id,
        description=lenient.text(data, "description"),
        version=lenient.text(data, "versionId"),
        parameters=tuple(each for each in parameters if each.name),
        inputs=_parse_slots(data, "inputArtifacts"),
        outputs=_parse_slots(data, "outputArtifacts"),
        template="",
        source="",
        notes=("It creates deployments, not executions.",) if deployable(data) else (),
        settings={},
        created_at=lenient.created_at(data),
        modified_at=lenient.modified_at(data),
    )


def _parse_slots(data: JsonObject, name: str) -> tuple[ArtifactSlot, ...]:
    return tuple(
        ArtifactSlot(
            lenient.text(each, "name"),
            lenient.text(each, "kind"),
            lenient.text(each, "description"),
            lenient.pairs(each, "labels"),
        )
        for each in lenient.objects(data, name)
        if lenient.text(each, "name")
    )

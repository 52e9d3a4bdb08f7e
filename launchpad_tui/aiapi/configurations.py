"""Configurations (``/lm/configurations``)."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.aiapi import lenient, strict
from launchpad_tui.aiapi.artifacts import with_scenario
from launchpad_tui.aiapi.values import Json, JsonObject, rfc3339, serialize_labels
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.records import field, record

#: the API's maximum number of bindings of each kind
_BINDINGS_LIMIT = 1000


@record
class NewConfiguration:
    """The body of a request that creates a configuration; ``inputs`` maps names to artifact IDs."""

    name: str
    scenario_id: str
    executable_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


def serialize_configuration(
    configuration: Configuration, scenarios: Mapping[str, Scenario] | None = None
) -> Json:
    """Return a configuration.

    Args:
        scenarios: by ID; the configuration's own is included if it is among them (``$expand``).
    """
    data = {
        "id": configuration.id,
        **serialize_new_configuration(
            NewConfiguration(
                configuration.name,
                configuration.scenario_id,
                configuration.executable_id,
                configuration.parameters,
                configuration.inputs,
            )
        ),
        "createdAt": rfc3339(configuration.created_at),
    }
    return with_scenario(data, configuration.scenario_id, scenarios)


def parse_configuration(data: JsonObject) -> Configuration:
    """Parse a configuration of a response."""
    return Configuration(
        lenient.identity(data),
        lenient.text(data, "name"),
        lenient.text(data, "scenarioId"),
        lenient.text(data, "executableId"),
        dict(lenient.pairs(data, "parameterBindings")),
        dict(lenient.pairs(data, "inputArtifactBindings", value="artifactId")),
        lenient.created_at(data),
    )


def serialize_new_configuration(new: NewConfiguration) -> Json:
    """Return the body of a request that creates a configuration."""
    return {
        "name": new.name,
        "scenarioId": new.scenario_id,
        "executableId": new.executable_id,
        "parameterBindings": serialize_labels(new.parameters),
        "inputArtifactBindings": [
            {"key": key, "artifactId": artifact_id} for key, artifact_id in new.inputs.items()
        ],
    }


def parse_new_configuration(data: JsonObject) -> NewConfiguration:
    """Parse the body of a request that creates a configuration. Raises InvalidInput."""
    return NewConfiguration(
        strict.text(data, "name"),
        strict.text(data, "scenarioId"),
        strict.text(data, "executableId"),
        strict.mapping(data, "parameterBindings", limit=_BINDINGS_LIMIT),
        strict.mapping(data, "inputArtifactBindings", "artifactId", _BINDINGS_LIMIT),
    )

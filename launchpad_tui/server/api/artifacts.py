"""``/lm/artifacts``."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.aiapi.artifacts import parse_new_artifact, serialize_artifact
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.execution import RESOURCE_NAME
from launchpad_tui.domain.filters import ArtifactFilter
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry


def _filter(call: Call) -> ArtifactFilter:
    query = call.query
    name = query.text("name")
    if name and not RESOURCE_NAME.fullmatch(name):
        raise InvalidInput("name is not a name of an artifact", repr(name[:80]), field="name")
    return ArtifactFilter(
        query.id("scenarioId", short=True),
        query.id("executionId"),
        name,
        query.choice("kind", ArtifactKind),
        query.labels("artifactLabelSelector"),
        query.search(),
        query.flag("searchCaseInsensitive"),
    )


def expanded(call: Call) -> Mapping[str, Scenario] | None:
    """The scenarios by ID where ``$expand`` asks for them."""
    if not call.query.word("$expand", "scenario"):
        return None
    return {each.id: each for each in call.desk.scenarios.scenarios(call.scope)}


def _list(call: Call) -> Answer:
    wanted, scenarios = _filter(call), expanded(call)
    found = call.desk.serving.artifacts(call.scope, wanted, *call.query.page())
    return Answer(data=resource_list(serialize_artifact(each, scenarios) for each in found))


def _count(call: Call) -> Answer:
    return Answer(text=str(call.desk.serving.count_artifacts(call.scope, _filter(call))))


def _get(call: Call) -> Answer:
    scenarios = expanded(call)
    return Answer(
        data=serialize_artifact(
            call.desk.artifacts.get(call.scope, call.parts["artifactId"]), scenarios
        )
    )


def _create(call: Call) -> Answer:
    new = parse_new_artifact(call.body())
    made = call.desk.artifacts.add(
        call.scope, new.kind, new.name, new.url, new.scenario_id, new.description, new.labels
    )
    return Answer(
        201,
        {"id": made.id, "message": "Artifact acknowledged", "url": made.url},
        headers=call.created("/lm/artifacts", made.id),
    )


ENTRIES: Entries = (
    Entry("GET", "/lm/artifacts/$count", _count),
    Entry("GET", "/lm/artifacts", _list),
    Entry("POST", "/lm/artifacts", _create, missing=400),
    Entry("GET", "/lm/artifacts/{artifactId}", _get),
)

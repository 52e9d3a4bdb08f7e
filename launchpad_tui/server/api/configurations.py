"""``/lm/configurations``."""

from __future__ import annotations

from launchpad_tui.aiapi.configurations import parse_new_configuration, serialize_configuration
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.filters import ConfigurationFilter
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api.artifacts import expanded
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry


def _filter(call: Call) -> ConfigurationFilter:
    query = call.query
    return ConfigurationFilter(
        query.id("scenarioId", short=True),
        query.ids("executableIds"),
        query.search(),
        query.flag("searchCaseInsensitive"),
    )


def _list(call: Call) -> Answer:
    wanted, scenarios = _filter(call), expanded(call)
    found = call.desk.serving.configurations(call.scope, wanted, *call.query.page())
    return Answer(data=resource_list(serialize_configuration(each, scenarios) for each in found))


def _count(call: Call) -> Answer:
    return Answer(text=str(call.desk.serving.count_configurations(call.scope, _filter(call))))


def _get(call: Call) -> Answer:
    scenarios = expanded(call)
    found = call.desk.configurations.get(call.scope, call.parts["configurationId"])
    return Answer(data=serialize_configuration(found, scenarios))


def _create(call: Call) -> Answer:
    new = parse_new_configuration(call.body())
    executable = call.desk.scenarios.executable(call.scope, new.executable_id)
    if executable.scenario_id != new.scenario_id:
        raise NotFound(
            f"The scenario {new.scenario_id[:80]!r} has no executable {new.executable_id[:80]!r}"
        )
    for slot, artifact_id in new.inputs.items():
        # Here, as below names and beginnings of IDs would do.
        try:
            call.desk.artifacts.get(call.scope, artifact_id)
        except NotFound as error:
            raise InvalidInput(
                error.title, f"Input {slot[:80]}.", field="inputArtifactBindings"
            ) from error
    made = call.desk.configurations.create(
        call.scope, new.name, new.executable_id, new.parameters, new.inputs
    )
    return Answer(
        201,
        {"id": made.id, "message": "Configuration created"},
        headers=call.created("/lm/configurations", made.id),
    )


ENTRIES: Entries = (
    Entry("GET", "/lm/configurations/$count", _count),
    Entry("GET", "/lm/configurations", _list),
    Entry("POST", "/lm/configurations", _create, missing=400),
    Entry("GET", "/lm/configurations/{configurationId}", _get),
)

"""``/lm/configurations``."""

from __future__ import annotations

from launchpad_tui.domain.filters import ConfigurationFilter
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.server.api import fields, writing
from launchpad_tui.server.api.artifacts import expanded
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry

#: AI API: bindings of a configuration
_BINDINGS = 1000


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
    return Answer(data=writing.resources(writing.configuration(each, scenarios) for each in found))


def _count(call: Call) -> Answer:
    return Answer(text=str(call.desk.serving.count_configurations(call.scope, _filter(call))))


def _get(call: Call) -> Answer:
    scenarios = expanded(call)
    found = call.desk.configurations.get(call.scope, call.parts["configurationId"])
    return Answer(data=writing.configuration(found, scenarios))


def _create(call: Call) -> Answer:
    body = call.body()
    name, scenario = fields.text(body, "name"), fields.text(body, "scenarioId")
    executable = fields.text(body, "executableId")
    parameters = fields.mapping(body, "parameterBindings", "value", _BINDINGS)
    inputs = fields.mapping(body, "inputArtifactBindings", "artifactId", _BINDINGS)
    if call.desk.scenarios.executable(call.scope, executable).scenario_id != scenario:
        raise NotFound(f"The scenario {scenario[:80]!r} has no executable {executable[:80]!r}")
    for slot, artifact_id in inputs.items():
        # Here, as below names and beginnings of IDs would do.
        try:
            call.desk.artifacts.get(call.scope, artifact_id)
        except NotFound as error:
            raise InvalidInput(
                error.title, f"Input {slot[:80]}.", field="inputArtifactBindings"
            ) from error
    made = call.desk.configurations.create(call.scope, name, executable, parameters, inputs)
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

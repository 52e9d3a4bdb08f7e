"""``/lm/scenarios``, their executables and versions. They are those of the machine, whatever the resource group."""

from __future__ import annotations

from launchpad_tui.aiapi.scenarios import (
    serialize_executable,
    serialize_scenario,
    serialize_version,
)
from launchpad_tui.aiapi.values import resource_list
from launchpad_tui.domain.scenario import Executable, Version
from launchpad_tui.errors import NotFound
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry


def _list(call: Call) -> Answer:
    return Answer(
        data=resource_list(map(serialize_scenario, call.desk.scenarios.scenarios(call.scope)))
    )


def _get(call: Call) -> Answer:
    return Answer(
        data=serialize_scenario(call.desk.scenarios.scenario(call.scope, call.parts["scenarioId"]))
    )


def _executables(call: Call) -> Answer:
    version = call.query.text("versionId")
    return Answer(
        data=resource_list(
            serialize_executable(each)
            for each in _of_scenario(call)
            if version in {"", each.version}
        )
    )


def _executable(call: Call) -> Answer:
    found = call.desk.scenarios.executable(call.scope, call.parts["executableId"])
    if found.scenario_id != call.parts["scenarioId"]:
        raise NotFound(f"The scenario has no executable {found.id!r}")
    return Answer(data=serialize_executable(found))


def _versions(call: Call) -> Answer:
    # Versions of this machine have no labels, so that only "differs" holds of them.
    selected = all(condition.differs for condition in call.query.labels("labelSelector"))
    versions: dict[str, list[Executable]] = {}
    for each in _of_scenario(call):
        if selected:
            versions.setdefault(each.version, []).append(each)
    return Answer(
        data=resource_list(
            serialize_version(
                Version(
                    version,
                    "",
                    min(each.created_at for each in found),
                    max(each.modified_at for each in found),
                ),
                call.parts["scenarioId"],
            )
            for version, found in sorted(versions.items())
        )
    )


def _of_scenario(call: Call) -> list[Executable]:
    scenario = call.desk.scenarios.scenario(call.scope, call.parts["scenarioId"])
    return call.desk.scenarios.executables(call.scope, scenario.id)


_ONE = "/lm/scenarios/{scenarioId}"
# The lists of executables and versions know no 404.
ENTRIES: Entries = (
    Entry("GET", "/lm/scenarios", _list),
    Entry("GET", _ONE, _get),
    Entry("GET", f"{_ONE}/executables", _executables, missing=400),
    Entry("GET", f"{_ONE}/executables/{{executableId}}", _executable),
    Entry("GET", f"{_ONE}/versions", _versions, missing=400),
)

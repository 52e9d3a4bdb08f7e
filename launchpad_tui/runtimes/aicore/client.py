"""A client of SAP AI Core's AI API, one resource group of it; results are words of the domain.

Source: AI Core API 2.42.0. Calls block, and may be made from any thread. Every call raises what
`launchpad_tui.runtimes.aicore.http.AICoreHttp.call` does; generators raise while they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from launchpad_tui.aiapi.artifacts import NewArtifact, parse_artifact, serialize_new_artifact
from launchpad_tui.aiapi.configurations import (
    NewConfiguration,
    parse_configuration,
    serialize_new_configuration,
)
from launchpad_tui.aiapi.errors import parse_item_error
from launchpad_tui.aiapi.executions import (
    BULK_LIMIT,
    parse_execution,
    parse_execution_state,
    serialize_new_execution,
    serialize_target_status,
    serialize_target_statuses,
)
from launchpad_tui.aiapi.lenient import identity, parse_list, parse_one
from launchpad_tui.aiapi.meta import RuntimeMeta, parse_meta
from launchpad_tui.aiapi.scenarios import (
    deployable as is_deployable,
)
from launchpad_tui.aiapi.scenarios import (
    parse_executable,
    parse_scenario,
    parse_version,
)
from launchpad_tui.aiapi.values import JsonObject
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Capabilities, Field
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    ExecutionState,
    LogRecord,
    Outcome,
    Status,
    TargetStatus,
)
from launchpad_tui.domain.scenario import AddedExecutables, Executable, Scenario, Version
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import CapabilityMissing, NotFound, RuntimeRejected
from launchpad_tui.net.redaction import redact
from launchpad_tui.runtimes.aicore.administration import Administration
from launchpad_tui.runtimes.aicore.base import MERGE_PATCH, below, chunks, given
from launchpad_tui.runtimes.aicore.logs import LogPages
from launchpad_tui.runtimes.aicore.schedules import Schedules
from launchpad_tui.runtimes.aicore.tracking import Tracking

_SCENARIOS, _ARTIFACTS = "/lm/scenarios", "/lm/artifacts"
_CONFIGURATIONS, _EXECUTIONS = "/lm/configurations", "/lm/executions"


class AICoreClient(Tracking, Schedules, Administration):
    """The whole client; see `launchpad_tui.runtimes.aicore.base.Base` for its arguments."""

    def in_group(self, resource_group: str) -> AICoreClient:
        """A client of another resource group over the same connections and token; closing one closes both."""
        return AICoreClient(self.key, resource_group, page=self._page, http=self.http)

    def create_due(self, at: datetime) -> int:  # noqa: ARG002
        """Return 0: a remote runtime creates the executions of its schedules by itself."""
        return 0

    def reconcile(self) -> None:
        """Do nothing: a remote runtime maintains its executions by itself."""

    # What the runtime is -------------------------------------------------------------------------------------------

    def meta(self) -> RuntimeMeta:
        """What the runtime says of itself. Raises NotFound where it does not."""
        return parse_meta(self._get("/lm/meta"))

    def capabilities(self) -> Capabilities:
        """What the runtime can do. One that says nothing of itself but answers has the API's defaults."""
        try:
            return self.meta().capabilities()
        except NotFound:
            self._get(_SCENARIOS)
            return RuntimeMeta().capabilities()

    # Scenarios and executables -------------------------------------------------------------------------------------

    def scenarios(self) -> Iterator[Scenario]:
        """All scenarios of the tenant."""
        return self._list(_SCENARIOS, parse_scenario)

    def executables(
        self, scenario_id: str, version_id: str = "", *, deployable: bool | None = False
    ) -> Iterator[Executable]:
        """The executables of a scenario.

        Args:
            version_id: of this version only; empty for all.
            deployable: True: those of deployments; False: of executions; None: all.
        """
        data = self._get(f"{below(_SCENARIOS, scenario_id)}/executables", {"versionId": version_id})
        for one in parse_list(data, lambda each: (each, parse_executable(each, scenario_id))):
            if deployable is None or is_deployable(one[0]) is deployable:
                yield one[1]

    def versions(self, scenario_id: str) -> Iterator[Version]:
        """The versions of a scenario."""
        return self._list(f"{below(_SCENARIOS, scenario_id)}/versions", parse_version)

    def add_executables(self, path: Path) -> AddedExecutables:  # noqa: ARG002
        """Raise CapabilityMissing: the AI API does not accept executables."""
        raise _no_templates()

    def executable_fields(self) -> tuple[Field, ...]:
        """Return no fields: executables have no settings."""
        return ()

    def set_executable(self, executable_id: str, values: Mapping[str, str]) -> Executable:  # noqa: ARG002
        """Raise CapabilityMissing: executables have no settings."""
        raise _no_templates()

    def delete_executable(self, executable_id: str) -> None:  # noqa: ARG002
        """Raise CapabilityMissing: executables are removed from the runtime's Git repositories."""
        raise _no_templates()

    # Artifacts -----------------------------------------------------------------------------------------------------

    def artifacts(
        self,
        kind: ArtifactKind | None = None,
        *,
        scenario_id: str = "",
        execution_id: str = "",
        name: str = "",
        search: str = "",
        labels: Sequence[tuple[str, str]] = (),
        skip: int = 0,
        page: int = 0,
    ) -> Iterator[Artifact]:
        """Artifacts that are all of this.

        Args:
            skip: so many are passed over.
            page: entries that are asked for at once; 0: as the client does.
            search: a part of name or description, in any case.
            labels: at most 10.
        """
        query = _artifact_query(kind, scenario_id, execution_id, name, search, labels)
        return self._pages(_ARTIFACTS, parse_artifact, query, skip, page)

    def count_artifacts(
        self,
        kind: ArtifactKind | None = None,
        *,
        scenario_id: str = "",
        execution_id: str = "",
        name: str = "",
        search: str = "",
        labels: Sequence[tuple[str, str]] = (),
    ) -> int:
        """How many there are, with the arguments of `artifacts`."""
        return self._count(
            _ARTIFACTS, _artifact_query(kind, scenario_id, execution_id, name, search, labels)
        )

    def artifact(self, artifact_id: str) -> Artifact:
        """One artifact. Raises NotFound."""
        return parse_one(self._get(below(_ARTIFACTS, artifact_id)), parse_artifact)

    def create_artifact(
        self,
        name: str,
        kind: ArtifactKind,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
        *,
        size: int | None = None,  # noqa: ARG002  the runtime measures artifacts by itself
    ) -> str:
        """Register an artifact; gives its ID."""
        new = NewArtifact(name, kind, url, scenario_id, description, labels)
        return self._create(_ARTIFACTS, serialize_new_artifact(new))

    # Configurations ------------------------------------------------------------------------------------------------

    def configurations(
        self,
        *,
        scenario_id: str = "",
        executable_ids: Sequence[str] = (),
        search: str = "",
        skip: int = 0,
    ) -> Iterator[Configuration]:
        """Configurations that are all of this.

        Args:
            executable_ids: at most 1000; of any of them.
            search: a part of the name, in any case.
            skip: so many are passed over.
        """
        return self._pages(
            _CONFIGURATIONS, parse_configuration, _of(scenario_id, executable_ids, search), skip
        )

    def count_configurations(
        self, *, scenario_id: str = "", executable_ids: Sequence[str] = (), search: str = ""
    ) -> int:
        """How many there are, with the arguments of `configurations`."""
        return self._count(_CONFIGURATIONS, _of(scenario_id, executable_ids, search))

    def configuration(self, configuration_id: str) -> Configuration:
        """One configuration. Raises NotFound."""
        return parse_one(self._get(below(_CONFIGURATIONS, configuration_id)), parse_configuration)

    def create_configuration(
        self,
        name: str,
        scenario_id: str,
        executable_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        """Make a configuration; gives its ID.

        Args:
            inputs: artifact IDs by the input's name.
        """
        new = NewConfiguration(name, scenario_id, executable_id, parameters or {}, inputs or {})
        return self._create(_CONFIGURATIONS, serialize_new_configuration(new))

    # Executions ----------------------------------------------------------------------------------------------------

    def executions(
        self,
        *,
        scenario_id: str = "",
        configuration_id: str = "",
        executable_ids: Sequence[str] = (),
        schedule_id: str = "",
        status: Status | None = None,
        skip: int = 0,
    ) -> Iterator[Execution]:
        """Executions that are all of this, behind the first ``skip``."""
        query = _execution_query(scenario_id, configuration_id, executable_ids, schedule_id, status)
        return self._pages(_EXECUTIONS, parse_execution, query, skip)

    def execution_states(self, status: Status | None = None) -> Iterator[ExecutionState]:
        """Which executions there are (in a status), and when each changed last: far fewer bytes than `executions`."""
        return self._pages(
            _EXECUTIONS, parse_execution_state, {"status": status, "$select": "status"}
        )

    def count_executions(
        self,
        *,
        scenario_id: str = "",
        configuration_id: str = "",
        executable_ids: Sequence[str] = (),
        schedule_id: str = "",
        status: Status | None = None,
    ) -> int:
        """How many there are, with the arguments of `executions`."""
        query = _execution_query(scenario_id, configuration_id, executable_ids, schedule_id, status)
        return self._count(_EXECUTIONS, query)

    def execution(self, execution_id: str) -> Execution:
        """One execution. Raises NotFound."""
        return parse_one(self._get(below(_EXECUTIONS, execution_id)), parse_execution)

    def create_execution(self, configuration_id: str) -> str:
        """Start an execution; gives its ID. It is asked for once only: after an error look whether it runs."""
        return self._create(_EXECUTIONS, serialize_new_execution(configuration_id))

    def stop(self, execution_id: str) -> None:
        """Ask it to stop. Raises NotFound, and Conflict where it is neither PENDING nor RUNNING."""
        path, body = below(_EXECUTIONS, execution_id), serialize_target_status(TargetStatus.STOPPED)
        self.http.call("PATCH", path, group=self.resource_group, body=body, again=True, done=(412,))

    def delete(self, execution_id: str) -> None:
        """Delete it. Raises NotFound, and Conflict while it is not over."""
        path = below(_EXECUTIONS, execution_id)
        self.http.call("DELETE", path, group=self.resource_group, again=True, done=(404,))

    def change_many(self, execution_ids: Sequence[str], target: TargetStatus) -> Iterator[Outcome]:
        """Stop or delete many, 100 a request; what came of each. For runtimes whose `RuntimeMeta.bulk` is True.

        Args:
            target: STOPPED or DELETED.
        """
        for piece in chunks(execution_ids, BULK_LIMIT):
            body = serialize_target_statuses(piece, target)
            data = self.http.json(
                "PATCH", _EXECUTIONS, group=self.resource_group, body=body, content_type=MERGE_PATCH
            )
            found = parse_list(
                data, lambda one: _outcome(one, target, self.http.secrets), key="executions"
            )
            came = {each.id: each for each in found}
            yield from (
                came.get(one) or _rejected(one, target, "The runtime did not report an outcome.")
                for one in piece
            )

    def store_outputs(self, execution_id: str, progress: Progress | None = None) -> None:  # noqa: ARG002
        """Raise CapabilityMissing: the runtime stores outputs by itself."""
        raise CapabilityMissing(
            f"The outputs of execution {execution_id} cannot be stored from here",
            "Its runtime stores outputs by itself.",
        )

    def log_folder(self, execution_id: str) -> None:  # noqa: ARG002
        """Return None: logs have to be fetched."""
        return

    def logs(
        self,
        execution_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[LogRecord]:
        """The lines of its log, by time, page by page.

        Args:
            start: the earliest; None: the server's choice, an hour ago.
            end: the latest; None: now.
            limit: at most so many; None: all.
        """
        path = f"{below(_EXECUTIONS, execution_id)}/logs"

        def ask(query: Mapping[str, object]) -> object:
            return self.http.json("GET", path, given(query), group=self.resource_group)

        return LogPages(ask, start, end, newest_first).lines(limit)


def _no_templates() -> CapabilityMissing:
    return CapabilityMissing(
        "The AI API does not accept changes of executables",
        "SAP AI Core reads executables from a Git repository; launchpad serve has those of its machine.",
        "Change the workflow template in the repository that the runtime reads.",
    )


def _outcome(data: JsonObject, target: TargetStatus, secrets: Sequence[str]) -> Outcome:
    error = data.get("error")
    if error is None:
        return Outcome(identity(data))
    report = parse_item_error(error)
    shown = report.summary()
    if report.request_id:
        shown += f" (request ID {report.request_id})"
    return _rejected(identity(data), target, redact(shown, secrets) or "It was rejected.")


def _rejected(execution_id: str, target: TargetStatus, reason: str) -> Outcome:
    done = "stopped" if target is TargetStatus.STOPPED else "deleted"
    return Outcome(
        execution_id, RuntimeRejected(f"Execution {execution_id} was not {done}", reason)
    )


def _artifact_query(
    kind: ArtifactKind | None,
    scenario_id: str,
    execution_id: str,
    name: str,
    search: str,
    labels: Sequence[tuple[str, str]],
) -> dict[str, object]:
    return {
        "kind": kind,
        "scenarioId": scenario_id,
        "executionId": execution_id,
        "name": name,
        "artifactLabelSelector": [
            f"{key}={value.replace(',', '{comma}')}" for key, value in labels
        ],
        **_search(search),
    }


def _of(scenario_id: str, executable_ids: Sequence[str], search: str) -> dict[str, object]:
    return {"scenarioId": scenario_id, "executableIds": list(executable_ids), **_search(search)}


def _search(text: str) -> dict[str, object]:
    """The API takes no ``~`` and at most 80 characters."""
    text = text.replace("~", "")[:80]
    return {"$search": text, "searchCaseInsensitive": True} if text else {}


def _execution_query(
    scenario_id: str,
    configuration_id: str,
    executable_ids: Sequence[str],
    schedule_id: str,
    status: Status | None,
) -> dict[str, object]:
    return {
        "scenarioId": scenario_id,
        "configurationId": configuration_id,
        "executableIds": list(executable_ids),
        "executionScheduleId": schedule_id,
        "status": status,
    }

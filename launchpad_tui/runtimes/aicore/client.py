"""The client of one resource group of SAP AI Core; it returns domain objects.

Source: AI Core API 2.42.0. Calls block and are thread-safe. Each raises the errors of
`launchpad_tui.runtimes.aicore.http.AICoreHttp.call`; generators raise them during the iteration.
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
from launchpad_tui.runtimes.aicore.administration import AdministrationClient
from launchpad_tui.runtimes.aicore.base import MERGE_PATCH, chunks, item_path, query_parameters
from launchpad_tui.runtimes.aicore.logs import LogPages
from launchpad_tui.runtimes.aicore.schedules import SchedulesClient
from launchpad_tui.runtimes.aicore.tracking import MetricsClient

_SCENARIOS, _ARTIFACTS = "/lm/scenarios", "/lm/artifacts"
_CONFIGURATIONS, _EXECUTIONS = "/lm/configurations", "/lm/executions"
_OUTCOME_HINT = "Refresh the list to see the current status of the execution."


class AICoreClient(MetricsClient, SchedulesClient, AdministrationClient):
    """The runtime SAP AI Core; `BaseClient` describes the arguments."""

    def in_group(self, resource_group: str) -> AICoreClient:
        """Return a client of another resource group that shares connections and token.

        Closing one of them closes both.
        """
        return AICoreClient(self.key, resource_group, page=self._page, http=self.http)

    def create_due(self, at: datetime) -> int:  # noqa: ARG002
        """Return 0: a remote runtime creates the executions of its schedules by itself."""
        return 0

    def reconcile(self) -> None:
        """Do nothing: a remote runtime maintains its executions by itself."""

    # Metadata -------------------------------------------------------------------------------------

    def meta(self) -> RuntimeMeta:
        """Return what the runtime reports about itself. Raises NotFound if it has no metadata."""
        return parse_meta(self._get("/lm/meta"))

    def capabilities(self) -> Capabilities:
        """Return what the runtime can do: the API's defaults if it works but has no metadata."""
        try:
            return self.meta().capabilities()
        except NotFound:
            self._get(_SCENARIOS)
            return RuntimeMeta().capabilities()

    # Scenarios and executables --------------------------------------------------------------------

    def scenarios(self) -> Iterator[Scenario]:
        """Yield all scenarios of the tenant."""
        return self._list(_SCENARIOS, parse_scenario)

    def executables(
        self, scenario_id: str, version_id: str = "", *, deployable: bool | None = False
    ) -> Iterator[Executable]:
        """Yield the executables of a scenario.

        Args:
            version_id: empty for all versions.
            deployable: True for executables of deployments, False for those of executions, None for
                both.
        """
        data = self._get(
            f"{item_path(_SCENARIOS, scenario_id)}/executables", {"versionId": version_id}
        )
        found = parse_list(
            data, lambda one: (is_deployable(one), parse_executable(one, scenario_id))
        )
        for for_deployments, executable in found:
            if deployable is None or for_deployments is deployable:
                yield executable

    def versions(self, scenario_id: str) -> Iterator[Version]:
        """Yield the versions of a scenario."""
        return self._list(f"{item_path(_SCENARIOS, scenario_id)}/versions", parse_version)

    def add_executables(self, path: Path) -> AddedExecutables:  # noqa: ARG002
        """Raise CapabilityMissing: the AI API does not accept executables."""
        raise _executables_are_read_only()

    def executable_fields(self) -> tuple[Field, ...]:
        """Return no fields: executables have no settings."""
        return ()

    def set_executable(self, executable_id: str, values: Mapping[str, str]) -> Executable:  # noqa: ARG002
        """Raise CapabilityMissing: executables have no settings."""
        raise _executables_are_read_only()

    def delete_executable(self, executable_id: str) -> None:  # noqa: ARG002
        """Raise CapabilityMissing: executables are removed from the runtime's Git repositories."""
        raise _executables_are_read_only()

    # Artifacts ------------------------------------------------------------------------------------

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
        """Yield the artifacts that match all arguments.

        Args:
            search: a part of the name or description; upper and lower case match.
            labels: at most 10.
            skip: number of artifacts to skip.
            page: entries per request; 0 for the client's default.
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
        """Return the number of artifacts; the arguments are those of `artifacts`."""
        return self._count(
            _ARTIFACTS, _artifact_query(kind, scenario_id, execution_id, name, search, labels)
        )

    def artifact(self, artifact_id: str) -> Artifact:
        """Return an artifact. Raises NotFound."""
        return parse_one(self._get(item_path(_ARTIFACTS, artifact_id)), parse_artifact)

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
        restricted: bool = False,  # noqa: ARG002  the runtime knows its clients
    ) -> str:
        """Register an artifact and return its ID."""
        new = NewArtifact(name, kind, url, scenario_id, description, labels)
        return self._create(_ARTIFACTS, serialize_new_artifact(new))

    # Configurations -------------------------------------------------------------------------------

    def configurations(
        self,
        *,
        scenario_id: str = "",
        executable_ids: Sequence[str] = (),
        search: str = "",
        skip: int = 0,
    ) -> Iterator[Configuration]:
        """Yield the configurations that match all arguments.

        Args:
            executable_ids: at most 1000, of which one must match; empty for all.
            search: a part of the name; upper and lower case match.
            skip: number of configurations to skip.
        """
        return self._pages(
            _CONFIGURATIONS,
            parse_configuration,
            _configuration_query(scenario_id, executable_ids, search),
            skip,
        )

    def count_configurations(
        self, *, scenario_id: str = "", executable_ids: Sequence[str] = (), search: str = ""
    ) -> int:
        """Return the number of configurations; the arguments are those of `configurations`."""
        return self._count(
            _CONFIGURATIONS, _configuration_query(scenario_id, executable_ids, search)
        )

    def configuration(self, configuration_id: str) -> Configuration:
        """Return a configuration. Raises NotFound."""
        return parse_one(
            self._get(item_path(_CONFIGURATIONS, configuration_id)), parse_configuration
        )

    def create_configuration(
        self,
        name: str,
        scenario_id: str,
        executable_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        """Create a configuration and return its ID.

        Args:
            inputs: artifact IDs by the names of the inputs.
        """
        new = NewConfiguration(name, scenario_id, executable_id, parameters or {}, inputs or {})
        return self._create(_CONFIGURATIONS, serialize_new_configuration(new))

    # Executions -----------------------------------------------------------------------------------

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
        """Yield the executions that match all arguments, without the first ``skip``."""
        query = _execution_query(scenario_id, configuration_id, executable_ids, schedule_id, status)
        return self._pages(_EXECUTIONS, parse_execution, query, skip)

    def execution_states(self, status: Status | None = None) -> Iterator[ExecutionState]:
        """Yield ID, status and last change of the executions, of one status or all.

        The response is much smaller than that of `executions`.
        """
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
        """Return the number of executions; the arguments are those of `executions`."""
        query = _execution_query(scenario_id, configuration_id, executable_ids, schedule_id, status)
        return self._count(_EXECUTIONS, query)

    def execution(self, execution_id: str) -> Execution:
        """Return an execution. Raises NotFound."""
        return parse_one(self._get(item_path(_EXECUTIONS, execution_id)), parse_execution)

    def execution_fields(self) -> tuple[Field, ...]:
        """Return no fields: executions have no settings of their own."""
        return ()

    def create_execution(
        self,
        configuration_id: str,
        settings: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> str:
        """Start an execution and return its ID.

        The request is sent once only. After an error, check whether the execution runs.
        """
        return self._create(_EXECUTIONS, serialize_new_execution(configuration_id))

    def stop(self, execution_id: str) -> None:
        """Request an execution to stop.

        Raises:
            NotFound: there is no such execution.
            Conflict: it is neither PENDING nor RUNNING.
        """
        path, body = (
            item_path(_EXECUTIONS, execution_id),
            serialize_target_status(TargetStatus.STOPPED),
        )
        self.http.call(
            "PATCH",
            path,
            group=self.resource_group,
            body=body,
            repeatable=True,
            done_statuses=(412,),
        )

    def delete(self, execution_id: str) -> None:
        """Delete an execution.

        Raises:
            NotFound: there is no such execution.
            Conflict: it has not ended.
        """
        path = item_path(_EXECUTIONS, execution_id)
        self.http.call(
            "DELETE", path, group=self.resource_group, repeatable=True, done_statuses=(404,)
        )

    def change_many(self, execution_ids: Sequence[str], target: TargetStatus) -> Iterator[Outcome]:
        """Stop or delete executions, 100 per request, and yield the outcome of each.

        Only for runtimes whose `RuntimeMeta.bulk` is true.

        Args:
            target: STOPPED or DELETED.
        """
        for batch in chunks(execution_ids, BULK_LIMIT):
            body = serialize_target_statuses(batch, target)
            data = self.http.json(
                "PATCH", _EXECUTIONS, group=self.resource_group, body=body, content_type=MERGE_PATCH
            )
            found = parse_list(
                data, lambda one: _outcome(one, target, self.http.secrets), key="executions"
            )
            outcomes = {each.id: each for each in found}
            yield from (
                outcomes.get(each)
                or _rejected(each, target, "The runtime did not report an outcome.")
                for each in batch
            )

    def store_outputs(self, execution_id: str, progress: Progress | None = None) -> None:  # noqa: ARG002
        """Raise CapabilityMissing: the runtime stores outputs by itself."""
        raise CapabilityMissing(
            f"The outputs of execution {execution_id} cannot be stored from here",
            "Its runtime stores outputs by itself.",
            "Check the status and the log of the execution.",
        )

    def log_folder(self, execution_id: str) -> None:  # noqa: ARG002
        """Return None: logs have to be fetched from the runtime."""
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
        """Yield the lines of an execution's log in the order of time.

        Args:
            start: the earliest timestamp; None for the server's default, an hour ago.
            end: the latest timestamp; None for now.
            newest_first: whether the order is reversed.
            limit: the maximum number of lines; None for all.
        """
        path = f"{item_path(_EXECUTIONS, execution_id)}/logs"

        def fetch(query: Mapping[str, object]) -> object:
            return self.http.json("GET", path, query_parameters(query), group=self.resource_group)

        return LogPages(fetch, start, end, newest_first).lines(limit)


def _executables_are_read_only() -> CapabilityMissing:
    return CapabilityMissing(
        "The AI API does not accept changes of executables",
        "SAP AI Core reads executables from a Git repository; launchpad serve uses those of its "
        "machine.",
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
    return _rejected(
        identity(data), target, redact(shown, secrets) or "The runtime reported no reason."
    )


def _rejected(execution_id: str, target: TargetStatus, reason: str) -> Outcome:
    change = "stopped" if target is TargetStatus.STOPPED else "deleted"
    return Outcome(
        execution_id,
        RuntimeRejected(f"Execution {execution_id} was not {change}", reason, _OUTCOME_HINT),
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


def _configuration_query(
    scenario_id: str, executable_ids: Sequence[str], search: str
) -> dict[str, object]:
    return {"scenarioId": scenario_id, "executableIds": list(executable_ids), **_search(search)}


def _search(text: str) -> dict[str, object]:
    # The API allows neither ``~`` nor more than 80 characters.
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

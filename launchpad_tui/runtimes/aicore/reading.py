"""The AI API's JSON as words of the domain.

A server may be newer than this: unknown fields are passed over, unknown statuses are UNKNOWN, unknown kinds OTHER, and
a moment that cannot be read is the other one of the resource, else 1970. An entry without what makes it usable is left
out and logged, so that one bad entry does not hide the others.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import ResourceGroup
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario, Version
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import EPOCH, parse_rfc3339
from launchpad_tui.errors import RuntimeRejected
from launchpad_tui.runtimes.aicore.model import Meta
from launchpad_tui.runtimes.base import ExecutionState, StoreInfo

_log = logging.getLogger(__name__)
Json = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)
Read = TypeVar("Read")
#: the specification's IDs have at least 4 and at most 64 of these characters; a server need not be that strict
_ID = re.compile(r"[\w.-]{1,256}", re.ASCII)
#: the largest whole number that the registry holds
_LARGEST = 2**63 - 1
_SUFFIX = "-object-store-secret"
_STORAGE, _SERVING = "storage.ai.sap.com/", "serving.kubeflow.org/s3-"


def entries(
    data: object, read: Callable[[Json], Read], *, under: str = "resources"
) -> Iterator[Read]:
    """The entries of a list that can be read."""
    found = data.get(under) if isinstance(data, Mapping) else None
    for entry in found if isinstance(found, list) else ():
        try:
            yield read(entry)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            _log.warning("the AI API gave an entry that cannot be read: %s", type(error).__name__)


def whole(data: object, read: Callable[[Json], Read]) -> Read:
    """One thing that was asked for by its ID.

    Raises:
        RuntimeRejected: the answer is none.
    """
    for one in entries({"resources": [data]}, read):
        return one
    raise RuntimeRejected(
        "The AI API gives something else than was asked for", "The answer has no ID."
    )


def identity(data: Json) -> str:
    """The entry's ID. Raises ValueError where it has none, or one that cannot be asked for."""
    found = data.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found) or not found.strip("."):
        raise ValueError("id")
    return found


def text(data: Json, name: str) -> str:
    """The text under a name; empty where there is none."""
    value = data.get(name)
    return (
        value
        if isinstance(value, str)
        else ""
        if value is None
        else json.dumps(value, ensure_ascii=False)
    )


def moment(data: Json, name: str) -> datetime | None:
    """The moment under a name, None where there is none that can be read. One before 1970 is none: year 1 is how
    servers in Go write that there is none."""
    try:
        found = parse_rfc3339(data[name])
        return found if found >= EPOCH else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def created(data: Json) -> datetime:
    """When it was created."""
    return moment(data, "createdAt") or moment(data, "modifiedAt") or EPOCH


def modified(data: Json) -> datetime:
    """When it was changed last."""
    return moment(data, "modifiedAt") or created(data)


def _word(kind: type[Word], value: object, otherwise: Word) -> Word:
    try:
        return kind(str(value))
    except ValueError:
        return otherwise


def _objects(data: Json, name: str) -> list[Json]:
    found = data.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _pairs(data: Json, name: str, key: str = "key") -> tuple[tuple[str, str], ...]:
    return tuple(
        (text(each, key), text(each, "value")) for each in _objects(data, name) if text(each, key)
    )


def meta(answer: object) -> Meta:
    """What the runtime says of itself; what is not there is as the specification has it without a word."""
    data: Json = answer if isinstance(answer, Mapping) else {}
    api = _inner(data, "aiApi")
    able, extensions = _inner(api, "capabilities"), _inner(data, "extensions")

    def flag(place: Json, name: str, otherwise: bool) -> bool:
        value = place.get(name)
        return value if isinstance(value, bool) else otherwise

    said = isinstance(data.get("extensions"), Mapping)
    return Meta(
        text(data, "runtimeIdentifier"),
        text(data, "runtimeApiVersion"),
        text(api, "version"),
        flag(able, "userExecutions", True),
        flag(_inner(able, "logs"), "executions", True),
        flag(able, "executionSchedules", False),
        flag(_inner(able, "bulkUpdates"), "executions", False),
        "metrics" in extensions if said else True,
        "resourceGroups" in extensions if said else True,
        # Only launchpad serve says so.
        flag(_inner(_inner(extensions, "dataset"), "capabilities"), "list", False),
    )


def _inner(data: Json, name: str) -> Json:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def scenario(data: Json) -> Scenario:
    """A scenario."""
    labels = dict(_pairs(data, "labels"))
    one = identity(data)
    return Scenario(
        one,
        text(data, "name") or one,
        text(data, "description"),
        labels,
        created(data),
        modified(data),
    )


def version(data: Json) -> Version:
    """A version of a scenario."""
    # Theirs is free text.
    if not (one := text(data, "id")):
        raise KeyError("id")
    return Version(one, text(data, "description"), created(data), modified(data))


def executable(data: Json, scenario_id: str) -> Executable:
    """An executable; the API gives no template away."""
    parameters = (
        Parameter(
            text(each, "name"),
            None if each.get("default") is None else text(each, "default"),
            text(each, "description"),
        )
        for each in _objects(data, "parameters")
    )
    one = identity(data)
    return Executable(
        id=one,
        scenario_id=text(data, "scenarioId") or scenario_id,
        name=text(data, "name") or one,
        description=text(data, "description"),
        version=text(data, "versionId"),
        parameters=tuple(each for each in parameters if each.name),
        inputs=_slots(data, "inputArtifacts"),
        outputs=_slots(data, "outputArtifacts"),
        template="",
        source="",
        notes=("It makes deployments, not executions.",) if data.get("deployable") is True else (),
        settings={},
        created_at=created(data),
        modified_at=modified(data),
    )


def _slots(data: Json, name: str) -> tuple[ArtifactSlot, ...]:
    return tuple(
        ArtifactSlot(
            text(each, "name"),
            text(each, "kind") or "other",
            text(each, "description"),
            _pairs(each, "labels"),
        )
        for each in _objects(data, name)
        if text(each, "name")
    )


def artifact(data: Json) -> Artifact:
    """An artifact; what its files are is not known."""
    return Artifact(
        id=identity(data),
        name=text(data, "name"),
        kind=_word(ArtifactKind, data.get("kind"), ArtifactKind.OTHER),
        url=text(data, "url"),
        description=text(data, "description"),
        scenario_id=text(data, "scenarioId"),
        execution_id=text(data, "executionId"),
        labels=_pairs(data, "labels"),
        size=None,
        created_at=created(data),
        modified_at=modified(data),
    )


def configuration(data: Json) -> Configuration:
    """A configuration."""
    inputs = {
        text(each, "key"): text(each, "artifactId")
        for each in _objects(data, "inputArtifactBindings")
    }
    return Configuration(
        identity(data),
        text(data, "name"),
        text(data, "scenarioId"),
        text(data, "executableId"),
        dict(_pairs(data, "parameterBindings")),
        {name: artifact_id for name, artifact_id in inputs.items() if name},
        created(data),
    )


def execution(data: Json) -> Execution:
    """An execution. The API does not say of which version its executable was."""
    details = data.get("statusDetails")
    return Execution(
        id=identity(data),
        configuration_id=text(data, "configurationId"),
        configuration_name=text(data, "configurationName"),
        scenario_id=text(data, "scenarioId"),
        executable_id=text(data, "executableId"),
        executable_version="",
        status=_word(Status, data.get("status"), Status.UNKNOWN),
        target_status=_word(TargetStatus, data.get("targetStatus"), TargetStatus.COMPLETED),
        status_message=text(data, "statusMessage"),
        created_at=created(data),
        modified_at=modified(data),
        submitted_at=moment(data, "submissionTime"),
        started_at=moment(data, "startTime"),
        completed_at=moment(data, "completionTime"),
        status_details={str(name): text(details, name) for name in details}
        if isinstance(details, Mapping)
        else {},
        schedule_id=text(data, "executionScheduleId"),
    )


def execution_state(data: Json) -> ExecutionState:
    """An execution as a list of states has it."""
    return ExecutionState(
        identity(data), _word(Status, data.get("status"), Status.UNKNOWN), modified(data)
    )


def metric_resource(data: Json) -> MetricResource:
    """What one execution logged."""
    execution_id = text(data, "executionId")
    if not execution_id:
        raise KeyError("executionId")
    return MetricResource(
        execution_id,
        tuple(entries(data, _metric, under="metrics")),
        tuple(Tag(*pair) for pair in _pairs(data, "tags", "name")),
        tuple(CustomInfo(*pair) for pair in _pairs(data, "customInfo", "name")),
        moment(data, "createdAt"),
        moment(data, "modifiedAt"),
    )


def _metric(data: Json) -> Metric:
    step = data.get("step")
    step = max(0, int(step)) if isinstance(step, int | float) else 0
    if step > _LARGEST:
        raise ValueError("step")
    return Metric(
        str(data["name"]),
        float(data["value"]),
        moment(data, "timestamp") or EPOCH,
        step,
        _pairs(data, "labels", "name"),
    )


def schedule(data: Json) -> Schedule:
    """An execution schedule."""
    return Schedule(
        identity(data),
        text(data, "name"),
        text(data, "cron"),
        text(data, "configurationId"),
        _word(ScheduleStatus, data.get("status"), ScheduleStatus.INACTIVE),
        moment(data, "start"),
        moment(data, "end"),
        created(data),
        modified(data),
    )


def group(data: Json) -> ResourceGroup:
    """A resource group, of no connection yet."""
    if not (name := text(data, "resourceGroupId")):
        raise KeyError("resourceGroupId")
    return ResourceGroup(
        "", name, text(data, "status") or "UNKNOWN", dict(_pairs(data, "labels")), created(data)
    )


def store(data: Json) -> StoreInfo:
    """An object store secret; its name without the ending that the runtime gives it."""
    if not (name := text(data, "name").removesuffix(_SUFFIX)):
        raise KeyError("name")
    found = _inner(data, "metadata")
    settings: dict[str, str] = {}
    for prefix in (_SERVING, _STORAGE):
        settings |= {
            key.removeprefix(prefix): text(found, key)
            for key in found
            if key.startswith(prefix) and text(found, key)
        }
    return StoreInfo(name, settings.pop("type", ""), settings)

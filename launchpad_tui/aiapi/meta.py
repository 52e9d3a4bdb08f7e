"""What a runtime reports about itself (``/lm/meta``)."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.aiapi import lenient
from launchpad_tui.aiapi.values import Json, JsonObject
from launchpad_tui.domain.connection import Capabilities
from launchpad_tui.records import record

#: the version of the specification that `serialize_meta` follows, and those of its extensions
API_VERSION = "2.42.0"
_METRICS_VERSION, _GROUPS_VERSION, _DATASET_VERSION = "1.1.0", "1.2.0", "1.1.0"


@record
class RuntimeMeta:
    """A runtime's identity and abilities; what it does not report has the API's default."""

    runtime: str = ""
    runtime_version: str = ""
    api_version: str = ""
    executions: bool = True
    logs: bool = True
    schedules: bool = False
    bulk: bool = False
    metrics: bool = True
    resource_groups: bool = True
    files: bool = False

    def capabilities(self) -> Capabilities:
        """Return launchpad's capabilities, with a reason for each that is missing."""
        reasons = {
            "add_executable": "The AI API does not accept executables: SAP AI Core reads them from "
            "a Git repository, launchpad serve uses those of its machine.",
            "store_outputs": "This runtime stores outputs by itself.",
        }
        if not self.files:
            reasons["files"] = "This runtime does not serve the files of its object stores."
        if not self.executions:
            reason = "This runtime does not allow users to create executions."
            reasons |= dict.fromkeys(("executions", "stop", "delete"), reason)
        if not self.logs:
            reasons["logs"] = "This runtime does not serve the logs of executions."
        if not self.schedules:
            reasons["schedules"] = "This runtime does not support execution schedules."
        if not self.bulk:
            reasons["bulk"] = "This runtime does not support bulk updates."
        if not self.resource_groups:
            reasons["groups"] = "This runtime does not allow users to create resource groups."
        if not self.metrics:
            reasons["metrics"] = "This runtime does not store metrics."
        return Capabilities(
            executions=self.executions,
            stop=self.executions,
            delete=self.executions,
            logs=self.logs,
            add_executable=False,
            schedules=self.schedules,
            bulk=self.bulk,
            groups=self.resource_groups,
            metrics=self.metrics,
            files=self.files,
            reasons=reasons,
        )


def parse_meta(response: object) -> RuntimeMeta:
    """Parse the response of ``/lm/meta``."""
    data: JsonObject = response if isinstance(response, Mapping) else {}
    api, extensions = lenient.child(data, "aiApi"), lenient.child(data, "extensions")
    able = lenient.child(api, "capabilities")
    listed = isinstance(data.get("extensions"), Mapping)
    dataset = lenient.child(lenient.child(extensions, "dataset"), "capabilities")
    return RuntimeMeta(
        lenient.text(data, "runtimeIdentifier"),
        lenient.text(data, "runtimeApiVersion"),
        lenient.text(api, "version"),
        executions=lenient.flag(able, "userExecutions", True),
        logs=lenient.flag(lenient.child(able, "logs"), "executions", True),
        schedules=lenient.flag(able, "executionSchedules", False),
        bulk=lenient.flag(lenient.child(able, "bulkUpdates"), "executions", False),
        metrics="metrics" in extensions if listed else True,
        resource_groups="resourceGroups" in extensions if listed else True,
        # Only launchpad serve reports this: the API has no list of files.
        files=lenient.flag(dataset, "list", False),
    )


def serialize_meta(meta: RuntimeMeta, description: str, max_upload_size: int) -> Json:
    """Return the response of ``/lm/meta`` of a runtime without deployments.

    Args:
        max_upload_size: the maximum size of an uploaded file in bytes.
    """
    extensions: Json = {}
    if meta.resource_groups:
        extensions["resourceGroups"] = {"version": _GROUPS_VERSION}
    if meta.metrics:
        extensions["metrics"] = {"version": _METRICS_VERSION}
    if meta.files:
        extensions["dataset"] = {
            "version": _DATASET_VERSION,
            # ``list`` is not part of the API: it announces access to the files of object stores.
            "capabilities": {"upload": True, "download": True, "delete": True, "list": True},
            "limits": {"maxUploadFileSize": max_upload_size, "maxFilesPerDataset": -1},
        }
    return {
        "runtimeIdentifier": meta.runtime,
        "runtimeApiVersion": meta.runtime_version,
        "description": description,
        "aiApi": {
            "version": meta.api_version,
            "capabilities": {
                "multitenant": False,
                "shareable": False,
                "staticDeployments": False,
                "userDeployments": False,
                "userExecutions": meta.executions,
                "timeToLiveDeployments": False,
                "executionSchedules": meta.schedules,
                "logs": {"executions": meta.logs, "deployments": False},
                "bulkUpdates": {"executions": meta.bulk, "deployments": False},
            },
            # Executions over the number that run at the same time are queued without a limit.
            "limits": {
                "executions": {"maxRunningCount": -1},
                "deployments": {"maxRunningCount": 0},
            },
        },
        "extensions": extensions,
    }

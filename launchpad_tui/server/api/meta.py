"""``/lm/meta``: what this runtime can do."""

from __future__ import annotations

from launchpad_tui.server.api import files
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry

#: the version of the AI API's specification that this server keeps to, and those of its extensions
_VERSION, _METRICS, _GROUPS, _DATASET = "2.42.0", "1.1.0", "1.2.0", "1.1.0"


def _meta(_call: Call) -> Answer:
    return Answer(
        data={
            "runtimeIdentifier": "launchpad",
            "runtimeApiVersion": _VERSION,
            "description": "Workflow templates as processes of one machine",
            "aiApi": {
                "version": _VERSION,
                "capabilities": {
                    "multitenant": False,
                    "shareable": False,
                    "staticDeployments": False,
                    "userDeployments": False,
                    "userExecutions": True,
                    "timeToLiveDeployments": False,
                    "executionSchedules": True,
                    "logs": {"executions": True, "deployments": False},
                    "bulkUpdates": {"executions": True, "deployments": False},
                },
                # Executions beyond those that run at a time wait; as many as one likes.
                "limits": {
                    "executions": {"maxRunningCount": -1},
                    "deployments": {"maxRunningCount": 0},
                },
            },
            "extensions": {
                "resourceGroups": {"version": _GROUPS},
                "metrics": {"version": _METRICS},
                "dataset": {
                    "version": _DATASET,
                    # ``list`` is none of the AI API's: it says that files of any object store are given, see `files`.
                    "capabilities": {
                        "upload": True,
                        "download": True,
                        "delete": True,
                        "list": True,
                    },
                    "limits": {"maxUploadFileSize": files.LIMIT, "maxFilesPerDataset": -1},
                },
            },
        }
    )


ENTRIES: Entries = (Entry("GET", "/lm/meta", _meta, tenant=True),)

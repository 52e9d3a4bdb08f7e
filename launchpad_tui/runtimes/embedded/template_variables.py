"""Values of the variables of Argo in workflow templates, such as ``{{workflow.name}}``.

The variables are described in https://argo-workflows.readthedocs.io/en/latest/variables/.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from datetime import datetime

from launchpad_tui.runtimes.embedded.template_model import Workflow

#: ``{{steps.x.outputs.artifacts.y}}``, or ``tasks.`` in a DAG
STEP_OUTPUT = re.compile(r"(?:steps|tasks)\.([^.]+)\.outputs\.(artifacts|parameters)\.(.+)")
#: the values of earlier steps that are not outputs
STEP_VALUES = frozenset({"id", "status", "exitCode", "startedAt", "finishedAt", "hostNodeName"})
#: their names; ``outputs.parameters`` is that of all repetitions of a step
STEP_VALUE = re.compile(
    rf"(?:steps|tasks)\.([^.]+)\.({'|'.join(sorted(STEP_VALUES))}|outputs\.result"
    r"|outputs\.exitCode|outputs\.parameters)"
)
#: ``{{inputs.artifacts.x}}``, which passes an input of a template on to a step
INPUT_ARTIFACT = re.compile(r"inputs\.artifacts\.([^.]+)")
#: ``{{workflow.outputs.artifacts.x}}``, an output with a ``globalName``
GLOBAL_ARTIFACT = re.compile(r"workflow\.outputs\.artifacts\.(.+)")
#: variables that every template has
TEMPLATE_VARIABLES = frozenset(
    {"inputs.parameters", "node.name", "steps.name", "tasks.name", "retries"}
)
#: variables of templates with a retry strategy
RETRY_VARIABLES = frozenset(
    f"lastRetry.{name}" for name in ("exitCode", "status", "duration", "message")
)
#: variables that have a value once the workflow has ended
EXIT_VARIABLES = frozenset({"workflow.status", "workflow.duration", "workflow.failures"})
_TIME_FORMATS = ("", ".s", ".RFC3339", *(f".{letter}" for letter in string.ascii_letters))


def workflow_variables(workflow: Workflow) -> set[str]:
    """Return the names of the variables that have a value everywhere in a workflow."""
    names = {"name", "uid", "namespace", "mainEntrypoint", "serviceAccountName", "priority"}
    names |= {f"parameters.{name}" for name, _ in workflow.parameters}
    names |= {f"labels.{name}" for name in workflow.labels}
    names |= {f"annotations.{name}" for name in workflow.annotations}
    for group in ("parameters", "labels", "annotations"):
        names |= {group, f"{group}.json"}
    names |= {f"creationTimestamp{form}" for form in _TIME_FORMATS}
    return {f"workflow.{name}" for name in names} | {"pod.name"}


def workflow_variable(
    name: str,
    workflow: Workflow,
    parameters: Mapping[str, str],
    execution_id: str,
    created_at: datetime,
) -> str | None:
    """Return the value of a variable of the workflow; None if it is not one of its variables.

    Args:
        name: the name without braces.
        workflow: the workflow.
        parameters: the values of the workflow's parameters.
        execution_id: the ID of the execution.
        created_at: the time at which the execution was created.
    """
    if name == "pod.name":
        return execution_id
    scope, _, rest = name.partition(".")
    if scope != "workflow":
        return None
    group, _, key = rest.partition(".")
    groups = {
        "parameters": parameters,
        "labels": workflow.labels,
        "annotations": workflow.annotations,
    }
    if group in groups:
        values = groups[group]
        if key in values:
            return values[key]
        if key not in {"", "json"}:
            return None
        # Argo writes parameters as a list and labels as an object.
        return parameters_json(values) if group == "parameters" else json.dumps(dict(values))
    if group == "creationTimestamp":
        return _timestamp(created_at, key)
    return {
        "name": execution_id,
        "uid": execution_id,
        "namespace": "default",
        "mainEntrypoint": workflow.entrypoint,
        "serviceAccountName": "default",
        "priority": "0",
    }.get(rest)


def parameters_json(values: Mapping[str, str]) -> str:
    """Return parameters as Argo writes them: a JSON list of names and values."""
    return json.dumps([{"name": name, "value": value} for name, value in values.items()])


def _timestamp(at: datetime, form: str) -> str:
    if form == "s":
        return str(int(at.timestamp()))
    if form in {"", "RFC3339"}:
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return at.strftime(f"%{form}")

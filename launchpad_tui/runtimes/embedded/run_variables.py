"""The values of variables and expressions while a workflow runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError, parse
from launchpad_tui.runtimes.embedded.expressions import evaluate, result_text
from launchpad_tui.runtimes.embedded.run_results import ArtifactValue, CallResult
from launchpad_tui.runtimes.embedded.step_errors import StepFailed
from launchpad_tui.runtimes.embedded.template_model import Workflow
from launchpad_tui.runtimes.embedded.template_tags import fill_in
from launchpad_tui.runtimes.embedded.template_variables import (
    STEP_OUTPUT,
    STEP_VALUE,
    workflow_variable,
)

#: the item of a step that is not repeated
_NO_ITEM = object()


@dataclass(slots=True)
class WorkflowValues:
    """The values that all steps of an execution share. Safe for threads.

    ``outputs`` are the output parameters and artifacts with a ``globalName``.
    """

    workflow: Workflow
    execution_id: str
    created_at: datetime
    parameters: Mapping[str, str]
    ended: dict[str, str] = field(default_factory=lambda: {"workflow.status": "Running"})
    artifacts: dict[str, Path] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    outputs: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def value(self, name: str) -> str | None:
        """Return the value of a variable of the workflow; None if it has none."""
        found = workflow_variable(
            name, self.workflow, self.parameters, self.execution_id, self.created_at
        )
        if found is None:
            found = self.ended.get(name)
        if found is None and name.startswith("workflow.outputs.parameters."):
            found = self.outputs.get(name.removeprefix("workflow.outputs.parameters."))
        return found

    def as_variables(self) -> dict[str, object]:
        """Return the values for expressions."""
        simple = ("name", "uid", "namespace", "mainEntrypoint", "serviceAccountName", "priority")
        created = {"RFC3339": self.value("workflow.creationTimestamp.RFC3339")}
        created["s"] = self.value("workflow.creationTimestamp.s")
        return {
            **{name: self.value(f"workflow.{name}") for name in simple},
            **{name.removeprefix("workflow."): text for name, text in self.ended.items()},
            "parameters": dict(self.parameters),
            "labels": dict(self.workflow.labels),
            "annotations": dict(self.workflow.annotations),
            "creationTimestamp": created,
            "outputs": {
                "parameters": dict(self.outputs),
                "artifacts": {
                    name: ArtifactValue(name, path, plain=name in self.plain)
                    for name, path in self.artifacts.items()
                },
            },
        }


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables at one place of a running workflow.

    Args:
        shared: the values of the workflow.
        step: the name of the step, for messages.
        texts: the values of variables by name.
        inputs: the input artifacts of the template by name.
        results: the results of earlier steps by name.
        item: the item of a loop.
    """

    shared: WorkflowValues
    step: str
    texts: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Path] = field(default_factory=dict)
    results: Mapping[str, CallResult] = field(default_factory=dict)
    item: object = _NO_ITEM

    def with_texts(self, texts: Mapping[str, str]) -> Variables:
        """Return the same variables with further values."""
        return replace(self, texts={**self.texts, **texts})

    def fill_in(self, text: str) -> str:
        """Replace the tags of a text by their values.

        Raises:
            StepFailed: a variable has no value, or an expression cannot be evaluated.
        """
        return fill_in(text, self.value, lambda each: result_text(self.evaluate(each)))

    def value(self, name: str) -> str:
        """Return the value of a variable. Raises StepFailed if it has none."""
        found = self.texts.get(name)
        if found is None:
            found = self.shared.value(name)
        if found is None and (name == "item" or name.startswith("item.")):
            found = self._item_value(name)
        if found is None:
            found = self._output(name)
        if found is None:
            raise StepFailed(
                f"Step {self.step}: {{{{{name}}}}} has no value{self._reason(name)}",
                step=self.step,
                reason="input",
                is_error=True,
            )
        return found

    def _item_value(self, name: str) -> str | None:
        value = self.item
        for key in name.split(".")[1:]:
            value = value.get(key, _NO_ITEM) if isinstance(value, dict) else _NO_ITEM
        return None if value is _NO_ITEM else result_text(value)

    def _output(self, name: str) -> str | None:
        match = STEP_VALUE.fullmatch(name)
        if match is not None and match[1] in self.results:
            key = "exitCode" if match[2] == "outputs.exitCode" else match[2]
            return self.results[match[1]].value(key)
        match = STEP_OUTPUT.fullmatch(name)
        if match is not None and match[1] in self.results:
            return self.results[match[1]].parameters.get(match[3])
        return None

    def _reason(self, name: str) -> str:
        match = STEP_VALUE.fullmatch(name) or STEP_OUTPUT.fullmatch(name)
        result = self.results.get(match[1]) if match is not None else None
        if match is None or result is None:
            return ""
        return f", because the status of {match[1]} is {result.status}"

    def evaluate(self, text: str) -> object:
        """Return the value of an expression.

        Raises:
            StepFailed: it cannot be evaluated.
        """
        try:
            # Tags inside of an expression are replaced first, as in Argo.
            return evaluate(parse(self.fill_in(text) if "{{" in text else text), self._variables())
        except ExpressionError as error:
            raise StepFailed(
                f"Step {self.step}: the expression {text[:200]} cannot be evaluated",
                str(error),
                step=self.step,
                reason="expression",
                is_error=True,
            ) from error

    def _variables(self) -> dict[str, object]:
        found: dict[str, object] = {"workflow": self.shared.as_variables()}
        for name, text in self.texts.items():
            scope, _, rest = name.partition(".")
            group, _, key = rest.partition(".")
            if scope in {"steps", "tasks", "workflow"} or name == "inputs.parameters":
                continue
            if scope in {"inputs", "outputs"} and group in {"parameters", "artifacts"}:
                groups = _child(_child(found, scope), group)
                if group == "parameters" and scope == "inputs":
                    groups[key] = text
                else:
                    _child(groups, key.removesuffix(".path"))["path"] = text
            elif rest:
                _child(found, scope)[rest] = text
            else:
                found[scope] = text
        artifacts = _child(_child(found, "inputs"), "artifacts")
        for name, path in self.inputs.items():
            known = artifacts.get(name)
            artifact = ArtifactValue(name, path, plain=True)
            if isinstance(known, dict):
                artifact["path"] = known["path"]
            artifacts[name] = artifact
        steps: dict[str, object] = {
            name: result.as_variables() for name, result in self.results.items()
        }
        found |= {"steps": {**steps, "name": self.step}, "tasks": {**steps, "name": self.step}}
        if self.item is not _NO_ITEM:
            found["item"] = self.item
        return found


def _child(values: dict[str, object], key: str) -> dict[str, object]:
    child = values.setdefault(key, {})
    assert isinstance(child, dict)
    return child

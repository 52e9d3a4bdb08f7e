"""The variables of Argo have values, and unknown ones are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.template_variables import (
    workflow_variable,
    workflow_variables,
)
from launchpad_tui.runtimes.embedded.templates import parse_text

TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: some-thing
  annotations: {scenarios.ai.sap.com/name: S, executables.ai.sap.com/name: E}
  labels: {scenarios.ai.sap.com/id: some, ai.sap.com/version: "1", team: vision}
spec:
  entrypoint: both
  arguments: {parameters: [{name: rate, default: "0.1"}]}
  templates:
    - name: both
      inputs:
        parameters: [{name: rate}]
        artifacts: [{name: rows}]
      outputs:
        artifacts:
          - {name: out, globalName: final, from: "{{steps.one.outputs.artifacts.out}}"}
        parameters:
          - {name: size, valueFrom: {parameter: "{{steps.one.outputs.result}}"}}
      steps:
        - - name: one
            template: leaf
            arguments:
              artifacts: [{name: data, from: "{{inputs.artifacts.rows}}"}]
        - - {name: two, template: echo, arguments: {parameters: [{name: text, value: "VALUE"}]}}
    - name: leaf
      inputs:
        artifacts:
          - {name: data, path: /app/data}
          - {name: notes, path: /app/notes.txt, raw: {data: "from {{workflow.name}}"}}
      outputs: {artifacts: [{name: out, path: /app/out, archive: {none: {}}}]}
      container:
        command: [sh, -c]
        args: ["cp /app/data/* /app/notes.txt /app/out/; cat /app/notes.txt"]
    - name: echo
      inputs: {parameters: [{name: text}]}
      container: {command: [echo, "{{inputs.parameters.text}}", "{{node.name}}"]}
"""
AT = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workflow.name", "e1"),
        ("workflow.uid", "e1"),
        ("pod.name", "e1"),
        ("workflow.namespace", "default"),
        ("workflow.mainEntrypoint", "both"),
        ("workflow.serviceAccountName", "default"),
        ("workflow.priority", "0"),
        ("workflow.parameters.rate", "0.5"),
        ("workflow.parameters", json.dumps([{"name": "rate", "value": "0.5"}])),
        ("workflow.labels.team", "vision"),
        ("workflow.annotations.executables.ai.sap.com/name", "E"),
        ("workflow.creationTimestamp", "2026-01-31T12:30:00Z"),
        ("workflow.creationTimestamp.Y", "2026"),
        ("workflow.creationTimestamp.s", "1769862600"),
    ],
)
def test_variables_of_the_workflow(name: str, value: str) -> None:
    workflow = parse_text(TEMPLATE.replace("VALUE", f"{{{{{name}}}}}"), Path("x.yaml")).workflow
    assert name in workflow_variables(workflow)
    assert workflow_variable(name, workflow, {"rate": "0.5"}, "e1", AT) == value


def test_every_accepted_variable_has_a_value() -> None:
    workflow = parse_text(TEMPLATE, Path("x.yaml")).workflow
    for name in workflow_variables(workflow):
        assert workflow_variable(name, workflow, {"rate": "1"}, "e1", AT) is not None, name


@pytest.mark.parametrize(
    "name", ["workflow.other", "workflow.labels.none", "item", "workflow.parameters.x", "=other"]
)
def test_unknown_variables_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"unknown (reference|variable)"):
        parse_text(TEMPLATE.replace("VALUE", f"{{{{{name}}}}}"), Path("x.yaml"))


def test_inputs_and_outputs_are_passed_through_steps() -> None:
    parsed = parse_text(TEMPLATE, Path("x.yaml"))
    assert [each.name for each in parsed.executable.inputs] == ["rows"]
    assert [each.name for each in parsed.executable.outputs] == ["final"]
    for old, new in (
        ("{{inputs.artifacts.rows}}", "{{inputs.artifacts.other}}"),
        ("{{steps.one.outputs.artifacts.out}}", "{{steps.one.outputs.artifacts.none}}"),
        ("{{steps.one.outputs.result}}", "{{steps.three.outputs.result}}"),
    ):
        with pytest.raises(InvalidInput, match="is not an output of"):
            parse_text(TEMPLATE.replace(old, new), Path("x.yaml"))

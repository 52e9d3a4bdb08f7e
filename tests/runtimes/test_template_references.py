"""References to other workflow templates, and the forms in which templates are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from launchpad_tui.runtimes.embedded.templates import parse_templates, parse_text
from tests.runtimes.test_templates import FILE, GOOD
from tests.runtimes.workflow_support import run, workflow

#: a template without annotations, as others use it
PART = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: shared-parts}
spec:
  templates:
    - name: greet
      inputs: {parameters: [{name: who}]}
      steps:
        - - {name: inner, template: print, arguments: {parameters: [{name: text,
            value: "hello {{inputs.parameters.who}}"}]}}
        - - {name: more, templateRef: {name: other-parts, template: shout}}
    - name: print
      inputs: {parameters: [{name: text}]}
      container: {command: [echo, "said {{inputs.parameters.text}} {{workflow.parameters.x}}"]}
    - name: needs-cluster
      resource: {action: create}
"""
OTHER = """\
apiVersion: argoproj.io/v1alpha1
kind: ClusterWorkflowTemplate
metadata: {name: other-parts}
spec:
  templates:
    - name: shout
      container: {command: [echo, "said HO"]}
"""
MAIN = """\
spec:
  entrypoint: main
  arguments: {parameters: [{name: x, value: "!"}]}
  templates:
    - name: main
      steps:
        - - name: one
            templateRef: {name: shared-parts, template: greet}
            arguments: {parameters: [{name: who, value: you}]}
"""


def test_templates_of_other_files_are_used_and_kept(tmp_path: Path) -> None:
    (tmp_path / "deep" / "parts").mkdir(parents=True)
    (tmp_path / "main.yaml").write_text(workflow(MAIN))
    (tmp_path / "deep" / "parts" / "a.yaml").write_text(PART)
    (tmp_path / "deep" / "b.json").write_text(json.dumps(yaml.safe_load(OTHER), indent="\t"))
    found = parse_templates(tmp_path)
    assert found.refused == ()
    (main,) = found.templates
    # The stored text is enough to run the executable.
    outcome = run(main.executable.template, tmp_path / "run")
    assert outcome.error is None, outcome.error
    assert outcome.said == ["hello you !", "HO"]


def test_a_file_uses_templates_beside_it_and_executables(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(workflow(MAIN))
    (tmp_path / "parts.yaml").write_text(PART)
    added = {"other-parts": OTHER}
    found = parse_templates(tmp_path / "main.yaml", added.get)
    assert found.refused == ()
    assert [each.workflow.id for each in found.templates] == ["some-flow"]
    (problem,) = parse_templates(tmp_path / "main.yaml").refused
    assert "there is no workflow template 'other-parts'" in problem.reason
    assert "add it first" in problem.reason


def test_a_file_may_have_both_documents(tmp_path: Path) -> None:
    text = workflow(MAIN.replace("shared-parts, template: greet", "other-parts, template: shout"))
    text = text.replace("            arguments: {parameters: [{name: who, value: you}]}\n", "")
    assert run(f"{text}---\n{OTHER}", tmp_path).said == ["HO"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("template: greet", "template: none", "has no template 'none'"),
        ("template: greet", "template: needs-cluster", "templateRef shared-parts/needs-cluster"),
        ("name: who, value", "name: whom, value", "has no input parameter 'whom'"),
    ],
)
def test_references_that_are_not_valid_are_refused_with_their_line(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = workflow(MAIN.replace(old, new))
    (tmp_path / "main.yaml").write_text(text)
    (tmp_path / "parts.yaml").write_text(PART + "---\n" + OTHER)
    (problem,) = [each for each in parse_templates(tmp_path).refused if "main" in each.file.name]
    assert reason in problem.reason
    assert (
        "shared-parts" in text.splitlines()[problem.line - 1]
        or "name: one" in (text.splitlines()[problem.line - 1])
    )


def test_references_in_a_circle_are_refused(tmp_path: Path) -> None:
    first = workflow(MAIN).replace(
        "{name: shared-parts, template: greet}", "{name: b, template: t}"
    )
    first = first.replace("            arguments: {parameters: [{name: who, value: you}]}\n", "")
    second = PART.split("spec:", maxsplit=1)[0].replace("shared-parts", "b") + (
        "spec:\n  templates:\n    - name: t\n      steps: [[{name: x, "
        "templateRef: {name: some-flow, template: main}}]]\n"
    )
    (tmp_path / "main.yaml").write_text(first)
    (tmp_path / "b.yaml").write_text(second)
    problems = [each.reason for each in parse_templates(tmp_path).refused]
    assert any("cycle" in reason for reason in problems)


def test_parts_that_nothing_uses_are_refused(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text(OTHER)
    (problem,) = parse_templates(tmp_path).refused
    assert "labels is missing" in problem.reason


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (GOOD.replace("name: house-train", "name: {{ .Values.name }}"), 4, "helm template"),
        (GOOD.replace("image: any", 'image: "{{ .Values.image }}"', 1), 35, "helm template"),
        (GOOD.replace("spec:", "{{- if .Values.train }}\nspec:") + "{{- end }}\n", 16, "helm"),
        (GOOD.replace("  entrypoint", "\tentrypoint"), 17, "indented with a tab"),
    ],
    ids=["name", "quoted", "action", "tab"],
)
def test_inputs_of_generators_and_tabs_are_named(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    (tmp_path / "t.yaml").write_text(text)
    for place in (tmp_path, tmp_path / "t.yaml"):
        (problem,) = parse_templates(place).refused
        assert (problem.line, reason in problem.reason) == (line, True), problem


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r\n").encode("utf-8-sig").decode("utf-8"),
        lambda text: json.dumps(yaml.safe_load(text)),
        lambda text: json.dumps([yaml.safe_load(text)])[1:-1] + "\n",
        lambda text: yaml.safe_dump(yaml.safe_load(text), default_flow_style=True),
        lambda text: f"%YAML 1.1\n---\n# comment\n{text}...\n",
        lambda text: f"---\n---\n{text}---\n# nothing\n",
        lambda text: text.replace("name: house-train", "name: !!str house-train"),
        lambda text: text.replace("  labels:", "  labels: &labels", 1).replace(
            "  templates:", "  x: {<<: *labels}\n  templates:"
        ),
        lambda text: "kind: List\nitems:\n- " + text.rstrip().replace("\n", "\n  ") + "\n",
    ],
)
def test_every_form_of_yaml_is_the_same_template(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    file = tmp_path / "a" / "b" / "t.yml"
    file.parent.mkdir(parents=True)
    file.write_bytes(change(GOOD).encode())
    expected = parse_text(GOOD, FILE)
    found = parse_templates(tmp_path)
    assert found.refused == ()
    (one,) = found.templates
    for parsed in (one, parse_text(one.executable.template, file)):
        assert parsed.executable.parameters == expected.executable.parameters
        assert parsed.executable.inputs == expected.executable.inputs
        assert [leaf.container for leaf in parsed.workflow.leaves] == [
            leaf.container for leaf in expected.workflow.leaves
        ]

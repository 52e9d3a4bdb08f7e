"""Workflow templates: supported settings, notes about ignored settings, and problems."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.template_model import Container, ParsedTemplate
from launchpad_tui.runtimes.embedded.templates import parse_templates, parse_text

GOOD = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: house-train
  annotations:
    scenarios.ai.sap.com/name: "House prices"
    scenarios.ai.sap.com/description: "What houses cost"
    executables.ai.sap.com/name: "Train"
    artifacts.ai.sap.com/rows.kind: "dataset"
    artifacts.ai.sap.com/housemodel.name: "The model"
    artifacts.ai.sap.com/housemodel.description: "Trees"
    artifacts.ai.sap.com/housemodel.labels: '{"ext.ai.sap.com/step": "train"}'
  labels:
    scenarios.ai.sap.com/id: "houses"
    ai.sap.com/version: "1.2"
spec:
  entrypoint: both
  activeDeadlineSeconds: 60
  imagePullSecrets: [{name: registry}]
  arguments:
    parameters:
      - {name: DEPTH, default: "3", description: "How deep"}
      - {name: RATE}
  templates:
    - name: both
      steps:
        - - {name: first, template: prepare}
        - - name: second
            template: train
            arguments:
              artifacts: [{name: clean, from: "{{steps.first.outputs.artifacts.clean}}"}]
    - name: prepare
      inputs: {artifacts: [{name: rows, path: /app/data/}]}
      outputs: {artifacts: [{name: clean, path: /app/clean, archive: {none: {}}}]}
      container: {image: any, command: [sh, -c], args: ["cp /app/data/* /app/clean"]}
    - name: train
      metadata: {labels: {ai.sap.com/resourcePlan: starter}}
      inputs: {artifacts: [{name: clean, path: /app/clean}]}
      outputs: {artifacts: [{name: model, globalName: housemodel, path: /app/model}]}
      container:
        image: any
        resources: {limits: {cpu: 1}}
        command: [python, /app/src/train.py]
        env:
          - {name: DEPTH, value: "{{workflow.parameters.DEPTH}}"}
          - {name: TOKEN, valueFrom: {secretKeyRef: {name: hub, key: token}}}
        envFrom: [{secretRef: {name: all-of-it}}]
"""
FILE = Path("house.yaml")


def containers(parsed: ParsedTemplate) -> dict[str, Container | None]:
    """Return the ID and the containers of a template, which do not depend on line numbers."""
    found = {leaf.name: leaf.container for leaf in parsed.workflow.leaves}
    return {parsed.workflow.id: None, **found}


def test_supported_settings() -> None:
    parsed = parse_text(GOOD, FILE)
    executable = parsed.executable
    assert (executable.id, executable.scenario_id, executable.name, executable.version) == (
        "house-train",
        "houses",
        "Train",
        "1.2",
    )
    assert [(one.name, one.default, one.description) for one in executable.parameters] == [
        ("DEPTH", "3", "How deep"),
        ("RATE", None, ""),
    ]
    assert [(one.name, one.kind) for one in executable.inputs] == [("rows", "dataset")]
    assert [(one.name, one.kind) for one in executable.outputs] == [("housemodel", "model")]
    assert parsed.names == {"housemodel": "The model"}
    assert parsed.workflow.deadline_seconds == 60
    assert ("hub", "token") in parsed.workflow.secrets
    assert parsed.scenario.description == "What houses cost"
    (train,) = [leaf for leaf in parsed.workflow.leaves if leaf.name == "train"]
    assert train.outputs[0].archived is True
    assert executable.source == str(FILE.absolute())


def test_ignored_settings_have_notes() -> None:
    notes = "\n".join(parse_text(GOOD, FILE).executable.notes)
    for what in (
        "image is ignored",
        "imagePullSecrets is ignored",
        "resources is ignored",
        "resourcePlan is ignored",
    ):
        assert what in notes
    more = GOOD.replace("  entrypoint: both\n", "  entrypoint: both\n  frobnicate: 3\n")
    assert any("spec.frobnicate" in note for note in parse_text(more, FILE).executable.notes)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("argoproj.io/v1alpha1", "v2", "must be argoproj.io/v1alpha1"),
        ("name: house-train", "name: x", "4 to 64"),
        ('scenarios.ai.sap.com/id: "houses"', 'other: "houses"', "scenarios.ai.sap.com/id"),
        ('ai.sap.com/version: "1.2"', "other: x", "ai.sap.com/version"),
        ("entrypoint: both", "entrypoint: nowhere", "there is no template 'nowhere'"),
        ("entrypoint: both", "entry: both", "entrypoint"),
        ("activeDeadlineSeconds: 60", "activeDeadlineSeconds: 0", "at least 1"),
        ("activeDeadlineSeconds: 60", "activeDeadlineSeconds: soon", "integer"),
        ("- {name: RATE}", "- {name: DEPTH}", "duplicate"),
        ("template: prepare", "template: unknown", "unknown"),
        ("path: /app/clean, archive", "path: app/clean, archive", "absolute path"),
        ("path: /app/clean, archive", "path: /app/../etc, archive", "absolute path"),
        ("workflow.parameters.DEPTH", "workflow.parameters.OTHER", "OTHER"),
        ("steps.first.outputs.artifacts.clean", "steps.first.outputs.artifacts.none", "none"),
        (
            "{name: first, template: prepare}",
            "{name: first, template: prepare, when: yes}",
            "neither true nor false",
        ),
        (
            "secretKeyRef: {name: hub, key: token}",
            "configMapKeyRef: {name: hub, key: token}",
            "secretKeyRef",
        ),
        ("  templates:\n    - name: both", "  templates:\n    - name: train", "train"),
    ],
)
def test_invalid_templates_are_rejected(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    file = tmp_path / "t.yaml"
    file.write_text(text)
    found = parse_templates(file)
    assert not found.templates
    (problem,) = found.refused
    assert reason in problem.reason
    assert 1 <= problem.line <= text.count("\n") + 1
    with pytest.raises(InvalidInput) as caught:
        parse_text(text, FILE)
    assert f"{FILE}:{problem.line}" in caught.value.detail


def test_a_problem_has_the_line_of_its_node(tmp_path: Path) -> None:
    text = GOOD.replace("path: /app/clean, archive", "path: app/clean, archive")
    file = tmp_path / "t.yaml"
    file.write_text(text)
    (problem,) = parse_templates(file).refused
    assert "path: app/clean" in text.splitlines()[problem.line - 1]
    assert str(problem) == f"{file}:{problem.line}: {problem.reason}"


def test_invalid_yaml_has_a_line(tmp_path: Path) -> None:
    for text in (GOOD + "\n  - [", "\t x", "a: *b", "!!python/object:os.system x", "\x00"):
        file = tmp_path / "t.yaml"
        file.write_text(text)
        (problem,) = parse_templates(file).refused
        assert problem.line >= 1
        assert problem.reason


def test_templates_of_a_folder_are_found(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text(GOOD)
    (tmp_path / "a" / "one.yaml").write_text(GOOD)
    (tmp_path / "two.yml").write_text(GOOD.replace("house-train", "house-other"))
    (tmp_path / "settings.yaml").write_text("a: 1")
    (tmp_path / "both.yaml").write_text(
        f"{GOOD.replace('house-train', 'three-a')}---\nkind: Other\n"
    )
    (tmp_path / "serve.YAML").write_text("kind: ServingTemplate\nmetadata: {name: serve}\n")
    found = parse_templates(tmp_path)
    (serving,) = found.skipped
    assert (serving.file, serving.line) == (tmp_path / "serve.YAML", 1)
    assert "deployment" in serving.reason
    assert sorted(one.workflow.id for one in found.templates) == [
        "house-other",
        "house-train",
        "three-a",
    ]
    assert not found.refused
    (tmp_path / "again.yaml").write_text(GOOD)
    (problem,) = parse_templates(tmp_path).refused
    assert "is also defined in" in problem.reason


def test_files_without_a_template_are_reported_if_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no file or folder"):
        parse_templates(tmp_path / "missing")
    (tmp_path / "x.yaml").write_text("kind: ConfigMap")
    assert parse_templates(tmp_path / "x.yaml").refused
    assert parse_templates(tmp_path) == parse_templates(tmp_path)
    assert not parse_templates(tmp_path).refused


@pytest.mark.parametrize("kind", ["ServingTemplate", "Workflow", "CronWorkflow"])
def test_documents_of_similar_kinds_are_skipped_with_the_reason(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(f"---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: serve}}\n")
    found = parse_templates(file)
    assert (found.templates, found.refused) == ((), ())
    (skipped,) = found.skipped
    assert kind in skipped.reason
    assert skipped.line == 2


def test_every_document_and_list_item_is_a_template_of_its_own(tmp_path: Path) -> None:
    def named(name: str) -> str:
        return GOOD.replace("house-train", name)

    items = [yaml.safe_load(named(name)) for name in ("list-one", "list-two")]
    (tmp_path / "many.yaml").write_text(f"# first\n{named('many-one')}---\n{named('many-two')}")
    (tmp_path / "list.json").write_text(json.dumps({"kind": "List", "items": items}, indent="\t"))
    anchored = yaml.safe_dump(
        {"kind": "WorkflowTemplateList", "items": [items[0] | {"metadata": items[1]["metadata"]}]}
    ).replace("list-two", "list-three")
    (tmp_path / "flow.yml").write_text(anchored)
    found = parse_templates(tmp_path)
    assert not found.refused
    assert sorted(one.workflow.id for one in found.templates) == [
        "list-one",
        "list-three",
        "list-two",
        "many-one",
        "many-two",
    ]
    for one in found.templates:
        assert containers(parse_text(one.executable.template, FILE)) == containers(one)


def test_an_alias_of_another_item_stays_valid(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    other = GOOD.replace("house-train", "house-other")
    head, labels, rest = other.partition("  labels:\n")
    spec = rest.partition("spec:")[2]
    texts = (
        GOOD.replace(labels, "  labels: &labels\n"),
        f"{head}  labels: *labels\nspec:{spec}",
    )
    blocks = ["- " + "\n  ".join(text.splitlines()) for text in texts]
    file.write_text("kind: List\nitems:\n" + "\n".join(blocks) + "\n")
    found = parse_templates(file)
    assert not found.refused
    one, two = found.templates
    assert two.scenario.id == one.scenario.id
    assert containers(parse_text(two.executable.template, FILE)) == containers(two)


def test_an_executable_of_a_text_with_several_is_selected_by_its_id() -> None:
    text = f"{GOOD}---\n{GOOD.replace('house-train', 'house-other')}"
    assert parse_text(text, FILE, "house-other").workflow.id == "house-other"
    with pytest.raises(InvalidInput, match="no workflow template"):
        parse_text(text, FILE, "missing")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_the_encodings_of_yaml_are_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(GOOD.replace("What houses cost", "Was Häuser kosten"), encoding=encoding)
    (one,) = parse_templates(file).templates
    assert one.scenario.description == "Was Häuser kosten"


def test_inputs_without_a_kind_accept_any_kind() -> None:
    parsed = parse_text(GOOD.replace('    artifacts.ai.sap.com/rows.kind: "dataset"\n', ""), FILE)
    assert [(one.name, one.kind) for one in parsed.executable.inputs] == [("rows", "")]


def test_annotations_of_missing_artifacts_have_a_note() -> None:
    text = GOOD.replace("artifacts.ai.sap.com/rows.kind", "artifacts.ai.sap.com/row.kind")
    notes = "\n".join(parse_text(text, FILE).executable.notes)
    assert "artifacts.ai.sap.com/row.kind is ignored: the workflow has no input artifact" in notes
    assert "housemodel" not in notes


@pytest.mark.parametrize(
    ("annotations", "names", "missing"),
    [
        ("", ("houses", "house-train"), ["scenarios", "executables"]),
        ('    scenarios.ai.sap.com/name: "Houses"\n', ("Houses", "house-train"), ["executables"]),
        ('    executables.ai.sap.com/name: "Train"\n', ("houses", "Train"), ["scenarios"]),
    ],
)
def test_names_that_are_missing_are_those_of_the_ids(
    annotations: str, names: tuple[str, str], missing: list[str]
) -> None:
    start, end = GOOD.index("  annotations:\n"), GOOD.index("  labels:\n")
    given = f"  annotations:\n{annotations}" if annotations else ""
    parsed = parse_text(GOOD[:start] + given + GOOD[end:], FILE)
    assert (parsed.scenario.name, parsed.executable.name) == names
    notes = [each for each in parsed.executable.notes if "is missing" in each]
    assert [each.partition(".")[0] for each in notes] == missing
    with pytest.raises(InvalidInput) as caught:
        parse_text(GOOD.replace('/name: "Train"', '/name: ""'), FILE)
    assert "must not be empty" in caught.value.detail


def test_a_container_whose_keys_are_not_indented_is_explained() -> None:
    text = GOOD.replace(
        '      container: {image: any, command: [sh, -c], args: ["cp /app/data/* /app/clean"]}\n',
        "      container:\n      image: any\n      command: [sh, -c]\n",
    )
    with pytest.raises(InvalidInput) as caught:
        parse_text(text, FILE)
    assert "container of template prepare is empty: " in caught.value.detail

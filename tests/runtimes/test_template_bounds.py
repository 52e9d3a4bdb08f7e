"""Workflow templates that are too large, and names under which outputs cannot be stored."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded import templates
from launchpad_tui.runtimes.embedded.template_calls import MAX_DEPTH, input_names
from launchpad_tui.runtimes.embedded.template_steps import MAX_STEPS
from launchpad_tui.runtimes.embedded.templates import parse_templates, parse_text
from tests.runtimes.test_templates import FILE, GOOD

HEAD = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: {name}
  annotations: {{scenarios.ai.sap.com/name: S, executables.ai.sap.com/name: E}}
  labels: {{scenarios.ai.sap.com/id: some, ai.sap.com/version: "1"}}
spec:
  entrypoint: t0
  templates:
"""
LEAF = "    - name: {name}\n      container: {{image: any, command: [{command}]}}\n"


def chain(levels: int, calls: int) -> str:
    """Return a template whose templates each call the next one several times."""
    text = HEAD.format(name="chain")
    for level in range(levels):
        steps = ", ".join(f"{{name: s{n}, template: t{level + 1}}}" for n in range(calls))
        text += f"    - name: t{level}\n      steps: [[{steps}]]\n"
    return text + LEAF.format(name=f"t{levels}", command="true")


def problem(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse_text(text, FILE)
    return caught.value.detail


@pytest.mark.parametrize("levels", [25, 40])
def test_calls_that_multiply_are_refused_quickly(levels: int) -> None:
    started = time.perf_counter()
    assert f"more than {MAX_STEPS} steps" in problem(chain(levels, 2))
    assert time.perf_counter() - started < 30


def test_shared_templates_are_visited_once() -> None:
    # Steps without a container run nothing, so that only the number of visits could grow.
    text = chain(40, 2).replace(LEAF.format(name="t40", command="true"), "")
    parsed = parse_text(text + "    - name: t40\n      steps: []\n", FILE)
    assert input_names(parsed.workflow) == {}
    assert parsed.workflow.leaves == ()


def test_deep_and_wide_calls_are_refused() -> None:
    assert len(parse_text(chain(MAX_DEPTH - 1, 1), FILE).workflow.leaves) == 1
    assert "levels deep" in problem(chain(MAX_DEPTH, 1))
    assert "levels deep" in problem(chain(5000, 1))
    assert f"more than {MAX_STEPS} steps" in problem(chain(1, MAX_STEPS + 1))


def test_each_document_of_a_file_is_stored_and_run_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    texts = [
        HEAD.format(name=f"template-{number:04}") + LEAF.format(name="t0", command=f"run-{number}")
        for number in range(1000)
    ]
    file.write_text("---\n".join(texts), encoding="utf-8")
    found = parse_templates(file)
    assert (len(found.templates), found.refused) == (1000, ())
    assert sum(len(each.executable.template) for each in found.templates) <= file.stat().st_size
    for number in (0, 1, 999):
        parsed = parse_text(found.templates[number].executable.template, file)
        assert parsed.executable.id == f"template-{number:04}"
        (leaf,) = parsed.workflow.leaves
        assert leaf.container is not None
        assert leaf.container.command == (f"run-{number}",)


def test_positions_after_a_byte_order_mark_and_indented_documents(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    text = HEAD.format(name="first") + LEAF.format(name="t0", command="Größe")
    second = "---\n    " + text.replace("first", "second").replace("\n", "\n    ").rstrip() + "\n"
    file.write_text("\ufeff" + text + second, encoding="utf-8")
    found = parse_templates(file)
    assert found.refused == ()
    for each in found.templates:
        assert parse_text(each.executable.template, file).executable.id == each.executable.id


def test_a_second_template_with_the_same_id_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "same.yaml"
    file.write_text(f"{GOOD}---\n{GOOD}")
    found = parse_templates(file)
    assert len(found.templates) == 1
    assert "is also defined in" in found.refused[0].reason


def test_too_many_templates_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        text = HEAD.format(name=f"template-{number}") + LEAF.format(name="t0", command="true")
        (tmp_path / f"{number}.yaml").write_text(text)
    monkeypatch.setattr(templates, "_COUNT_LIMIT", 3)
    with pytest.raises(InvalidInput, match="too many workflow templates"):
        parse_templates(tmp_path)
    monkeypatch.setattr(templates, "_COUNT_LIMIT", 4)
    assert len(parse_templates(tmp_path).templates) == 4
    monkeypatch.setattr(templates, "_TOTAL_LIMIT", 500)
    with pytest.raises(InvalidInput, match="too many workflow templates"):
        parse_templates(tmp_path)


def aliases(levels: int, width: int, form: str) -> str:
    """Return anchors that each repeat the one before, which multiplies their content."""
    text = "x0: &x0 {a: 1}\n" if form == "<<" else "x0: &x0 [a]\n"
    for level in range(1, levels):
        repeated = ", ".join([f"*x{level - 1}"] * width)
        content = f"{{<<: [{repeated}]}}" if form == "<<" else f"[{repeated}]"
        text += f"x{level}: &x{level} {content}\n"
    return text


@pytest.mark.parametrize(
    "text",
    [
        aliases(30, 10, "list") + GOOD.replace("templates:", "unused: *x29\n  templates:"),
        aliases(30, 10, "<<") + GOOD.replace("annotations:", "annotations:\n    <<: *x29"),
        aliases(3, 400, "<<") + GOOD.replace("annotations:", "annotations:\n    <<: *x2"),
    ],
    ids=["lists", "deep merges", "wide merges"],
)
def test_aliases_that_multiply_are_parsed_quickly(text: str) -> None:
    started = time.perf_counter()
    assert parse_text(text, FILE).executable.id == "house-train"
    assert time.perf_counter() - started < 30


def test_aliases_in_templates_are_counted() -> None:
    parameters = ", ".join(f"{{name: p{n}, value: x}}" for n in range(1000))
    text = HEAD.format(name="bomb")
    text += "    - name: t0\n      steps:\n        - - {name: a, template: t1, arguments: &x "
    text += f"{{parameters: [{parameters}]}}}}\n"
    for number in range(200):
        text += f"          - {{name: b{number}, template: t1, arguments: *x}}\n"
    inputs = ", ".join(f"{{name: p{n}}}" for n in range(1000))
    text += f"    - name: t1\n      inputs: {{parameters: [{inputs}]}}\n"
    text += "      container: {image: any, command: [true]}\n"
    assert "entries, aliases included" in problem(text)


@pytest.mark.parametrize("text", ["a: &a\n  <<: *a\n", "a: &a {<<: &b {<<: *a}}\n", "<<: 3\n"])
def test_invalid_merges_are_reported(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(GOOD.replace("labels:\n", "labels:\n    x: &x {<<: *x}\n    <<: *x\n", 1))
    (found,) = parse_templates(file).refused
    assert "cycle" in found.reason
    file.write_text(text)
    assert parse_templates(file).refused


def test_own_keys_precede_merged_keys() -> None:
    text = GOOD.replace(
        "  labels:\n    scenarios",
        "  defaults: [&one {ai.sap.com/version: one, a: b}, &two {ai.sap.com/version: two}]\n"
        "  labels:\n    <<: [*one, *two]\n    scenarios",
    )
    assert parse_text(text, FILE).executable.version == "1.2"
    assert parse_text(
        text.replace('    ai.sap.com/version: "1.2"\n', ""), FILE
    ).executable.version == ("one")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../x", "'/'"),
        ("/etc/x", "'/'"),
        ("a/b", "'/'"),
        ("..", "start with '.'"),
        (".hidden", "start with '.'"),
        ("a\\\\b", "'/' or"),
        ("a\\u001b[31m", "control character"),
        ("a\\nb", "control character"),
        ("a\\u202eb", "control character"),
        ("", "is empty"),
        (" ", "is empty"),
        ("x" * 201, "longer than 200 bytes"),
        ("é" * 101, "longer than 200 bytes"),
    ],
)
def test_names_that_cannot_be_stored_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    text = GOOD.replace("globalName: housemodel", f'globalName: "{name}"')
    file = tmp_path / "t.yaml"
    file.write_text(text, encoding="utf-8")
    (found,) = parse_templates(file).refused
    assert "globalName" in found.reason
    assert reason in found.reason
    assert "globalName" in text.splitlines()[found.line - 1]


@pytest.mark.parametrize("name", ["model", "Modell Größe 1", "x" * 200, "a.b-c_d"])
def test_names_that_can_be_stored(name: str) -> None:
    text = GOOD.replace("globalName: housemodel", f'globalName: "{name}"')
    assert [each.name for each in parse_text(text, FILE).executable.outputs] == [name]


@pytest.mark.parametrize("suffix", ["../up", "a/../../b", "a//b", "a/\\u0007"])
def test_paths_inside_outputs_cannot_leave_them(suffix: str) -> None:
    line = f'    artifacts.ai.sap.com/housemodel.suffix: "{suffix}"\n'
    assert "a part of the path" in problem(
        GOOD.replace("  labels:\n    sc", f"{line}  labels:\n    sc")
    )


@pytest.mark.parametrize("name", ["..", ".", "a\\u0000b", "x" * 300])
def test_names_of_inputs_that_cannot_be_folders_are_refused(name: str) -> None:
    text = GOOD.replace(
        "inputs: {artifacts: [{name: rows", f'inputs: {{artifacts: [{{name: "{name}"'
    )
    assert "the name of an input artifact" in problem(text)

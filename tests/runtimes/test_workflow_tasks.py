"""The tasks of a DAG, and artifacts and parameters that steps pass on, with real commands."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.step_errors import StepFailed
from launchpad_tui.runtimes.embedded.templates import parse_text
from tests.runtimes.workflow_support import run, workflow


def dag(*tasks: str, more: str = "", settings: str = "") -> str:
    """Return a workflow whose entrypoint has these tasks."""
    lines = "".join(f"          - {task}\n" for task in tasks)
    head = "spec:\n  entrypoint: main\n  templates:\n    - name: main\n      dag:\n"
    return workflow(f"{head}{settings}        tasks:\n{lines}{more}")


def task(name: str, depends: str = "", more: str = "", template: str = "say") -> str:
    """Return a task that says its name."""
    parts = [f"name: {name}", f"template: {template}"]
    if template == "say":
        parts.append(f"arguments: {{parameters: [{{name: text, value: {name}}}]}}")
    if depends:
        parts.append(f"depends: {json.dumps(depends)}")
    return f"{{{', '.join(parts)}{more}}}"


@pytest.mark.parametrize(
    ("depends", "runs"),
    [
        ("good", True),
        ("bad", False),
        ("good && bad.Failed", True),
        ("good.Failed || bad.Failed", True),
        ("!good.Succeeded && bad.Failed", False),
        ("(good || bad) && skipped", True),
        ("skipped.Succeeded", False),
        ("skipped.Skipped && bad.Failed", True),
        ("bad.Errored", False),
        ("some.AnySucceeded && !some.AllFailed", True),
        ("omitted.Omitted", True),
    ],
)
def test_tasks_depend_on_how_others_end(tmp_path: Path, depends: str, runs: bool) -> None:
    outcome = run(
        dag(
            task("good"),
            task("bad", template="fail"),
            task("skipped", more=", when: 1 > 2"),
            task("some", more=', withItems: [1, 2], when: "{{item}} > 1"'),
            task("omitted", "good.Failed"),
            task("last", depends),
            task("rescue", "bad.Failed"),
            settings="        failFast: false\n",
        ),
        tmp_path,
    )
    assert ("last" in outcome.said) == runs
    # The failure of bad is handled unless last takes it over.
    assert (outcome.error is None) == (runs or "bad" not in depends)


def test_a_failure_ends_the_dag_before_further_tasks_start(tmp_path: Path) -> None:
    tasks = (task("bad", template="fail"), task("never", "bad"), task("slow", "bad || bad.Failed"))
    assert run(dag(*tasks[:2]), tmp_path / "1").said == []
    outcome = run(dag(*tasks), tmp_path / "2")
    assert outcome.said == ["slow"]
    assert isinstance(outcome.error, StepFailed)


def test_a_task_starts_as_soon_as_its_dependencies_have_ended(tmp_path: Path) -> None:
    wait = """\
    - name: wait
      container: {command: [sh, -c, "until test -e FOLDER/flag; do sleep 0.05; done; echo said w"]}
    - name: flag
      container: {command: [sh, -c, "echo said flag; touch FOLDER/flag"]}
"""
    text = dag(
        task("wait", template="wait"),
        task("first"),
        task("flag", "first", template="flag"),
        task("end", more=", dependencies: [wait, flag]"),
        more=wait.replace("FOLDER", str(tmp_path)),
    )
    outcome = run(text, tmp_path / "run")
    assert outcome.said[:2] == ["first", "flag"]
    assert outcome.said[-1] == "end"


def test_targets_and_tolerated_failures_of_tasks(tmp_path: Path) -> None:
    tasks = (
        task("bad", template="fail", more=", continueOn: {failed: true}"),
        task("next", more=", dependencies: [bad]"),
        task("other"),
    )
    outcome = run(dag(*tasks, settings="        target: next\n"), tmp_path)
    assert outcome.error is None
    assert outcome.said == ["next"]


@pytest.mark.parametrize(
    ("depends", "reason"),
    [
        ("missing", "there is no task 'missing'"),
        ("a.Perhaps", "Perhaps is not a result"),
        ("a &&", "invalid expression"),
        ("b", "form a cycle"),
    ],
)
def test_dependencies_that_are_not_valid_are_refused(depends: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_text(dag(task("a"), task("b", depends)), Path("x.yaml"))
    assert reason in caught.value.detail


def test_a_task_uses_outputs_of_tasks_that_it_depends_on_only() -> None:
    arguments = "{parameters: [{name: text, value: VALUE}]}"
    use = f"{{name: b, template: say, arguments: {arguments}, depends: a}}"
    text = dag(task("a"), task("c"), use)
    assert parse_text(text.replace("VALUE", '"{{tasks.a.outputs.result}}"'), Path("x.yaml"))
    with pytest.raises(InvalidInput, match="unknown reference"):
        parse_text(text.replace("VALUE", '"{{tasks.c.outputs.result}}"'), Path("x.yaml"))


#: Argo's example "conditional-artifacts", with an input that may be missing
CONDITIONAL = """\
spec:
  entrypoint: main
  arguments: {parameters: [{name: side, value: heads}]}
  templates:
    - name: main
      inputs: {artifacts: [{name: notes, optional: true}]}
      outputs:
        artifacts:
          - name: result
            globalName: "result-{{workflow.parameters.side}}"
            fromExpression: "steps.flip.outputs.result == 'heads' ?
              steps.heads.outputs.artifacts.out : steps.tails.outputs.artifacts.out"
        parameters:
          - name: side
            globalName: side
            valueFrom:
              expression: "steps.flip.outputs.result == 'heads' ? 'H' : 'T'"
      steps:
        - - {name: flip, template: flip}
        - - name: heads
            template: write
            when: "{{steps.flip.outputs.result}} == heads"
            arguments:
              parameters: [{name: text, value: "was heads"}]
              artifacts: [{name: notes, from: "{{inputs.artifacts.notes}}", optional: true}]
          - name: tails
            template: write
            when: "{{steps.flip.outputs.result}} == tails"
            arguments:
              parameters: [{name: text, value: "was tails"}]
              artifacts: [{name: notes, raw: {data: "raw for {{workflow.name}}"}}]
    - name: flip
      container: {command: [echo, "{{workflow.parameters.side}}"]}
    - name: write
      inputs:
        parameters: [{name: text}, {name: place, default: out}]
        artifacts: [{name: notes, path: /app/notes, optional: true}]
      outputs:
        artifacts:
          - {name: out, path: "/app/{{inputs.parameters.place}}", archive: {none: {}}}
          - {name: missing, path: /app/missing, optional: true}
        parameters:
          - {name: value, valueFrom: {path: /app/values/none, default: "no value"}}
      container:
        command: [sh, -c]
        args: ["cat /app/notes* 2>/dev/null; echo '{{inputs.parameters.text}}' >
          {{outputs.artifacts.out.path}}/text"]
"""


@pytest.mark.parametrize("side", ["heads", "tails"])
def test_expressions_select_the_outputs_of_steps_that_ran(tmp_path: Path, side: str) -> None:
    outcome = run(workflow(CONDITIONAL), tmp_path, {"side": side})
    assert outcome.error is None, outcome.error
    assert list(outcome.outputs) == [f"result-{side}"]
    assert (outcome.outputs[f"result-{side}"] / "text").read_text() == f"was {side}\n"
    assert ("raw for e1" in outcome.log) == (side == "tails")


def test_an_optional_input_is_used_if_it_is_bound(tmp_path: Path) -> None:
    parsed = parse_text(workflow(CONDITIONAL), Path("x.yaml"))
    assert [(each.name, each.optional) for each in parsed.executable.inputs] == [("notes", True)]
    (tmp_path / "bound").mkdir()
    (tmp_path / "bound" / "notes.txt").write_text("my notes\n")
    text = workflow(CONDITIONAL).replace("cat /app/notes*", "cat /app/notes/*")
    outcome = run(text, tmp_path / "run", inputs={"notes": tmp_path / "bound"})
    assert "my notes" in outcome.log


GLOBAL = """\
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - {name: make, template: make}
        - - name: use
            template: use
            arguments:
              parameters: [{name: text, value: "{{workflow.outputs.parameters.total}}"}]
              artifacts:
                - {name: one, from: "{{workflow.outputs.artifacts.all}}", subPath: deep/one.txt}
    - name: make
      outputs:
        parameters: [{name: sum, globalName: total, valueFrom: {path: /app/sum}}]
        artifacts: [{name: out, globalName: all, path: /app/out}]
      container: {command: [sh, -c, "echo 42 > /app/sum; mkdir /app/out/deep;
        echo single > /app/out/deep/one.txt"]}
    - name: use
      inputs: {parameters: [{name: text}], artifacts: [{name: one, path: /app/one.txt}]}
      container: {command: [sh, -c, "echo said {{inputs.parameters.text}} $(cat /app/one.txt)"]}
"""


def test_global_outputs_and_parts_of_artifacts(tmp_path: Path) -> None:
    outcome = run(workflow(GLOBAL), tmp_path)
    assert outcome.error is None, outcome.error
    assert outcome.said == ["42 single"]
    with tarfile.open(outcome.outputs["all"]) as archive:
        assert any(name.endswith("deep/one.txt") for name in archive.getnames())
    missing = workflow(GLOBAL.replace("deep/one.txt}", "deep/two.txt}"))
    error = run(missing, tmp_path / "missing").error
    assert isinstance(error, StepFailed)
    assert "has no deep/two.txt" in error.title


def test_braces_of_other_languages_are_kept(tmp_path: Path) -> None:
    leaf = """\
    - name: braces
      script:
        command: [python3]
        source: |
          name = "x"
          print(f"said {{{name}}} {{name}}", "{{ user.name }}", '{% if a %}')
"""
    head = "spec:\n  entrypoint: braces\n  templates:\n"
    outcome = run(workflow(head + leaf), tmp_path)
    assert outcome.said == ["{x} {name} {{ user.name }} {% if a %}"]


def test_parameters_of_a_fixed_choice_have_a_value_of_it() -> None:
    text = workflow(
        "spec:\n  entrypoint: fail\n  arguments: {parameters: [{name: size, value: small, "
        "enum: [small, large], description: The size.}]}\n  templates:\n"
    )
    (parameter,) = parse_text(text, Path("x.yaml")).executable.parameters
    assert parameter.description == "The size. One of: small, large"
    with pytest.raises(InvalidInput, match=r"must be one of small, large, not 'tiny'"):
        parse_text(text.replace("value: small", "value: tiny"), Path("x.yaml"))

"""Conditions, loops, retries, deadlines, hooks and inline templates, with real commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launchpad_tui.errors import InvalidInput
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed
from launchpad_tui.runtimes.embedded.template_steps import MAX_STEPS
from launchpad_tui.runtimes.embedded.templates import parse_text
from tests.runtimes.workflow_support import run, workflow


def steps(*lines: str, more: str = "", spec: str = "") -> str:
    """Return a workflow whose entrypoint has these steps, one group each."""
    groups = "".join(f"        - - {line}\n" for line in lines)
    head = f"spec:\n  entrypoint: main\n{spec}  templates:\n    - name: main\n      steps:\n"
    return workflow(f"{head}{groups}{more}")


def say(text: str, more: str = "", name: str = "a") -> str:
    """Return a step that says a text."""
    arguments = json.dumps({"parameters": [{"name": "text", "value": text}]})
    return f"{{name: {name}, template: say, arguments: {arguments}{more}}}"


@pytest.mark.parametrize(
    ("when", "runs"),
    [
        ("{{workflow.parameters.mode}} == full", True),
        ("{{workflow.parameters.mode}} != full", False),
        ("'{{workflow.parameters.mode}}' == 'full' && {{workflow.parameters.score}} > 0.5", True),
        ("{{workflow.parameters.score}} >= 0.9 || {{workflow.parameters.mode}} == quick", False),
        ("!({{workflow.parameters.score}} < 0.5)", True),
        ("{{workflow.parameters.mode}} in (quick, full)", True),
        ("{{workflow.parameters.mode}} =~ '^fu'", True),
        ("{{=asFloat(workflow.parameters.score) * 2 > 1}}", True),
        ("{{=workflow.parameters.mode == 'quick'}} == true", False),
        ("{{workflow.parameters.empty}} == ''", True),
        ("true", True),
    ],
)
def test_conditions_decide_whether_a_step_runs(tmp_path: Path, when: str, runs: bool) -> None:
    spec = (
        "  arguments:\n    parameters: [{name: mode, value: full}, {name: score, value: 0.75}, "
        '{name: empty, value: ""}]\n'
    )
    text = steps(say("hello", f", when: {json.dumps(when)}"), say("end", name="b"), spec=spec)
    outcome = run(text, tmp_path)
    assert outcome.error is None
    assert outcome.said == (["hello", "end"] if runs else ["end"])
    assert any("skipped" in line for line in outcome.log) != runs


def test_items_of_loops_are_texts_numbers_and_maps(tmp_path: Path) -> None:
    more = ', withItems: [one, 2, true, {lr: 0.1, "on": "x"}]'
    outcome = run(steps(say("{{item}}", more)), tmp_path)
    assert sorted(outcome.said) == sorted(["one", "2", "true", '{"lr":0.1,"on":"x"}'])
    keys = run(
        steps(say("{{item.lr}} {{=item.lr * 2}}", ", withItems: [{lr: 0.25}, {lr: 1}]")),
        tmp_path / "keys",
    )
    assert sorted(keys.said) == ["0.25 0.5", "1 2"]


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        ('{count: "3"}', ["0", "1", "2"]),
        ('{start: "2", end: "4"}', ["2", "3", "4"]),
        ('{start: "1", end: "-1"}', ["-1", "0", "1"]),
        ('{count: "{{workflow.parameters.n}}", start: "9", format: "seed-%03d"}', ["seed-009"]),
        ("{count: 0}", []),
    ],
)
def test_sequences(tmp_path: Path, sequence: str, expected: list[str]) -> None:
    spec = "  arguments: {parameters: [{name: n, value: 1}]}\n"
    text = steps(say("{{item}}", f", withSequence: {sequence}"), spec=spec)
    assert sorted(run(text, tmp_path).said) == expected


GENERATE = """\
    - name: generate
      script:
        command: [python3]
        source: |
          import json
          print(json.dumps([{"rate": r, "name": f"r{r}"} for r in (1, 2, 3)]))
    - name: square
      inputs: {parameters: [{name: rate}]}
      outputs:
        parameters: [{name: loss, valueFrom: {path: /tmp/out/loss}}]
      container:
        command: [sh, -c, "echo $(( {{inputs.parameters.rate}} * {{inputs.parameters.rate}} )) |
          tee /tmp/out/loss"]
    - name: best
      inputs: {parameters: [{name: losses}, {name: all}, {name: results}]}
      script:
        command: [python3]
        source: |
          import json
          losses = json.loads('{{inputs.parameters.losses}}')
          pairs = json.loads('{{inputs.parameters.all}}')
          results = json.loads('{{inputs.parameters.results}}')
          print("said", sorted(losses), sorted(p["loss"] for p in pairs), sorted(results))
"""


def test_a_loop_over_the_result_of_a_step_and_its_outputs_as_lists(tmp_path: Path) -> None:
    text = steps(
        "{name: list, template: generate}",
        '{name: train, template: square, withParam: "{{steps.list.outputs.result}}", '
        'arguments: {parameters: [{name: rate, value: "{{item.rate}}"}]}}',
        "{name: best, template: best, arguments: {parameters: ["
        '{name: losses, value: "{{steps.train.outputs.parameters.loss}}"}, '
        '{name: all, value: "{{steps.train.outputs.parameters}}"}, '
        '{name: results, value: "{{steps.train.outputs.result}}"}]}}',
        say(
            "{{=len(fromJSON(steps.train.outputs.result))}} "
            "{{=sum(map(fromJSON(steps.train.outputs.parameters), {asInt(#.loss)}))}}",
            name="count",
        ),
        more=GENERATE,
    )
    outcome = run(text, tmp_path)
    assert outcome.error is None, outcome.error
    values = "['1', '4', '9']"
    assert outcome.said == [f"{values} {values} {values}", "3 14"]


def test_a_condition_over_the_outputs_of_a_step_and_a_condition_of_iterations(
    tmp_path: Path,
) -> None:
    text = steps(
        "{name: list, template: generate}",
        say(
            "{{item.name}}",
            ', withParam: "{{steps.list.outputs.result}}", when: "{{item.rate}} > 1"',
            "each",
        ),
        say("none", ', when: "{{=len(fromJSON(steps.list.outputs.result)) == 0}}"', "other"),
        more=GENERATE,
    )
    assert sorted(run(text, tmp_path).said) == ["r2", "r3"]


def test_items_that_are_not_a_list_fail_with_the_reason(tmp_path: Path) -> None:
    spec = '  arguments: {parameters: [{name: n, value: "no list"}]}\n'
    text = steps(say("x", ', withParam: "{{workflow.parameters.n}}"'), spec=spec)
    error = run(text, tmp_path).error
    assert isinstance(error, StepFailed)
    assert "is not a JSON list" in error.detail


FLAKY = """\
    - name: flaky
      retryStrategy: {retry}
      container:
        command: [sh, -c, "echo try {{{{retries}}}}; test {{{{retries}}}} -ge 2 || exit 4"]
"""


@pytest.mark.parametrize(
    ("retry", "tries", "works"),
    [
        ("{limit: 2}", 3, True),
        ('{limit: "1"}', 2, False),
        ("{limit: 5, retryPolicy: OnError}", 1, False),
        ("{limit: 5, retryPolicy: Always, backoff: {duration: 10ms, factor: 2}}", 3, True),
        ('{limit: 5, expression: "asInt(lastRetry.exitCode) != 4"}', 1, False),
        ("{limit: 5, expression: \"lastRetry.status == 'Failed'\"}", 3, True),
        ("{}", 3, True),
    ],
)
def test_failed_steps_are_retried(tmp_path: Path, retry: str, tries: int, works: bool) -> None:
    text = steps("{name: a, template: flaky}", more=FLAKY.format(retry=retry))
    outcome = run(text, tmp_path)
    assert [line for line in outcome.log if line.startswith("try ")] == [
        f"try {number}" for number in range(tries)
    ]
    assert (outcome.error is None) == works
    if outcome.error is not None:
        assert "exit code 4" in outcome.error.title


def test_a_retry_starts_with_empty_outputs(tmp_path: Path) -> None:
    leaf = """\
    - name: leaf
      retryStrategy: {limit: 1}
      outputs: {artifacts: [{name: model, globalName: model, path: /app/model}]}
      container:
        command: [sh, -c, "ls /app/model; echo {{retries}} > /app/model/try-{{retries}};
          exit $((1 - {{retries}}))"]
"""
    outcome = run(steps("{name: a, template: leaf}", more=leaf), tmp_path)
    assert outcome.error is None
    assert list(outcome.outputs) == ["model"]
    assert "try-0" not in outcome.log


@pytest.mark.parametrize(
    "leaf",
    [
        "activeDeadlineSeconds: 1\n      container: {command: [sleep, '600']}",
        'timeout: "{{inputs.parameters.limit}}s"\n'
        "      inputs: {parameters: [{name: limit, default: 1}]}\n"
        "      steps: [[{name: inner, template: sleep}]]",
    ],
    ids=["container", "steps"],
)
def test_the_deadline_of_a_template_fails_its_step_only(tmp_path: Path, leaf: str) -> None:
    more = f"    - name: slow\n      {leaf}\n    - name: sleep\n"
    more += "      container: {command: [sleep, '600']}\n"
    text = steps(
        "{name: a, template: slow, continueOn: {failed: true}}",
        say("{{steps.a.status}}", name="b"),
        more=more,
    )
    outcome = run(text, tmp_path)
    assert outcome.error is None
    assert outcome.said == ["Failed"]
    error = run(text.replace(", continueOn: {failed: true}", ""), tmp_path / "again").error
    assert isinstance(error, StepFailed)
    assert "took longer than 1 s" in error.title


def test_a_failure_is_tolerated_where_the_template_says_so(tmp_path: Path) -> None:
    text = steps(
        "{name: a, template: fail, continueOn: {failed: true}}",
        say("{{steps.a.status}} {{steps.a.exitCode}}", name="b"),
        "{name: c, template: fail, continueOn: {error: true}}",
        say("never", name="d"),
    )
    outcome = run(text, tmp_path)
    assert outcome.said == ["Failed 3"]
    assert isinstance(outcome.error, StepFailed)
    assert outcome.error.detail == "it broke"


def test_an_output_of_a_skipped_step_has_no_value(tmp_path: Path) -> None:
    text = steps(
        "{name: list, template: generate, when: 1 > 2}",
        say("{{steps.list.outputs.result}}", name="b"),
        more=GENERATE,
    )
    error = run(text, tmp_path).error
    assert isinstance(error, StepFailed)
    assert "because the status of list is Skipped" in error.title
    chosen = text.replace(
        "{{steps.list.outputs.result}}", "{{=steps.list.outputs.result ?? 'none'}}"
    )
    assert run(chosen, tmp_path / "chosen").said == ["none"]


EXIT = """\
    - name: report
      inputs: {parameters: [{name: status}]}
      container: {command: [echo, "said {{inputs.parameters.status}} {{workflow.status}}"]}
    - name: slow
      container: {command: [sleep, "600"]}
"""


def test_exit_handlers_run_after_success_failure_and_deadline(tmp_path: Path) -> None:
    hooks = (
        "  hooks:\n    exit:\n      template: report\n      arguments: {parameters: "
        '[{name: status, value: "at end {{workflow.status}}"}]}\n'
    )
    on_exit = "  onExit: ended\n"
    ended = '    - name: ended\n      container: {command: [echo, "said {{workflow.status}}"]}\n'
    text = steps(say("x"), spec=hooks, more=EXIT)
    assert run(text, tmp_path / "1").said == ["x", "at end Succeeded Succeeded"]
    failing = run(
        text.replace("template: say, ", "template: fail, ", 1).replace(
            'arguments: {"parameters": [{"name": "text", "value": "x"}]}', "continueOn: {}"
        ),
        tmp_path / "2",
    )
    assert failing.said == ["at end Failed Failed"]
    assert isinstance(failing.error, StepFailed)
    late = run(
        steps(
            "{name: a, template: slow}",
            spec=f"  activeDeadlineSeconds: 1\n{on_exit}",
            more=EXIT + ended,
        ),
        tmp_path / "3",
    )
    assert late.said == ["Failed"]
    assert isinstance(late.error, Interrupted)
    stopped = run(
        steps("{name: a, template: slow}", spec=on_exit, more=EXIT + ended),
        tmp_path / "4",
        stop_after=0.5,
    )
    assert stopped.said == []
    assert isinstance(stopped.error, Interrupted)


def test_hooks_of_steps_run_when_their_time_has_come(tmp_path: Path) -> None:
    def hook(name: str, text: str, expression: str = "") -> str:
        condition = f"expression: {json.dumps(expression)}, " if expression else ""
        return (
            f"{name}: {{{condition}template: say, arguments: {{parameters: "
            f"[{{name: text, value: {json.dumps(text)}}}]}}}}"
        )

    hooks = ", ".join(
        [
            hook("begin", "begin", "steps.a.status == 'Running'"),
            hook("exit", "exit {{steps.a.status}}"),
            hook("good", "good", "steps.a.status == 'Succeeded'"),
            hook("bad", "bad", "steps.a.status == 'Failed'"),
        ]
    )
    outcome = run(steps(say("work", f", hooks: {{{hooks}}}")), tmp_path / "1")
    assert outcome.said == ["begin", "work", "exit Succeeded", "good"]
    failing = run(steps(f"{{name: a, template: fail, hooks: {{{hooks}}}}}"), tmp_path / "2")
    assert failing.said == ["begin", "exit Failed", "bad"]
    assert isinstance(failing.error, StepFailed)


def test_inline_templates_use_the_variables_of_their_step(tmp_path: Path) -> None:
    inline = (
        '{name: a, withItems: [1, 2], inline: {container: {command: [echo, "said {{item}} '
        '{{workflow.name}}"]}}}'
    )
    assert sorted(run(steps(inline), tmp_path).said) == ["1 e1", "2 e1"]


def test_a_pause_takes_its_time_and_can_be_stopped(tmp_path: Path) -> None:
    pause = '    - name: pause\n      suspend: {duration: "DURATION"}\n'
    text = steps("{name: wait, template: pause}", say("after", name="b"), more=pause)
    assert run(text.replace("DURATION", "0.1s"), tmp_path / "1").said == ["after"]
    stopped = run(text.replace("DURATION", "10m"), tmp_path / "2", stop_after=0.3)
    assert stopped.said == []
    assert isinstance(stopped.error, Interrupted)


RECURSIVE = """\
spec:
  entrypoint: count
  arguments: {parameters: [{name: n, value: "3"}]}
  templates:
    - name: count
      inputs: {parameters: [{name: n}]}
      steps:
        - - {name: tell, template: say, arguments: {parameters: [{name: text,
            value: "{{inputs.parameters.n}}"}]}}
        - - {name: again, template: count, when: "{{inputs.parameters.n}} > LAST",
            arguments: {parameters: [{name: n, value: "{{=asInt(inputs.parameters.n) - 1}}"}]}}
"""


def test_recursion_with_a_condition_is_bounded(tmp_path: Path) -> None:
    assert run(workflow(RECURSIVE.replace("LAST", "1")), tmp_path / "1").said == ["3", "2", "1"]
    endless = run(workflow(RECURSIVE.replace("LAST", "-9999")), tmp_path / "2").error
    assert isinstance(endless, StepFailed)
    assert "levels deep" in endless.title
    with pytest.raises(InvalidInput, match="cycle"):
        parse_text(
            workflow(RECURSIVE.replace('when: "{{inputs.parameters.n}} > LAST",', "")),
            Path("x.yaml"),
        )


def test_the_number_of_steps_is_bounded(tmp_path: Path) -> None:
    spec = "  arguments: {parameters: [{name: n, value: 2000}]}\n"
    sequence = ', withSequence: {count: "{{workflow.parameters.n}}"}'
    error = run(steps(say("{{item}}", sequence), spec=spec), tmp_path).error
    assert isinstance(error, StepFailed)
    assert f"more than {MAX_STEPS}" in error.detail
    items = ", ".join(["1"] * 600)
    two = [say("x", f", withItems: [{items}]", name) for name in ("a", "b")]
    with pytest.raises(InvalidInput, match=f"more than {MAX_STEPS} steps"):
        parse_text(steps(*two), Path("x.yaml"))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (say("x", ", when: (1"), "invalid condition"),
        (say("x", ', when: "{{item}} == 1"'), "unknown reference {{item}}"),
        (say("{{item}}"), "unknown reference {{item}}"),
        (say("{{item.b}}", ", withItems: [{a: 1}]"), "unknown reference {{item.b}}"),
        (say("{{=nothing(1)}}"), "the function nothing is not supported"),
        (say("{{=1 +}}"), "invalid expression"),
        (say("{{=inputs.parameters.x}}"), "unknown variable inputs.parameters.x"),
        (say("{{=steps.b.outputs.result}}"), "unknown variable steps.b"),
        (say("x", ", withItems: [1], withParam: '[1]'"), "both"),
        (say("x", ", withSequence: {}"), "count or end is missing"),
        (say("x", ", withSequence: {count: many}"), "count must be an integer"),
        (say("x", ", withSequence: {count: 2000}"), "more than 1000"),
        (say("x", ", withSequence: {count: 1, format: none}"), "is not a format"),
        (say("x", ", templateRef: {name: other, template: x}"), "no workflow template 'other'"),
        (say("x", ", hooks: {late: {template: fail}}"), "expression is missing"),
    ],
)
def test_steps_that_are_not_valid_are_refused_with_the_line(step: str, reason: str) -> None:
    text = steps(step)
    with pytest.raises(InvalidInput) as caught:
        parse_text(text, Path("x.yaml"))
    assert reason in caught.value.detail
    line = int(caught.value.detail.split(":")[1])
    assert text.splitlines()[line - 1].strip().startswith(("- - {name: a", "- name: main"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("suspend: {}", "nobody is asked to resume"),
        ("resource: {action: create}", "no Kubernetes resources"),
        ("http: {url: https://example.com}", "requests"),
        ("plugin: {hello: {}}", "plugins run in a cluster"),
        ("data: {source: {}}", "object store"),
        ("containerSet: {containers: []}", "write them as steps"),
        ("daemon: true\n      container: {command: [x]}", "daemon containers"),
    ],
)
def test_templates_that_need_a_cluster_are_refused_if_they_are_called(
    body: str, reason: str
) -> None:
    more = f"    - name: special\n      {body}\n"
    with pytest.raises(InvalidInput) as caught:
        parse_text(steps("{name: a, template: special}", more=more), Path("x.yaml"))
    assert reason in caught.value.detail
    line = int(caught.value.detail.split(":")[1])
    text = steps(say("x"), more=more)
    assert text.splitlines()[line - 1].strip() == "- name: special"
    assert parse_text(text, Path("x.yaml")).workflow.entrypoint == "main"


def test_settings_of_a_cluster_have_notes() -> None:
    spec = "  podSpecPatch: x\n  nodeSelector: {a: b}\n  archiveLogs: true\n  parallelism: 2\n"
    more = """\
    - name: all
      podSpecPatch: x
      volumes: []
      sidecars: []
      initContainers: []
      memoize: {key: a}
      metrics: {prometheus: []}
      synchronization: {mutex: {name: x}}
      container: {image: a, command: [x], volumeMounts: [], lifecycle: {}}
"""
    text = steps("{name: a, template: all}", spec=spec, more=more)
    notes = "\n".join(parse_text(text, Path("x.yaml")).executable.notes)
    for what in (
        "podSpecPatch is",
        "nodeSelector is",
        "archiveLogs is",
        "podSpecPatch of template all is",
        "volumes of template all is",
        "sidecars of template all is",
        "initContainers of template all is",
        "memoize of template all is",
        "metrics of template all is",
        "synchronization of template all is",
        "volumeMounts is",
        "lifecycle is",
    ):
        assert f"{what} ignored" in notes, what
    assert "parallelism" not in notes


def test_output_parameters_may_have_a_value_of_their_own(tmp_path: Path) -> None:
    text = workflow(
        """\
spec:
  entrypoint: main
  arguments: {parameters: [{name: name, value: ann}]}
  templates:
    - name: main
      dag:
        tasks:
          - {name: first, template: first}
          - name: second
            template: say
            dependencies: [first]
            arguments:
              parameters:
                - name: text
                  value: >-
                    {{tasks.first.outputs.parameters.id}} {{tasks.first.outputs.parameters.n}}
    - name: first
      outputs: {parameters: [{name: id, value: "{{pod.name}}"}, {name: n, value: 3}]}
      container: {command: [echo, "{{workflow.parameters.name}}"]}
"""
    )
    outcome = run(text, tmp_path)
    assert outcome.error is None
    (said,) = outcome.said
    assert said.endswith(" 3")
    assert "{{" not in said
    assert len(said) > 2
    with pytest.raises(InvalidInput, match="Invalid workflow template"):
        run(text.replace("{{pod.name}}", "{{inputs.parameters.nothing}}"), tmp_path / "other")

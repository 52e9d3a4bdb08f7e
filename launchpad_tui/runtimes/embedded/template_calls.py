"""Checks the calls between the templates of a workflow, and finds the inputs that are not bound.

Templates that call each other several times multiply: the calls form a graph without cycles in
which the number of paths grows exponentially. Every template is therefore visited once, and the
number of steps of a run is computed from the numbers of the called templates.
"""

from __future__ import annotations

from launchpad_tui.runtimes.embedded.template_body import (
    MAX_STEPS,
    REFERENCE,
    STEP_OUTPUT,
)
from launchpad_tui.runtimes.embedded.template_model import Call, Template, Workflow
from launchpad_tui.runtimes.embedded.template_variables import (
    INPUT_ARTIFACT,
    STEP_VALUE,
    TEMPLATE_VARIABLES,
    workflow_variables,
)
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest number of nested calls
MAX_DEPTH = 50


def check_calls(workflow: Workflow, spec: Node) -> None:
    """Check calls and references.

    Raises:
        TemplateError: a called template does not exist, calls form a cycle, are nested too deeply
            or run too many steps, or a reference is not known.
    """
    _CallCheck(workflow, spec).visit(workflow.entrypoint, ())


class _CallCheck:
    def __init__(self, workflow: Workflow, spec: Node) -> None:
        self._workflow = workflow
        self._nodes = {node.get_text("name"): node for node in spec.require("templates").entries()}
        self._known = workflow_variables(workflow) | TEMPLATE_VARIABLES
        self._global_names: dict[str, str] = {}
        #: the depth of calls and the number of steps of each template that was visited
        self._visited: dict[str, tuple[int, int]] = {}

    def visit(self, name: str, callers: tuple[str, ...]) -> tuple[int, int]:
        """Check a template and the templates that it calls; return its depth and its steps."""
        node = self._nodes[name]
        if name in callers:
            raise node.error(
                f"the calls of the templates form a cycle: {' → '.join((*callers, name)[-6:])}"
            )
        if name in self._visited:
            return self._visited[name]
        if len(callers) >= MAX_DEPTH:
            raise node.error(f"calls of templates are nested more than {MAX_DEPTH} levels deep")
        template = self._workflow.templates[name]
        _check_template(template, self._known, node)
        self._check_global_names(template, node)
        depth, steps = 0, 1 if template.container is not None else 0
        for called_depth, called_steps in self._visit_calls(template, (*callers, name)):
            depth = max(depth, called_depth)
            steps += called_steps
        if depth + 1 > MAX_DEPTH:
            raise node.error(f"calls of templates are nested more than {MAX_DEPTH} levels deep")
        if steps > MAX_STEPS:
            raise node.error(
                f"the template runs more than {MAX_STEPS} steps, called steps included"
            )
        self._visited[name] = depth + 1, steps
        return self._visited[name]

    def _visit_calls(self, template: Template, callers: tuple[str, ...]) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        before: dict[str, Template] = {}
        known = self._known | {f"inputs.parameters.{key}" for key, _ in template.parameters}
        for group in template.steps:
            for call in group:
                called = self._workflow.templates.get(call.template)
                if called is None:
                    raise TemplateError(
                        call.line, f"step {call.name}: there is no template {call.template!r}"
                    )
                _check_call(call, called, before, known, template)
                found.append(self.visit(call.template, callers))
            before |= {call.name: self._workflow.templates[call.template] for call in group}
        for kind, outputs in (
            ("artifacts", template.outputs),
            ("parameters", template.output_parameters),
        ):
            for output in outputs:
                match = REFERENCE.fullmatch(output.source.strip())
                if output.source and (match is None or not _is_output(match[1], kind, before)):
                    raise self._nodes[template.name].error(
                        f"output {output.name}: {output.source} is not an output of a step"
                    )
        return found

    def _check_global_names(self, template: Template, node: Node) -> None:
        for output in template.outputs:
            name = output.global_name
            if name and self._global_names.setdefault(name, template.name) != template.name:
                raise node.error(
                    f"the globalName {name} is also used by template {self._global_names[name]}"
                )


def _is_output(text: str, kind: str, before: dict[str, Template]) -> bool:
    """Return whether a reference names an output, or another value, of an earlier step."""
    value = STEP_VALUE.fullmatch(text)
    if value is not None and kind == "parameters":
        return value[1] in before
    match = STEP_OUTPUT.fullmatch(text)
    if match is None or match[2] != kind or match[1] not in before:
        return False
    source = before[match[1]]
    declared = source.outputs if kind == "artifacts" else source.output_parameters
    return any(each.name == match[3] for each in declared)


def _check_call(
    call: Call, called: Template, before: dict[str, Template], known: set[str], caller: Template
) -> None:
    passed = {f"inputs.artifacts.{each.name}" for each in caller.inputs}
    inputs = {each.name for each in called.inputs}
    for name, source in call.artifacts:
        if name not in inputs:
            raise TemplateError(
                call.line,
                f"step {call.name}: template {called.name} has no input artifact {name!r}",
            )
        match = REFERENCE.fullmatch(source.strip())
        if match is None or not (match[1] in passed or _is_output(match[1], "artifacts", before)):
            raise TemplateError(
                call.line, f"step {call.name}: {source} is not an output of an earlier step"
            )
    given = {name for name, _ in call.parameters}
    expected = dict(called.parameters)
    for name in sorted(given - expected.keys()):
        raise TemplateError(
            call.line, f"step {call.name}: template {called.name} has no input parameter {name!r}"
        )
    for name, default in expected.items():
        if default is None and name not in given:
            raise TemplateError(
                call.line,
                f"step {call.name}: the input parameter {name} of template {called.name} is "
                "missing",
            )
    for _, value in call.parameters:
        for match in REFERENCE.finditer(value):
            if match[1] not in known and not _is_output(match[1], "parameters", before):
                raise TemplateError(
                    call.line, f"step {call.name}: unknown reference {match.group(0)}"
                )


def _check_template(template: Template, known: set[str], node: Node) -> None:
    if template.container is None:
        return
    here = known | {f"inputs.parameters.{name}" for name, _ in template.parameters}
    here |= {f"inputs.artifacts.{each.name}.path" for each in template.inputs}
    here |= {f"outputs.artifacts.{each.name}.path" for each in template.outputs}
    here |= {f"outputs.parameters.{each.name}.path" for each in template.output_parameters}
    container = template.container
    texts = [
        *container.command,
        *container.args,
        *(each.value for each in container.env),
        container.script,
    ]
    for text in texts:
        for match in REFERENCE.finditer(text):
            if match.group(1) not in here:
                body = node.get("container") or node.get("script") or node
                raise body.error(f"unknown reference {match.group(0)}")


def input_names(workflow: Workflow) -> list[str]:
    """Return the names of the input artifacts that a configuration has to bind.

    These are the inputs that no step gets from an earlier step.
    """
    found: dict[str, None] = {}
    visited: set[tuple[str, frozenset[str]]] = set()

    def visit(name: str, given: frozenset[str]) -> None:
        if (name, given) in visited:
            return
        visited.add((name, given))
        template = workflow.templates[name]
        raw = {each.name for each in template.inputs if each.raw is not None}
        if template.container is not None:
            for each in template.inputs:
                if each.name not in given | raw:
                    found[each.name] = None
        for group in template.steps:
            for call in group:
                for _, source in call.artifacts:
                    match = INPUT_ARTIFACT.fullmatch(source.strip().strip("{} "))
                    if match is not None and match[1] not in given | raw:
                        found[match[1]] = None
                visit(call.template, frozenset(key for key, _ in call.artifacts))

    visit(workflow.entrypoint, frozenset())
    return list(found)

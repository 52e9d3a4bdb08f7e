"""Checks the calls between the templates of a workflow, and finds the inputs that are not bound.

Templates that call each other several times multiply: the calls form a graph in which the number of
paths grows exponentially. Every template is therefore visited once, and the number of steps of a
run is computed from the numbers of the called templates.
"""

from __future__ import annotations

from dataclasses import replace

from launchpad_tui.runtimes.embedded.template_body import SpecReader
from launchpad_tui.runtimes.embedded.template_model import Call, Template, Workflow
from launchpad_tui.runtimes.embedded.template_scope import (
    EarlierStep,
    VariableScope,
    first_problem,
)
from launchpad_tui.runtimes.embedded.template_steps import MAX_STEPS
from launchpad_tui.runtimes.embedded.template_tags import reference
from launchpad_tui.runtimes.embedded.template_variables import (
    EXIT_VARIABLES,
    INPUT_ARTIFACT,
    RETRY_VARIABLES,
    TEMPLATE_VARIABLES,
    workflow_variables,
)
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest number of nested calls
MAX_DEPTH = 50


def check_calls(workflow: Workflow, reader: SpecReader) -> None:
    """Check calls and references.

    Args:
        workflow: the workflow.
        reader: the reader that parsed it, which knows the nodes of the templates.

    Raises:
        TemplateError: a called template does not exist or cannot run here, calls form a cycle
            without a condition, are nested too deeply or run too many steps, or a reference is not
            known.
    """
    check = _CallCheck(workflow, reader)
    check.visit(workflow.entrypoint, ())
    # The templates that hooks call may use these variables as well.
    check.scope = check.scope.with_names(*EXIT_VARIABLES)
    for hook in workflow.hooks:
        check.hook(hook.call, hook.expression, check.scope, None)


class _CallCheck:
    def __init__(self, workflow: Workflow, reader: SpecReader) -> None:
        self._workflow = workflow
        self._nodes = reader.nodes
        self._foreign = reader.foreign
        names = workflow_variables(workflow) | TEMPLATE_VARIABLES
        artifacts = set()
        for template in workflow.templates.values():
            names |= {
                f"workflow.outputs.parameters.{each.global_name}"
                for each in template.output_parameters
                if each.global_name
            }
            artifacts |= {
                f"workflow.outputs.artifacts.{each.global_name}"
                for each in template.outputs
                if each.global_name
            }
        #: the variables that are known in every template
        self.scope = VariableScope(frozenset(names), frozenset(artifacts))
        self._global_names: dict[str, str] = {}
        #: the depth of calls and the number of steps of each template that was visited
        self._visited: dict[str, tuple[int, int]] = {}

    def visit(
        self, name: str, callers: tuple[str, ...], outer: VariableScope | None = None
    ) -> tuple[int, int]:
        """Check a template and the templates that it calls; return its depth and its steps.

        Args:
            name: the name of the template.
            callers: the templates that call each other before it.
            outer: the variables of the calling step, for an inline template.
        """
        if name in self._foreign and not any(each in self._foreign for each in callers):
            try:
                return self._visit(name, callers, outer)
            except TemplateError as error:
                raise self._foreign[name].wrapped(error) from error
        return self._visit(name, callers, outer)

    def _visit(
        self, name: str, callers: tuple[str, ...], outer: VariableScope | None
    ) -> tuple[int, int]:
        node = self._nodes[name]
        if name in callers:
            raise node.error(
                f"the calls of the templates form a cycle: {' → '.join((*callers, name)[-6:])}. "
                "Only a step with a condition (when) may call a template that calls it"
            )
        if name in self._visited:
            return self._visited[name]
        if len(callers) >= MAX_DEPTH:
            raise node.error(f"calls of templates are nested more than {MAX_DEPTH} levels deep")
        template = self._workflow.templates[name]
        if template.unsupported:
            raise node.error(template.unsupported)
        scope = self._template_scope(template, outer)
        _check_template(template, scope, node)
        self._check_global_names(template, node)
        depth, steps = 0, 1 if template.container is not None else 0
        for called_depth, called_steps in self._visit_calls(template, (*callers, name), scope):
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

    def _template_scope(self, template: Template, outer: VariableScope | None) -> VariableScope:
        names = {f"inputs.parameters.{name}" for name, _ in template.parameters}
        names |= {f"inputs.artifacts.{each.name}.path" for each in template.inputs if each.path}
        if template.retry is not None:
            names |= RETRY_VARIABLES
        artifacts = {f"inputs.artifacts.{each.name}" for each in template.inputs}
        scope = self.scope if outer is None else outer
        return replace(scope, names=scope.names | names, artifacts=scope.artifacts | artifacts)

    def _visit_calls(
        self, template: Template, callers: tuple[str, ...], scope: VariableScope
    ) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        before: dict[str, EarlierStep] = {}
        if template.tasks:
            needed: dict[str, dict[str, EarlierStep]] = {}
            for task in template.tasks:
                steps: dict[str, EarlierStep] = {}
                for need in task.needs:
                    steps |= needed[need]
                found += self._visit_call(task, callers, replace(scope, steps=steps), template)
                before[task.name] = self._earlier(task)
                needed[task.name] = {**steps, task.name: before[task.name]}
        for group in template.steps:
            here = replace(scope, steps={**scope.steps, **before})
            for call in group:
                found += self._visit_call(call, callers, here, template)
            before |= {call.name: self._earlier(call) for call in group}
        self._check_outputs(template, replace(scope, steps={**scope.steps, **before}))
        return found

    def _earlier(self, call: Call) -> EarlierStep:
        return EarlierStep(self._workflow.templates[call.template], call.loop is not None)

    def _called(self, call: Call) -> Template:
        called = self._workflow.templates.get(call.template)
        if called is None:
            raise TemplateError(
                call.line, f"step {call.name}: there is no template {call.template!r}"
            )
        return called

    def _visit_call(
        self, call: Call, callers: tuple[str, ...], scope: VariableScope, caller: Template
    ) -> list[tuple[int, int]]:
        called = self._called(call)
        if call.loop is not None:
            loop = call.loop
            texts = [loop.parameter, *loop.sequence.values()]
            _raise(call, first_problem(scope, *texts))
            scope = replace(scope, in_loop=True, items=loop.items)
        _raise(call, first_problem(scope, call.when))
        _check_arguments(call, called, scope, caller)
        found = [(0, 0)]
        if not (call.when and call.template in callers):
            depth, steps = self.visit(call.template, callers, scope if call.inline else None)
            repeated = max(1, len(call.loop.items)) if call.loop is not None else 1
            found.append((depth, steps * repeated))
        own = replace(scope, steps={**scope.steps, call.name: self._earlier(call)})
        for hook in call.hooks:
            found.append(self.hook(hook.call, hook.expression, own, caller, callers))
        return found

    def hook(
        self,
        call: Call,
        expression: str,
        scope: VariableScope,
        caller: Template | None,
        callers: tuple[str, ...] = (),
    ) -> tuple[int, int]:
        """Check a hook of a step or of the workflow; return its depth and its steps."""
        called = self._called(call)
        _raise(call, scope.expression_problem(expression) if expression else "")
        _check_arguments(call, called, scope, caller)
        return self.visit(call.template, callers, scope if call.inline else None)

    def _check_outputs(self, template: Template, scope: VariableScope) -> None:
        expressions = {each.name: each.expression for each in template.outputs}
        expressions |= {each.name: each.expression for each in template.output_parameters}
        for each in template.output_parameters:
            if not each.path and not each.source and not each.expression:
                _raise_at(self._nodes[template.name], each.name, scope, each.default or "")
        for name, expression in expressions.items():
            if expression and (problem := scope.expression_problem(expression)):
                raise self._nodes[template.name].error(f"output {name}: {problem}")
        for kind, outputs in (
            ("artifacts", template.outputs),
            ("parameters", template.output_parameters),
        ):
            for output in outputs:
                name = reference(output.source)
                if kind == "parameters" and output.source and not name:
                    problem = scope.text_problem(output.source)
                    known = "{{" in output.source and not problem
                else:
                    known = scope.is_output(name, kind) or name in scope.artifacts
                if output.source and not known:
                    raise self._nodes[template.name].error(
                        f"output {output.name}: {output.source} is not an output of a step"
                    )

    def _check_global_names(self, template: Template, node: Node) -> None:
        for output in template.outputs:
            name = output.global_name
            if (
                name
                and "{{" not in name
                and self._global_names.setdefault(name, template.name) != template.name
            ):
                raise node.error(
                    f"the globalName {name} is also used by template {self._global_names[name]}"
                )


def _raise_at(node: Node, name: str, scope: VariableScope, text: str) -> None:
    if problem := scope.text_problem(text):
        raise node.error(f"output {name}: {problem}")


def _raise(call: Call, problem: str) -> None:
    if problem:
        raise TemplateError(call.line, f"step {call.name}: {problem}")


def _check_arguments(
    call: Call, called: Template, scope: VariableScope, caller: Template | None
) -> None:
    if called.unsupported:
        # The reason is reported when the template is visited.
        return
    inputs = {each.name for each in called.inputs}
    for argument in call.artifacts:
        name = argument.name
        if name not in inputs:
            raise TemplateError(
                call.line,
                f"step {call.name}: template {called.name} has no input artifact {name!r}",
            )
        _raise(call, first_problem(scope, argument.raw or "", argument.sub_path))
        if argument.expression:
            _raise(call, scope.expression_problem(argument.expression))
        elif argument.source:
            source = reference(argument.source)
            if source not in scope.artifacts and not scope.is_output(source, "artifacts"):
                raise TemplateError(
                    call.line,
                    f"step {call.name}: {argument.source} is not an output of an earlier step",
                )
    given = {name for name, _ in call.parameters}
    expected = dict(called.parameters)
    for name in sorted(given - expected.keys()):
        raise TemplateError(
            call.line, f"step {call.name}: template {called.name} has no input parameter {name!r}"
        )
    for name, default in expected.items():
        if default is None and name not in given and not (call.inline and caller):
            raise TemplateError(
                call.line,
                f"step {call.name}: the input parameter {name} of template {called.name} is "
                "missing",
            )
    _raise(call, first_problem(scope, *(value for _, value in call.parameters)))


def _check_template(template: Template, scope: VariableScope, node: Node) -> None:
    retry = template.retry
    texts = [template.deadline, template.pause, *(d for _, d in template.parameters if d)]
    if retry is not None:
        texts += [retry.limit, retry.duration, retry.factor, retry.cap, retry.max_duration]
        if retry.expression and (problem := scope.expression_problem(retry.expression)):
            raise node.require("retryStrategy").error(problem)
    texts += [each.raw for each in template.inputs if each.raw]
    texts += [*template.paths, *(each.global_name for each in template.outputs)]
    if problem := first_problem(scope, *texts):
        raise node.error(problem)
    container = template.container
    if container is None:
        return
    outputs = {f"outputs.artifacts.{each.name}.path" for each in template.outputs}
    outputs |= {f"outputs.parameters.{each.name}.path" for each in template.output_parameters}
    problem = first_problem(
        scope.with_names(*outputs),
        *container.command,
        *container.args,
        *(each.value for each in container.env),
        container.script,
        container.working_dir,
    )
    if problem:
        raise (node.get("container") or node.get("script") or node).error(problem)


def input_names(workflow: Workflow) -> dict[str, bool]:
    """Return the names of the input artifacts that a configuration binds, and whether it has to.

    These are the inputs that no step gets from an earlier step. An input has to be bound unless all
    templates that use it declare it as optional.
    """
    found: dict[str, bool] = {}
    pending = [(workflow.entrypoint, frozenset[str]())]
    pending += [(hook.call.template, _given(hook.call)) for hook in workflow.hooks]
    pending.reverse()
    visited: set[tuple[str, frozenset[str]]] = set()
    while pending:
        name, given = pending.pop()
        if (name, given) in visited:
            continue
        visited.add((name, given))
        template = workflow.templates[name]
        optional = {each.name: each.optional for each in template.inputs}
        bound = given | {each.name for each in template.inputs if each.raw is not None}
        if template.container is not None:
            for each in template.inputs:
                if each.name not in bound:
                    found[each.name] = found.get(each.name, False) or not each.optional
        following: list[tuple[str, frozenset[str]]] = []
        for call in template.calls:
            for argument in call.artifacts:
                match = INPUT_ARTIFACT.fullmatch(reference(argument.source))
                if match is not None and match[1] not in bound:
                    required = not (argument.optional or optional.get(match[1], False))
                    found[match[1]] = found.get(match[1], False) or required
            following.append((call.template, _given(call)))
            following += [(hook.call.template, _given(hook.call)) for hook in call.hooks]
        pending += reversed(following)
    return found


def _given(call: Call) -> frozenset[str]:
    return frozenset(each.name for each in call.artifacts)

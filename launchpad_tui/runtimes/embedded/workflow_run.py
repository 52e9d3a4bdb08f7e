"""Runs the steps of a workflow: conditions, loops, dependencies, retries and hooks."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from launchpad_tui.domain.timestamps import now
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.container_run import ContainerRun
from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError
from launchpad_tui.runtimes.embedded.expressions import condition, json_text
from launchpad_tui.runtimes.embedded.loops import (
    iteration_name,
    parameter_items,
    sequence_numbers,
)
from launchpad_tui.runtimes.embedded.process import Cancellation
from launchpad_tui.runtimes.embedded.retries import RetryPlan, seconds_of
from launchpad_tui.runtimes.embedded.run_context import RunContext
from launchpad_tui.runtimes.embedded.run_outputs import RunOutputs
from launchpad_tui.runtimes.embedded.run_results import (
    SUCCEEDED,
    CallResult,
    combined,
    failure,
    skipped,
)
from launchpad_tui.runtimes.embedded.run_variables import Variables, WorkflowValues
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed
from launchpad_tui.runtimes.embedded.task_graph import TaskGraph
from launchpad_tui.runtimes.embedded.template_calls import MAX_DEPTH
from launchpad_tui.runtimes.embedded.template_model import Call, Hook, Template
from launchpad_tui.runtimes.embedded.template_steps import MAX_STEPS
from launchpad_tui.runtimes.embedded.template_variables import parameters_json

#: the largest number of containers that run at the same time, if the template sets no other
_PARALLEL = 32


@record
class _Frame:
    """Where a call is made: the variables of the calling template, and the depth of calls.

    ``path`` has the names of the attempts that contain it, which no other attempt has.
    """

    variables: Variables
    cancellation: Cancellation
    depth: int = 0
    parallelism: int = _PARALLEL
    path: str = ""

    def after(self, results: Mapping[str, CallResult]) -> _Frame:
        """Return the frame with the results of earlier steps."""
        variables = self.variables
        merged = {**variables.results, **results}
        return replace(self, variables=replace(variables, results=merged))


class WorkflowRun:
    """One run of a workflow."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._steps = 0
        #: the hooks with an expression that have run, with the names of their steps
        self._hooks_done: set[tuple[int, str]] = set()
        self._failures: list[dict[str, str]] = []
        parallel = context.workflow.parallelism or _PARALLEL
        self._slots = threading.BoundedSemaphore(parallel)
        self._values = WorkflowValues(
            context.workflow, context.execution_id, context.created_at, context.parameters
        )
        #: what was passed on and is to be registered
        self.outputs = RunOutputs(context, self._values)

    def run(self) -> dict[str, Path]:
        """Run all steps.

        Returns:
            The path of each output that is to be registered, by its ``globalName``. An archived
            output is a ``.tgz`` file.

        Raises:
            StepFailed: a command failed, or an output is missing.
            Interrupted: the execution was stopped, or its deadline passed.
        """
        workflow, context = self._context.workflow, self._context
        # Input parameters of the entrypoint have the values of the workflow's parameters.
        declared = {name for name, _ in workflow.templates[workflow.entrypoint].parameters}
        parameters = tuple(
            (name, f"{{{{workflow.parameters.{name}}}}}")
            for name, _ in workflow.parameters
            if name in declared
        )
        started = now()
        frame = _Frame(Variables(self._values, workflow.entrypoint), context.cancellation)
        problem: StepFailed | Interrupted | None = None
        try:
            self._run_hooks(workflow.hooks, frame, ended=False)
            problem = self._call(Call("", workflow.entrypoint, 0, parameters), frame).error
        except (StepFailed, Interrupted) as error:
            problem = error
        self._values.ended |= {
            "workflow.status": "Failed" if problem is not None else SUCCEEDED,
            "workflow.duration": f"{(now() - started).total_seconds():.6f}",
            "workflow.failures": json_text(self._failures),
        }
        # Hooks also run after the deadline, but not after the user stopped the execution.
        after = replace(frame, cancellation=context.cancellation.without_deadline())
        try:
            if not after.cancellation.requested:
                self._run_hooks(workflow.hooks, after, ended=True)
        except StepFailed as error:
            problem = problem or error
        if problem is not None:
            raise problem
        return self.outputs.paths

    def _call(self, call: Call, frame: _Frame) -> CallResult:
        """Run a call, with all iterations of its loop. Failures become its result.

        Raises:
            Interrupted: the execution was stopped, or its deadline passed.
        """
        if call.loop is None:
            return self._single(call, call.name or call.template, frame)
        try:
            items = self._items(call, frame.variables)
        except StepFailed as error:
            return self._failed(call.name, error)
        frames = [
            (
                iteration_name(call.name, place, item),
                replace(frame, variables=replace(frame.variables, item=item)),
            )
            for place, item in enumerate(items)
        ]
        runs = [
            lambda name=name, each=each: self._single(call, name, each) for name, each in frames
        ]
        return combined(_in_parallel(runs, frame.parallelism))

    def _items(self, call: Call, variables: Variables) -> list[object]:
        loop, variables = call.loop, replace(variables, step=call.name)
        if loop is None:
            return []
        try:
            if loop.parameter:
                return parameter_items(variables.fill_in(loop.parameter), MAX_STEPS)
            if loop.sequence:
                texts = {key: variables.fill_in(text) for key, text in loop.sequence.items()}
                return list(sequence_numbers(texts, MAX_STEPS))
        except ExpressionError as error:
            raise StepFailed(
                f"Step {call.name}: the items of its loop are not valid",
                str(error),
                step=call.name,
                reason="loop",
                is_error=True,
            ) from error
        return [_filled_in(item, variables) for item in loop.items]

    def _single(self, call: Call, step: str, frame: _Frame) -> CallResult:
        """Run a call once, with its hooks and retries."""
        frame = replace(frame, variables=replace(frame.variables, step=step))
        try:
            if call.when and not self._applies(call, step, frame.variables):
                self._context.log.report(f"Step {step} skipped: {call.when} is false", step)
                return skipped(step)
            running = CallResult("Running", values={"status": "Running"})
            self._run_hooks(call.hooks, frame.after({call.name: running}), ended=False)
            result = self._with_retries(call, step, frame)
            if result.error is not None:
                self._note_failure(step, result)
            self._run_hooks(call.hooks, frame.after({call.name: result}), ended=True)
        except StepFailed as error:
            return self._failed(step, error)
        return result

    def _failed(self, step: str, error: StepFailed) -> CallResult:
        result = failure(error)
        self._note_failure(step, result)
        return result

    def _note_failure(self, step: str, result: CallResult) -> None:
        """Note a failure for the variable ``workflow.failures`` of exit handlers."""
        with self._lock:
            self._failures.append(
                {
                    "displayName": step,
                    "message": result.error.title if result.error is not None else "",
                    "templateName": step,
                    "phase": result.status,
                    "podName": self._context.execution_id,
                    "finishedAt": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )

    @staticmethod
    def _applies(call: Call, step: str, variables: Variables) -> bool:
        text = variables.fill_in(call.when)
        try:
            return condition(text)
        except ExpressionError as error:
            raise StepFailed(
                f"Step {step}: its condition cannot be evaluated",
                f"{call.when}: {error}",
                step=step,
                reason="condition",
                is_error=True,
            ) from error

    def _run_hooks(self, hooks: Sequence[Hook], frame: _Frame, *, ended: bool) -> None:
        """Run the hooks whose time has come.

        Hooks with an expression run before the step if the expression is true then, otherwise after
        it if it is true then; those without one run after the step.

        Raises:
            StepFailed: a hook failed.
        """
        for hook in hooks:
            if not hook.expression and not ended:
                continue
            key = (id(hook), frame.variables.step)
            if hook.expression:
                with self._lock:
                    if key in self._hooks_done:
                        continue
                if not _is_true(hook.expression, frame.variables, certain=ended):
                    continue
                with self._lock:
                    self._hooks_done.add(key)
            name = f"{frame.variables.step}.{hook.call.name}"
            called = replace(frame, variables=replace(frame.variables, step=name))
            result = self._with_retries(hook.call, name, called)
            if result.error is not None:
                raise result.error

    def _with_retries(self, call: Call, step: str, frame: _Frame) -> CallResult:
        """Run the template of a call, and again after a failure if its strategy says so."""
        template = self._context.workflow.templates[call.template]
        variables = self._inner_variables(call, template, step, frame)
        inner = replace(
            frame, variables=variables, depth=frame.depth + 1, path=f"{frame.path}/{step}"
        )
        if frame.depth >= MAX_DEPTH:
            raise StepFailed(
                f"Step {step}: calls of templates are nested more than {MAX_DEPTH} levels deep",
                hint="Change the condition that ends the recursion.",
                step=step,
                is_error=True,
            )
        if template.retry is None:
            return self._attempt_caught(template, step, inner)
        texts = {
            field.name: variables.fill_in(getattr(template.retry, field.name))
            for field in dataclasses.fields(template.retry)
            if field.name != "expression"
        }
        try:
            plan = RetryPlan.of(texts, has_expression=bool(template.retry.expression))
        except ExpressionError as error:
            raise StepFailed(f"Step {step}: {error}", step=step, is_error=True) from error
        started, retry = now(), 0
        while True:
            name = f"{step}({retry})" if retry else step
            attempt = replace(
                inner,
                variables=variables.with_texts({"retries": str(retry)}),
                path=f"{frame.path}/{name}",
            )
            begun = now()
            result = self._attempt_caught(template, name, attempt)
            if result.error is None or not plan.applies(is_error=result.error.is_error):
                return result
            last = {
                "lastRetry.exitCode": result.values.get("exitCode", "-1"),
                "lastRetry.status": result.status,
                "lastRetry.duration": str(int((now() - begun).total_seconds())),
                "lastRetry.message": result.error.title,
            }
            variables = variables.with_texts(last)
            again = not template.retry.expression or (
                variables.evaluate(template.retry.expression) is True
            )
            retry += 1
            delay = plan.seconds_before(retry)
            spent = (now() - started).total_seconds() + delay
            too_late = bool(plan.max_duration) and spent > plan.max_duration
            if not again or retry > plan.limit or too_late:
                return result
            self._context.log.report(
                f"Step {step}: retry {retry} of {plan.limit} in {delay:g} s: {result.error.title}",
                step,
            )
            if frame.cancellation.wait(delay):
                raise Interrupted("Stopped before this step")

    def _attempt_caught(self, template: Template, step: str, frame: _Frame) -> CallResult:
        try:
            return self._attempt(template, step, frame)
        except StepFailed as error:
            return failure(error)

    def _attempt(self, template: Template, step: str, frame: _Frame) -> CallResult:
        """Run a template once, within its deadline."""
        if not template.deadline:
            return self._body(template, step, frame)
        text = frame.variables.fill_in(template.deadline)
        seconds = seconds_of(text)
        if seconds <= 0:
            raise StepFailed(
                f"Step {step}: {text[:40]!r} is not a number of seconds",
                step=step,
                reason="deadline",
                is_error=True,
            )
        limited = frame.cancellation.within(seconds)
        try:
            return self._body(template, step, replace(frame, cancellation=limited))
        except Interrupted as error:
            if frame.cancellation.requested or not limited.overdue:
                raise
            raise StepFailed(
                f"Step {step} took longer than {seconds:g} s (activeDeadlineSeconds)",
                step=step,
                reason="deadline",
            ) from error

    def _body(self, template: Template, step: str, frame: _Frame) -> CallResult:
        if template.pause:
            return self._pause(template, step, frame)
        if template.container is not None:
            return self._container(template, step, frame)
        if template.parallelism:
            frame = replace(frame, parallelism=template.parallelism)
        started_at = now()
        if template.tasks:
            graph = TaskGraph(
                template.tasks,
                lambda task, results: self._call(task, frame.after(results)),
                fail_fast=template.fail_fast,
                parallelism=frame.parallelism,
            )
            results, error = graph.run()
        else:
            results, error = self._groups(template, frame)
        if error is not None:
            raise error
        collected = self.outputs.collect(template, step, frame.after(results).variables)
        collected.values = {
            "id": f"{self._context.execution_id}-{step}",
            "status": SUCCEEDED,
            "startedAt": started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "finishedAt": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return collected

    def _pause(self, template: Template, step: str, frame: _Frame) -> CallResult:
        seconds = seconds_of(frame.variables.fill_in(template.pause))
        if seconds < 0:
            raise StepFailed(f"Step {step}: its duration is not valid", step=step, is_error=True)
        self._context.log.report(f"Step {step}: waiting for {seconds:g} s", step)
        if frame.cancellation.wait(seconds):
            raise Interrupted("Stopped before this step")
        return CallResult(values={"status": SUCCEEDED})

    def _groups(
        self, template: Template, frame: _Frame
    ) -> tuple[dict[str, CallResult], StepFailed | None]:
        """Run groups one after another, the calls of each in parallel, until one fails."""
        results: dict[str, CallResult] = {}
        for group in template.steps:
            here = frame.after(results)
            runs = [partial(self._call, call, here) for call in group]
            found = _in_parallel(runs, frame.parallelism)
            results |= {call.name: each for call, each in zip(group, found, strict=True)}
            for call, each in zip(group, found, strict=True):
                if each.failed and each.status.lower() not in call.continues_on:
                    return results, each.error
        return results, None

    def _container(self, template: Template, step: str, frame: _Frame) -> CallResult:
        with self._lock:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise StepFailed(
                    f"The execution runs more than {MAX_STEPS} steps",
                    f"This includes loops, recursion and retries. The next one would be {step}.",
                    step=step,
                    reason="steps",
                )
        with self._slots:
            result = ContainerRun(
                self._context,
                step,
                frame.path,
                template,
                frame.variables,
                frame.cancellation,
                self.outputs.add_output,
                self.outputs.add_signatures,
            ).run()
        self.outputs.add_parameters(template, result.parameters)
        return result

    def _inner_variables(
        self, call: Call, template: Template, step: str, frame: _Frame
    ) -> Variables:
        """Return the variables of the called template."""
        outer = frame.variables
        values = {name: default for name, default in template.parameters if default is not None}
        values = {name: outer.fill_in(text) for name, text in values.items()}
        values |= {name: outer.fill_in(text) for name, text in call.parameters}
        texts = {f"inputs.parameters.{name}": value for name, value in values.items()}
        texts |= {"inputs.parameters": parameters_json(values), "retries": "0"}
        texts |= dict.fromkeys(("node.name", "steps.name", "tasks.name"), step)
        artifacts: dict[str, Path] = {}
        for argument in call.artifacts:
            found = self.outputs.artifact(argument, step, outer)
            if found is not None:
                artifacts[argument.name] = found
        if call.inline:
            # An inline template is a part of the step.
            return replace(
                outer,
                step=step,
                texts={**outer.texts, **texts},
                inputs={**outer.inputs, **artifacts},
            )
        return Variables(self._values, step, texts, artifacts)


def _is_true(expression: str, variables: Variables, *, certain: bool) -> bool:
    """Return whether an expression is true; ``certain`` if all of its variables have values."""
    try:
        return variables.evaluate(expression) is True
    except StepFailed:
        if certain:
            raise
        return False


def _filled_in(item: object, variables: Variables) -> object:
    """Return an item of ``withItems`` with values in place of variables."""
    if isinstance(item, str):
        return variables.fill_in(item)
    if isinstance(item, list):
        return [_filled_in(each, variables) for each in item]
    if isinstance(item, dict):
        return {key: _filled_in(each, variables) for key, each in item.items()}
    return item


def _in_parallel(runs: Sequence[Callable[[], CallResult]], parallelism: int) -> list[CallResult]:
    """Return the results of calls that run at the same time.

    The first error is raised after all calls have ended; after an error, no further ones start.
    """
    if len(runs) == 1:
        return [runs[0]()]
    results: dict[int, CallResult] = {}
    errors: list[BaseException] = []
    pending = list(enumerate(runs))[::-1]
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if errors or not pending:
                    return
                place, run = pending.pop()
            try:
                results[place] = run()
            except BaseException as error:  # noqa: BLE001  raised by the waiting thread
                errors.append(error)

    threads = [
        threading.Thread(target=work, name=f"steps-{number}")
        for number in range(min(len(runs), max(1, parallelism)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(runs))]

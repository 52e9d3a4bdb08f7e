"""The artifacts and parameters that the steps of a running workflow pass on and register."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from launchpad_tui.runtimes.embedded.container_run import expression_value
from launchpad_tui.runtimes.embedded.output_archive import archived
from launchpad_tui.runtimes.embedded.run_context import RunContext
from launchpad_tui.runtimes.embedded.run_results import ArtifactValue, CallResult
from launchpad_tui.runtimes.embedded.run_variables import Variables, WorkflowValues
from launchpad_tui.runtimes.embedded.space_reserve import is_full
from launchpad_tui.runtimes.embedded.step_errors import StepFailed
from launchpad_tui.runtimes.embedded.template_artifacts import file_name_problem
from launchpad_tui.runtimes.embedded.template_model import (
    ArtifactArgument,
    OutputArtifact,
    Template,
)
from launchpad_tui.runtimes.embedded.template_tags import reference
from launchpad_tui.runtimes.embedded.template_variables import (
    GLOBAL_ARTIFACT,
    INPUT_ARTIFACT,
    STEP_OUTPUT,
)


class RunOutputs:
    """The artifacts and parameters of one run of a workflow. Safe for threads."""

    def __init__(self, context: RunContext, values: WorkflowValues) -> None:
        self._context = context
        self._values = values
        #: the path of each output that is to be registered, by its ``globalName``
        self.paths: dict[str, Path] = {}
        self.signatures: dict[str, str] = {}
        #: the ``globalName`` of outputs that could not be packed, because the disk is full
        self.unarchived: set[str] = set()
        self._lock = threading.Lock()

    def artifact(self, argument: ArtifactArgument, step: str, outer: Variables) -> Path | None:
        """Return the path of an artifact that is passed to a template; None if it is optional and
        missing."""
        if argument.raw is not None:
            place = self._context.workspace.artifacts / "raw"
            place.mkdir(parents=True, exist_ok=True)
            with self._lock:
                file = place / f"{len(list(place.iterdir()))}"
                file.write_text(outer.fill_in(argument.raw), encoding="utf-8")
            return file
        try:
            found = self._selected(argument.source, argument.expression, outer)
        except StepFailed:
            if argument.optional:
                return None
            raise
        if found is None:
            return None
        path = found[0]
        if argument.sub_path:
            path = path / outer.fill_in(argument.sub_path)
            if not path.exists() or ".." in path.parts:
                raise StepFailed(
                    f"Step {step}: the artifact {argument.name} has no {argument.sub_path}",
                    step=step,
                    reason="input",
                    is_error=True,
                )
        return path

    def _selected(
        self, source: str, expression: str, variables: Variables
    ) -> tuple[Path, bool | None] | None:
        """Return the artifact that a reference or an expression names.

        Returns:
            Its path, and whether it is stored without an archive (None if its output decides); None
            if there is no binding for an input.

        Raises:
            StepFailed: the step has no such output, for example because it was skipped.
        """
        if expression:
            value = variables.evaluate(expression)
            if isinstance(value, ArtifactValue):
                return value.file, value.plain
            raise _no_artifact(variables.step, expression)
        name = reference(source)
        if match := STEP_OUTPUT.fullmatch(name):
            result = variables.results[match[1]]
            path = result.artifacts.get(match[3])
            if path is None:
                raise _no_artifact(variables.step, f"{name} ({match[1]} is {result.status})")
            return path, match[3] in result.plain
        if match := GLOBAL_ARTIFACT.fullmatch(name):
            path = self._values.artifacts.get(match[1])
            if path is None:
                raise _no_artifact(variables.step, name)
            return path, match[1] in self._values.plain
        if match := INPUT_ARTIFACT.fullmatch(name):
            path = variables.inputs.get(match[1]) or self._context.inputs.get(match[1])
            return None if path is None else (path, None)
        return None

    def collect(self, template: Template, step: str, variables: Variables) -> CallResult:
        """Return the outputs of a template with steps, which are outputs of its steps."""
        collected = CallResult()
        variables = replace(variables, step=step)
        for parameter in template.output_parameters:
            if parameter.expression:
                text = expression_value(variables, parameter)
            elif not parameter.source:
                text = variables.fill_in(parameter.default or "")
            else:
                try:
                    text = variables.fill_in(parameter.source)
                except StepFailed:
                    if parameter.default is None:
                        raise
                    text = variables.fill_in(parameter.default)
            collected.parameters[parameter.name] = text
        self.add_parameters(template, collected.parameters)
        for output in template.outputs:
            try:
                found = self._selected(output.source, output.expression, variables)
            except StepFailed:
                if not output.optional:
                    raise
                found = None
            if found is None:
                continue
            path, plain = found
            collected.artifacts[output.name] = path
            is_plain = not output.archived if plain is None else plain
            if is_plain:
                collected.plain.add(output.name)
            name = variables.fill_in(output.global_name)
            self.add_output(replace(output, archived=not is_plain, global_name=name), path)
        return collected

    def add_parameters(self, template: Template, values: Mapping[str, str]) -> None:
        """Note the output parameters that are variables of the workflow."""
        with self._lock:
            for each in template.output_parameters:
                if each.global_name and each.name in values:
                    self._values.outputs[each.global_name] = values[each.name]

    def add_output(self, output: OutputArtifact, path: Path) -> None:
        """Note an output that is to be registered."""
        name = output.global_name
        if not name:
            return
        if problem := file_name_problem(name):
            raise StepFailed(f"The name of an output {problem}", reason="name", is_error=True)
        stored = self._archived(path, name) if output.archived else path
        with self._lock:
            self.paths[name] = stored
            self._values.artifacts[name] = path
            if not output.archived:
                self._values.plain.add(name)

    def _archived(self, path: Path, name: str) -> Path:
        try:
            return archived(path, name)
        except OSError as error:
            if not is_full(error):
                raise
            with self._lock:
                self.unarchived.add(name)
            return path

    def add_signatures(self, found: Mapping[str, str]) -> None:
        """Note the signatures of outputs, by ``globalName``."""
        with self._lock:
            self.signatures |= found


def _no_artifact(step: str, what: str) -> StepFailed:
    return StepFailed(
        f"Step {step}: there is no artifact {what[:200]}", step=step, reason="input", is_error=True
    )

"""The variables that are known at one place of a workflow template.

References are checked when a template is added, so that a misspelled name is found before a
training has run for hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from launchpad_tui.records import field, record
from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError, parse
from launchpad_tui.runtimes.embedded.expressions import check, paths
from launchpad_tui.runtimes.embedded.template_model import Template
from launchpad_tui.runtimes.embedded.template_tags import ROOTS, tags
from launchpad_tui.runtimes.embedded.template_variables import (
    STEP_OUTPUT,
    STEP_VALUE,
    STEP_VALUES,
)

#: variables whose keys are variables themselves
_GROUPS = frozenset(
    {"inputs.parameters", "workflow.parameters", "workflow.labels", "workflow.annotations"}
)


@record
class EarlierStep:
    """A step whose outputs are known; ``looped`` if it is repeated for items."""

    template: Template
    looped: bool = False


@record
class VariableScope:
    """The variables at a place of a template.

    Args:
        names: the names of variables.
        artifacts: the names of artifacts, such as ``inputs.artifacts.x``.
        steps: the steps before this place, by name.
        in_loop: whether there is an ``item``.
        items: the items of the loop, if they are known; their keys are then checked.
    """

    names: frozenset[str]
    artifacts: frozenset[str] = frozenset()
    steps: Mapping[str, EarlierStep] = field(default_factory=dict)
    in_loop: bool = False
    items: tuple[object, ...] = ()

    def with_names(self, *names: str) -> VariableScope:
        """Return a scope with further variables."""
        return replace(self, names=self.names | frozenset(names))

    def text_problem(self, text: str) -> str:
        """Return the first unknown variable or invalid expression of a text; empty if none."""
        for tag in tags(text):
            shown = text[tag.start : tag.end][:80]
            if tag.is_expression:
                problem = self.expression_problem(tag.content)
                if problem:
                    return f"{problem} in {shown}"
            elif tag.is_variable and not self.is_known(tag.content):
                return f"unknown reference {shown}"
        return ""

    def expression_problem(self, text: str) -> str:
        """Return what is unknown or not valid in an expression; empty if nothing is."""
        if "{{" in text:
            return self.text_problem(text)
        try:
            tree = parse(text)
            check(tree)
        except ExpressionError as error:
            return f"invalid expression: {error}"
        for path in paths(tree):
            if path[0] not in ROOTS:
                return f"unknown variable {path[0]}"
            if not self._knows_path(path):
                return f"unknown variable {'.'.join(path)}"
        return ""

    def is_known(self, name: str) -> bool:
        """Return whether a variable has a value that is a text."""
        if name in self.names:
            return True
        if name == "item" or name.startswith(("item.", "item[")):
            return self._knows_item(name)
        return self.is_output(name, "parameters")

    def _knows_item(self, name: str) -> bool:
        if not self.in_loop:
            return False
        key = name.removeprefix("item.").partition(".")[0]
        return (
            name == "item"
            or not self.items
            or all(isinstance(each, dict) and key in each for each in self.items)
        )

    def is_output(self, name: str, kind: str) -> bool:
        """Return whether a name is that of an output, or another value, of an earlier step.

        Args:
            name: for example ``steps.train.outputs.artifacts.model``.
            kind: ``artifacts`` or ``parameters``.
        """
        value = STEP_VALUE.fullmatch(name)
        if value is not None and kind == "parameters":
            step = self.steps.get(value[1])
            return step is not None and (value[2] != "outputs.parameters" or step.looped)
        match = STEP_OUTPUT.fullmatch(name)
        if match is None or match[2] != kind or match[1] not in self.steps:
            return False
        template = self.steps[match[1]].template
        declared = template.outputs if kind == "artifacts" else template.output_parameters
        return any(each.name == match[3] for each in declared)

    def _knows_path(self, path: tuple[str, ...]) -> bool:
        """Return whether the first keys of a variable exist; further keys are those of its value.

        A path may end before a variable, whose value is then a map.
        """
        if path[0] == "item":
            return self._knows_item(".".join(path[:2]))
        if path[0] in {"steps", "tasks"}:
            return self._knows_step(path)
        everything = (*self.names, *self.artifacts)
        for count in range(len(path), 0, -1):
            name = ".".join(path[:count])
            if (name in self.names or name in self.artifacts) and (
                count == len(path) or name not in _GROUPS
            ):
                return True
            if count == len(path) and any(each.startswith(f"{name}.") for each in everything):
                return True
        return False

    def _knows_step(self, path: tuple[str, ...]) -> bool:
        if len(path) < 2:
            return True
        if path[1:] == ("name",):
            return True
        step = self.steps.get(path[1])
        if step is None:
            return False
        if len(path) == 2 or path[2:] in {("outputs",), ("outputs", "artifacts")}:
            return True
        if path[2] != "outputs":
            return path[2] in STEP_VALUES
        if path[3] in {"result", "exitCode"} or path[3:] == ("parameters",):
            return True
        return len(path) > 4 and self.is_output(".".join(("steps", *path[1:5])), path[3])


def first_problem(scope: VariableScope, *texts: str) -> str:
    """Return the first problem of several texts; empty if there is none."""
    return next(filter(None, map(scope.text_problem, texts)), "")

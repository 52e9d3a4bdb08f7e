"""Parses the steps and tasks of templates: arguments, conditions, loops, dependencies and hooks."""

from __future__ import annotations

import re
from collections.abc import Callable

from launchpad_tui.runtimes.embedded.expression_syntax import ExpressionError, Tree, Word, parse
from launchpad_tui.runtimes.embedded.expressions import nodes
from launchpad_tui.runtimes.embedded.loops import sequence_numbers
from launchpad_tui.runtimes.embedded.template_artifacts import expression_text, parameter_default
from launchpad_tui.runtimes.embedded.template_model import ArtifactArgument, Call, Hook, Loop
from launchpad_tui.runtimes.embedded.template_tags import tags
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest number of steps that one execution runs, and of calls in one template
MAX_STEPS = 1000
#: the ends of a task that ``depends`` may name (Argo, "Enhanced Depends Logic")
TASK_RESULTS = (
    "Succeeded",
    "Failed",
    "Errored",
    "Skipped",
    "Omitted",
    "Daemoned",
    "AnySucceeded",
    "AllFailed",
)
_LOOPS = ("withItems", "withParam", "withSequence")
_KNOWN = {
    "name",
    "template",
    "templateRef",
    "inline",
    "arguments",
    "when",
    "continueOn",
    "hooks",
    "onExit",
    "dependencies",
    "depends",
    *_LOOPS,
}


class CallReader:
    """Parses steps and tasks.

    Args:
        resolve: returns the name of the template that a step, task or hook calls. The arguments are
            its node and a name for a template inside of it.
        local: returns the name of the template that the text of a node names.
        note: receives settings that are ignored, with the reason.
    """

    def __init__(
        self,
        resolve: Callable[[Node, str], str],
        local: Callable[[Node], str],
        note: Callable[[str, str], None],
    ) -> None:
        self._resolve = resolve
        self._local = local
        self._note = note

    def steps(self, node: Node, template: str) -> tuple[tuple[Call, ...], ...]:
        """Return the groups of steps of a template."""
        seen: set[str] = set()
        groups: list[tuple[Call, ...]] = []
        for group in node.entries():
            calls = tuple(
                self.call(each, template)
                for each in (group.entries() if not group.is_mapping else [group])
            )
            for call in calls:
                if call.name in seen:
                    raise TemplateError(call.line, f"{group.path}: duplicate step {call.name}")
                seen.add(call.name)
                if len(seen) > MAX_STEPS:
                    raise TemplateError(call.line, f"{group.path}: more than {MAX_STEPS} steps")
            groups.append(calls)
        return tuple(groups)

    def tasks(self, node: Node, template: str) -> tuple[Call, ...]:
        """Return the tasks of a DAG, each after the tasks that it depends on."""
        tasks: dict[str, Call] = {}
        found: dict[str, Node] = {}
        for each in node.require("tasks").entries():
            call = self.call(each, template)
            if call.name in tasks:
                raise each.error(f"duplicate task {call.name}")
            if len(tasks) >= MAX_STEPS:
                raise each.error(f"more than {MAX_STEPS} tasks")
            tasks[call.name], found[call.name] = call, each
        for call in tasks.values():
            for missing in sorted(set(call.needs) - tasks.keys()):
                raise found[call.name].error(f"there is no task {missing!r}")
        return tuple(_needed(_in_order(tasks, node), node.get_text("target").split(), node))

    def call(self, node: Node, template: str) -> Call:
        """Return a step or task.

        Args:
            node: the step or task.
            template: the name of the template that contains it.

        Raises:
            TemplateError: it is not valid.
        """
        name = node.require_text("name")
        for key, value in node.items():
            if key not in _KNOWN:
                self._note(f"{key} of step {name}", f"it is not supported (line {value.line})")
        arguments = node.get("arguments")
        depends, needs = _dependencies(node)
        return Call(
            name,
            self._resolve(node, f"{template}.{name}"),
            node.line,
            _parameters(arguments),
            _artifacts(arguments),
            _condition(node),
            _loop(node),
            _continues_on(node),
            depends,
            needs,
            self.hooks(node, f"{template}.{name}"),
            node.get("inline") is not None,
        )

    def hooks(self, node: Node, owner: str) -> tuple[Hook, ...]:
        """Return the ``hooks`` and ``onExit`` of a step, task or workflow."""
        found: list[Hook] = []
        on_exit = node.get("onExit")
        if on_exit is not None:
            called = self._local(on_exit)
            found.append(Hook(Call("onExit", called, on_exit.line)))
        hooks = node.get("hooks")
        for name, each in hooks.items() if hooks is not None else ():
            expression = each.get("expression")
            if expression is None and name != "exit":
                raise each.error("expression is missing: only the hook exit needs none")
            arguments = each.get("arguments")
            call = Call(
                name,
                self._resolve(each, f"{owner}.{name}"),
                each.line,
                _parameters(arguments),
                _artifacts(arguments),
                inline=each.get("inline") is not None,
            )
            found.append(Hook(call, "" if expression is None else expression_text(expression)))
        return tuple(found)


def _parameters(arguments: Node | None) -> tuple[tuple[str, str], ...]:
    found = []
    for each in arguments.list_of("parameters") if arguments else ():
        found.append((each.require_text("name"), parameter_default(each) or ""))
    return tuple(found)


def _artifacts(arguments: Node | None) -> tuple[ArtifactArgument, ...]:
    found: list[ArtifactArgument] = []
    for each in arguments.list_of("artifacts") if arguments else ():
        name, raw = each.require_text("name"), each.get("raw")
        expression = each.get("fromExpression")
        content = None if raw is None else raw.require("data").text()
        given = raw is not None or expression is not None
        found.append(
            ArtifactArgument(
                name,
                "" if given else each.require_text("from"),
                "" if expression is None else expression_text(expression),
                content,
                each.get_text("subPath").strip("/"),
                each.get_boolean("optional"),
            )
        )
        if ".." in found[-1].sub_path.split("/"):
            raise each.require("subPath").error("must not contain '..'")
    return tuple(found)


def _condition(node: Node) -> str:
    when = node.get("when")
    if when is None:
        return ""
    text = when.text().strip()
    sample = text
    for tag in reversed(list(tags(text))):
        sample = f"{sample[: tag.start]}1{sample[tag.end :]}"
    if sample and sample != "1":
        try:
            tree = parse(sample, words=True)
        except ExpressionError as error:
            raise when.error(f"invalid condition: {error}") from error
        if isinstance(tree, Word):
            raise when.error(f"{text[:60]!r} is neither true nor false")
    return text


def _loop(node: Node) -> Loop | None:
    given = [key for key in _LOOPS if node.get(key) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise node.require(given[1]).error(f"a step cannot have both {given[0]} and {given[1]}")
    found = node.require(given[0])
    if given[0] == "withParam":
        return Loop(parameter=found.text().strip())
    if given[0] == "withItems":
        if found.is_scalar:
            # A variable whose value is a list.
            return Loop(parameter=found.text().strip())
        items = tuple(each.value() for each in found.entries())
        if len(items) > MAX_STEPS:
            raise found.error(f"more than {MAX_STEPS} items")
        return Loop(items=items)
    texts = {key: each.text().strip() for key, each in found.items()}
    if unknown := sorted(texts.keys() - {"count", "start", "end", "format"}):
        raise found.error(f"unknown key {unknown[0]}")
    if not any("{{" in text for text in texts.values()):
        try:
            sequence_numbers(texts, MAX_STEPS)
        except ExpressionError as error:
            raise found.error(str(error)) from error
    elif "count" not in texts and "end" not in texts:
        raise found.error("count or end is missing")
    return Loop(sequence=texts)


def _continues_on(node: Node) -> frozenset[str]:
    found = node.get("continueOn")
    if found is None:
        return frozenset()
    return frozenset(key for key in ("failed", "error") if found.get_boolean(key))


def _dependencies(node: Node) -> tuple[str, tuple[str, ...]]:
    """Return the expression over the ends of other tasks, and the names of these tasks."""
    names = [each.text().strip() for each in node.list_of("dependencies")]
    depends = node.get("depends")
    if depends is None:
        return " && ".join(names), tuple(dict.fromkeys(names))
    if names:
        raise depends.error("a task cannot have both dependencies and depends")
    text = depends.text().strip()
    if not text:
        return "", ()
    try:
        tree = depends_tree(text)
    except ExpressionError as error:
        raise depends.error(f"invalid expression: {error}") from error
    needs: dict[str, None] = {}
    for each in nodes(tree):
        if isinstance(each, Word):
            name, _, result = task_word(each.text)
            if result and result not in TASK_RESULTS:
                known = ", ".join(TASK_RESULTS)
                raise depends.error(f"{result} is not a result of a task; known are {known}")
            needs[name] = None
    return text, tuple(needs)


def depends_tree(text: str) -> Tree:
    """Return the tree of a ``depends``, whose words are read with `task_word`.

    Raises:
        ExpressionError: it is not valid.
    """
    # The mark keeps names such as 1, true and in from being parsed as values or operators.
    return parse(re.sub(r"[\w.-]+", r"_\g<0>", text), words=True)


def task_word(text: str) -> tuple[str, str, str]:
    """Return the name of a task, a dot and its result; both empty for a name alone."""
    name, dot, result = text.removeprefix("_").partition(".")
    return name, dot, result


def _in_order(tasks: dict[str, Call], node: Node) -> list[Call]:
    """Return the tasks, each after those that it needs. Raises TemplateError for a cycle."""
    missing = {name: len(set(task.needs)) for name, task in tasks.items()}
    users: dict[str, list[str]] = {}
    for name, task in tasks.items():
        for need in set(task.needs):
            users.setdefault(need, []).append(name)
    ready = [name for name, count in missing.items() if not count]
    for name in ready:
        for user in users.get(name, ()):
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    if len(ready) < len(tasks):
        raise node.error("the dependencies of the tasks form a cycle")
    return [tasks[name] for name in ready]


def _needed(tasks: list[Call], targets: list[str], node: Node) -> list[Call]:
    """Return the targets and the tasks that they need; all tasks without targets."""
    if not targets:
        return tasks
    known = {task.name for task in tasks}
    for target in targets:
        if target not in known:
            raise node.require("target").error(f"there is no task {target!r}")
    wanted = set(targets)
    for task in reversed(tasks):
        if task.name in wanted:
            wanted |= set(task.needs)
    return [task for task in tasks if task.name in wanted]

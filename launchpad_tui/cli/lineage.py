"""Prints the lineage of an artifact as a tree, as JSON, or as a graph for Graphviz."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact
from launchpad_tui.aiapi.executions import extended_execution
from launchpad_tui.domain.lineage import Lineage, LineageExecution
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import Artifact


def print_lineage(context: CommandContext, one: Artifact, options: argparse.Namespace) -> None:
    """Print the lineage of an artifact.

    Args:
        context: The context of the command.
        one: The artifact.
        options: The options ``up`` and ``down``, which limit the lineage, and ``dot``.

    Raises:
        InvalidInput: A graph is combined with another format.
    """
    found = context.desk.lineage.lineage(context.scope, one.id)
    if options.up != options.down:
        found = _limited(found, upstream=options.up)
    if options.dot:
        if context.structured or context.output == "name":
            raise InvalidInput(
                "--dot is a format of its own",
                f"The format {context.output} was selected too.",
                "Leave one of the two options out.",
                field="dot",
            )
        for line in _dot(found):
            context.line(line)
    elif context.structured or context.output == "name":
        _print_data(context, found)
    else:
        with context.paged():
            for depth, text in _tree(found):
                context.line("  " * depth + text)
    if found.truncated and not context.structured:
        context.note("The lineage was truncated.")


def _print_data(context: CommandContext, found: Lineage) -> None:
    context.print_data(
        {
            "root": found.root,
            "artifacts": [extended_artifact(each) for each in found.artifacts.values()],
            "executions": [
                {
                    **extended_execution(each.execution),
                    "inputArtifacts": [
                        {"key": key, "artifactId": value} for key, value in each.inputs
                    ],
                    "outputArtifactIds": list(each.outputs),
                }
                for each in found.executions.values()
            ],
            "truncated": found.truncated,
        },
        rows="artifacts",
    )


def _limited(found: Lineage, *, upstream: bool) -> Lineage:
    """Return the part of a lineage upstream of its root, or else downstream of it."""
    artifacts, executions = {found.root}, set[str]()
    waiting = [found.root]
    while waiting:
        artifact_id = waiting.pop()
        source = found.source(artifact_id)
        nearest = ([source] if source else []) if upstream else found.consumers(artifact_id)
        for each in nearest:
            if each.execution.id in executions:
                continue
            executions.add(each.execution.id)
            following = [value for _, value in each.inputs] if upstream else list(each.outputs)
            waiting += [one for one in following if one not in artifacts]
            artifacts.update(following)
    return Lineage(
        found.root,
        {key: one for key, one in found.artifacts.items() if key in artifacts},
        {key: one for key, one in found.executions.items() if key in executions},
        found.truncated,
    )


def _dot(found: Lineage) -> Iterator[str]:
    """Yield the lines of a directed graph in the DOT language, inputs before outputs."""
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    for one in found.artifacts.values():
        version = "" if one.version is None else f" v{one.version}"
        bold = ", penwidth=2" if one.id == found.root else ""
        yield _node(one.id, f"{one.kind}\n{one.name}{version}", f"shape=box{bold}")
    for each in found.executions.values():
        execution = each.execution
        label = f"execution\n{execution.configuration_name}\n{execution.status}"
        yield _node(execution.id, label, "shape=ellipse")
    for each in found.executions.values():
        for name, artifact_id in each.inputs:
            yield f"  {_quoted(artifact_id)} -> {_quoted(each.execution.id)}" + (
                f" [label={_quoted(name)}];"
            )
        for artifact_id in each.outputs:
            if artifact_id in found.artifacts:
                yield f"  {_quoted(each.execution.id)} -> {_quoted(artifact_id)};"
    yield "}"


def _node(node_id: str, label: str, shape: str) -> str:
    return f"  {_quoted(node_id)} [label={_quoted(label)}, {shape}];"


def _quoted(text: str) -> str:
    """Return a text as a string of DOT, in which only quotes and line breaks are special."""
    lines = [safe_text(line).replace("\\", "\\\\") for line in text.split("\n")]
    return '"' + "\\n".join(line.replace('"', '\\"') for line in lines) + '"'


def _tree(found: Lineage) -> list[tuple[int, str]]:
    """Return the lines of a lineage, each with its depth."""
    seen: set[str] = set()

    def artifact_text(artifact_id: str) -> str:
        one = found.artifacts.get(artifact_id)
        if one is None:
            return f"{artifact_id} (deleted)"
        version = "" if one.version is None else f" v{one.version}"
        return safe_text(f"{one.kind} {one.name}{version} ({one.id})")

    def execution_text(each: LineageExecution) -> str:
        execution = each.execution
        return safe_text(
            f"execution {execution.id} of {execution.configuration_name}: {execution.status}"
        )

    def up(artifact_id: str, depth: int) -> list[tuple[int, str]]:
        source = found.source(artifact_id)
        if source is None or source.execution.id in seen:
            return []
        seen.add(source.execution.id)
        lines = [(depth, f"created by {execution_text(source)}")]
        for key, value in source.inputs:
            lines += [
                (depth + 1, f"input {safe_text(key)}: {artifact_text(value)}"),
                *up(value, depth + 2),
            ]
        return lines

    def down(artifact_id: str, depth: int) -> list[tuple[int, str]]:
        lines: list[tuple[int, str]] = []
        for each in found.consumers(artifact_id):
            lines.append((depth, f"used by {execution_text(each)}"))
            if each.execution.id in seen:
                continue
            seen.add(each.execution.id)
            for value in each.outputs:
                lines += [(depth + 1, f"output: {artifact_text(value)}"), *down(value, depth + 2)]
        return lines

    return [(0, artifact_text(found.root)), *up(found.root, 1), *down(found.root, 1)]

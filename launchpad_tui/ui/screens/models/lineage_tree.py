"""The lines of a lineage as a tree view shows them."""

from __future__ import annotations

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.lineage import Lineage, LineageExecution
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.ui.screens.common.cells import files_cell, pairs_text, timestamp_text
from launchpad_tui.ui.screens.models.lineage_lines import LineageLine, Side, lineage_lines
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.tree import TreeLine

_Parts = list[tuple[str, str]]


def tree_lines(lineage: Lineage, folded: frozenset[object], look: Look) -> list[TreeLine]:
    """Return all visible lines of a tree view; the key of a line is its path from the root."""
    paths = frozenset(path for path in folded if isinstance(path, tuple))
    found = lineage_lines(lineage, paths)
    lines = _with_placeholders([_line(line, look) for line in found], found)
    if lineage.truncated:
        lines.append(
            TreeLine(
                "truncated",
                [("The lineage is truncated; only the nearest executions are shown.", "warn")],
            )
        )
    return lines


def _with_placeholders(lines: list[TreeLine], found: tuple[LineageLine, ...]) -> list[TreeLine]:
    """Insert a line for each side of the tree that is empty."""
    sides = {line.side for line in found}
    if Side.UPSTREAM not in sides:
        lines.insert(
            1, TreeLine("no source", [("none: the artifact was added manually", "dim")], (True,))
        )
    if Side.DOWNSTREAM not in sides:
        lines.append(TreeLine("no use", [("no executions yet", "dim")], (True,)))
    return lines


def _line(line: LineageLine, look: Look) -> TreeLine:
    parts: _Parts = []
    route = item_id = ""
    if line.side is Side.HEAD:
        return TreeLine(line.path, [(line.title, "title")])
    if line.execution is not None:
        parts, item_id, route = (
            _execution(line.execution, look),
            line.execution.execution.id,
            "execution",
        )
        if line.repeated:
            parts.append(("  (see above)", "faint"))
    elif line.artifact is not None:
        parts, item_id, route = (
            _artifact(line.artifact, line.slot, look),
            line.artifact.id,
            "artifact",
        )
        if line.side is Side.ROOT:
            route = ""
    else:
        parts = [
            (f"{line.slot}: " if line.slot else "", "dim"),
            (f"{line.missing_id} was deleted", "warn"),
        ]
    return TreeLine(line.path, parts, line.last, line.children, line.folded, route, item_id)


def _artifact(artifact: Artifact, slot: str, look: Look) -> _Parts:
    parts: _Parts = [
        (f"{artifact.kind.noun} ", "dim"),
        (artifact.name_with_version, "strong"),
    ]
    if slot and slot != artifact.name:
        parts.append((f"  as {slot}", "dim"))
    files = files_cell(artifact, look)
    return [
        *parts,
        (f"  {files.text}", files.role),
        (f"  {timestamp_text(artifact.created_at)}", "faint"),
        (f"  {artifact.id}", "faint"),
    ]


def _execution(item: LineageExecution, look: Look) -> _Parts:
    execution = item.execution
    text, role = look.status(execution.status)
    seconds = execution.duration_seconds(execution.completed_at or execution.modified_at)
    parts: _Parts = [
        (text, role),
        (f"  {execution.executable_id} ", "dim"),
        (execution.configuration_name, "accent"),
    ]
    if seconds is not None:
        parts.append((f"  {duration_text(seconds)}", "dim"))
    if item.configuration is not None:
        parts.append((f"  {pairs_text(item.configuration.parameters)}", "faint"))
    return parts

"""The lineage of an artifact as a graph of boxes: inputs at the left, outputs at the right.

It has the same artifacts and executions as the tree of `lineage_lines`: upstream the inputs of each
execution, downstream the outputs of each execution that used an artifact.
"""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.domain.lineage import Lineage, LineageExecution
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.records import record
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.flow_drawing import FlowBox, FlowItem
from launchpad_tui.ui.widgets.graph_layout import GraphEdge, GraphLayout, lay_out, layers_of

#: the number of boxes from which the lineage is shown as a tree instead, which can be folded
MOST_BOXES = 60


@record
class LineageGraph:
    """The boxes of a lineage and their places."""

    boxes: Mapping[str, FlowBox]
    layout: GraphLayout


def lineage_graph(lineage: Lineage, look: Look) -> LineageGraph | None:
    """Return the graph of a lineage; None if it has a cycle or too many boxes.

    Args:
        lineage: the lineage.
        look: colors and glyphs.
    """
    edges = dict.fromkeys(_upstream(lineage) + _downstream(lineage))
    ids = [f"artifact {lineage.root}"]
    for edge in edges:
        ids += [edge.start, edge.end]
    ids = list(dict.fromkeys(ids))
    if len(ids) > MOST_BOXES or lineage.truncated:
        return None
    layers = layers_of(tuple(edges), ids, ids[0])
    if layers is None:
        return None
    boxes = {one: _box(lineage, one, look) for one in ids}
    return LineageGraph(boxes, lay_out(ids, tuple(edges), layers))


def _edge(start: str, end: str, execution: LineageExecution) -> GraphEdge:
    return GraphEdge(start, end, execution.execution.id)


def _upstream(lineage: Lineage) -> list[GraphEdge]:
    """Return the edges from the inputs to the artifact, nearest first."""
    edges = []
    waiting, seen = [lineage.root], {lineage.root}
    for artifact_id in waiting:
        source = lineage.source(artifact_id)
        if source is None:
            continue
        node = f"execution {source.execution.id}"
        edges.append(_edge(node, f"artifact {artifact_id}", source))
        for _, input_id in source.inputs:
            edges.append(_edge(f"artifact {input_id}", node, source))
            if input_id not in seen:
                seen.add(input_id)
                waiting.append(input_id)
    return edges


def _downstream(lineage: Lineage) -> list[GraphEdge]:
    """Return the edges from the artifact to what was created from it, nearest first."""
    edges = []
    waiting, seen = [lineage.root], {lineage.root}
    for artifact_id in waiting:
        for consumer in lineage.consumers(artifact_id):
            node = f"execution {consumer.execution.id}"
            edges.append(_edge(f"artifact {artifact_id}", node, consumer))
            for output_id in consumer.outputs:
                edges.append(_edge(node, f"artifact {output_id}", consumer))
                if output_id not in seen:
                    seen.add(output_id)
                    waiting.append(output_id)
    return edges


def _box(lineage: Lineage, node: str, look: Look) -> FlowBox:
    kind, _, item_id = node.partition(" ")
    if kind == "execution":
        return _execution_box(lineage.executions[item_id], look)
    artifact = lineage.artifacts.get(item_id)
    root = item_id == lineage.root
    if artifact is None:
        title = f"{look.glyphs.error} deleted"
        return FlowBox(title, (FlowItem(item_id),), root)
    slots = {
        slot
        for execution in lineage.executions.values()
        for slot, input_id in execution.inputs
        if input_id == item_id and slot != artifact.name
    }
    details = [timestamp_text(artifact.created_at)]
    if root:
        details = details if artifact.execution_id else ["added manually"]
        details += [] if lineage.consumers(item_id) else ["not used yet"]
    elif slots:
        details = [f"as {', '.join(sorted(slots))}"]
    detail = f" {look.glyphs.separator} ".join(details)
    # In a narrow box, a time is reduced to its date, and the last detail is the important one.
    shorter = details[-1] if len(details) > 1 or slots else details[0].partition(" ")[0]
    shorter = details[-1] if details == ["added manually"] else shorter
    return FlowBox(
        f"this {artifact.kind.noun}" if root else artifact.kind.noun,
        (
            FlowItem(artifact.name_with_version, "artifact", artifact.id),
            FlowItem(detail, shorter=shorter),
        ),
        root,
    )


def _execution_box(item: LineageExecution, look: Look) -> FlowBox:
    execution = item.execution
    seconds = execution.duration_seconds(execution.completed_at or execution.modified_at)
    duration = "" if seconds is None else f" {look.glyphs.separator} {duration_text(seconds)}"
    return FlowBox(
        f"{look.status(execution.status)[0]}{duration}",
        (
            FlowItem(execution.configuration_name or execution.id, "execution", execution.id),
            FlowItem(execution.executable_id),
        ),
        shorter=look.status(execution.status)[0],
    )

"""Graphs of boxes: their columns, and lines that lead where they should."""

from __future__ import annotations

import random

import pytest
from rich.style import Style

from launchpad_tui.domain.lineage import Lineage
from launchpad_tui.domain.text import cell_width
from launchpad_tui.ui.palettes import BY_NAME
from launchpad_tui.ui.screens.models.lineage_graph import MOST_BOXES, LineageGraph, lineage_graph
from launchpad_tui.ui.theme import ASCII, UNICODE, Look
from launchpad_tui.ui.widgets.flow_drawing import FlowBox, FlowDrawing, FlowItem, FlowStyles
from launchpad_tui.ui.widgets.graph_drawing import draw_graph
from launchpad_tui.ui.widgets.graph_layout import GraphEdge, lay_out, layers_of
from tests.ui.test_render_lineage import artifact, diamond, execution

LOOK = Look(BY_NAME["dark"], UNICODE)
STYLES = FlowStyles(Style(), Style(bold=True), Style(), Style(underline=True), Style(reverse=True))
#: for each character the steps to the cells that it leads to, as row and column
_UP, _DOWN, _LEFT, _RIGHT = (-1, 0), (1, 0), (0, -1), (0, 1)
LEADS = {
    "─": (_LEFT, _RIGHT),
    "│": (_UP, _DOWN),
    "╭": (_DOWN, _RIGHT),
    "╮": (_DOWN, _LEFT),
    "╰": (_UP, _RIGHT),
    "╯": (_UP, _LEFT),
    "├": (_UP, _DOWN, _RIGHT),
    "┤": (_UP, _DOWN, _LEFT),
    "┬": (_DOWN, _LEFT, _RIGHT),
    "┴": (_UP, _LEFT, _RIGHT),
    "┼": (_UP, _DOWN, _LEFT, _RIGHT),
}


def drawn(graph: LineageGraph | None, width: int = 200) -> FlowDrawing:
    assert graph is not None
    drawing = draw_graph(graph.boxes, graph.layout, width, -1, STYLES)
    assert drawing is not None
    return drawing


def reached(drawing: FlowDrawing, start: str) -> set[str]:
    """Return the items at the ends of the lines that leave the box of an item at the right."""
    lines = [line.plain for line in drawing.lines]
    ids = {(spot.row, spot.start): drawing.items[spot.index].id for spot in drawing.spots}
    (row, column) = next(at for at, item in ids.items() if item == start)
    column = lines[row].index("│", column) + 1
    waiting, seen, found = [(row, column)], set(), set()
    while waiting:
        row, column = waiting.pop()
        if (row, column) in seen:
            continue
        seen.add((row, column))
        character = lines[row][column]
        if character == "▶":
            found.add(ids[row, column + 3])
            continue
        for down, right in LEADS.get(character, ()):
            # Lines lead from the left to the right: those that join from the left are not followed.
            if right >= 0 and lines[row + down][column + right] in (*LEADS, "▶"):
                waiting.append((row + down, column + right))
    return found


def test_lines_of_a_diamond_lead_from_inputs_to_outputs() -> None:
    drawing = drawn(lineage_graph(diamond(), LOOK))
    assert reached(drawing, "raw") == {"e1"}
    assert reached(drawing, "e1") == {"a", "b"}
    assert reached(drawing, "a") == reached(drawing, "b") == {"e2"}
    assert reached(drawing, "e2") == {"m"}
    assert reached(drawing, "m") == {"e3"}
    text = "\n".join(line.plain for line in drawing.lines)
    assert "deleted" in text
    assert text.count("this model") == 1


def test_an_input_of_two_executions_passes_the_columns_between() -> None:
    artifacts = {a.id: a for a in (artifact("raw"), artifact("a", "e1"), artifact("m", "e2"))}
    executions = {
        e.execution.id: e
        for e in (execution("e1", ["raw"], ["a"]), execution("e2", ["a", "raw"], ["m"]))
    }
    drawing = drawn(lineage_graph(Lineage("m", artifacts, executions), LOOK))
    assert reached(drawing, "raw") == {"e1", "e2"}
    assert reached(drawing, "a") == {"e2"}


def test_many_outputs_are_below_each_other_and_all_connected() -> None:
    outputs = [f"out{number}" for number in range(9)]
    artifacts = {a.id: a for a in (artifact("m"), *(artifact(one, "e") for one in outputs))}
    executions = {"e": execution("e", ["m"], outputs)}
    drawing = drawn(lineage_graph(Lineage("m", artifacts, executions), LOOK))
    assert reached(drawing, "m") == {"e"}
    assert reached(drawing, "e") == set(outputs)


def test_cycles_and_large_lineages_have_no_graph() -> None:
    artifacts = {a.id: a for a in (artifact("x", "e1"), artifact("y", "e2"))}
    executions = {
        e.execution.id: e for e in (execution("e1", ["y"], ["x"]), execution("e2", ["x"], ["y"]))
    }
    assert lineage_graph(Lineage("x", artifacts, executions), LOOK) is None
    outputs = [f"out{number}" for number in range(MOST_BOXES)]
    many = Lineage("x", {"x": artifact("x")}, {"e": execution("e", ["x"], outputs)})
    assert lineage_graph(many, LOOK) is None


def test_a_graph_that_does_not_fit_is_not_drawn() -> None:
    graph = lineage_graph(diamond(), LOOK)
    assert graph is not None
    assert draw_graph(graph.boxes, graph.layout, 60, -1, STYLES) is None


@pytest.mark.parametrize("seed", range(30))
def test_any_graph_is_drawn_at_the_exact_width_with_all_its_boxes(seed: int) -> None:
    chance = random.Random(seed)
    nodes = [f"n{number}" for number in range(chance.randint(1, 14))]
    edges = [
        GraphEdge(start, end, chance.choice((start, end)))
        for place, start in enumerate(nodes)
        for end in nodes[place + 1 :]
        if chance.random() < 0.25
    ]
    layers = layers_of(edges, nodes, chance.choice(nodes))
    assert layers is not None
    assert all(layers[edge.start] < layers[edge.end] for edge in edges)
    boxes = {one: FlowBox(one, (FlowItem(one, "artifact", one),)) for one in nodes}
    layout = lay_out(nodes, edges, layers)
    for look in (UNICODE, ASCII):
        drawing = draw_graph(boxes, layout, 500, 0, STYLES, ascii_only=look.ascii)
        assert drawing is not None
        assert {cell_width(line.plain) for line in drawing.lines} == {500}
        assert sorted(item.id for item in drawing.items) == sorted(nodes)
        assert len(drawing.spots) == len(nodes)
        if look.ascii:
            assert "".join(line.plain for line in drawing.lines).isascii()

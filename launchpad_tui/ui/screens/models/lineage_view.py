"""The lineage of an artifact: boxes with arrows, or a tree if they do not fit."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.domain.lineage import Lineage
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.screens.models.lineage_graph import lineage_graph
from launchpad_tui.ui.screens.models.lineage_tree import tree_lines
from launchpad_tui.ui.widgets.graph_view import GraphView
from launchpad_tui.ui.widgets.tree import TreeView


class LineageView(ActionOwner, Vertical):
    """The lineage as boxes with arrows from inputs to outputs, or as a tree.

    The tree is shown if the user has switched to it, and if the boxes do not fit the width or are
    too many.

    Args:
        own_page: whether the screen is the page of the artifact, which is not opened again.
    """

    DEFAULT_CSS = "LineageView { height: 1fr; }"

    def __init__(self, *, own_page: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._own_page = own_page
        self._lineage: Lineage | None = None
        self._has_graph = False
        #: whether the user wants to see the tree also if the boxes fit
        self.as_tree = False

    def compose(self) -> ComposeResult:
        """Yield boxes and tree, of which one is shown."""
        graph = GraphView(id="lineage-graph")
        graph.display = False
        yield graph
        yield TreeView(id="lineage-tree", empty="reading…")

    def set_lineage(self, lineage: Lineage) -> None:
        """Show another lineage; the cursor stays on its object."""
        self._lineage = lineage
        graph = self.query_one(GraphView)
        graph.own_id = lineage.root if self._own_page else ""
        found = lineage_graph(lineage, self.launchpad.look)
        self._has_graph = found is not None
        if found is not None:
            graph.set_graph(found.boxes, found.layout, lineage.root)
        self._show_tree()
        self._choose()

    @on(TreeView.FoldChanged)
    def _show_tree(self) -> None:
        tree = self.query_one(TreeView)
        if self._lineage is not None:
            tree.set_tree(tree_lines(self._lineage, tree.folded, self.launchpad.look))

    def on_resize(self, _event: events.Resize) -> None:
        """Show the boxes if they fit the new width."""
        self._choose()

    @property
    def _fits(self) -> bool:
        return self._has_graph and self.query_one(GraphView).fits(self.app.size.width)

    def _choose(self) -> None:
        """Show either boxes or tree, and keep the focus in what is shown."""
        boxes = self._fits and not self.as_tree
        graph, tree = self.query_one(GraphView), self.query_one(TreeView)
        if graph.display == boxes:
            return
        focused = graph.has_focus or tree.has_focus
        graph.display, tree.display = boxes, not boxes
        if focused:
            (graph if boxes else tree).focus()

    def why_not_tree(self) -> str | None:
        """Return why the lineage is only shown as a tree."""
        if self._fits:
            return None
        return "The lineage is shown as a tree because its boxes do not fit the screen"

    def switch(self) -> None:
        """Switch between boxes and tree."""
        self.as_tree = not self.as_tree
        self._choose()

"""The lineage of an artifact: its inputs and the artifacts created from it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.lineage import Lineage
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.models.lineage_tree import tree_lines
from launchpad_tui.ui.widgets.tree import TreeView


class LineageScreen(LaunchpadScreen):
    """The lineage of an artifact as a tree: its inputs above it, the artifacts using it below.

    Args:
        item_id: the ID of the artifact.
    """

    TOPICS = frozenset({"artifacts", "executions"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("lineage.details", "e", "details", "Open the details of the artifact", footer=3),
    )

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._lineage: Lineage | None = None

    def title_text(self) -> str:
        """Return the title with the name of the artifact."""
        root = self._lineage.artifacts.get(self.item_id) if self._lineage else None
        return f"Lineage of {root.name}" if root else "Lineage"

    def body(self) -> ComposeResult:
        """Yield the tree."""
        yield TreeView(id="tree", empty="reading…")

    async def load(self) -> None:
        """Read the lineage and show it."""
        self._lineage = await self.read(self.desk.lineage.lineage, self.scope, self.item_id)
        self._show()
        self.repaint_frame()

    @on(TreeView.FoldChanged)
    def _show(self) -> None:
        tree = self.query_one(TreeView)
        if self._lineage is not None:
            tree.set_tree(tree_lines(self._lineage, tree.folded, self.launchpad.look))

    def do_details(self) -> None:
        """Open the details of the artifact."""
        self.launchpad.open("artifact", item_id=self.item_id)

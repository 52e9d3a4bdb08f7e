"""The lineage of an artifact: its inputs and the artifacts created from it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.lineage import Lineage
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.models.lineage_view import LineageView


class LineageScreen(LaunchpadScreen):
    """The lineage of an artifact: its inputs, the executions, and what was created from it.

    Args:
        item_id: the ID of the artifact.
    """

    TOPICS = frozenset({"artifacts", "executions"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "lineage.tree",
            "L",
            "boxes/tree",
            "Switch between boxes with arrows and a tree",
            footer=2,
        ),
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
        """Yield the lineage."""
        yield LineageView(id="lineage")

    async def load(self) -> None:
        """Read the lineage and show it."""
        self._lineage = await self.read(self.desk.lineage.lineage, self.scope, self.item_id)
        self.query_one(LineageView).set_lineage(self._lineage)
        self.repaint_frame()

    def why_not_tree(self) -> str | None:
        """Return why only the tree can be shown."""
        return self.query_one(LineageView).why_not_tree()

    def do_tree(self) -> None:
        """Switch between boxes and tree."""
        self.query_one(LineageView).switch()

    def do_details(self) -> None:
        """Open the details of the artifact."""
        self.launchpad.open("artifact", item_id=self.item_id)

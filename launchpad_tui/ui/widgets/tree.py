"""A tree whose lines can be collapsed and expanded."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.message import Message

from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.lines import Lines, Parts


@record
class TreeLine:
    """A visible line of a tree.

    Args:
        key: identifies the line when the tree is set again.
        parts: the texts after the branch lines, with their roles.
        last: for each depth, whether the line is the last one of its branch.
        children: the number of lines below it.
        folded: whether those are collapsed.
        route: the id of the route that the line opens; empty if it opens none.
        item_id: the ``item_id`` of that route, which can be copied.
    """

    key: Hashable
    parts: Parts
    last: tuple[bool, ...] = ()
    children: int = 0
    folded: bool = False
    route: str = ""
    item_id: str = ""


class TreeView(Lines):
    """A tree. After `FoldChanged`, the screen sets the visible lines again (`set_tree`)."""

    with_cursor = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("tree.open", "enter", "open", "Open the object that the line names", "List", 1),
        Action("tree.fold", "left h", "fold", "Collapse the line", "List", hidden=True),
        Action("tree.unfold", "right l", "unfold", "Expand the line", "List", hidden=True),
        Action("tree.toggle", "space", "fold", "Expand or collapse the line", "List", 2),
        Action("lines.left", "shift+left", "left", "Scroll to the left", "Moving", hidden=True),
        Action("lines.right", "shift+right", "right", "Scroll to the right", "Moving", hidden=True),
        Action("tree.copy", "y", "copy ID", "Copy the ID", "List"),
    )

    class FoldChanged(Message):
        """Lines were collapsed or expanded: ``tree.folded`` changed."""

        def __init__(self, tree: TreeView) -> None:
            super().__init__()
            self.tree = tree

    class Opened(Message):
        """The user opened a line."""

        def __init__(self, tree: TreeView, line: TreeLine) -> None:
            super().__init__()
            self.tree, self.line = tree, line

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(empty=empty, id=id)
        self.folded: frozenset[Hashable] = frozenset()
        self._tree: tuple[TreeLine, ...] = ()

    def set_tree(self, lines: Sequence[TreeLine]) -> None:
        """Show other lines; the cursor stays on the line with its key."""
        current = self.line.key if self.line else None
        self._tree = tuple(lines)
        place = next((i for i, line in enumerate(self._tree) if line.key == current), None)
        if place is not None:
            self.cursor = place
        self.clamp()
        self.repaint()

    @property
    def line(self) -> TreeLine | None:
        """The line under the cursor, None if there is none."""
        return self._tree[self.cursor] if 0 <= self.cursor < len(self._tree) else None

    def line_count(self) -> int:
        """Return the number of visible lines."""
        return len(self._tree)

    def parts(self, number: int) -> Parts:
        """Return the branch lines, the mark of a line with children, and the texts of the line."""
        line, glyphs = self._tree[number], self.look.glyphs
        branch = "".join("  " if last else glyphs.through for last in line.last[:-1])
        if line.last:
            branch += glyphs.last if line.last[-1] else glyphs.branch
        mark = (glyphs.folded if line.folded else glyphs.unfolded) if line.children else " "
        return ((f" {branch}{mark} ", "line"), *line.parts)

    def _fold(self, folded: bool | None) -> None:
        line = self.line
        if line is not None and line.children:
            fold = not line.folded if folded is None else folded
            self.folded = self.folded | {line.key} if fold else self.folded - {line.key}
            self.post_message(self.FoldChanged(self))

    def do_fold(self) -> None:
        """Collapse the line."""
        self._fold(True)

    def do_unfold(self) -> None:
        """Expand the line."""
        self._fold(False)

    def do_toggle(self) -> None:
        """Expand or collapse the line."""
        self._fold(None)

    def why_not_open(self) -> str | None:
        """Return why the line opens nothing."""
        return (
            None if self.line is not None and self.line.route else "This line has no link to open"
        )

    def do_open(self) -> None:
        """Open the object that the line names."""
        if self.line is not None:
            self.post_message(self.Opened(self, self.line))

    def on_tree_view_opened(self, event: Opened) -> None:
        """Open the route of the line."""
        self.launchpad.open(event.line.route, item_id=event.line.item_id)

    def do_copy(self) -> None:
        """Copy the ID."""
        if self.line is not None and self.line.item_id:
            self.launchpad.copy(self.line.item_id)

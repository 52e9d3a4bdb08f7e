"""Foldable lines over a pure model."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.message import Message

from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.lines import Lines, Parts


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A visible line. ``key`` names it (for folding and for keeping the cursor), ``parts`` is what follows the branch
    lines, ``last`` says for each depth whether the branch ends there; ``children`` may be folded."""

    key: Hashable
    parts: Parts
    last: tuple[bool, ...] = ()
    children: int = 0
    folded: bool = False
    #: what enter opens and ``y`` copies
    route: str = ""
    item_id: str = ""


class TreeView(Lines):
    """The lines. The screen computes them anew (`set_tree`) when told by `FoldChanged` which are folded."""

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
        """``tree.folded`` changed."""

        def __init__(self, tree: TreeView) -> None:
            super().__init__()
            self.tree = tree

    class Opened(Message):
        """Enter on a line."""

        def __init__(self, tree: TreeView, line: TreeLine) -> None:
            super().__init__()
            self.tree, self.line = tree, line

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(empty=empty, id=id)
        self.folded: frozenset[Hashable] = frozenset()
        self._tree: tuple[TreeLine, ...] = ()

    def set_tree(self, lines: Sequence[TreeLine]) -> None:
        """Show these; the cursor stays on its key."""
        here = self.line.key if self.line else None
        self._tree = tuple(lines)
        place = next((i for i, line in enumerate(self._tree) if line.key == here), None)
        if place is not None:
            self.cursor = place
        self.clamp()
        self.repaint()

    @property
    def line(self) -> TreeLine | None:
        """The line under the cursor."""
        return self._tree[self.cursor] if 0 <= self.cursor < len(self._tree) else None

    def line_count(self) -> int:
        """How many lines show."""
        return len(self._tree)

    def parts(self, number: int) -> Parts:
        """Branch lines, fold mark, then the line's own parts."""
        line, glyphs = self._tree[number], self.look.glyphs
        branch = "".join("  " if last else glyphs.through for last in line.last[:-1])
        if line.last:
            branch += glyphs.last if line.last[-1] else glyphs.branch
        mark = (glyphs.folded if line.folded else glyphs.unfolded) if line.children else " "
        return ((f" {branch}{mark} ", "faint"), *line.parts)

    def _fold(self, folded: bool | None) -> None:
        line = self.line
        if line is not None and line.children:
            wanted = not line.folded if folded is None else folded
            self.folded = self.folded | {line.key} if wanted else self.folded - {line.key}
            self.post_message(self.FoldChanged(self))

    def do_fold(self) -> None:
        """Key ``left``."""
        self._fold(True)

    def do_unfold(self) -> None:
        """Key ``right``."""
        self._fold(False)

    def do_toggle(self) -> None:
        """Key ``space``."""
        self._fold(None)

    def why_not_open(self) -> str | None:
        """Only some lines name a thing."""
        return (
            None if self.line is not None and self.line.route else "This line names nothing to open"
        )

    def do_open(self) -> None:
        """Key ``enter``."""
        if self.line is not None:
            self.post_message(self.Opened(self, self.line))

    def on_tree_view_opened(self, event: Opened) -> None:
        """Open the route."""
        self.launchpad.open(event.line.route, item_id=event.line.item_id)

    def do_copy(self) -> None:
        """Key ``y``."""
        if self.line is not None and self.line.item_id:
            self.launchpad.copy(self.line.item_id)

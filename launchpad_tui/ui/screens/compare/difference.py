"""The difference between two models or executions, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.difference import difference
from launchpad_tui.services.charting import labels_of
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen
from launchpad_tui.ui.widgets.lines import Lines

_ROLES = {"heading": "title", "minus": "bad", "plus": "good", "note": "dim", "same": "dim"}


class DifferenceScreen(SelectionScreen):
    """The lines in which two models or executions differ: parameters, inputs, code, packages,
    attributes, metrics, labels, tags, custom info and files.

    Args:
        item_ids: two IDs of artifacts or executions.
    """

    REMEMBER = False
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("difference.swap", "t", "swap", "Swap the two sides", footer=2),
        Action("difference.copy-all", "Y", "copy", "Copy the difference as text", footer=3),
    )

    def __init__(self, item_ids: Sequence[str]) -> None:
        super().__init__(item_ids)
        self._text = ""

    def title_text(self) -> str:
        """Return the title."""
        return "Difference"

    def body(self) -> ComposeResult:
        """Yield the lines."""
        yield Lines(empty="reading…", id="lines")

    async def load(self) -> None:
        """Read both items and compare them."""
        await self.load_subjects(files=True)
        view = self.query_one("#lines", Lines)
        if len(self.subjects) < 2:
            view.set_lines([[("One of the two models or executions was deleted", "strong")]])
            return
        one, other = self.subjects[:2]
        names = labels_of((one, other))
        code = await self.read(self.desk.compare.changed_files, self.scope, one, other)
        found = await self.launchpad.chart(difference, one, other, code)
        titles = [(f" - {names[0]}   {one.id}", "bad"), (f" + {names[1]}   {other.id}", "good")]
        self._text = "\n".join([text[1:] for text, _ in titles] + [str(line) for line in found])
        lines = [[title] for title in titles]
        for line in found:
            if line.kind == "heading":
                # Paths of files keep their case.
                group, colon, path = line.text.partition(":")
                lines += [[("", "text")], [(f" {group.upper()}{colon}{path}", "title")]]
            else:
                lines.append([(f"   {line}", _ROLES[line.kind])])
        if not found:
            lines += [[("", "text")], [(" Nothing differs", "strong")]]
        view.set_lines(lines)
        self.repaint_frame()

    def do_swap(self) -> None:
        """Swap the two sides."""
        self.change_selection("forward", self.selected.ids[0])
        self.reload()

    def do_copy_all(self) -> None:
        """Copy the difference as text."""
        self.launchpad.copy(self._text, "the difference")

"""The list of models or executions that the charts compare, with their markers and colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.charts.palette import marker
from launchpad_tui.domain.text import cell_width, pad, safe_text, shared_prefix
from launchpad_tui.records import record, replace
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted

#: The least width of the list and of its values, in cells. A value that is wider changes the width
#: of the chart beside the list, which is then drawn again.
_LEAST, _VALUE = 18, 11
#: the largest width of the list; names that are wider lose the prefix that they share
_MOST = 32


@record
class LegendEntry:
    """A model or execution of the legend.

    Args:
        id: its ID.
        label: the text that distinguishes it from the others.
        slot: determines color and marker.
        shown: whether the charts show it.
        live: whether its execution is running.
        value: text at the right end of the line.
        detail: text of a second line, which all entries have if one has it.
    """

    id: str
    label: str
    slot: int
    shown: bool = True
    live: bool = False
    value: str = ""
    detail: str = ""


def _entry_width(entry: LegendEntry) -> int:
    """Return the width that an entry needs, in cells, with an empty cell at its end."""
    value = max(_VALUE, len(entry.value)) + 1 if entry.value else 0
    label = 3 + cell_width(safe_text(entry.label, 80)) + 2 * entry.live + value
    return max(label, 3 + cell_width(entry.detail)) + 1


class Legend(Painted):
    """The list *My Selection*, whose entries can be hidden, shown alone, moved and removed."""

    can_focus = True
    DEFAULT_CSS = f"Legend {{ width: auto; max-width: {_MOST}; height: 1fr; }}"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "legend.down", "down j", "down", "Move to the next entry", "My Selection", hidden=True
        ),
        Action(
            "legend.up", "up k", "up", "Move to the previous entry", "My Selection", hidden=True
        ),
        Action(
            "legend.toggle",
            "space",
            "show/hide",
            "Show or hide the entry in all charts",
            "My Selection",
            2,
        ),
        Action(
            "legend.solo",
            "o",
            "solo",
            "Show this entry alone, or all entries again",
            "My Selection",
            3,
        ),
        Action(
            "legend.move-forward",
            "shift+down J",
            "move down",
            "Move the entry down in the selection",
            "My Selection",
        ),
        Action(
            "legend.move-back",
            "shift+up K",
            "move up",
            "Move the entry up in the selection",
            "My Selection",
        ),
        Action(
            "legend.remove", "x", "remove", "Remove the entry from the selection", "My Selection", 4
        ),
        Action(
            "legend.open",
            "enter",
            "open",
            "Open the model or execution of the entry",
            "My Selection",
            1,
        ),
        Action("legend.copy", "y", "copy ID", "Copy the ID", "My Selection"),
    )

    class Changed(Message):
        """The user acted on an entry: ``what`` is toggle, solo, forward, back, remove or open."""

        def __init__(self, legend: Legend, what: str, item_id: str) -> None:
            super().__init__()
            self.legend, self.what, self.item_id = legend, what, item_id

    def __init__(self, *, title: str = "My Selection", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.title = title
        #: whether the title shows the number of entries
        self.counted = True
        self.entries: tuple[LegendEntry, ...] = ()
        self.cursor = 0
        self.top = 0
        self._wanted = _LEAST

    def set_entries(self, entries: Sequence[LegendEntry]) -> bool:
        """Show other entries; the cursor stays on its entry.

        Returns:
            Whether the list becomes wider with the next layout, within its largest width.
        """
        current = self.entry.id if self.entry else ""
        self.entries = self._distinguished(entries)
        self.cursor = next(
            (i for i, one in enumerate(self.entries) if one.id == current), self.cursor
        )
        self._move(0)
        # The list never becomes narrower, so that the charts beside it are not drawn for another
        # width with each value.
        title = cell_width(self.title) + 3 + 3 * self.counted
        wanted = max([self._wanted, title, *map(_entry_width, self.entries)])
        if wanted == self._wanted:
            return False
        self._wanted = wanted
        self.refresh(layout=True)
        return True

    def _distinguished(self, entries: Sequence[LegendEntry]) -> tuple[LegendEntry, ...]:
        """Return the entries without what all names begin with if a name is too long."""
        if all(_entry_width(one) <= _MOST for one in entries):
            return tuple(entries)
        rest = len(shared_prefix([one.label for one in entries]))
        mark = self.look.glyphs.ellipsis if rest else ""
        return tuple(replace(one, label=f"{mark}{one.label[rest:]}") for one in entries)

    def get_content_width(self, _container: Size, _viewport: Size) -> int:
        """Return the width that the longest entry needs, in cells."""
        return self._wanted

    @property
    def entry(self) -> LegendEntry | None:
        """The entry under the cursor, None if there is none."""
        return self.entries[self.cursor] if 0 <= self.cursor < len(self.entries) else None

    def paint_line(self, y: int, width: int) -> Strip:
        """Return the title line, or the line of an entry."""
        look = self.look
        glyphs = look.glyphs
        line = LineBuilder(width, look.style("text"))
        if y == 0:
            shown = sum(one.shown for one in self.entries)
            count = (
                f"{len(self.entries)}"
                if shown == len(self.entries)
                else f"{shown} of {len(self.entries)}"
            )
            count = count if self.counted else ""
            return (
                line.add(f" {self.title} ", look.style("title"))
                .add(count, look.style("dim"))
                .strip()
            )
        place = self.top + (y - 1) // self._rows
        if place >= len(self.entries):
            return line.strip()
        one = self.entries[place]
        if (y - 1) % self._rows:
            return line.add("   " + one.detail, look.style("dim")).strip()
        on_cursor = place == self.cursor and self.has_focus
        base = look.style("text", cursor=on_cursor)
        line = LineBuilder(width, base)
        line.add(
            glyphs.cursor if place == self.cursor else " ", look.style("accent", cursor=on_cursor)
        )
        mark = (
            marker(one.slot, ascii_only=glyphs.ascii)
            if one.shown
            else glyphs.off[1:2] + glyphs.separator
        )
        line.add(
            mark.strip() + " ",
            look.style(look.series(one.slot) if one.shown else "faint", cursor=on_cursor),
        )
        value = f" {one.value}" if one.value else ""
        live = f" {glyphs.running}" if one.live else ""
        room = width - line.used - len(value) - len(live)
        line.add(
            pad(one.label, max(1, room), "left", glyphs.ellipsis),
            base if one.shown else look.style("faint", cursor=on_cursor),
            safe=True,
        )
        line.add(live, look.style("accent", cursor=on_cursor)).add(
            value, look.style("dim", cursor=on_cursor)
        )
        return line.strip()

    @property
    def _rows(self) -> int:
        """The number of lines of an entry."""
        return 2 if any(one.detail for one in self.entries) else 1

    def _move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.entries) - 1))
        high = max(1, (self.size.height - 1) // self._rows)
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + high:
            self.top = self.cursor - high + 1
        self.top = max(0, min(self.top, len(self.entries) - high))
        self.repaint()

    def do_down(self) -> None:
        """Move to the next entry."""
        self._move(1)

    def do_up(self) -> None:
        """Move to the previous entry."""
        self._move(-1)

    def _post(self, what: str) -> None:
        if self.entry is not None:
            self.post_message(self.Changed(self, what, self.entry.id))

    def why_not_open(self) -> str | None:
        """Return why there is no entry to act on."""
        return None if self.entry is not None else "My Selection is empty"

    why_not_toggle = why_not_solo = why_not_remove = why_not_copy = why_not_open

    def why_not_move_forward(self) -> str | None:
        """Return why the entry cannot be moved down."""
        last = self.cursor >= len(self.entries) - 1
        return self.why_not_open() or ("This is the last entry" if last else None)

    def why_not_move_back(self) -> str | None:
        """Return why the entry cannot be moved up."""
        return self.why_not_open() or (None if self.cursor else "This is the first entry")

    def do_toggle(self) -> None:
        """Show or hide the entry in all charts, and move to the next one."""
        self._post("toggle")
        self._move(1)

    def do_solo(self) -> None:
        """Show this entry alone, or all entries again."""
        self._post("solo")

    def do_move_forward(self) -> None:
        """Move the entry down in the selection."""
        self._post("forward")

    def do_move_back(self) -> None:
        """Move the entry up in the selection."""
        self._post("back")

    def do_remove(self) -> None:
        """Remove the entry from the selection."""
        self._post("remove")

    def do_open(self) -> None:
        """Open the model or execution of the entry."""
        self._post("open")

    def do_copy(self) -> None:
        """Copy the ID."""
        if self.entry is not None:
            self.launchpad.copy(self.entry.id, "the ID")

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked entry; a click on the current marker hides or shows it."""
        place = self.top + (event.y - 1) // self._rows
        if event.y and place < len(self.entries):
            if place == self.cursor and event.x < 4:
                self._post("toggle")
            self._move(place - self.cursor)

"""What a metrics overview compares: marker, colour, name and ID of each, shown or hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.charts.palette import marker
from launchpad_tui.domain.text import pad
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A model or execution: its ID, what tells it apart, the slot of its colour and marker, whether it is drawn and
    whether it still runs; ``value`` is shown at the right end."""

    id: str
    label: str
    slot: int
    shown: bool = True
    live: bool = False
    value: str = ""


class Legend(Painted):
    """The list *My Selection*. ``space`` hides and shows, ``o`` shows one alone, ``K``/``J`` reorder, ``x`` removes."""

    can_focus = True
    DEFAULT_CSS = "Legend { width: 32; height: 1fr; }"
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
        """The user did something to an entry: ``what`` is toggle, solo, later, earlier, drop or open."""

        def __init__(self, legend: Legend, what: str, item_id: str) -> None:
            super().__init__()
            self.legend, self.what, self.item_id = legend, what, item_id

    def __init__(self, *, title: str = "My Selection", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.title = title
        #: whether the title says how many there are
        self.counted = True
        self.entries: tuple[LegendEntry, ...] = ()
        self.cursor = 0
        self.top = 0

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Show these; the cursor stays on its entry."""
        here = self.entry.id if self.entry else ""
        self.entries = tuple(entries)
        self.cursor = next((i for i, one in enumerate(self.entries) if one.id == here), self.cursor)
        self._move(0)

    @property
    def entry(self) -> LegendEntry | None:
        """The entry under the cursor."""
        return self.entries[self.cursor] if 0 <= self.cursor < len(self.entries) else None

    def paint_line(self, y: int, width: int) -> Strip:
        """The title, then an entry a line."""
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
        place = self.top + y - 1
        if place >= len(self.entries):
            return line.strip()
        one = self.entries[place]
        here = place == self.cursor and self.has_focus
        base = look.style("text", cursor=here)
        line = LineBuilder(width, base)
        line.add(glyphs.cursor if place == self.cursor else " ", look.style("accent", cursor=here))
        sign = (
            marker(one.slot, ascii_only=glyphs.ascii)
            if one.shown
            else glyphs.off[1:2] + glyphs.separator
        )
        line.add(
            sign.strip() + " ",
            look.style(look.series(one.slot) if one.shown else "faint", cursor=here),
        )
        value = f" {one.value}" if one.value else ""
        live = f" {glyphs.running}" if one.live else ""
        room = width - line.used - len(value) - len(live)
        line.add(
            pad(one.label, max(1, room), "left", glyphs.ellipsis),
            base if one.shown else look.style("faint", cursor=here),
            safe=True,
        )
        line.add(live, look.style("accent", cursor=here)).add(value, look.style("dim", cursor=here))
        return line.strip()

    def _move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.entries) - 1))
        high = max(1, self.size.height - 1)
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + high:
            self.top = self.cursor - high + 1
        self.top = max(0, min(self.top, len(self.entries) - high))
        self.repaint()

    def do_down(self) -> None:
        """Key ``down``."""
        self._move(1)

    def do_up(self) -> None:
        """Key ``up``."""
        self._move(-1)

    def _tell(self, what: str) -> None:
        if self.entry is not None:
            self.post_message(self.Changed(self, what, self.entry.id))

    def do_toggle(self) -> None:
        """Key ``space``: and on to the next one."""
        self._tell("toggle")
        self._move(1)

    def do_solo(self) -> None:
        """Key ``o``."""
        self._tell("solo")

    def do_move_forward(self) -> None:
        """Key ``J``."""
        self._tell("later")

    def do_move_back(self) -> None:
        """Key ``K``."""
        self._tell("earlier")

    def do_remove(self) -> None:
        """Key ``x``."""
        self._tell("drop")

    def do_open(self) -> None:
        """Key ``enter``."""
        self._tell("open")

    def do_copy(self) -> None:
        """Key ``y``."""
        if self.entry is not None:
            self.launchpad.copy(self.entry.id, "the ID")

    def on_click(self, event: events.Click) -> None:
        """The cursor goes there; on its own line it hides and shows."""
        place = self.top + event.y - 1
        if event.y and place < len(self.entries):
            if place == self.cursor and event.x < 4:
                self._tell("toggle")
            self._move(place - self.cursor)

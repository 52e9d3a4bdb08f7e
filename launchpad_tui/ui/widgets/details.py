"""Names and values in sections. Long values are wrapped, and every value can be copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, zip_longest
from typing import ClassVar

from textual import events
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width, pad, safe_text, wrap
from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.lines import Lines, Parts
from launchpad_tui.ui.widgets.painted import in_thumb

#: cells of the names' column, at least and at most; between them it fits the longest name
NAME_WIDTHS = (20, 40)
#: cells of the names' column in a narrow terminal, at most
_NAMES_NARROW = 18
#: lines of a name and of a value, at most
NAME_LINES, VALUE_LINES = 4, 200
#: lines of a table below details, at least: its headings and some rows
_TABLE_LINES = 6
#: cells between the parts of a value
_GAP = 2


@record
class Item:
    """A line of details.

    Args:
        name: the name, or the title of a section.
        value: the value.
        role: the role of the value.
        heading: whether the line is the heading of a section.
        link: the id of the route that the line opens; empty if it opens none.
        link_id: the ``item_id`` of that route.
        lines: returns the lines that are shown instead of name and value, for a width in cells
            and for whether they have to be ASCII; it returns None for the value itself.
        columns: the parts of the value. Where the parts of all lines of a section fit, they are
            shown below each other; the value is shown otherwise.
    """

    name: str
    value: str = ""
    role: str = "text"
    heading: bool = False
    link: str = ""
    link_id: str = ""
    lines: Callable[[int, bool], Sequence[Parts] | None] | None = None
    columns: tuple[str, ...] = ()


def heading(title: str) -> Item:
    """Return the heading of a section."""
    return Item(title, heading=True)


#: the only line of an empty section
NONE = Item("none", role="dim")


def _aligned(items: Sequence[Item], width: int) -> dict[int, str]:
    """Return the values whose parts are aligned, by the positions of their items.

    Args:
        items: all items.
        width: the cells that a value has.
    """
    found: dict[int, str] = {}
    for _, group in groupby(enumerate(items), lambda each: bool(each[1].columns)):
        section = [(number, item.columns) for number, item in group if item.columns]
        columns = list(zip_longest(*(cells for _, cells in section), fillvalue=""))
        sizes = [max(cell_width(safe_text(cell)) for cell in column) for column in columns]
        if sum(sizes) + _GAP * (len(sizes) - 1) <= width:
            for number, cells in section:
                texts = [pad(cell, size) for cell, size in zip(cells, sizes, strict=False)]
                found[number] = (" " * _GAP).join(texts).rstrip()
    return found


class Details(Lines):
    """The list of names and values.

    Opening a line with a link posts `Details.Opened`; unless that message is stopped, the route of
    the link is opened.
    """

    with_cursor = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("details.copy", "y", "copy", "Copy the value under the cursor", "List"),
        Action("details.open", "enter", "open", "Open the object that the line names", "List", 1),
    )

    class Opened(Message):
        """The user opened a line with a link."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    class Wrapped(Message):
        """The number of lines changed, because of other items or another width."""

        def __init__(self, details: Details) -> None:
            super().__init__()
            self.details = details

        @property
        def control(self) -> Details:
            """The details, for the selector of `textual.on`."""
            return self.details

    def __init__(
        self,
        items: Sequence[Item] = (),
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(empty=empty, id=id)
        self._items = tuple(items)
        self._owners: list[int] = []

    def set_items(self, items: Sequence[Item]) -> None:
        """Show other items; the cursor stays on its line."""
        self._items = tuple(items)
        self._wrap()

    @property
    def item(self) -> Item | None:
        """The item under the cursor, None if there is none."""
        return (
            self._items[self._owners[self.cursor]] if 0 <= self.cursor < len(self._owners) else None
        )

    def on_mount(self) -> None:
        """Wrap the values to the width."""
        self._wrap()

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap the values to the new width."""
        self._wrap()

    def _wrap(self) -> None:
        if not self.size.width:
            # In a tab that is not shown: the values are wrapped when it gets a size.
            return
        least, most = NAME_WIDTHS
        named = [item for item in self._items if not item.heading and item.lines is None]
        longest = max((len(item.name) for item in named), default=0)
        # Values get more than half of a narrow terminal.
        least = min(least, self.size.width // 3)
        most = min(most, max(_NAMES_NARROW, self.size.width * 3 // 10), self.size.width * 2 // 5)
        names = max(least, min(longest, most))
        # The last column has the mark of the scroll position.
        width = max(10, self.size.width - names - 5)
        lines: list[Parts] = []
        self._owners = []
        new: list[Parts]
        aligned = _aligned(self._items, width)
        for number, item in enumerate(self._items):
            own = item.lines(self.size.width - 1, self.look.glyphs.ascii) if item.lines else None
            if own is not None:
                new = list(own)
            elif item.heading:
                gap: list[Parts] = [(("", "text"),)] if lines else []
                new = [*gap, ((" " + safe_text(item.name), "title"),)]
            else:
                text = aligned.get(number, "")
                value = [text] if text else wrap(item.value, width) if item.value else [""]
                name = wrap(item.name, names)[:NAME_LINES]
                role = "accent" if item.link else item.role
                new = [
                    (("  " + pad(left, names), "dim"), ("  " + text, role))
                    for left, text in zip_longest(name, value[:VALUE_LINES], fillvalue="")
                ]
            lines += new
            self._owners += [number] * len(new)
        before = self.line_count()
        self.set_lines(lines)
        if len(lines) != before:
            self.post_message(self.Wrapped(self))

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line, with the mark of the scroll position at its end if it has one."""
        if self.line_count() <= self.size.height or width < 2:
            return super().paint_line(y, width)
        look = self.look
        at = self.top + y == self.cursor and self.has_focus
        marked = in_thumb(y, self.top, self.line_count(), self.size.height)
        edge = LineBuilder(1, look.style("faint", cursor=at))
        edge.add(look.glyphs.thumb if marked else " ", look.style("faint", cursor=at), safe=True)
        return Strip.join([super().paint_line(y, width - 1), edge.strip()])

    def why_not_copy(self) -> str | None:
        """Return why the line has no value to copy."""
        has = (
            self.item is not None
            and not self.item.heading
            and (self.item.value or self.item.link_id)
        )
        return None if has else "This line has no value to copy"

    def do_copy(self) -> None:
        """Copy the value under the cursor."""
        if self.item is not None:
            self.launchpad.copy(self.item.link_id or self.item.value, self.item.name)

    def why_not_open(self) -> str | None:
        """Return why the line opens nothing."""
        return None if self.item is not None and self.item.link else "This line has no link to open"

    def do_open(self) -> None:
        """Open the object that the line names."""
        if self.item is not None:
            self.post_message(self.Opened(self.item))

    def on_details_opened(self, event: Opened) -> None:
        """Open the route of the link."""
        self.launchpad.open(event.item.link, item_id=event.item.link_id)


class DetailsAndTable(Vertical):
    """Details, or a container with them, above a table, which gets the lines that they leave."""

    DEFAULT_CSS = "DetailsAndTable { height: 1fr; }"

    def on_resize(self, _event: events.Resize) -> None:
        """Share the lines of another size."""
        self._share()

    def on_details_wrapped(self, event: Details.Wrapped) -> None:
        """Share the lines again, because the details need more or less of them."""
        event.stop()
        self._share()

    def _share(self) -> None:
        room, wanted = self.size.height, self.query_one(Details).line_count() + 1
        if room:
            most = room - max(_TABLE_LINES, room // 3)
            self.children[0].styles.height = max(3, min(wanted, most))

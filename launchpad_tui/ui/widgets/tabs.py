"""A line of tabs, each of which shows a widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted


class TabStrip(Painted):
    """A line of tabs. The widget of the current tab is shown, those of the others are hidden.

    Its screen switches with the keys of `TabbedKeys` or with `show`.

    Args:
        tabs: the id of the widget and the title of each tab.
    """

    DEFAULT_CSS = "TabStrip { height: 1; }"
    ACTIONS: ClassVar[tuple[Action, ...]] = ()

    class Changed(Message):
        """Another tab is shown."""

        def __init__(self, strip: TabStrip, name: str) -> None:
            super().__init__()
            self.strip, self.name = strip, name

    def __init__(self, tabs: Sequence[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tabs = tuple(tabs)
        self.shown = self._tabs[0][0]
        self._spans: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Show the first tab once the widgets exist, unless another one was shown until then."""
        self.call_after_refresh(lambda: self.show(self.shown))

    def show(self, name: str, *, focus: bool = True) -> None:
        """Show a tab, and focus its widget or the first widget in it that accepts the focus.

        Args:
            name: the id of the widget.
            focus: whether to move the focus.
        """
        changed = name != self.shown
        self.shown = name
        for widget_id, _ in self._tabs:
            for widget in self.screen.query(f"#{widget_id}"):
                widget.display = widget_id == name
                if widget_id == name and focus:
                    target = (
                        widget
                        if widget.can_focus
                        else next((w for w in widget.query("*") if w.focusable and w.display), None)
                    )
                    if target is not None:
                        target.focus()
        self.repaint()
        if changed:
            self.post_message(self.Changed(self, name))

    def step(self, by: int) -> None:
        """Show the next (1) or the previous (-1) tab."""
        names = [name for name, _ in self._tabs]
        self.show(names[(names.index(self.shown) + by) % len(names)])

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        """Return the titles, that of the current tab marked by a glyph and a color."""
        look = self.look
        line = LineBuilder(width, look.style("line"))
        self._spans = []
        for name, title in self._tabs:
            start = line.used
            current = name == self.shown
            mark = look.glyphs.cursor if current else " "
            line.add(f"{mark}{title}", look.style("title" if current else "dim")).add("  ")
            self._spans.append((start, start + cell_width(title) + 2, name))
        line.add(look.glyphs.rule * max(0, width - line.used - 1), look.style("line"))
        return line.strip()

    def on_click(self, event: events.Click) -> None:
        """Show the clicked tab."""
        for start, stop, name in self._spans:
            if start <= event.x < stop:
                self.show(name)


#: actions of screens with a `TabStrip`, which inherit from `TabbedKeys`
TAB_ACTIONS = (
    Action("tabs.next", "tab ]", "next tab", "Show the next tab", "Tabs", 20, priority=False),
    Action("tabs.previous", "shift+tab [", "previous tab", "Show the previous tab", "Tabs"),
)


class TabbedKeys:
    """Mixin of screens that performs the actions of `TAB_ACTIONS`."""

    def do_next(self) -> None:
        """Show the next tab."""
        self._strip().step(1)

    def do_previous(self) -> None:
        """Show the previous tab."""
        self._strip().step(-1)

    def _strip(self) -> TabStrip:
        strip: TabStrip = self.query_one(TabStrip)  # type: ignore[attr-defined]
        return strip

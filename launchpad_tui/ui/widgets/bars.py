"""The frame of every screen: one header line, one line for messages, one footer line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width, clip, wrap
from launchpad_tui.ui.actions import reachable_actions
from launchpad_tui.ui.keymap import Action, shown_key
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted

#: the largest number of keys in the footer
FOOTER_LIMIT = 16
#: actions with this footer rank or a higher one are always shown
ALWAYS = 90


#: the tabs of the header: key, title, number of `Overview` and route
_TABS = (
    ("1", "Models", "models", "models"),
    ("2", "Datasets", "datasets", "datasets"),
    ("3", "Executions", "executions", "executions"),
    ("4", "Configurations", "configurations", "configurations"),
    ("5", "Scenarios", "", "scenarios"),
    ("8", "Metrics", "", "board"),
    ("9", "Object stores", "", "stores"),
    ("0", "Connections", "", "connections"),
    ("^g", "Everywhere", "", "everywhere"),
)
#: further screens, whose tab is shown while they are open
_OTHER_TABS = (
    ("6", "Result sets", "", "resultsets"),
    ("7", "Other artifacts", "", "others"),
    ("^e", "Schedules", "", "schedules"),
    ("^w", "Sweeps", "", "sweeps"),
)
#: titles of tabs where there is no room for the whole titles
_SHORT = {"Datasets": "Data", "Executions": "Exec", "Configurations": "Conf", "Scenarios": "Scen"}
#: the width from which the header has tabs
_LEAST_WIDTH = 78
#: the width below which the header has neither the name of the app nor the scope
_NARROW = 48
#: cells of a line of messages that carry no text, and the largest number of lines of a message
_MARGINS, _MOST_LINES = 4, 4
#: the cells of a title of an open screen, at most, if not all titles fit
_LONG_TITLE = 40
#: the number of tabs that are shown if there is no room for all
_MAIN_TABS = 5


class HeaderLine(Painted):
    """The header: ``◆ launchpad  local/default › Models                 ● 2 running  live``."""

    DEFAULT_CSS = "HeaderLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[int, int, str]] = []

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        """Return scope and breadcrumb, then transfers, running executions and sync status."""
        app, look = self.launchpad, self.look
        glyphs = look.glyphs
        right: list[tuple[str, str]] = []
        if app.transfers.text:
            right.append((f"{glyphs.down} {app.transfers.text}", "accent"))
        open_titles, narrow = app.trail(), width < _NARROW
        with_tabs = len(open_titles) == 1 and bool(self._tab_of(open_titles[0]))
        # The tab of the executions shows how many are running, unless there is no room for tabs.
        if app.running and not (with_tabs and width >= _LEAST_WIDTH):
            short, long = (
                f"{glyphs.running}{app.running}",
                f"{glyphs.running} {app.running} running",
            )
            right.append((short if narrow else long, "accent"))
        if app.stale:
            right.append(
                (
                    f"{glyphs.warning} {clip(app.stale, max(12, width // 3), glyphs.ellipsis)}",
                    "warn",
                )
            )
        elif app.sync_status.text:
            text, role = app.sync_status.text, app.sync_status.role
            text = clip(text, max(24, width * 2 // 5), glyphs.ellipsis)
            right.append((f"{glyphs.warning} {text}" if role == "warn" else text, role))
        else:
            right.append(("live" if app.desk_is_open else f"opening{glyphs.ellipsis}", "dim"))
        size = sum(cell_width(text) + 2 for text, _ in right)
        line = LineBuilder(max(0, width - size), look.style("text"))
        # In a narrow terminal, the title of the screen is more useful than where it belongs.
        name = "" if narrow else "launchpad "
        scope = "" if narrow else f" {app.scope_text} "
        room = line.width - cell_width(f" {glyphs.mark} {name}{scope}")
        tabs = self._tabs(open_titles[0], room) if with_tabs else []
        if name and tabs and not all(title for _, title, _, _ in tabs):
            # The titles of the screens are more useful than the name of the app.
            tabs = self._tabs(open_titles[0], room + cell_width(name))
            name = ""
        line.add(f" {glyphs.mark} {name}", look.style("title"))
        line.add(scope, look.style("dim"))
        self._spans = []
        for key, title, count, route in tabs:
            current = title == open_titles[0] or route == self._tab_of(open_titles[0])
            start = line.used
            line.add(f" {key}", look.style("key" if current else "dim"))
            line.add(f" {title}" if title else "", look.style("tab" if current else "dim"))
            line.add(f" {count}" if count else "", look.style("accent"))
            line.add(" ")
            self._spans.append((start, line.used, route))
        trail = [] if tabs else self._trail(line.width - line.used)
        for number, title in enumerate(trail):
            line.add(f"{glyphs.crumb} ", look.style("faint"))
            line.add(
                f"{title} ", look.style("strong" if number + 1 == len(trail) else "dim"), safe=True
            )
        line.fill_to(line.width)
        whole = LineBuilder(width, look.style("text"))
        for segment in line.strip():
            whole.add(segment.text, segment.style, safe=True)
        for text, role in right:
            whole.add(f" {text} ", look.style(role), safe=True)
        return whole.strip()

    @staticmethod
    def _tab_of(title: str) -> str:
        """Return the route of the tab with this title, empty if there is none."""
        return next((route for _, one, _, route in (*_TABS, *_OTHER_TABS) if one == title), "")

    def _tabs(self, current: str, room: int) -> list[tuple[str, str, str, str]]:
        """Return the tabs of the main screens in the longest form that fits into ``room`` cells.

        They have key, title, count and route. There are none if the current screen has no tab, or
        if not even the short form fits.
        """
        if not self._tab_of(current):
            return []
        overview, glyphs = self.launchpad.overview, self.look.glyphs
        full: list[tuple[str, str, str, str]] = []
        other = [tab for tab in _OTHER_TABS if tab[1] == current]
        for key, title, counted, route in (*_TABS, *other):
            count = overview.text(counted) if overview is not None and counted else ""
            if overview is not None and route == "executions" and overview.running:
                count = f"{glyphs.running}{overview.text('running')}"
            full.append((key, title, count, route))
        running = glyphs.running
        bare = [(key, title, n if running in n else "", route) for key, title, n, route in full]
        short = [
            (key, title if title == current else _SHORT.get(title, title), number, route)
            for key, title, number, route in bare
        ]
        main = _MAIN_TABS
        # The search over all connections is not a list: it is the first tab that is left out.
        lists = [tab for tab in full if tab[3] != "everywhere"]
        # Titles are left out from the last tab on, as far as needed.
        some = [
            [
                (key, title if place < named or title == current else "", number, route)
                for place, (key, title, number, route) in enumerate(short[:main])
            ]
            for named in range(main, -1, -1)
        ]
        for form in (full, lists, full[:main], bare[:main], *some):
            if current not in {title for _, title, _, _ in form} and form is not full:
                shown = next(tab for tab in full if tab[1] == current)
                form = [*form, shown]  # noqa: PLW2901  the current tab is always shown
            # Each tab has a space before and after its key, title and count.
            texts = [" ".join(filter(None, tab[:3])) for tab in form]
            if sum(len(text) + 2 for text in texts) <= room:
                return form
        return []

    def on_click(self, event: events.Click) -> None:
        """Open the clicked tab."""
        for start, stop, route in self._spans:
            if start <= event.x < stop:
                self.launchpad.open(route)

    def _trail(self, room: int) -> list[str]:
        """Return the titles of the open screens, shortened to ``room`` cells.

        If they do not fit, long ones are clipped. Titles in the middle are replaced by an ellipsis
        then, and at last the last one is clipped further.
        """
        ellipsis = self.look.glyphs.ellipsis
        trail = [clip(title, max(1, room), ellipsis) for title in self.launchpad.trail()]

        def size() -> int:
            return sum(cell_width(title) + 3 for title in trail)

        if size() > room:
            trail = [clip(title, _LONG_TITLE, ellipsis) for title in trail]
        while len(trail) > 2 and size() > room:
            if trail[1] != ellipsis:
                trail[1] = ellipsis
            elif len(trail) > 3:
                del trail[2]
            else:
                break
        if trail and size() > room:
            trail[-1] = clip(trail[-1], max(8, cell_width(trail[-1]) - size() + room), ellipsis)
        if len(trail) > 2 and size() > room:
            trail = [ellipsis, trail[-1]]
        if trail and size() > room:
            # The other titles are left out before that of the current screen is cut at the edge.
            trail = [clip(self.launchpad.trail()[-1], max(1, room - 3), ellipsis)]
        return trail


class StatusLine(Painted):
    """The message line above the footer. Messages disappear after some seconds, errors later.

    A message that is longer than the line takes several lines. Without a message, it shows the
    texts that are cut in the current row of a list.
    """

    DEFAULT_CSS = "StatusLine { height: 1; }"

    def repaint(self) -> None:
        """Paint the message, in as many lines as it needs."""
        high = max(1, len(self._message_lines(self.size.width)))
        if self.styles.height is None or self.styles.height.value != high:
            self.styles.height = high
        super().repaint()

    def _message_lines(self, width: int) -> list[str]:
        message, role = self.launchpad.message
        if not message or width < _MARGINS + 2:
            return []
        glyphs = self.look.glyphs
        glyph = {"bad": glyphs.error, "warn": glyphs.warning, "good": glyphs.done}.get(role, " ")
        lines = wrap(message, width - _MARGINS)
        if len(lines) > _MOST_LINES:
            last = clip(f"{lines[_MOST_LINES - 1]}{glyphs.ellipsis}", width - _MARGINS)
            lines[_MOST_LINES - 1 :] = [last]
        return [f" {' ' if place else glyph} {text}" for place, text in enumerate(lines)]

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line of the current message with the glyph of its role."""
        look = self.look
        line = LineBuilder(width, look.style("text"))
        lines = self._message_lines(width)
        if y < len(lines):
            line.add(lines[y], look.style(self.launchpad.message[1]), safe=True)
        elif not lines and (cut := self._cut_text()):
            text = clip(cut, max(1, width - _MARGINS), look.glyphs.ellipsis)
            line.add(f"   {text}", look.style("dim"), safe=True)
        return line.strip()

    def _cut_text(self) -> str:
        """Return the texts that are cut in the current row of the list of the screen."""
        cut_text = getattr(self.screen, "cut_text", None)
        return cut_text() if cut_text is not None else ""


class FooterLine(Painted):
    """The keys of the screen, disabled ones dimmed and last. Clicking a key performs its action."""

    DEFAULT_CSS = "FooterLine { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[int, int, str]] = []

    def shown(self) -> Sequence[tuple[Action, bool]]:
        """Return the actions in the footer, each with whether it is enabled; enabled ones first."""
        typing = self._typing
        # On the first screen there is nothing to go back to, but an input can be left.
        absent = "" if typing or len(self.launchpad.trail()) > 1 else "app.back"

        def rank(action: Action) -> int:
            return (action.typing if typing else 0) or action.footer

        found = [
            (action, not owner.disabled_reason(action))
            for action, owner in reachable_actions(self.screen)
            if rank(action) and self._key(action) and action.id != absent
        ]
        found.sort(key=lambda pair: (not pair[1], rank(pair[0])))
        # The way back, commands and help are always shown, in the same place: every other action
        # can be found through them.
        always = [pair for pair in found if pair[0].footer >= ALWAYS]
        others = [pair for pair in found if pair[0].footer < ALWAYS]
        return [*others[: FOOTER_LIMIT - len(always)], *always]

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        """Return as many keys with their titles as fit: ``enter open  a add``."""
        look = self.look
        line = LineBuilder(width, look.style("dim"))
        line.add(" ")
        self._spans = []
        shown = self.shown()
        reserved = sum(
            cell_width(f"{shown_key(self._key(a))} {a.title}  ")
            for a, _ in shown
            if a.footer >= ALWAYS
        )
        for action, enabled in shown:
            key = shown_key(self._key(action), ascii_only=look.glyphs.ascii)
            size = cell_width(key) + cell_width(action.title) + 1
            if not key or line.used + size > width - (reserved if action.footer < ALWAYS else 0):
                continue
            self._spans.append((line.used, line.used + size, action.id))
            line.add(key, look.style("key" if enabled else "disabled"))
            line.add(f" {action.title}", look.style("dim" if enabled else "disabled"))
            line.add("  ")
        return line.strip()

    @property
    def _typing(self) -> bool:
        """Whether an input has the focus."""
        focused = self.screen.focused
        return focused is not None and not isinstance(focused, Painted)

    def _key(self, action: Action) -> str:
        """Return the first key of an action.

        While an input has the focus, keys that type a character are skipped.
        """
        keymap = self.launchpad.keymap
        if not self._typing:
            return keymap.first(action)
        return next((key for key in keymap.keys(action) if len(key) > 1 and key != "space"), "")

    def on_click(self, event: events.Click) -> None:
        """Perform the action under the mouse."""
        for start, stop, action_id in self._spans:
            if start <= event.x < stop:
                self.launchpad.perform_anywhere(action_id)

"""A widget that shows Markdown, wrapped to its width, with a search."""

from __future__ import annotations

from typing import ClassVar

from textual import events

from launchpad_tui.domain.markdown import render_markdown
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.lines import Lines, Parts

#: the widest line that is comfortable to read
WIDEST = 100
_ROLES = {"heading": "title", "code": "accent", "link": "accent"}


class MarkdownView(Lines):
    """A scrollable Markdown text. `set_text` sets the text, `search` marks matches in it."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("markdown.next-match", "n", "next match", "Move to the next match", footer=3),
        Action("markdown.previous-match", "N", "previous match", "Move to the previous match"),
    )

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(empty=empty, id=id)
        self.needle = ""
        self._text = ""
        self._match = -1

    def set_text(self, text: str) -> None:
        """Show a Markdown text from its beginning."""
        self._text = text
        self.top = 0
        self._wrap()

    def search(self, text: str) -> None:
        """Mark all matches of a text, ignoring case, and go to the first one in view or below."""
        self.needle = text
        self._match = self.top - 1
        self.repaint()
        if text:
            self._step(1)
        # The keys that go to other matches may be enabled or disabled now.
        self.launchpad.repaint_footer()

    def parts(self, number: int) -> Parts:
        """Return a line with its matches marked, those in the current line differently."""
        parts: list[tuple[str, str]] = []
        mark = "current-match" if number == self._match else "match"
        for text, role in super().parts(number):
            parts += _marked(text, self.needle, role, mark)
        return parts

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the text to the new width."""
        self._wrap()
        super().on_resize(event)

    def why_not_next_match(self) -> str | None:
        """Return why there is no match to go to."""
        if not self.needle:
            return "Search for a text first"
        return None if self._matches() else "No line matches"

    why_not_previous_match = why_not_next_match

    def do_next_match(self) -> None:
        """Move to the next match."""
        self._step(1)

    def do_previous_match(self) -> None:
        """Move to the previous match."""
        self._step(-1)

    def _wrap(self) -> None:
        width = min(WIDEST, self.size.width - 2)
        if width > 0 and self._text:
            self.set_lines([[(" ", "text"), *line] for line in markdown_lines(self._text, width)])

    def _matches(self) -> list[int]:
        """Return the numbers of the lines that match."""
        needle = self.needle.casefold()
        return [
            number
            for number in range(self.line_count())
            if needle
            in "".join(text for text, _ in super(MarkdownView, self).parts(number)).casefold()
        ]

    def _step(self, by: int) -> None:
        """Move down (1) or up (-1) to the next line that matches."""
        matches = self._matches()
        later = [number for number in matches if (number - self._match) * by > 0]
        if not later:
            text = "No further match" if matches else "No line matches"
            self.launchpad.say(text, "warn")
            return
        self._match = later[0] if by > 0 else later[-1]
        self.repaint()
        self.launchpad.say(f"Match {matches.index(self._match) + 1} of {len(matches)}")
        if not self.top <= self._match < self.top + self.size.height:
            self.show_from(self._match - self.size.height // 3)


def _marked(text: str, needle: str, role: str, mark: str) -> list[tuple[str, str]]:
    """Return a text split into parts, where matches of the needle have the role ``mark``."""
    low, needle = text.casefold(), needle.casefold()
    if not needle or len(low) != len(text):
        # Case folding may change the length; then no match is marked.
        return [(text, role)]
    parts: list[tuple[str, str]] = []
    at = 0
    while (found := low.find(needle, at)) >= 0:
        parts += [(text[at:found], role), (text[found : found + len(needle)], mark)]
        at = found + len(needle)
    return [*parts, (text[at:], role)]


def markdown_lines(text: str, width: int) -> list[Parts]:
    """Return the lines of a Markdown text with the roles of the theme."""
    return [
        [(part, _ROLES.get(role, role)) for part, role in line]
        for line in render_markdown(text, width)
    ]

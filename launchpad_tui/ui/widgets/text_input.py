"""A line of text to edit."""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.reactive import reactive
from textual.strip import Strip
from textual.widgets import Input

from launchpad_tui.domain.text import editable_text

_UNDERLINE = Style(underline=True)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class TextInput(Input):
    """Textual's input, made safe and quiet.

    Its text may come from a file or a remote runtime, so every character that a terminal would
    interpret or hide is shown as a visible one. The cursor does not blink, so that an idle screen
    writes nothing.
    """

    DEFAULT_CSS = """
    TextInput { border: none; height: 1; padding: 0; background: $panel; }
    TextInput:focus { border: none; background-tint: transparent; }
    TextInput > .input--placeholder, TextInput > .input--suggestion { color: $lp-dim; }
    TextInput:ansi { background: $panel; color: $foreground; }
    TextInput:ansi > .input--cursor, TextInput:ansi > .input--selection {
        background: $panel; color: $foreground; text-style: reverse; }
    TextInput:ansi > .input--placeholder, TextInput:ansi > .input--suggestion {
        color: $foreground; text-style: dim; }
    """

    cursor_blink = reactive(False, init=False)

    def on_paste(self, event: events.Paste) -> None:
        """Replace a URL, such as one that is filled in, by a pasted URL."""
        pasted = event.text.strip()
        if _URL.match(pasted) and _URL.match(self.value) and len(pasted.split()) == 1:
            event.stop()
            event.prevent_default()
            self.value = pasted
            self.cursor_position = len(pasted)

    def render_line(self, y: int) -> Strip:
        """Return a line of the widget with safe characters, in the same width.

        Without a background of its own, the extent of the field is underlined.
        """
        strip = super().render_line(y)
        if self.app.current_theme.ansi:
            # Textual fills what is behind the text of an empty field later, without the style.
            strip = strip.adjust_cell_length(self.size.width, self.rich_style)
            strip = strip.apply_style(_UNDERLINE)
        segments = [Segment(editable_text(text), style) for text, style, _ in strip]
        if all(new.text == old.text for new, old in zip(segments, strip, strict=True)):
            return strip
        # Invisible characters have no width for Textual, but their substitutes have.
        return Strip(segments).adjust_cell_length(strip.cell_length, self.rich_style)

"""A line of text to edit."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widgets import Input


class TextInput(Input):
    """Textual's input with a cursor that does not blink, so that an idle screen writes nothing."""

    cursor_blink = reactive(False, init=False)

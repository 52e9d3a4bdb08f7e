"""The reason of a failure, above everything else on the screen of an execution."""

from __future__ import annotations

from textual import events
from textual.strip import Strip

from launchpad_tui.domain.execution import LogLine
from launchpad_tui.domain.text import clip, wrap
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted

#: the most lines of the notice; the log and the Status tab show the whole text
_LINES = 3


class FailureNotice(Painted):
    """The line of the log that names the reason of a failure. Without a failure it has no height.

    If the log contains no such line, this is the message of the runtime.
    """

    DEFAULT_CSS = "FailureNotice { height: 0; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._shown: list[str] = []

    def set_failure(self, line: LogLine | None, message: str) -> None:
        """Show the reason of a failure.

        Args:
            line: the line of the log that names the reason; None if there is none.
            message: the message of the runtime.
        """
        if line is None:
            self._text = f"Failed: {message}" if message else "Failed without a message"
        else:
            self._text = f"Failed at log line {line.number + 1:,}: {line.message.strip()}"
        self._wrap()

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap the text to the new width."""
        self._wrap()

    def _wrap(self) -> None:
        width = max(10, (self.size.width or self.app.size.width) - 2)
        lines = wrap(self._text, width) if self._text else []
        self._shown = lines[:_LINES]
        if lines[_LINES:]:
            self._shown[-1] = clip(self._shown[-1] + " " + lines[_LINES], width)
        self.styles.height = len(self._shown)
        self.repaint()

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line of the text."""
        line = LineBuilder(width, self.look.style("bad"))
        if y < len(self._shown):
            line.add(" " + self._shown[y], self.look.style("bad"), safe=True)
        return line.strip()

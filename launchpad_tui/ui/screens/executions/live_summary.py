"""The metrics of a running execution in a few lines, where there is no room for curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events

from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.preview_lines import SeriesLine, series_blocks
from launchpad_tui.ui.widgets.lines import Lines, Parts

#: the most metrics that are shown
MOST_SUMMARIZED = 2


class LiveSummary(Lines):
    """The most important metrics with last value, curve and best value, above the log."""

    can_focus = False
    DEFAULT_CSS = "LiveSummary { height: 0; }"
    ACTIONS: ClassVar[tuple[Action, ...]] = ()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._series: Sequence[SeriesLine] = ()

    def show(self, series: Sequence[SeriesLine]) -> None:
        """Show other values."""
        self._series = series
        self._fit()

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange the values for another width."""
        self._fit()

    def _fit(self) -> None:
        width = self.size.width or self.app.size.width
        lines: list[Parts] = []
        for block in series_blocks(self._series, width - 2, self.look):
            lines += [((" ", "text"), *parts) for parts in block]
        # An empty line separates them from the log.
        self.styles.height = len(lines) + bool(lines)
        self.set_lines(lines)

"""The preview of the row under the cursor, beside a list."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.preview_lines import (
    CURVES,
    SeriesLine,
    series_line,
    wrapped,
)
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.preview_pane import BuildLines, PreviewPane, pane_width
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from textual.timer import Timer

    from launchpad_tui.domain.metric import SeriesSummary

#: Seconds that the cursor rests on a row before its preview is loaded. A list that scrolls moves
#: the lines of the preview on the terminal, too, so that all of them have to be transmitted again:
#: it is then loaded once the keys pause, and not between two keys.
REST, REST_AFTER_SCROLLING = 0.12, 0.4
#: the preference that stores whether previews are shown
PREFERENCE = "preview"


class RowPreview(NamedTuple):
    """What a preview shows: its title, and a function that returns its lines."""

    title: str
    build: BuildLines


async def read_series(
    screen: LaunchpadScreen, series: Sequence[SeriesSummary]
) -> tuple[SeriesLine, ...]:
    """Return the lines of metrics with their curves; the first `CURVES` series have one."""
    preview = screen.launchpad.preview
    directions = await preview(screen.desk.boards.directions)
    lines = []
    for number, one in enumerate(series):
        curve: tuple[float, ...] = ()
        if number < CURVES:
            curve = await preview(screen.desk.metrics.curve, one.id)
        lines.append(series_line(one, directions, curve))
    return tuple(lines)


class PreviewScreenMixin(LaunchpadScreen):
    """A screen with a list and a preview of the row under its cursor.

    Subclasses yield their table within `list_and_preview` and implement `preview_of`. The preview
    is loaded once the cursor has rested for a moment; one that arrives when the cursor is on
    another row is dropped.
    """

    DEFAULT_CSS = """
    PreviewScreenMixin #list-area { height: 1fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "list.preview",
            "P",
            "preview",
            "Show or hide the preview of the row under the cursor",
            "List",
            45,
        ),
        Action(
            "list.preview-down",
            "ctrl+d",
            "preview down",
            "Scroll the preview down",
            "List",
            hidden=True,
        ),
        Action(
            "list.preview-up", "ctrl+u", "preview up", "Scroll the preview up", "List", hidden=True
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self._preview_wanted = True
        self._preview_known = False
        self._resting: Timer | None = None
        self._resting_on = ""

    # For subclasses -------------------------------------------------------------------------------

    @abstractmethod
    async def preview_of(self, row: Any) -> RowPreview:
        """Return the preview of a row. It is called on the UI's thread and reads on lanes."""

    def list_and_preview(self, table: VirtualTable[Any]) -> ComposeResult:
        """Yield the table with the preview beside it."""
        width = pane_width(self.app.size.width)
        pane = PreviewPane(id="preview")
        pane.styles.width = width or 1
        pane.display = bool(width)
        table.scrolled_by_cursor = pane.blank
        with Horizontal(id="list-area"):
            yield table
            yield pane

    # Internals ------------------------------------------------------------------------------------

    @property
    def list_area(self) -> Horizontal:
        """The container of list and preview, for input lines above it."""
        return self.query_one("#list-area", Horizontal)

    @property
    def pane(self) -> PreviewPane:
        """The preview."""
        return self.query_one("#preview", PreviewPane)

    @property
    def _table(self) -> VirtualTable[Any]:
        return self.query_one("#list", VirtualTable)

    async def prepare_preview(self) -> None:
        """Read whether previews are shown; to be called in `load`."""
        if not self._preview_known:
            shown = await self.read(self.desk.preferences.get, PREFERENCE, True)
            self._preview_wanted, self._preview_known = shown is not False, True
        self._place_pane()
        self.schedule_preview()

    def _place_pane(self) -> None:
        """Show or hide the pane according to the width of the screen and the preference."""
        width = pane_width(self.app.size.width)
        pane = self.pane
        # Beside a list without rows, the pane would be an empty frame.
        visible = bool(width) and self._preview_wanted and self._table.cache.count != 0
        if visible:
            pane.styles.width = width
        if pane.display != visible:
            pane.display = visible
            self.schedule_preview()

    def on_resize(self, _event: events.Resize) -> None:
        """Give the pane its share of the new width, or hide it."""
        if self.query("#preview"):
            self._place_pane()

    def on_virtual_table_cursor_moved(self) -> None:
        """Load the preview of the row once the cursor rests, and update the footer."""
        super().on_virtual_table_cursor_moved()
        self.schedule_preview()

    def cut_text(self) -> str:
        """Return the texts that are cut in the current row, unless the preview shows them."""
        return "" if self.pane.display else super().cut_text()

    def on_virtual_table_counted(self) -> None:
        """Hide the pane beside a list that has become empty, or show it again."""
        self._place_pane()

    def schedule_preview(self) -> None:
        """Load the preview once the cursor has rested for a moment."""
        row_id = self._table.row_id
        if self._resting is not None:
            if row_id == self._resting_on:
                # Changes that arrive all the time must not postpone the preview for ever.
                return
            self._resting.stop()
            self._resting = None
        if self.pane.display:
            self._resting_on = row_id
            rest = REST_AFTER_SCROLLING if self.pane.blanked else REST
            self._resting = self.set_timer(rest, self._load_preview)

    def _load_preview(self) -> None:
        self._resting = None
        row = self._table.row
        if not (self.is_current and self.launchpad.desk_is_open):
            return
        if row is not None:
            self.run_task(self._show_preview(self._table, row), "preview")
        elif self._table.cache.count:
            # The row has not been read yet.
            self.schedule_preview()

    async def _show_preview(self, table: VirtualTable[Any], row: Any) -> None:
        key = table.key_of(row)
        try:
            preview = await self.preview_of(row)
        except NotFound:
            # The object was deleted meanwhile; the list is read again soon.
            return
        except LaunchpadError as error:
            text = str(error)
            preview = RowPreview(error.title, lambda width, _height: wrapped(text, width, "warn"))
        if table.row_id == key:
            self.pane.show(key, preview.title, preview.build)

    def on_screen_resume(self) -> None:
        """Load the preview again: its object may have changed while another screen was shown."""
        super().on_screen_resume()
        if self._preview_known:
            self.schedule_preview()

    def why_not_preview(self) -> str | None:
        """Return why no preview can be shown."""
        if pane_width(self.app.size.width):
            return None
        return "Previews require a terminal of at least 110 columns"

    def why_not_preview_down(self) -> str | None:
        """Return why the preview cannot be scrolled."""
        pane = self.pane
        if not pane.display:
            return self.why_not_preview() or "No preview is shown"
        return "The whole preview is in view" if pane.fits else None

    why_not_preview_up = why_not_preview_down

    def do_preview_down(self) -> None:
        """Scroll the preview down."""
        self.pane.scroll_by_half(1)

    def do_preview_up(self) -> None:
        """Scroll the preview up."""
        self.pane.scroll_by_half(-1)

    async def do_preview(self) -> None:
        """Show or hide the preview, and remember that."""
        self._preview_wanted = not self._preview_wanted
        self._place_pane()
        await self.read(self.desk.preferences.set, PREFERENCE, self._preview_wanted)

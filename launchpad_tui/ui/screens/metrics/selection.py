"""The base of the screens of metrics: the selected models or executions and their colors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from launchpad_tui.charts.catalog import KINDS
from launchpad_tui.charts.curve import CurveView, range_with_room
from launchpad_tui.charts.model import ChartData, Drawing
from launchpad_tui.domain.board import Against, ChartDefinition, Selected
from launchpad_tui.domain.comparison import ComparedItem, Row
from launchpad_tui.domain.execution import FINAL
from launchpad_tui.errors import Conflict
from launchpad_tui.services.boards import write_text
from launchpad_tui.services.charting import labels_of
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.legend import LegendEntry

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

#: minimum number of seconds between two drawings while executions run
LIVE_SECONDS = 0.5
#: what the kinds of x axes show
X_AXES = {"step": "steps", "relative": "time since the start", "time": "wall time"}
#: Points to request for a curve, at least, whatever the width of the chart.
_LEAST_POINTS = 64
#: Points to request for all curves of a chart together, and for each of many curves at least. More
#: points of many noisy curves only fill the chart: they hide each other, but are transmitted.
_MOST_TOGETHER, _LEAST_OF_MANY = 1600, 128
#: maximum number of curves that are drawn with markers; those of more curves would overlap
_MAX_MARKED = 24
#: maximum number of IDs of a resource group's most recent selection that are remembered
_MAX_REMEMBERED = 500


class SelectionScreen(LaunchpadScreen):
    """A screen that shows a selection of models or executions.

    Args:
        item_ids: IDs of artifacts or executions, or both; if empty, the most recent selection.
    """

    TOPICS = frozenset({"artifacts", "executions", "metrics"})
    #: whether the selection is remembered for screens that are opened without IDs
    REMEMBER: ClassVar[bool] = True

    def __init__(self, item_ids: Sequence[str] = ()) -> None:
        super().__init__()
        self.selected = Selected(tuple(dict.fromkeys(item_ids)))
        self.subjects: tuple[ComparedItem, ...] = ()
        self.directions: dict[str, str] = {}
        #: the least width of the labels of y axes in cells
        self.label_width = 0
        self._drawn_at = 0.0
        self._draw_scheduled = False

    # Drawing --------------------------------------------------------------------------------------

    async def draw(self) -> None:
        """Draw the visible charts; subclasses override this."""

    def draw_soon(self) -> None:
        """Draw at once, or after `LIVE_SECONDS` since the last drawing while executions run."""
        if self._draw_scheduled:
            return
        wait = self._drawn_at + LIVE_SECONDS - time.monotonic() if self.live else 0.0
        if wait > 0:
            self._draw_scheduled = True
            self.set_timer(wait, self.draw_now)
        else:
            self.draw_now()

    def draw_now(self) -> None:
        """Draw at once."""
        self._draw_scheduled = False
        self._drawn_at = time.monotonic()
        self.run_task(self.draw(), "draw")

    # Files ----------------------------------------------------------------------------------------

    async def write_file(self, path: Path, text: str) -> None:
        """Write a text file, after a confirmation if it exists, and show a message."""
        from launchpad_tui.ui.widgets.dialogs import ConfirmDialog

        try:
            await self.launchpad.files(write_text, path, text)
        except Conflict as error:
            if not await self.launchpad.ask(
                ConfirmDialog(error.title, "The file is replaced.", yes="replace")
            ):
                return
            await self.launchpad.files(write_text, path, text, overwrite=True)
        self.launchpad.say(f"Exported to {path}", "good", 8)

    # The selection --------------------------------------------------------------------------------

    @property
    def drawn(self) -> list[ComparedItem]:
        """The selected items that are not hidden."""
        ids = set(self.selected.drawn)
        return [subject for subject in self.subjects if subject.id in ids]

    @property
    def live(self) -> bool:
        """Whether an execution of the selection is still running."""
        return any(_is_live(subject) for subject in self.subjects)

    async def load_subjects(self, *, files: bool = False) -> None:
        """Read the selected items, their colors, and the directions of metrics.

        Args:
            files: whether the files of the items are read, too.
        """
        desk, scope = self.desk, self.scope
        key = f"selection/{scope.connection}/{scope.resource_group}"
        if not self.selected.ids:
            remembered = await self.read(desk.preferences.get, key, [])
            ids = tuple(map(str, remembered)) if isinstance(remembered, list) else ()
            self.selected = Selected(ids)
        subjects, deleted = await self.read(
            desk.compare.subjects, scope, self.selected.ids, files=files
        )
        if deleted:
            left = tuple(item_id for item_id in self.selected.ids if item_id not in deleted)
            self.selected = Selected(left, self.selected.hidden, self.selected.solo)
            items = "item was" if len(deleted) == 1 else "items were"
            self.launchpad.say(f"{len(deleted)} selected {items} deleted", "warn")
        sources = [one.execution.id for one in subjects if one.execution is not None]
        self.run_task(self.launchpad.sync_status.read_metrics(sources), "metrics")
        slots = await self.read(desk.boards.slots, self.selected.ids)
        self.directions = await self.read(desk.boards.directions)
        self.subjects = subjects
        self.selected = Selected(self.selected.ids, self.selected.hidden, self.selected.solo, slots)
        remembered = await self.read(desk.preferences.get, key, [])
        newest = list(self.selected.ids[:_MAX_REMEMBERED])
        if self.REMEMBER and newest and remembered != newest:
            await self.read(desk.preferences.set, key, newest)

    def legend_entries(self) -> list[LegendEntry]:
        """Return the selection as entries of a legend."""
        drawn = set(self.selected.drawn)
        return [
            LegendEntry(
                one.id,
                label,
                self.selected.slots.get(one.id, 0),
                one.id in drawn,
                _is_live(one),
            )
            for one, label in zip(self.subjects, labels_of(self.subjects), strict=True)
        ]

    def change_selection(self, what: str, item_id: str) -> None:
        """Apply a change of a `Legend` to the selection.

        Args:
            what: ``toggle`` (show or hide), ``solo`` (show only this item, or all again),
                ``remove``, ``forward`` or ``back`` (change the order).
            item_id: the ID of the item.
        """
        now = self.selected
        ids, hidden, solo = list(now.ids), set(now.hidden), now.solo
        if what == "toggle":
            hidden ^= {item_id}
            solo = ""
        elif what == "solo":
            solo = "" if solo == item_id else item_id
        elif what == "remove":
            ids.remove(item_id)
        else:
            place = ids.index(item_id)
            other = place + (1 if what == "forward" else -1)
            if 0 <= other < len(ids):
                ids[place], ids[other] = ids[other], ids[place]
        self.selected = Selected(tuple(ids), frozenset(hidden), solo, now.slots)
        subjects = {subject.id: subject for subject in self.subjects}
        self.subjects = tuple(subjects[item_id] for item_id in ids if item_id in subjects)

    def open_subject(self, item_id: str) -> None:
        """Open the details of a selected model or execution."""
        subject = next((each for each in self.subjects if each.id == item_id), None)
        if subject is not None:
            route = "artifact" if subject.artifact is not None else "execution"
            self.launchpad.open(route, item_id=item_id)

    async def chart_data(self, chart: ChartDefinition, view: CurveView, width: int) -> ChartData:
        """Read the data of a chart that is ``width`` cells wide."""
        return await self.read(
            read_chart, self.desk, self.drawn, chart, self.selected, self.directions, view, width
        )

    async def drawing(
        self,
        chart: ChartDefinition,
        data: ChartData,
        view: CurveView,
        width: int,
        height: int,
        title: str = "",
    ) -> Drawing | None:
        """Draw a chart.

        Args:
            chart: the definition.
            data: the data to draw.
            view: zoom, axes and cursor.
            width: the width of the drawing in cells.
            height: the height of the drawing in cells.
            title: the title above the chart; empty for none.

        Returns:
            The drawing; None if the kind of the chart cannot show these data.
        """
        kind = KINDS.get(chart.kind)
        if kind is None or kind.why_not(data):
            return None
        if self.live and view.x_range is None and data.series:
            view = replace(view, x_range=range_with_room(data, width))
        spec = view.spec(width, height, title, ascii_only=self.launchpad.look.glyphs.ascii)
        spec = replace(
            spec,
            room=self.live,
            label_width=self.label_width,
            colorless=self.launchpad.look.palette.plain,
        )
        if len(data.series) > _MAX_MARKED:
            spec = replace(spec, markers=False)
        return await self.launchpad.chart(kind.draw, spec, data)


def _is_live(subject: ComparedItem) -> bool:
    """Return whether the execution of an item is still running."""
    return subject.execution is not None and subject.execution.status not in FINAL


def read_chart(
    desk: Desk,
    subjects: Sequence[ComparedItem],
    chart: ChartDefinition,
    selected: Selected,
    directions: dict[str, str],
    view: CurveView,
    width: int,
) -> ChartData:
    """Return the data of a chart in its visible range.

    For each curve, about two points per cell are requested, and fewer if there are many curves.
    """
    curves = max(1, len(subjects) * len(chart.metrics))
    points = min(
        max(_LEAST_POINTS, width * 2),
        max(_LEAST_OF_MANY, _MOST_TOGETHER // curves),
    )
    return desk.charts.data(subjects, chart, selected.slots, directions, points, view.x_range)


def chart_of(row: Row | None, subjects: Sequence[ComparedItem]) -> ChartDefinition | None:
    """Return the chart of a row of a comparison.

    Args:
        row: the row; None for a heading.
        subjects: the compared items.

    Returns:
        Curves over steps, or bars if no series has more than one point; None if the row is not a
        metric.
    """
    if row is None or not row.numeric:
        return None
    longest = max(
        (one.count for each in subjects for one in each.series if one.key == row.name), default=0
    )
    if longest < 2:
        return ChartDefinition((row.name,), against=Against.SOURCE, kind="bar")
    return ChartDefinition((row.name,))


def why_empty(chart: ChartDefinition, data: ChartData) -> str:
    """Return why a chart shows nothing; empty if it can be drawn."""
    kind = KINDS.get(chart.kind)
    return kind.why_not(data) if kind is not None else f"Unknown kind of chart {chart.kind!r}"


def view_of(chart: ChartDefinition) -> CurveView:
    """Return the initial view of a chart: its axes and smoothing, without zoom."""
    over = str(chart.against) if chart.against.over else "step"
    return CurveView(x_kind=over, y_log=chart.y_log, smoothing=chart.smoothing)

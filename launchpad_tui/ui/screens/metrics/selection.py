"""What the screens of metrics share: the selected models or executions and their colors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from launchpad_tui.charts.catalog import KINDS
from launchpad_tui.charts.curve import CurveView
from launchpad_tui.charts.model import ChartData, Drawing
from launchpad_tui.charts.scale import roomy
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

#: seconds between two drawings while executions run
LIVE_SECONDS = 0.5
#: more curves than these hide each other's markers
_MARKED = 24
#: what is remembered of a resource group's last selection
_LAST = 500


class SelectionScreen(LaunchpadScreen):
    """A screen over a selection of models or executions; with no IDs it uses the most recent selection.

    Args:
        item_ids: IDs of artifacts or executions, or both.
    """

    TOPICS = frozenset({"artifacts", "executions", "metrics"})
    #: whether it is looked at again when no IDs are given
    REMEMBER: ClassVar[bool] = True

    def __init__(self, item_ids: Sequence[str] = ()) -> None:
        super().__init__()
        self.selected = Selected(tuple(dict.fromkeys(item_ids)))
        self.subjects: tuple[ComparedItem, ...] = ()
        self.directions: dict[str, str] = {}
        self._drawn_at = 0.0
        self._draw_comes = False

    # Drawing --------------------------------------------------------------------------------------

    async def draw(self) -> None:
        """Draw what is in view; subclasses do it."""

    def draw_soon(self) -> None:
        """Draw now, or while executions run half a second after the last time."""
        if self._draw_comes:
            return
        wait = self._drawn_at + LIVE_SECONDS - time.monotonic() if self.live else 0.0
        if wait > 0:
            self._draw_comes = True
            self.set_timer(wait, self.draw_now)
        else:
            self.draw_now()

    def draw_now(self) -> None:
        """Draw at once."""
        self._draw_comes = False
        self._drawn_at = time.monotonic()
        self.run_task(self.draw(), "draw")

    # Files ----------------------------------------------------------------------------------------

    async def write_file(self, path: Path, text: str) -> None:
        """Write a text file of the user's, after a question where it is there already, and say so."""
        from launchpad_tui.ui.widgets.dialogs import ConfirmDialog

        try:
            await self.launchpad.files(write_text, path, text)
        except Conflict as error:
            if not await self.launchpad.ask(
                ConfirmDialog(error.title, "It is replaced.", yes="replace")
            ):
                return
            await self.launchpad.files(write_text, path, text, overwrite=True)
        self.launchpad.say(f"Written to {path}", "good", 8)

    # The selection --------------------------------------------------------------------------------

    @property
    def drawn(self) -> list[ComparedItem]:
        """The subjects that are drawn."""
        wanted = set(self.selected.drawn)
        return [one for one in self.subjects if one.id in wanted]

    @property
    def live(self) -> bool:
        """Whether an execution among them still runs."""
        return any(
            one.execution is not None and one.execution.status not in FINAL for one in self.subjects
        )

    async def load_subjects(self, *, files: bool = False) -> None:
        """Read them, their colours, and what the user said about metrics."""
        desk, scope = self.desk, self.scope
        key = f"selection/{scope.connection}/{scope.resource_group}"
        if not self.selected.ids:
            kept = await self.read(desk.preferences.get, key, [])
            ids = tuple(str(one) for one in kept) if isinstance(kept, list) else ()
            self.selected = Selected(ids)
        subjects, gone = await self.read(
            desk.compare.subjects, scope, self.selected.ids, files=files
        )
        if gone:
            left = tuple(one for one in self.selected.ids if one not in gone)
            self.selected = Selected(left, self.selected.hidden, self.selected.solo)
            noun = "is" if len(gone) == 1 else "are"
            self.launchpad.say(f"{len(gone)} of the selection {noun} deleted", "warn")
        sources = [one.execution.id for one in subjects if one.execution is not None]
        self.run_task(self.launchpad.sync_status.read_metrics(sources), "metrics")
        slots = await self.read(desk.boards.slots, self.selected.ids)
        self.directions = await self.read(desk.boards.directions)
        self.subjects = subjects
        self.selected = Selected(self.selected.ids, self.selected.hidden, self.selected.solo, slots)
        kept = await self.read(desk.preferences.get, key, [])
        if self.REMEMBER and self.selected.ids and kept != list(self.selected.ids[:_LAST]):
            await self.read(desk.preferences.set, key, list(self.selected.ids[:_LAST]))

    def legend_entries(self) -> list[LegendEntry]:
        """The selection as a legend lists it."""
        drawn = set(self.selected.drawn)
        return [
            LegendEntry(
                one.id,
                label,
                self.selected.slots.get(one.id, 0),
                one.id in drawn,
                one.execution is not None and one.execution.status not in FINAL,
            )
            for one, label in zip(self.subjects, labels_of(self.subjects), strict=True)
        ]

    def change_selection(self, what: str, item_id: str) -> None:
        """Handle a message of a `Legend`."""
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
        order = {one: place for place, one in enumerate(ids)}
        self.subjects = tuple(
            sorted((s for s in self.subjects if s.id in order), key=lambda s: order[s.id])
        )

    def open_subject(self, item_id: str) -> None:
        """Open the details of one of the selection."""
        one = next((each for each in self.subjects if each.id == item_id), None)
        if one is not None:
            self.launchpad.open(
                "artifact" if one.artifact is not None else "execution", item_id=item_id
            )

    async def chart_data(self, chart: ChartDefinition, view: CurveView, width: int) -> ChartData:
        """Read what a chart of so many cells shows."""
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
        """Draw it; None where these data cannot be drawn as its kind."""
        kind = KINDS.get(chart.kind)
        if kind is None or kind.why_not(data):
            return None
        if self.live and view.x_range is None and data.series:
            view = replace(view, x_range=_room(data))
        spec = view.spec(width, height, title, ascii_only=self.launchpad.look.glyphs.ascii)
        if len(data.series) > _MARKED:
            spec = replace(spec, markers=False)
        return await self.launchpad.chart(kind.draw, spec, data)


def _room(data: ChartData) -> tuple[float, float] | None:
    """The range of growing curves: while points come its end stays, so that the picture does not jump."""
    ends = [float(at) for one in data.series if len(one.x) for at in (one.x[0], one.x[-1])]
    return roomy(min(ends), max(ends)) if ends else None


def read_chart(
    desk: Desk,
    subjects: Sequence[ComparedItem],
    chart: ChartDefinition,
    selected: Selected,
    directions: dict[str, str],
    view: CurveView,
    width: int,
) -> ChartData:
    """What a chart shows, with two points for each cell of its width and more where only a part is in view."""
    return desk.charts.data(
        subjects, chart, selected.slots, directions, max(64, width * 2), view.x_range
    )


def chart_of(row: Row | None, subjects: Sequence[ComparedItem]) -> ChartDefinition | None:
    """The chart of a comparison's row: curves, or bars where nothing has more than one point; None where it is no
    metric."""
    if row is None or not row.numeric:
        return None
    longest = max(
        (one.count for each in subjects for one in each.series if one.key == row.name), default=0
    )
    if longest < 2:
        return ChartDefinition((row.name,), against=Against.SOURCE, kind="bar")
    return ChartDefinition((row.name,))


def why_empty(chart: ChartDefinition, data: ChartData) -> str:
    """Why a chart shows nothing."""
    kind = KINDS.get(chart.kind)
    return kind.why_not(data) if kind is not None else f"Unknown kind of chart {chart.kind!r}"


def view_of(chart: ChartDefinition) -> CurveView:
    """How a chart is first shown."""
    over = str(chart.against) if chart.against.over else "step"
    return CurveView(x_kind=over, y_log=chart.y_log, smoothing=chart.smoothing)

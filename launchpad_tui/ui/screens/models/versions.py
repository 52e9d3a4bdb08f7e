"""The versions of a model: a chart of a metric over them, and their list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.charts.catalog import KINDS
from launchpad_tui.charts.legend import with_legend
from launchpad_tui.charts.model import ChartSpec, Drawing
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.metric import guess_direction, series_title
from launchpad_tui.domain.query import (
    ArtifactRow,
    Condition,
    MetricColumn,
    Op,
    Order,
    Query,
    Statistic,
    Subject,
)
from launchpad_tui.services.version_chart import X_KIND, version_data
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.columns import age_column, metric_column, text_column
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable

#: the largest number of newest versions that are charted
MOST = 2000
#: the number of lines of the legend below the chart, at most
_LEGEND = 6


class VersionsScreen(LaunchpadScreen):
    """The versions of the name of a model in its scenario, newest first.

    Args:
        item_id: the ID of one of them.
    """

    TOPICS = frozenset({"artifacts", "metrics"})
    DEFAULT_CSS = """
    VersionsScreen #chart { height: 3fr; }
    VersionsScreen #list { height: 2fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("versions.metric", "o", "metric", "Select the metric of the chart", footer=2),
        Action("versions.promote", "U", "promote", "Point an alias at the version", footer=3),
        Action("versions.compare", "c", "compare", "Compare the selected versions", footer=4),
        Action(
            "versions.metrics",
            "m",
            "metrics",
            "Chart the metrics of the selected versions",
            footer=5,
        ),
    )

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._model: Artifact | None = None
        self._column: MetricColumn | None = None
        self._rows: Sequence[ArtifactRow] = ()
        self._direction: str | None = None

    def title_text(self) -> str:
        """Return the name of the models."""
        return f"Versions of {self._model.name}" if self._model else "Versions"

    def body(self) -> ComposeResult:
        """Yield the chart and the list."""
        yield ChartView(id="chart")
        yield VirtualTable(
            self._columns(), lambda row: row.artifact.id, title="Versions", id="list"
        )

    @property
    def table(self) -> VirtualTable[ArtifactRow]:
        """The list of versions."""
        return self.query_one("#list", VirtualTable)

    def _columns(self) -> Sequence[Column[ArtifactRow]]:
        column = self._column
        look = self.launchpad.look
        return (
            Column[ArtifactRow](
                "version", "Version", lambda row: row.artifact.version_text, 12, 30, 1, priority=0
            ),
            # The order is that of the versions.
            *(
                (replace(metric_column(column, {}, look=look, priority=1), sort=None),)
                if column
                else ()
            ),
            age_column(lambda row: row.artifact.created_at, priority=2),
            text_column(
                "configuration",
                "Configuration",
                lambda row: row.configuration_name,
                (16, 44),
                3,
                priority=3,
                names=True,
            ),
            text_column(
                "url", "URL", lambda row: row.artifact.url, (16, 60), 2, priority=4, names=True
            ),
            text_column("id", "ID", lambda row: row.artifact.id, (36, 36), priority=5),
        )

    async def load(self) -> None:
        """Read the versions, their metric, and draw the chart."""
        artifacts, scope = self.desk.artifacts, self.scope
        self._model = model = await self.read(artifacts.get, scope, self.item_id)
        if self._column is None:
            self._column = await self._usual_metric()
        query = Query(
            conditions=(
                Condition(Subject.ATTRIBUTE, "name", Op.EQUALS, model.name),
                Condition(Subject.ATTRIBUTE, "scenario_id", Op.EQUALS, model.scenario_id),
            ),
            order=Order("version", True),
            metrics=(self._column,) if self._column else (),
        )
        table = self.table
        table.title = self.title_text()
        table.set_columns(self._columns())
        listing = await self.launchpad.read_list(
            artifacts.listing, scope, ArtifactKind.MODEL, query
        )
        self._rows = await self.launchpad.read_list(listing.slice, 0, MOST)
        table.set_source(listing)
        await self._draw()
        self.repaint_frame()

    async def _usual_metric(self) -> MetricColumn | None:
        """Return the main metric of the newest version that has one, in its best value."""
        artifacts, scope, model = self.desk.artifacts, self.scope, self._model
        ids = [model.execution_id] if model and model.execution_id else []
        keys = await self.read(artifacts.metrics_of, scope, ids, 1) if ids else []
        if not keys:
            keys = await self.read(artifacts.common_metrics, scope, 1)
        return MetricColumn(keys[0], Statistic.BEST) if keys else None

    async def _draw(self) -> None:
        view = self.query_one(ChartView)
        # A single version has nothing to be charted over.
        view.display = len(self._rows) > 1
        column = self._column
        if column is None:
            view.set_drawing(None, "No metrics yet")
            return
        known = await self.read(self.desk.boards.directions)
        direction = known.get(column.key) or guess_direction(column.key)
        rows, (width, height), look = self._rows, view.size, self.launchpad.look
        ascii_only = look.glyphs.ascii
        title = f"{series_title(column.key)}, {column.statistic} value of each version"

        def drawn() -> Drawing | None:
            data = version_data(rows, column, direction)
            if not data.series:
                return None
            lines = min(len(data.series), _LEGEND)
            spec = ChartSpec(
                width,
                max(3, height - lines),
                title,
                X_KIND,
                ascii=ascii_only,
                colorless=look.palette.plain,
                room=True,
            )
            drawing = KINDS["line"].draw(spec, data)
            shown = replace(data, series=data.series[:lines])
            return with_legend(drawing, shown, "line", width, ascii_only=ascii_only)

        drawing = await self.launchpad.chart(drawn) if width else None
        view.set_drawing(drawing, f"No version has a value of {column.key}")

    @on(ChartView.DrawingRequested)
    def drawing_requested(self) -> None:
        """Draw again for another size."""
        if self._model is not None:
            self.run_task(self._draw(), "draw")

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the page of the version."""
        self.launchpad.open("artifact", item_id=event.row.artifact.id)

    async def do_metric(self) -> None:
        """Ask for the metric and the statistic of the chart."""
        keys = await self.read(self.desk.artifacts.metric_keys, self.scope)
        choices = [
            Choice(f"{key}\x1f{one}", key, f"{one} value")
            for key in keys
            for one in (Statistic.LATEST, Statistic.BEST, Statistic.MINIMUM, Statistic.MAXIMUM)
        ]
        chosen = await self.launchpad.ask(
            ChooseDialog("Metric", choices, empty="No execution has metrics yet")
        )
        if chosen:
            key, _, statistic = chosen[0].partition("\x1f")
            self._column = MetricColumn(key, Statistic(statistic))
            self.reload()

    def why_not_promote(self) -> str | None:
        """Return why there is no version to act on."""
        return None if self.table.row is not None else NO_ROW

    why_not_compare = why_not_metrics = why_not_promote

    async def do_promote(self) -> None:
        """Ask for an alias and point it at the version under the cursor."""
        from launchpad_tui.ui.screens.common.promotion import promote_model

        await promote_model(self, self.table.row_id)

    def do_compare(self) -> None:
        """Compare the selected versions."""
        self.launchpad.open("compare", item_ids=self.table.target_ids)

    def do_metrics(self) -> None:
        """Chart the metrics of the selected versions."""
        self.launchpad.open("metrics", item_ids=self.table.target_ids)

"""A chart in full screen: read values along the curves, zoom, pan, smooth, change the axes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

from launchpad_tui.charts.curve import CurveView, best_text, cursor_text, readout
from launchpad_tui.charts.legend import with_legend
from launchpad_tui.charts.model import ChartData, Drawing, Plot
from launchpad_tui.domain.board import Against, Board, ChartDefinition, Selected
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.chart_file import chart_text, export_dialog
from launchpad_tui.ui.screens.metrics.selection import X_AXES, SelectionScreen, view_of, why_empty
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.legend import Legend, LegendEntry

#: widths of a terminal in cells from which the values are shown, and from which in a wide column
VALUES_FROM, WIDE_FROM = 60, 110


class ChartScreen(SelectionScreen):
    """A chart of a board, full screen.

    Args:
        item_ids: IDs of artifacts or executions.
        charts: the charts of the board, which the user can switch between.
        index: the position of the chart that is shown first.
        selected: the selection with its hidden items and colors; None for all of ``item_ids``.
        changed: called with all charts when the user changed the axes or the smoothing of one, so
            that the board shows them alike, also when the chart is opened again.
    """

    DEFAULT_CSS = "ChartScreen .narrow { max-width: 26; }"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "chart.right",
            "right l",
            "cursor right",
            "Move the cursor right along the curves",
            "Reading",
            1,
        ),
        Action(
            "chart.left",
            "left h",
            "cursor left",
            "Move the cursor left along the curves",
            "Reading",
        ),
        Action(
            "chart.far-right",
            "shift+right",
            "far right",
            "Move the cursor ten cells to the right",
            "Reading",
        ),
        Action(
            "chart.far-left",
            "shift+left",
            "far left",
            "Move the cursor ten cells to the left",
            "Reading",
        ),
        Action(
            "chart.zoom-in", "+ =", "zoom in", "Zoom in on the x axis around the cursor", "Zoom", 2
        ),
        Action("chart.zoom-out", "-", "zoom out", "Zoom out on the x axis", "Zoom", 3),
        Action("chart.pan-right", "> .", "pan right", "Pan the view to the right", "Zoom"),
        Action("chart.pan-left", "< ,", "pan left", "Pan the view to the left", "Zoom"),
        Action("chart.up", "up k", "pan up", "Pan the view up", "Zoom"),
        Action("chart.down", "down j", "pan down", "Pan the view down", "Zoom"),
        Action("chart.zoom-y-in", "]", "zoom y in", "Zoom in on the y axis", "Zoom"),
        Action("chart.zoom-y-out", "[", "zoom y out", "Zoom out on the y axis", "Zoom"),
        Action("chart.reset", "z", "reset", "Reset the zoom and the cursor", "Zoom", 4),
        Action("chart.smooth", "s", "smooth", "Switch to the next level of smoothing", "Curve", 5),
        Action(
            "chart.axis",
            "T",
            "x axis",
            "Switch the x axis between steps, relative and wall time",
            "Curve",
            6,
        ),
        Action(
            "chart.log",
            "|",
            "log scale",
            "Switch the y axis between linear and logarithmic",
            "Curve",
            7,
        ),
        Action(
            "chart.outliers",
            "!",
            "outliers",
            "Include outliers in the y range or exclude them",
            "Curve",
            8,
        ),
        Action(
            "chart.next-chart", "n", "next chart", "Show the next chart of the board", "Board", 9
        ),
        Action(
            "chart.previous-chart",
            "N",
            "previous chart",
            "Show the previous chart of the board",
            "Board",
        ),
        Action(
            "chart.export",
            "w",
            "export",
            "Export the chart to a file (.svg, .txt, .ansi or .csv)",
            "Board",
            10,
        ),
        Action("chart.copy-text", "Y", "copy", "Copy the chart as text", "Board"),
        Action(
            "chart.selection",
            "tab",
            "selection",
            "Move between My Selection and the chart",
            "Board",
        ),
    )

    def __init__(
        self,
        item_ids: Sequence[str],
        charts: Sequence[ChartDefinition],
        index: int = 0,
        selected: Selected | None = None,
        changed: Callable[[tuple[ChartDefinition, ...]], None] | None = None,
    ) -> None:
        super().__init__(item_ids)
        self._changed = changed
        if selected is not None:
            self.selected = selected
        self._charts = tuple(charts)
        self._index = index
        self._view = view_of(self.chart_shown)
        self._data = ChartData()
        #: the size of the chart that was drawn last; None while the layout is awaited
        self._drawn_size: Size | None = Size()

    @property
    def chart_shown(self) -> ChartDefinition:
        """The definition of the chart that is shown."""
        return self._charts[self._index]

    def title_text(self) -> str:
        """Return the title of the chart as the board shows it."""
        title = Board("", self._charts).titles[self._index]
        return f"{title} (log scale)" if self.chart_shown.y_log else title

    def body(self) -> ComposeResult:
        """Yield the chart and the values of its curves."""
        with Horizontal():
            yield ChartView(empty="…", id="chart")
            yield Legend(title="last", id="values")

    def on_mount(self) -> None:
        """Fit the layout to the terminal, and focus no widget, so that the screen gets the keys."""
        self._fit()
        self.call_after_refresh(self._leave_values)

    def _leave_values(self) -> None:
        """Let the screen get the keys, and hide the values if there is no room for them."""
        self.set_focus(None)
        self._fit()

    def on_resize(self) -> None:
        """Narrow or hide the values in narrow terminals."""
        self._fit()

    def _fit(self) -> None:
        width = self.app.size.width
        values = self.query_one("#values", Legend)
        values.set_class(width < WIDE_FROM, "narrow")
        values.display = self.focused is values or width >= VALUES_FROM

    async def load(self) -> None:
        """Read the selection and draw the chart; zoom and cursor are kept."""
        await self.load_subjects()
        self.draw_soon()

    # Drawing --------------------------------------------------------------------------------------

    @on(ChartView.DrawingRequested)
    def drawing_requested(self, event: ChartView.DrawingRequested) -> None:
        """Draw the chart for another size."""
        if self._drawn_size not in {None, (event.width, event.height)}:
            self.draw_soon()

    async def draw(self, *, reading: bool = True) -> None:
        """Draw the chart and update the values.

        Args:
            reading: whether the data are read again; False draws those read before.
        """
        widget = self.query_one(ChartView)
        width, height = widget.size
        if not width or not self.subjects:
            widget.set_drawing(None, "Nothing is selected" if not self.selected.ids else "")
            return
        if reading:
            self._data = await self.chart_data(self.chart_shown, self._view, width)
            if self._show_values(widget.drawing.plot if widget.drawing else None):
                width, height = await self._size_beside_values()
        self._drawn_size = Size(width, height)
        drawing = await self.drawing(self.chart_shown, self._data, self._view, width, height)
        widget.set_drawing(drawing, why_empty(self.chart_shown, self._data))
        self._show_values(drawing.plot if drawing else None)
        if drawing and drawing.notes:
            self.launchpad.say("; ".join(drawing.notes))
        self.refresh_footer()

    async def _size_beside_values(self) -> Size:
        """Return the size of the chart once the list of values is wider, to draw it only once."""
        arranged = asyncio.Event()
        self._drawn_size = None
        try:
            self.call_after_refresh(arranged.set)
            await arranged.wait()
        finally:
            self._drawn_size = Size()
        return self.query_one(ChartView).size

    def _show_values(self, plot: Plot | None) -> bool:
        """List the values under the cursor, or the last ones without a cursor.

        Returns whether the list becomes wider.
        """
        legend = self.query_one("#values", Legend)
        if not self.chart_shown.against.over:
            legend.title, legend.counted = "My Selection", True
            return legend.set_entries(self.legend_entries())
        series = self._data.series
        at = self._view.cursor_x
        found: list[tuple[float, float] | None]
        legend.counted = False
        if at is not None and plot is not None:
            found = readout(series, plot, at)
            legend.title = cursor_text(at, self._view.x_kind)
        else:
            found = [(float(one.x[-1]), float(one.y[-1])) if len(one.x) else None for one in series]
            legend.title = "last"
        live = {one.id for one in self.legend_entries() if one.live}
        return legend.set_entries(
            [
                LegendEntry(
                    one.id,
                    one.label,
                    one.slot,
                    True,
                    one.id.partition("/")[0] in live,
                    number_text(point[1]) if point else "-",
                    best_text(one, self.launchpad.look.glyphs.best),
                )
                for one, point in zip(series, found, strict=True)
            ]
        )

    def _change(self, view: CurveView, *, reading: bool = True) -> None:
        if view != self._view:
            self._view = view
            self._keep_style(view)
            self.run_task(self.draw(reading=reading), "draw")

    def _keep_style(self, view: CurveView) -> None:
        """Keep axes and smoothing in the definition of the chart; zoom and cursor are not kept."""
        now = self.chart_shown
        against = Against(view.x_kind) if now.against.over else now.against
        chart = replace(now, against=against, y_log=view.y_log, smoothing=view.smoothing)
        if chart == now:
            return
        place = self._index
        self._charts = (*self._charts[:place], chart, *self._charts[place + 1 :])
        self.repaint_frame()
        if self._changed is not None:
            self._changed(self._charts)

    def _plot(self) -> Plot | None:
        drawing = self.query_one(ChartView).drawing
        return drawing.plot if drawing else None

    # Actions --------------------------------------------------------------------------------------

    def disabled_reason(self, action: Action) -> str | None:
        """Return why an action is disabled; cursor, zoom and smoothing need curves."""
        if action.group in {"Reading", "Zoom", "Curve"} and (
            not self.chart_shown.against.over or self._plot() is None
        ):
            return (
                "This chart has no curves"
                if self.query_one(ChartView).drawing is not None
                else "The chart has no data yet"
            )
        return super().disabled_reason(action)

    def _cursor(self, cells: int) -> None:
        if (plot := self._plot()) is not None:
            self._change(self._view.with_cursor(plot, cells), reading=False)

    def do_right(self) -> None:
        """Move the cursor right by one cell."""
        self._cursor(1)

    def do_left(self) -> None:
        """Move the cursor left by one cell."""
        self._cursor(-1)

    def do_far_right(self) -> None:
        """Move the cursor right by ten cells."""
        self._cursor(10)

    def do_far_left(self) -> None:
        """Move the cursor left by ten cells."""
        self._cursor(-10)

    def do_zoom_in(self) -> None:
        """Zoom in on the x axis."""
        if (plot := self._plot()) is not None:
            self._change(self._view.zoomed(plot, 2.0))

    def do_zoom_out(self) -> None:
        """Zoom out on the x axis."""
        if (plot := self._plot()) is not None:
            self._change(self._view.zoomed(plot, 0.5))

    def do_pan_right(self) -> None:
        """Pan right by a quarter of the visible range."""
        if (plot := self._plot()) is not None:
            self._change(self._view.panned(plot, 0.25))

    def do_pan_left(self) -> None:
        """Pan left by a quarter of the visible range."""
        if (plot := self._plot()) is not None:
            self._change(self._view.panned(plot, -0.25))

    def do_up(self) -> None:
        """Pan up by a fifth of the visible range."""
        if (plot := self._plot()) is not None:
            self._change(self._view.panned_y(plot, 0.2), reading=False)

    def do_down(self) -> None:
        """Pan down by a fifth of the visible range."""
        if (plot := self._plot()) is not None:
            self._change(self._view.panned_y(plot, -0.2), reading=False)

    def do_zoom_y_in(self) -> None:
        """Zoom in on the y axis."""
        if (plot := self._plot()) is not None:
            self._change(self._view.zoomed_y(plot, 1.5), reading=False)

    def do_zoom_y_out(self) -> None:
        """Zoom out on the y axis."""
        if (plot := self._plot()) is not None:
            self._change(self._view.zoomed_y(plot, 1 / 1.5), reading=False)

    def do_reset(self) -> None:
        """Reset zoom and cursor."""
        self._change(self._view.reset())

    def do_smooth(self) -> None:
        """Switch to the next level of smoothing."""
        view = self._view.next_smoothing()
        self._change(view, reading=False)
        self.launchpad.say(f"Smoothing {view.smoothing:g}" if view.smoothing else "No smoothing")

    def do_axis(self) -> None:
        """Switch to the next kind of x axis."""
        view = self._view.next_x_kind()
        self._change(view)
        self.launchpad.say(f"x axis: {X_AXES[view.x_kind]}")

    def do_log(self) -> None:
        """Switch the y axis between linear and logarithmic."""
        view = replace(self._view, y_log=not self._view.y_log, y_range=None)
        self._change(view, reading=False)
        self.launchpad.say("Logarithmic y axis" if view.y_log else "Linear y axis")

    def do_outliers(self) -> None:
        """Include outliers in the y range, or exclude them."""
        robust = not self._view.robust
        self._change(replace(self._view, robust=robust, y_range=None), reading=False)
        self.launchpad.say(
            "The y range excludes outliers" if robust else "The y range includes all values"
        )

    def why_not_next_chart(self) -> str | None:
        """Disable switching on a board with one chart."""
        return None if len(self._charts) > 1 else "The board has only one chart"

    why_not_previous_chart = why_not_next_chart

    def _step(self, by: int) -> None:
        self._index = (self._index + by) % len(self._charts)
        self._view = view_of(self.chart_shown)
        self.repaint_frame()
        self.draw_now()

    def do_next_chart(self) -> None:
        """Show the next chart of the board."""
        self._step(1)

    def do_previous_chart(self) -> None:
        """Show the previous chart of the board."""
        self._step(-1)

    def why_not_export(self) -> str | None:
        """Disable the export until the chart is drawn."""
        return (
            None if self.query_one(ChartView).drawing is not None else "The chart is not drawn yet"
        )

    why_not_copy_text = why_not_export

    async def do_export(self) -> None:
        """Export the chart to a file."""
        view = self.query_one(ChartView)
        if view.drawing is not None:
            await self._export_chart(view.drawing, self._data, self.chart_shown, view.size.width)

    def do_copy_text(self) -> None:
        """Copy the chart as text."""
        drawing = self.query_one(ChartView).drawing
        if drawing is not None:
            self.launchpad.copy(f"{self.chart_shown.title}\n{drawing.text()}", "the chart as text")

    def do_selection(self) -> None:
        """Move the focus between the chart and the values."""
        legend = self.query_one("#values", Legend)
        if legend.has_focus:
            self._leave_values()
        else:
            legend.display = True
            legend.focus()

    @on(Legend.Changed)
    def legend_changed(self, event: Legend.Changed) -> None:
        """Apply a change that the user made in the list of values."""
        item_id = event.item_id.partition("/")[0]
        if event.what == "open":
            self.open_subject(item_id)
            return
        self.change_selection(event.what, item_id)
        self.draw_now()

    @on(ChartView.Pointed)
    def pointed(self, event: ChartView.Pointed) -> None:
        """Handle the mouse: move the cursor, pan, zoom."""
        plot = self._plot()
        if plot is None or not self.chart_shown.against.over:
            return
        factor = 1.5 if event.wheel > 0 else 1 / 1.5
        if event.wheel and event.upright:
            self._change(self._view.zoomed_y(plot, factor), reading=False)
        elif event.wheel:
            pointed = replace(self._view, cursor_x=plot.x_at(event.x))
            self._change(replace(pointed.zoomed(plot, factor), cursor_x=self._view.cursor_x))
        elif event.dragged != (0, 0):
            across, down = event.dragged
            view = self._view.panned(plot, -across / max(1, plot.width)) if across else self._view
            self._change(view.panned_y(plot, down / max(1, plot.height)) if down else view)
        elif plot.left <= event.x < plot.left + plot.width:
            self._change(replace(self._view, cursor_x=plot.x_at(event.x)), reading=False)

    async def _export_chart(
        self, drawing: Drawing, data: ChartData, chart: ChartDefinition, width: int
    ) -> None:
        """Ask for a file, and write the chart to it in the format of its extension."""
        title = chart.title
        drawing = with_legend(
            drawing, data, chart.kind, width, ascii_only=self.launchpad.look.glyphs.ascii
        )
        typed = await self.launchpad.ask(export_dialog(title))
        if not typed:
            return
        path = Path(typed).expanduser().absolute()
        palette = self.launchpad.look.palette
        await self.write_file(path, chart_text(drawing, data, path.suffix.lower(), title, palette))

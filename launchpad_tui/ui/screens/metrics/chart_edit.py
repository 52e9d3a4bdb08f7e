"""The editor of a chart: its metrics, x axis, kind and style, with a preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from launchpad_tui.charts.catalog import AGAINST, KINDS, OVER, SOURCE, ChartKind
from launchpad_tui.charts.curve import SMOOTHINGS
from launchpad_tui.charts.model import ChartData
from launchpad_tui.domain.board import AGGREGATES, Against, ChartDefinition, Selected
from launchpad_tui.domain.metric import ARTIFACT_LABEL
from launchpad_tui.services.charting import metric_keys, parameters_of
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen, view_of, why_empty
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

_AGAINST: dict[Against, tuple[str, str]] = {
    Against.STEP: ("Steps", "curves over the steps that were logged"),
    Against.RELATIVE: (
        "Time since the start",
        "curves over seconds since each execution's first point",
    ),
    Against.TIME: ("Wall time", "curves over the time of day"),
    Against.PARAMETERS: (
        "Parameters",
        "one value per model, against a parameter of its configuration",
    ),
    Against.SOURCE: ("Source", "one value per model or execution, side by side"),
}
_AGGREGATE_TEXTS = {
    "last": "last value",
    "best": "best value by the metric's direction",
    "min": "minimum",
    "max": "maximum",
    "mean": "mean of all values",
}


def comparison_mode(against: Against) -> str:
    """Return the mode of `ChartKind.compares` that an x axis requires."""
    return OVER if against.over else AGAINST if against is Against.PARAMETERS else SOURCE


def why_not(kind: ChartKind, chart: ChartDefinition, data: ChartData) -> str:
    """Return why a kind of chart cannot show the data of a chart; empty if it can."""
    if comparison_mode(chart.against) not in kind.compares:
        texts = {OVER: "steps or time", AGAINST: "parameters", SOURCE: "the source"}
        possible = " or ".join(text for mode, text in texts.items() if mode in kind.compares)
        return f"Only available against {possible}"
    return kind.why_not(data)


class ChartEditScreen(SelectionScreen):
    """Add or edit a chart.

    Args:
        item_ids: IDs of the artifacts or executions that the preview is drawn from.
        chart: the chart to edit; None to add one.
        done: is called with the definition when the user saves it.
        selected: the selection with its hidden items and colors; None for all of ``item_ids``.
    """

    DEFAULT_CSS = """
    ChartEditScreen #settings { width: 2fr; min-width: 34; height: 1fr; }
    ChartEditScreen #preview { width: 3fr; height: 1fr; }
    ChartEditScreen .narrow { layout: vertical; }
    ChartEditScreen .narrow #settings { width: 1fr; height: 12; }
    ChartEditScreen .narrow #preview { width: 1fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("chart-edit.save", "w ctrl+s", "save", "Save the chart on the board", footer=2),
    )

    def __init__(
        self,
        item_ids: Sequence[str],
        chart: ChartDefinition | None,
        done: Callable[[ChartDefinition], None],
        selected: Selected | None = None,
    ) -> None:
        super().__init__(item_ids)
        if selected is not None:
            self.selected = selected
        self._new = chart is None
        self._before = self._chart = chart or ChartDefinition(())
        self._done = done
        self._data = ChartData()

    def title_text(self) -> str:
        """Return the title."""
        return "Add chart" if self._new else "Edit chart"

    def body(self) -> ComposeResult:
        """Yield the settings and the preview."""
        columns = (
            Column[tuple[str, str]](
                "name", "Setting", lambda row: Cell(row[0].capitalize(), "dim"), 12, 14, 0
            ),
            Column[tuple[str, str]]("value", "Value", lambda row: row[1], 16, 200, 1),
        )
        with Horizontal(id="both"):
            with Vertical(id="settings"):
                yield VirtualTable(
                    columns, lambda row: row[0], title="Chart", multi=False, id="list"
                )
            yield ChartView(id="preview")

    def on_mount(self) -> None:
        """Focus the settings; narrow terminals show them above the preview."""
        self.query_one("#both").set_class(self.app.size.width < 90, "narrow")
        self.query_one(VirtualTable).focus()

    def on_resize(self) -> None:
        """Rearrange settings and preview for the width of the terminal."""
        self.query_one("#both").set_class(self.app.size.width < 90, "narrow")

    async def load(self) -> None:
        """Read the selection; a new chart starts with its first metric."""
        await self.load_subjects()
        if not self._chart.metrics:
            keys = [one.key for subject in self.subjects for one in subject.series]
            self._before = self._chart = replace(self._chart, metrics=tuple(keys[:1]))
        await self._show()

    async def _show(self) -> None:
        chart = self._chart
        parameters = ", ".join(chart.parameters) or "none"
        labels = ", ".join(f"{key}={value}" for key, value in chart.labels) or "all"
        kind = KINDS.get(chart.kind)
        rows = [
            ("name", chart.name or chart.title),
            ("description", chart.description),
            ("metrics", ", ".join(chart.metrics) or "none"),
            ("labels", labels),
            ("against", _AGAINST[chart.against][0]),
            *([("parameter", parameters)] if chart.against is Against.PARAMETERS else []),
            *([] if chart.against.over else [("value", chart.aggregate)]),
            ("kind", kind.title if kind else chart.kind),
            *([("smoothing", f"{chart.smoothing:g}")] if chart.against.over else []),
            ("y axis", "logarithmic" if chart.y_log else "linear"),
        ]
        self.query_one(VirtualTable).set_rows(rows)
        await self.draw()
        self.refresh_footer()

    @on(ChartView.DrawingRequested)
    def drawing_requested(self) -> None:
        """Draw the preview again, for example for another size."""
        self.draw_soon()

    async def draw(self) -> None:
        """Draw the preview."""
        view = self.query_one(ChartView)
        width, height = view.size
        if not width or not self.subjects:
            view.set_drawing(
                None, "No models or executions are selected" if not self.selected.ids else "…"
            )
            return
        curve = view_of(self._chart)
        self._data = await self.chart_data(self._chart, curve, width)
        drawing = await self.drawing(
            self._chart, self._data, curve, width, height, self._chart.title
        )
        view.set_drawing(drawing, why_empty(self._chart, self._data))
        if drawing and drawing.notes:
            self.launchpad.say("; ".join(drawing.notes))

    # Settings -------------------------------------------------------------------------------------

    @on(VirtualTable.Opened)
    async def setting_opened(self, event: VirtualTable.Opened) -> None:
        """Change the setting under the cursor."""
        self.run_task(self._change(event.row[0]), "change")

    async def _change(self, name: str) -> None:
        ask = getattr(self, f"_ask_{name.replace(' ', '_')}")
        changed: ChartDefinition | None = await ask(self._chart)
        if changed is not None:
            self._chart = await self._possible(changed)
            await self._show()

    async def _possible(self, chart: ChartDefinition) -> ChartDefinition:
        """Return the chart, with another kind if its kind cannot show the data."""
        data = await self.chart_data(chart, view_of(chart), 80)
        kind = KINDS.get(chart.kind)
        if kind is not None and not why_not(kind, chart, data):
            return chart
        found = next((each.id for each in KINDS.values() if not why_not(each, chart, data)), "")
        if not found:
            mode = comparison_mode(chart.against)
            found = next((each.id for each in KINDS.values() if mode in each.compares), chart.kind)
        return replace(chart, kind=found)

    async def _ask_name(self, chart: ChartDefinition) -> ChartDefinition | None:
        typed = await self.launchpad.ask(
            PromptDialog(
                "Name of the chart", chart.name, "If empty, the metrics are the title", verb="apply"
            )
        )
        return None if typed is None else replace(chart, name=typed.strip()[:80])

    async def _ask_description(self, chart: ChartDefinition) -> ChartDefinition | None:
        typed = await self.launchpad.ask(
            PromptDialog("Description of the chart", chart.description, verb="apply")
        )
        return None if typed is None else replace(chart, description=typed.strip()[:500])

    async def _choose(
        self, title: str, choices: Sequence[Choice], selected: Sequence[str], *, multi: bool = False
    ) -> tuple[str, ...] | None:
        # A single item is not preselected, only under the cursor: selecting another one with enter
        # then replaces it instead of adding to it.
        preselected = selected if not multi or len(selected) > 1 else ()
        at = selected[0] if selected else ""
        return await self.launchpad.ask(
            ChooseDialog(title, choices, selected=preselected, at=at, multi=multi)
        )

    async def _ask_metrics(self, chart: ChartDefinition) -> ChartDefinition | None:
        logged = {one.key: 0 for each in self.subjects for one in each.series} | {
            one.name: 0 for each in self.subjects for one in each.series
        }
        for each in self.subjects:
            for name in {one.key for one in each.series} | {one.name for one in each.series}:
                logged[name] += 1
        choices = [
            Choice(key, key, f"logged by {logged[key]}") for key in metric_keys(self.subjects)
        ]
        picked = await self._choose("Metrics", choices, chart.metrics, multi=True)
        return (
            None if picked is None else replace(chart, metrics=tuple(one for one in picked if one))
        )

    async def _ask_labels(self, chart: ChartDefinition) -> ChartDefinition | None:
        pairs = sorted(
            {
                pair
                for each in self.subjects
                for one in each.series
                for pair in one.labels
                if pair[0] != ARTIFACT_LABEL
            }
        )
        ids = [f"{key}\x1f{value}" for key, value in pairs]
        choices = [Choice("", "all labels", "no filter")]
        choices += [
            Choice(one, f"{key} = {value}") for one, (key, value) in zip(ids, pairs, strict=True)
        ]
        now = [f"{key}\x1f{value}" for key, value in chart.labels]
        picked = await self._choose("Show only series with the labels", choices, now, multi=True)
        if picked is None:
            return None
        return replace(
            chart, labels=tuple(pair for one, pair in zip(ids, pairs, strict=True) if one in picked)
        )

    async def _ask_against(self, chart: ChartDefinition) -> ChartDefinition | None:
        choices = [Choice(str(one), title, note) for one, (title, note) in _AGAINST.items()]
        picked = await self._choose("Compare the metrics against", choices, [str(chart.against)])
        if not picked:
            return None
        chart = replace(chart, against=Against(picked[0]))
        if chart.against is Against.PARAMETERS and not chart.parameters:
            varying = list(parameters_of(self.subjects, varying=True))
            chart = replace(chart, parameters=tuple(varying[:1]))
        return chart

    async def _ask_parameter(self, chart: ChartDefinition) -> ChartDefinition | None:
        every = parameters_of(self.subjects)
        choices = []
        for name, column in sorted(every.items(), key=lambda item: len(set(item[1])) < 2):
            count = len(set(column) - {None})
            choices.append(
                Choice(name, name, f"{count} values" if count != 1 else "same value in all")
            )
        picked = await self._choose(
            "Parameter (two for a heat map)", choices, chart.parameters, multi=True
        )
        return None if picked is None else replace(chart, parameters=picked[:2])

    async def _ask_value(self, chart: ChartDefinition) -> ChartDefinition | None:
        choices = [Choice(name, name, _AGGREGATE_TEXTS[name]) for name in AGGREGATES]
        picked = await self._choose(
            "Aggregate the points of a metric by", choices, [chart.aggregate]
        )
        return None if not picked else replace(chart, aggregate=picked[0])

    async def _ask_kind(self, chart: ChartDefinition) -> ChartDefinition | None:
        choices = [
            Choice(kind.id, kind.title, "", why_not(kind, chart, self._data))
            for kind in KINDS.values()
        ]
        picked = await self._choose("Kind of chart", choices, [chart.kind])
        return None if not picked else replace(chart, kind=picked[0])

    async def _ask_smoothing(self, chart: ChartDefinition) -> ChartDefinition | None:
        choices = [Choice(f"{one:g}", f"{one:g}", "none" if not one else "") for one in SMOOTHINGS]
        picked = await self._choose("Smoothing", choices, [f"{chart.smoothing:g}"])
        return None if not picked else replace(chart, smoothing=float(picked[0]))

    async def _ask_y_axis(self, chart: ChartDefinition) -> ChartDefinition | None:
        return replace(chart, y_log=not chart.y_log)

    # Save and leave -------------------------------------------------------------------------------

    def why_not_save(self) -> str | None:
        """Disable saving a chart without metrics."""
        return None if self._chart.metrics else "Select at least one metric"

    def do_save(self) -> None:
        """Save the chart and go back."""
        self._done(self._chart)
        self.launchpad.back()

    async def do_back(self) -> None:  # type: ignore[override]
        """Go back, after a confirmation if there are unsaved changes."""
        if self._chart != self._before:
            question = ConfirmDialog(
                "Discard the changes to the chart?",
                "The changes are not saved. Press esc, then w, to save them.",
                yes="discard",
            )
            if not await self.launchpad.ask(question):
                return
        self.launchpad.back()

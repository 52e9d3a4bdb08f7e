"""Comparison view: models side by side against their parameters, until the winner is obvious."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container

from launchpad_tui.domain.comparison import AGGREGATES, Comparison, Options, Row, RowGroup, compare
from launchpad_tui.domain.metric import Direction
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.compare.comparison_file import comparison_text
from launchpad_tui.ui.screens.compare.comparison_sheet import sheet_of
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen, chart_of, view_of, why_empty
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.dialogs import PromptDialog
from launchpad_tui.ui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.widgets import Input

#: a terminal that is at least so wide has room for a chart beside the sheet
BESIDE_FROM = 190
_WAYS = {
    None: "by its name",
    Direction.LOWER: "lower is better",
    Direction.HIGHER: "higher is better",
}


class CompareScreen(SelectionScreen):
    """The comparison view.

    Args:
        item_ids: IDs of artifacts or executions; none for those looked at last.
    """

    DEFAULT_CSS = """
    CompareScreen #both { layout: vertical; height: 1fr; }
    CompareScreen #both.beside { layout: horizontal; }
    CompareScreen #sheet { width: 1fr; height: 1fr; }
    CompareScreen #chart { height: 12; padding: 1 0 0 0; background: $background; }
    CompareScreen .beside #chart { width: 2fr; height: 1fr; padding: 0 0 0 2; }
    CompareScreen .beside #sheet { width: 3fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "compare.search",
            "/",
            "filter rows",
            "Filter the rows by group and name",
            footer=9,
        ),
        Action(
            "compare.differences",
            "d",
            "differences",
            "Show all rows, or only rows that differ",
            footer=2,
        ),
        Action(
            "compare.baseline",
            "b",
            "baseline",
            "Make the column under the cursor the baseline",
            footer=3,
        ),
        Action(
            "compare.sort",
            "s",
            "sort",
            "Sort the columns by this row: descending, ascending or not at all",
            footer=4,
        ),
        Action(
            "compare.aggregate",
            "a",
            "value",
            "Select the last, best, minimum or maximum value of the metric",
            footer=5,
        ),
        Action("compare.at-step", "A", "at step", "Show metrics at a step"),
        Action(
            "compare.hide",
            "x",
            "hide",
            "Hide the column under the cursor, or the group on a heading",
            footer=6,
        ),
        Action("compare.show", "X", "show all", "Show all hidden columns and groups"),
        Action(
            "compare.direction",
            "o",
            "direction",
            "Set whether higher or lower values of the metric are better",
        ),
        Action("compare.transpose", "t", "transpose", "Transpose rows and columns", footer=8),
        Action(
            "compare.chart",
            "c",
            "chart",
            "Show or hide the curves of the metric of the row",
            footer=7,
        ),
        Action("compare.metrics", "m", "metrics", "Chart the metrics of the selection"),
        Action("compare.files", "F", "files", "Show or hide the files of the models"),
        Action("compare.details", "e", "details", "Open the model or execution of the column"),
        Action(
            "compare.difference",
            "v",
            "diff",
            "Show the difference to the baseline or first column line by line",
        ),
        Action(
            "compare.export", "w", "export", "Export the comparison to a file (.csv, .json or .md)"
        ),
        Action(
            "compare.copy-table",
            "Y",
            "copy table",
            "Copy the comparison as Markdown",
        ),
    )

    def __init__(self, item_ids: Sequence[str] = ()) -> None:
        super().__init__(item_ids)
        self.options = Options()
        self.comparison = Comparison((), (), {})
        self._transposed = False
        self._with_chart = True
        self._with_files = False
        self._charted = ""
        self._step: int | None = None

    def title_text(self) -> str:
        """How many."""
        count = len(self.selected.ids)
        at = "" if self._step is None else f" at step {self._step:,}"
        return f"Compare {count}{at}" if count else "Compare"

    def body(self) -> ComposeResult:
        """Sheet and chart."""
        with Container(id="both"):
            yield Sheet(id="sheet")
            yield ChartView(id="chart")

    def on_mount(self) -> None:
        """The sheet has the focus."""
        self.query_one(Sheet).focus()
        self._fit()

    async def load(self) -> None:
        """Read everything anew; the cursor stays."""
        first = not self.subjects
        await self.load_subjects(files=self._with_files)
        self.options = replace(self.options, directions=self.directions)
        await self._read_step()
        await self._lay_out()
        if first:
            self._to_first_metric()
        self.repaint_frame()
        self.draw_soon()

    async def _lay_out(self) -> None:
        self.comparison = await self.launchpad.chart(compare, self.subjects, self.options)
        self._show_sheet()

    def _show_sheet(self) -> None:
        content = sheet_of(
            self.comparison,
            self.selected.slots,
            self.launchpad.look,
            folded=self.options.folded,
            order=self.options.order,
            transposed=self._transposed,
            empty=self._nothing(),
        )
        self.query_one(Sheet).set_content(content)
        self.refresh_footer()

    def _nothing(self) -> str:
        if not self.selected.ids:
            return "No models are selected\nSelect models with space in Models (1), then press c"
        if self.options.hidden >= set(self.selected.ids):
            return "Everything is hidden\nX shows it again"
        return "No row is left\nd shows all rows, esc drops the filter"

    def _to_first_metric(self) -> None:
        """What is looked for is mostly there, and its curves show at once."""
        sheet = self.query_one(Sheet)
        for place, line in enumerate(sheet.content.lines):
            if not line.heading and line.key.startswith(f"{RowGroup.METRICS}/"):
                if place < sheet.rows_high:
                    sheet.move(rows=place - sheet.row)
                return

    # The chart ------------------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The row of the cursor."""
        sheet = self.query_one(Sheet)
        key = sheet.column_key if self._transposed else sheet.line_key
        return next((row for row in self.comparison.rows if row.key == key), None)

    @property
    def subject_id(self) -> str:
        """The subject of the cursor."""
        sheet = self.query_one(Sheet)
        return sheet.line_key if self._transposed else sheet.column_key

    @on(Sheet.Moved)
    def moved(self) -> None:
        """Another metric has other curves."""
        self.refresh_footer()
        row = self.row
        if row is not None and row.key != self._charted:
            self.draw_now()

    @on(ChartView.Wanted)
    def wanted(self) -> None:
        """Another size."""
        self.draw_soon()

    async def draw(self) -> None:
        """The curves of the cursor's metric."""
        view = self.query_one(ChartView)
        if not view.display or not view.size.width:
            return
        row = self.row
        self._charted = row.key if row else ""
        chart = chart_of(row, self.subjects)
        if chart is None:
            view.set_drawing(None, "A metric's row shows its curves here")
            return
        width, height = view.content_size
        curve = view_of(chart)
        data = await self.chart_data(chart, curve, width)
        drawing = await self.drawing(chart, data, curve, width, height, row.name if row else "")
        view.set_drawing(drawing, why_empty(chart, data))

    def on_resize(self, _event: events.Resize) -> None:
        """The chart stands beside the sheet where there is room, else below, else nowhere."""
        self._fit()

    def _fit(self) -> None:
        width, height = self.app.size
        self.query_one("#both").set_class(width >= BESIDE_FROM, "beside")
        self.query_one(ChartView).display = self._with_chart and (
            width >= BESIDE_FROM or height >= 30
        )

    # What the user does ---------------------------------------------------------------------------

    def _apply(self, options: Options) -> None:
        self.options = options
        self.run_task(self._lay_out(), "lay out")

    def do_search(self) -> None:
        """Key ``/``."""
        lines = self.query("#search")
        if lines:
            lines.first().focus()
            return
        from textual.widgets import Input

        line = Input(
            self.options.text, placeholder="keep rows with: words of group or name", id="search"
        )
        self.mount(line, before=self.query_one("#both"))
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types."""
        event.stop()
        self._apply(replace(self.options, text=event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """On to the sheet."""
        event.stop()
        self.query_one(Sheet).focus()

    def do_back(self) -> None:
        """Key ``esc``: drop the filter, then go back."""
        lines = self.query("#search")
        if lines or self.options.text:
            lines.remove()
            self.query_one(Sheet).focus()
            self._apply(replace(self.options, text=""))
        else:
            super().do_back()

    def do_differences(self) -> None:
        """Key ``d``."""
        self._apply(replace(self.options, differing=not self.options.differing))
        self.launchpad.say("Rows that differ" if self.options.differing else "All rows")

    def do_baseline(self) -> None:
        """Key ``b``."""
        one = self.subject_id
        self._apply(replace(self.options, baseline="" if self.options.baseline == one else one))

    def why_not_sort(self) -> str | None:
        """By a row."""
        return None if self.row is not None else "Put the cursor on a row to sort by"

    def do_sort(self) -> None:
        """Key ``s``: best first, worst first, as selected."""
        row = self.row
        if row is None:
            return
        first = row.direction == Direction.HIGHER
        order = self.options.order
        if order is None or order[0] != row.key:
            order = (row.key, first)
        elif order[1] == first:
            order = (row.key, not first)
        else:
            order = None
        self._apply(replace(self.options, order=order))
        self.launchpad.say(
            f"Sorted by {row.name}, {'greatest' if order[1] else 'least'} first"
            if order
            else "As selected"
        )

    def do_aggregate(self) -> None:
        """Key ``a``: of the cursor's metric, elsewhere of all."""
        options, row = self.options, self.row
        name = row.name if row is not None and row.numeric else ""
        now = options.aggregates.get(name, options.aggregate)
        after = AGGREGATES[(AGGREGATES.index(now) + 1) % len(AGGREGATES)]
        if name:
            options = replace(options, aggregates={**options.aggregates, name: after})
        else:
            options = replace(options, aggregate=after, aggregates={})
        self._step = None
        self._apply(replace(options, at=None))
        words = {"last": "the last", "best": "the best", "min": "the least", "max": "the greatest"}
        self.launchpad.say(f"{name or 'Metrics'}: {words[after]} value")

    async def do_at_step(self) -> None:
        """Key ``A``."""
        from launchpad_tui.errors import InvalidInput

        shown = "" if self._step is None else str(self._step)
        hint = "A whole number; the last logged step before it is used if it was not logged"
        typed = await self.launchpad.ask(PromptDialog("Metrics at the step", shown, hint))
        if typed is None:
            return
        try:
            self._step = int(typed.replace(",", "")) if typed.strip() else None
        except ValueError:
            raise InvalidInput(
                f"{typed[:40]!r} is not a valid step", hint="A whole number."
            ) from None
        await self._read_step()
        await self._lay_out()
        self.repaint_frame()

    async def _read_step(self) -> None:
        at = None
        if self._step is not None:
            at = await self.read(self.desk.charts.at_step, self.subjects, self._step)
        self.options = replace(self.options, at=at)

    def why_not_difference(self) -> str | None:
        """Two are needed."""
        return (
            None
            if self._pair()
            else "Put the cursor on another column than the baseline's, or the first one"
        )

    def _pair(self) -> tuple[str, str] | None:
        shown = [one.id for one in self.comparison.subjects]
        first = self.options.baseline if self.options.baseline in shown else next(iter(shown), "")
        second = self.subject_id
        if len(shown) == 2:
            second = next(one for one in shown if one != first)
        return (first, second) if first and second in shown and first != second else None

    def do_difference(self) -> None:
        """Key ``v``."""
        self.launchpad.open("difference", item_ids=self._pair())

    def do_hide(self) -> None:
        """Key ``x``."""
        key = self.query_one(Sheet).line_key
        group = next((each for each in RowGroup if key == f"{each}/"), None)
        if group is not None:
            self._apply(replace(self.options, left_out=self.options.left_out | {group}))
            self.launchpad.say(f"Hidden: {group}; X shows it again")
        elif self.subject_id:
            self._apply(replace(self.options, hidden=self.options.hidden | {self.subject_id}))
            self.launchpad.say("Hidden; X shows it again")

    def why_not_show(self) -> str | None:
        """Something has to be hidden."""
        return None if self.options.hidden or self.options.left_out else "Nothing is hidden"

    def do_show(self) -> None:
        """Key ``X``."""
        self._apply(replace(self.options, hidden=frozenset(), left_out=frozenset()))

    def why_not_direction(self) -> str | None:
        """On a metric."""
        return None if self.row is not None and self.row.numeric else "Put the cursor on a metric"

    async def do_direction(self) -> None:
        """Key ``o``."""
        row = self.row
        if row is None:
            return
        ways: list[str | None] = [None, Direction.LOWER, Direction.HIGHER]
        after = ways[(ways.index(self.directions.get(row.name)) + 1) % len(ways)]
        boards = self.desk.boards
        await self.read(boards.set_direction, row.name, after)
        self.directions = await self.read(boards.directions)
        self._apply(replace(self.options, directions=self.directions))
        self.launchpad.say(f"{row.name}: {_WAYS[after]}")

    def do_transpose(self) -> None:
        """Key ``t``."""
        row, subject = self.row, self.subject_id
        self._transposed = not self._transposed
        self._show_sheet()
        sheet = self.query_one(Sheet)
        lines = [line.key for line in sheet.content.lines]
        columns = [column.key for column in sheet.content.columns]
        line, column = (
            (subject, row.key if row else "")
            if self._transposed
            else (row.key if row else "", subject)
        )
        sheet.move(
            (lines.index(line) if line in lines else 0) - sheet.row,
            (columns.index(column) if column in columns else 0) - sheet.column,
        )

    def do_chart(self) -> None:
        """Key ``c``."""
        self._with_chart = not self._with_chart
        self._fit()
        view = self.query_one(ChartView)
        if self._with_chart and not view.display:
            self.launchpad.say(
                "The terminal is too small for a chart beside it; m opens the charts", "warn"
            )

    def do_metrics(self) -> None:
        """Key ``m``."""
        self.launchpad.open("metrics", item_ids=self.selected.ids)

    def do_files(self) -> None:
        """Key ``F``."""
        self._with_files = not self._with_files
        self.reload()

    def do_details(self) -> None:
        """Key ``e``."""
        self.open_subject(self.subject_id)

    @on(Sheet.Opened)
    def opened(self) -> None:
        """Fold a group; open the model of the cell."""
        key = self.query_one(Sheet).line_key
        group = next((each for each in RowGroup if key == f"{each}/"), None)
        if group is not None:
            self._apply(replace(self.options, folded=self.options.folded ^ {group}))
        else:
            self.do_details()

    async def do_export(self) -> None:
        """Key ``w``."""
        dialog = PromptDialog(
            "Write the comparison into the file",
            "comparison.csv",
            "By its ending: .csv, .json, .md",
        )
        typed = await self.launchpad.ask(dialog)
        if typed:
            path = Path(typed).expanduser().absolute()
            await self.write_file(path, comparison_text(self.comparison, path.suffix.lower()))

    def do_copy_table(self) -> None:
        """Key ``Y``."""
        self.launchpad.copy(comparison_text(self.comparison, ".md"), "the table as Markdown")

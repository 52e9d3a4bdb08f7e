"""The comparison: models or executions side by side with their parameters and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from launchpad_tui.domain.comparison import AGGREGATES, Comparison, Options, Row, RowGroup, compare
from launchpad_tui.domain.metric import Direction
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.compare.comparison_file import comparison_text
from launchpad_tui.ui.screens.compare.comparison_sheet import row_titles, sheet_of
from launchpad_tui.ui.screens.compare.row_curves import RowCurvesMixin
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.dialogs import PromptDialog
from launchpad_tui.ui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.widgets import Input

_DIRECTIONS = {
    None: "direction inferred from the name",
    Direction.LOWER: "lower is better",
    Direction.HIGHER: "higher is better",
}


class CompareScreen(RowCurvesMixin):
    """Models or executions side by side: a sheet of values, and the curves of one metric.

    Args:
        item_ids: IDs of artifacts or executions; if empty, the most recent selection.
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
        Action("compare.search", "/", "filter rows", "Filter the rows by group and name", footer=9),
        Action(
            "compare.differences",
            "f",
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
            "Sort the columns by this row, or restore their order",
            footer=4,
        ),
        Action(
            "compare.aggregate",
            "=",
            "value",
            "Select the last, best, minimum or maximum value",
            footer=5,
        ),
        Action("compare.at-step", "@", "at step", "Show metrics at a step"),
        Action(
            "compare.hide",
            "x",
            "hide",
            "Hide the column or the group under the cursor",
            footer=6,
        ),
        Action("compare.show", "X", "show all", "Show all hidden columns and groups"),
        Action(
            "compare.direction",
            "o",
            "direction",
            "Set whether higher or lower values are better",
        ),
        Action("compare.transpose", "t", "transpose", "Transpose rows and columns", footer=8),
        Action(
            "compare.chart",
            "~",
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
            "Compare with the baseline or first column line by line",
        ),
        Action(
            "compare.export", "w", "export", "Export the comparison to a file (.csv, .json or .md)"
        ),
        Action("compare.copy-table", "Y", "copy table", "Copy the comparison as Markdown"),
    )

    def __init__(self, item_ids: Sequence[str] = ()) -> None:
        super().__init__(item_ids)
        self.options = Options()
        self.comparison = Comparison((), (), {})
        self._transposed = False
        self._with_files = False
        self._report_files = False
        self._step: int | None = None

    def title_text(self) -> str:
        """Return the title with the number of compared items and the step."""
        count = len(self.selected.ids)
        at = "" if self._step is None else f" at step {self._step:,}"
        return f"Compare {count}{at}" if count else "Compare"

    def body(self) -> ComposeResult:
        """Yield the sheet and the chart."""
        with Container(id="both"):
            yield Sheet(id="sheet")
            yield ChartView(id="chart")

    def on_mount(self) -> None:
        """Focus the sheet and arrange the chart for the size of the terminal."""
        sheet = self.query_one(Sheet)
        sheet.scrolled_by_cursor = self.erase_curves
        sheet.focus()
        self.fit_curves()

    async def load(self) -> None:
        """Read the selection and compare it again; the cursor keeps its position."""
        first = not self.subjects
        await self.load_subjects(files=self._with_files)
        self.options = replace(self.options, directions=self.directions)
        await self._read_step()
        await self._compare()
        if first:
            self._to_first_metric()
        if self._report_files and not any(one.files for one in self.subjects):
            self.launchpad.say("No files are recorded for the compared models or executions")
        self._report_files = False
        self.repaint_frame()
        self.draw_soon()

    async def _compare(self) -> None:
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
            empty=self._empty_text(),
        )
        self.query_one(Sheet).set_content(content)
        self.refresh_footer()

    def _empty_text(self) -> str:
        if not self.selected.ids:
            return "No models are selected\nSelect models with space in Models (1), then press c"
        if self.options.hidden >= set(self.selected.ids):
            return "All columns are hidden\nPress X to show them"
        return "No row matches\nPress f to show all rows, esc to clear the filter"

    def _to_first_metric(self) -> None:
        """Move the cursor to the first metric if it is visible, so that its curves are drawn."""
        sheet = self.query_one(Sheet)
        for place, line in enumerate(sheet.content.lines):
            if not line.heading and line.key.startswith(f"{RowGroup.METRICS}/"):
                if place < sheet.rows_high:
                    sheet.move(rows=place - sheet.row)
                return

    # The chart ------------------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The comparison's row under the cursor; None on a heading."""
        sheet = self.query_one(Sheet)
        key = sheet.column_key if self._transposed else sheet.line_key
        return next((row for row in self.comparison.rows if row.key == key), None)

    @property
    def row_title(self) -> str:
        """The title of the row under the cursor as the sheet shows it; empty on a heading."""
        row = self.row
        return row_titles(self.comparison).get(row.key, row.name) if row is not None else ""

    @property
    def subject_id(self) -> str:
        """The ID of the model or execution under the cursor."""
        sheet = self.query_one(Sheet)
        return sheet.line_key if self._transposed else sheet.column_key

    # Actions --------------------------------------------------------------------------------------

    def _apply(self, options: Options) -> None:
        self.options = options
        self.run_task(self._compare(), "compare")

    def do_search(self) -> None:
        """Show and focus the filter input."""
        lines = self.query("#search")
        if lines:
            lines.first().focus()
            return
        from launchpad_tui.ui.widgets.text_input import TextInput

        line = TextInput(self.options.text, placeholder="filter rows by group or name", id="search")
        self.mount(line, before=self.query_one("#both"))
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter the rows while the user types."""
        event.stop()
        self._apply(replace(self.options, text=event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Move the focus to the sheet."""
        event.stop()
        self.query_one(Sheet).focus()

    def do_back(self) -> None:
        """Clear the filter; without one, go back to the previous screen."""
        lines = self.query("#search")
        if lines or self.options.text:
            lines.remove()
            self.query_one(Sheet).focus()
            self._apply(replace(self.options, text=""))
        else:
            super().do_back()

    def do_differences(self) -> None:
        """Switch between all rows and the rows that differ."""
        self._apply(replace(self.options, differing=not self.options.differing))
        self.launchpad.say(
            "Only rows that differ are shown" if self.options.differing else "All rows are shown"
        )

    def do_baseline(self) -> None:
        """Make the column under the cursor the baseline, or remove the baseline from it."""
        item_id = self.subject_id
        baseline = "" if self.options.baseline == item_id else item_id
        self._apply(replace(self.options, baseline=baseline))

    def why_not_sort(self) -> str | None:
        """Disable sorting on a heading."""
        return None if self.row is not None else "Move the cursor to a row to sort by"

    def do_sort(self) -> None:
        """Sort by the row: best values first, then worst first, then in the selected order."""
        row = self.row
        if row is None:
            return
        title, best_descending = self.row_title, row.direction == Direction.HIGHER
        order = self.options.order
        if order is None or order[0] != row.key:
            order = (row.key, best_descending)
        elif order[1] == best_descending:
            order = (row.key, not best_descending)
        else:
            order = None
        self._apply(replace(self.options, order=order))
        self.launchpad.say(
            f"Sorted by {title}, {'descending' if order[1] else 'ascending'}"
            if order
            else "Sorted in the order of selection"
        )

    def do_aggregate(self) -> None:
        """Switch to the next aggregate of the metric under the cursor, or of all metrics."""
        options, row = self.options, self.row
        name = row.name if row is not None and row.numeric else ""
        title = self.row_title if name else ""
        now = options.aggregates.get(name, options.aggregate)
        following = AGGREGATES[(AGGREGATES.index(now) + 1) % len(AGGREGATES)]
        if name:
            options = replace(options, aggregates={**options.aggregates, name: following})
        else:
            options = replace(options, aggregate=following, aggregates={})
        self._step = None
        self._apply(replace(options, at=None))
        texts = {"last": "last", "best": "best", "min": "minimum", "max": "maximum"}
        self.launchpad.say(f"{title or 'All metrics'}: {texts[following]} value")

    async def do_at_step(self) -> None:
        """Ask for a step, and show the metrics at it; an empty input shows aggregates again."""
        from launchpad_tui.errors import InvalidInput

        shown = "" if self._step is None else str(self._step)
        hint = "A whole number; if it was not logged, the last step before it is used"
        typed = await self.launchpad.ask(
            PromptDialog("Show metrics at step", shown, hint, verb="show")
        )
        if typed is None:
            return
        try:
            self._step = int(typed.replace(",", "")) if typed.strip() else None
        except ValueError:
            raise InvalidInput(
                f"Invalid step: {typed[:40]!r}",
                "A step is a whole number.",
                "Enter a number such as 1000, or nothing to show the aggregated values.",
            ) from None
        await self._read_step()
        await self._compare()
        self.repaint_frame()

    async def _read_step(self) -> None:
        at = None
        if self._step is not None:
            at = await self.read(self.desk.charts.at_step, self.subjects, self._step)
        self.options = replace(self.options, at=at)

    def why_not_difference(self) -> str | None:
        """Disable the difference if the cursor is on the column to compare with."""
        return (
            None
            if self._pair()
            else "Move the cursor to a column other than the baseline or the first one"
        )

    def _pair(self) -> tuple[str, str] | None:
        """Return the IDs of the baseline, or else of the first column, and of the other item."""
        shown = [subject.id for subject in self.comparison.subjects]
        first = self.options.baseline if self.options.baseline in shown else next(iter(shown), "")
        second = self.subject_id
        if len(shown) == 2:
            second = next(item_id for item_id in shown if item_id != first)
        return (first, second) if first and second in shown and first != second else None

    def do_difference(self) -> None:
        """Open the difference between two columns line by line."""
        self.launchpad.open("difference", item_ids=self._pair())

    def do_hide(self) -> None:
        """Hide the group if the cursor is on its heading, else the column under the cursor."""
        group = self._heading_group()
        if group is not None:
            self._apply(replace(self.options, left_out=self.options.left_out | {group}))
            self.launchpad.say(f"Group {group} hidden; press X to show it")
        elif self.subject_id:
            self._apply(replace(self.options, hidden=self.options.hidden | {self.subject_id}))
            self.launchpad.say("Column hidden; press X to show it")

    def _heading_group(self) -> RowGroup | None:
        """Return the group whose heading is under the cursor."""
        key = self.query_one(Sheet).line_key
        return next((group for group in RowGroup if key == f"{group}/"), None)

    def why_not_show(self) -> str | None:
        """Disable the action if nothing is hidden."""
        return None if self.options.hidden or self.options.left_out else "Nothing is hidden"

    def do_show(self) -> None:
        """Show all hidden columns and groups."""
        self._apply(replace(self.options, hidden=frozenset(), left_out=frozenset()))

    def why_not_direction(self) -> str | None:
        """Disable the action on rows that are not metrics."""
        return None if self.row is not None and self.row.numeric else "Move the cursor to a metric"

    async def do_direction(self) -> None:
        """Switch the metric's direction: inferred from its name, lower or higher is better."""
        row = self.row
        if row is None:
            return
        directions: list[str | None] = [None, Direction.LOWER, Direction.HIGHER]
        present = directions.index(self.directions.get(row.name))
        following = directions[(present + 1) % len(directions)]
        boards = self.desk.boards
        await self.read(boards.set_direction, row.name, following)
        self.directions = await self.read(boards.directions)
        self._apply(replace(self.options, directions=self.directions))
        self.launchpad.say(f"{row.name}: {_DIRECTIONS[following]}")

    def do_transpose(self) -> None:
        """Swap rows and columns; the cursor stays on its value."""
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
        """Show or hide the chart."""
        self.with_curves = not self.with_curves
        self.fit_curves()
        view = self.query_one(ChartView)
        if self.with_curves and not view.display:
            self.launchpad.say(
                "The terminal is too small for the chart; press m to chart the metrics", "warn"
            )

    def do_metrics(self) -> None:
        """Open the charts of the selection."""
        self.launchpad.open("metrics", item_ids=self.selected.ids)

    def do_files(self) -> None:
        """Show or hide the rows of files."""
        self._with_files = not self._with_files
        self._report_files = self._with_files
        self.reload()

    def do_details(self) -> None:
        """Open the details of the model or execution under the cursor."""
        self.open_subject(self.subject_id)

    @on(Sheet.Opened)
    def opened(self) -> None:
        """Fold or unfold a group on its heading; elsewhere open the details of the column."""
        group = self._heading_group()
        if group is not None:
            self._apply(replace(self.options, folded=self.options.folded ^ {group}))
        else:
            self.do_details()

    async def do_export(self) -> None:
        """Ask for a file, and export the comparison to it."""
        dialog = PromptDialog(
            "Export the comparison to the file",
            "comparison.csv",
            "The extension selects the format: .csv, .json or .md",
            verb="export",
            path=True,
        )
        typed = await self.launchpad.ask(dialog)
        if typed:
            path = Path(typed).expanduser().absolute()
            await self.write_file(path, comparison_text(self.comparison, path.suffix.lower()))

    def do_copy_table(self) -> None:
        """Copy the comparison as a Markdown table."""
        self.launchpad.copy(comparison_text(self.comparison, ".md"), "the table as Markdown")

"""The page of a sweep: its progress, and its executions with their parameters and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.events import Resize
from textual.strip import Strip

from launchpad_tui.domain.metric import Direction, guess_direction
from launchpad_tui.domain.query import (
    Condition,
    ExecutionRow,
    MetricColumn,
    Op,
    Order,
    Query,
    Subject,
    ValueColumn,
)
from launchpad_tui.domain.sweep import Sweep
from launchpad_tui.domain.text import clip
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.list_screen import MAX_TOGETHER
from launchpad_tui.ui.screens.executions.executions import ExecutionsScreen
from launchpad_tui.ui.screens.executions.sweep_operations import (
    progress_cells,
    resume_sweep,
    state_texts,
    stop_sweep,
    why_not_resume,
    why_not_stop,
)
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.painted import Painted

#: the widest bar in cells
_BAR = 40


class SweepHead(Painted):
    """Lines about a sweep: its progress, its values, on as many lines as they need, and errors."""

    DEFAULT_CSS = "SweepHead { height: 3; }"
    sweep: Sweep | None = None

    def show(self, sweep: Sweep) -> None:
        """Show a sweep."""
        self.sweep = sweep
        self._fit()
        self.repaint()

    def on_resize(self, event: Resize) -> None:
        """Take as many lines as the values need at the new width."""
        super().on_resize(event)
        self._fit()

    def _fit(self) -> None:
        self.styles.height = 2 + max(1, len(self._value_lines(self.size.width)))

    def _value_lines(self, width: int) -> list[list[tuple[str, str]]]:
        """Return the names and values of the parameters with their roles, in lines that fit."""
        lines: list[list[tuple[str, str]]] = []
        room, used = max(1, width - 1), width
        for name, value in self.sweep.definition.items() if self.sweep else ():
            parts = [(f"{name} ", "dim"), (f"{value}  ", "text")]
            together = cell_len(name + value) + 1
            if together > room:
                # What is longer than a line continues on the next one.
                for text, role in (name, "dim"), (value, "text"):
                    pieces = range(0, len(text), room)
                    lines += [[(text[at : at + room], role)] for at in pieces]
                used = width
                continue
            if used + together > room:
                lines.append([])
                used = 0
            lines[-1] += parts
            used += together + 2
        return lines

    def paint_line(self, y: int, width: int) -> Strip:
        """Paint the bar with the numbers, the values, or the error."""
        look, sweep = self.look, self.sweep
        line = LineBuilder(width, look.style("text")).add(" ")
        if sweep is None:
            return line.strip()
        if y == 0:
            # Narrow terminals need the room of the bar, with the space after it, for the numbers.
            count, states = f"{sweep.ended:,}/{sweep.total:,}  ", ", ".join(state_texts(sweep))
            cells = min(_BAR, width // 3, width - 4 - len(count + states))
            if cells > 0:
                self._add_bar(line, sweep, cells)
                line.add("  ")
            line.add(count, look.style("title"))
            line.add(clip(states, width - line.used - 1, look.glyphs.ellipsis), look.style("dim"))
        elif y <= len(values := self._value_lines(width)):
            for text, role in values[y - 1]:
                line.add(text, look.style(role))
        elif errors := [one.error for one in sweep.members if one.error]:
            text = f"{len(errors):,} were not created: {errors[0]}; press R to create them"
            line.add(clip(text, width - 2, look.glyphs.ellipsis), look.style("warn"))
        return line.strip()

    def _add_bar(self, line: LineBuilder, sweep: Sweep, cells: int) -> None:
        glyphs, used = self.look.glyphs, 0
        for part, role in progress_cells(sweep, cells):
            line.add(glyphs.full * part, self.look.style(role))
            used += part
        line.add(glyphs.empty * (cells - used), self.look.style("faint"))


class SweepScreen(ExecutionsScreen):
    """The executions of a sweep, which are charted and compared together.

    Args:
        item_id: the ID of the sweep.
    """

    EMPTY = "The sweep has no executions\nPress R to create them"
    PREFERENCE = "columns.sweep"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("executions.create", "", "create", hidden=True),
        Action(
            "executions.metrics",
            "m",
            "metrics",
            "Chart the metrics of the selected executions, or of all",
            footer=2,
        ),
        Action(
            "executions.compare",
            "c",
            "compare",
            "Compare the selected executions, or all",
            footer=3,
        ),
        Action(
            "sweep.promote",
            "U",
            "promote",
            "Point an alias at the model of the execution",
            footer=1,
        ),
        Action(
            "sweep.stop-all",
            "X",
            "stop all",
            "Stop all executions of the sweep",
            footer=5,
            needs="stop",
        ),
        Action(
            "sweep.resume",
            "R",
            "resume",
            "Create the executions again that failed or are missing",
            footer=6,
            needs="executions",
        ),
    )

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._sweep: Sweep | None = None

    def title_text(self) -> str:
        """Return the name of the sweep."""
        return f"Sweep {self._sweep.name}" if self._sweep else "Sweep"

    def body(self) -> ComposeResult:
        """Yield the progress and the list."""
        yield SweepHead()
        yield from super().body()

    def columns(self) -> Sequence[Column[ExecutionRow]]:
        """Return the columns, those of the varied parameters first.

        They take the place of the name of the configuration, which consists of them.
        """
        found = list(super().columns())
        names = {str(one) for one in self.current_query.values if one.subject is Subject.PARAMETER}
        varied = [one for one in found if one.id in names]
        if not varied:
            return found
        others = [one for one in found if one not in varied and one.id != "configuration"]
        return [*varied, *others]

    def listing(self, query: Query) -> Listing[ExecutionRow]:
        """Return the executions of the sweep that match a query."""
        condition = Condition(Subject.ATTRIBUTE, "sweep", Op.EQUALS, self.item_id)
        return super().listing(replace(query, conditions=(condition, *query.conditions)))

    async def load(self) -> None:
        """Read the sweep, then its executions."""
        first = self._sweep is None
        self._sweep = await self.read(self.desk.sweeps.get, self.scope, self.item_id)
        self.query_one(SweepHead).show(self._sweep)
        if first:
            await self._sort_by_objective()
            self.table.title = self.title_text()
            self.repaint_frame()
        await super().load()

    async def _sort_by_objective(self) -> None:
        """Show the best executions first, unless the list was sorted or filtered otherwise.

        The objective is the first metric of which it is known whether lower or higher values are
        better.
        """
        if self.current_query != Query():
            return
        directions = await self.read(self.desk.boards.directions)
        for key in await self.automatic_metrics(1):
            direction = directions.get(key) or guess_direction(key)
            if direction is not None and self.current_query == Query():
                order = Order(MetricColumn(key), direction == Direction.HIGHER)
                self.current_query = replace(self.current_query, order=order)
                self.table.set_order(order.by, order.descending)

    async def automatic_metrics(self, most: int) -> list[str]:
        """Return the metrics that the executions of the sweep logged."""
        ids = self._sweep.execution_ids if self._sweep else ()
        return await self.read(self.desk.artifacts.metrics_of, self.scope, ids, most)

    def _show_columns(
        self,
        metrics: tuple[MetricColumn, ...],
        curves: tuple[str, ...] = (),
        values: tuple[ValueColumn, ...] = (),
    ) -> None:
        """Show the varied parameters unless the user selected columns."""
        if self._automatic and self._sweep is not None:
            values = tuple(ValueColumn(Subject.PARAMETER, name) for name in self._sweep.varied)
        super()._show_columns(metrics, curves, values)

    # Actions --------------------------------------------------------------------------------------

    def why_not_metrics(self) -> str | None:
        """Return why the executions cannot be shown together."""
        ids = self._together()
        if len(ids) > MAX_TOGETHER:
            return f"At most {MAX_TOGETHER:,} executions can be shown together"
        return None if ids else "The sweep has no executions"

    why_not_compare = why_not_metrics

    def _together(self) -> tuple[str, ...]:
        """Return the selected executions, or all of the sweep."""
        return self.table.selection.ids or (self._sweep.execution_ids if self._sweep else ())

    def do_metrics(self) -> None:
        """Chart the metrics of the selected executions, or of all on the board of the sweep."""
        arguments = dict(self._sweep.board_arguments) if self._sweep else {}
        self.launchpad.open("metrics", **arguments | {"item_ids": self._together()})

    def do_compare(self) -> None:
        """Compare the selected executions, or all."""
        self.launchpad.open("compare", item_ids=self._together())

    def why_not_promote(self) -> str | None:
        """Return why there is no execution to act on."""
        return self.why_not_rerun()

    async def do_promote(self) -> None:
        """Ask for an alias, and point it at the model of the execution under the cursor."""
        from launchpad_tui.ui.screens.common.promotion import promote_model

        execution_id = self.table.row_id
        models = await self.read(self.desk.artifacts.models_of, self.scope, execution_id)
        if not models:
            raise InvalidInput(
                f"The execution {execution_id} has no model",
                "It has not created one, or the model was deleted.",
                "Select an execution that is COMPLETED.",
            )
        await promote_model(self, models[0].id)

    def why_not_stop_all(self) -> str | None:
        """Return why no execution can be stopped."""
        return why_not_stop(self._sweep) if self._sweep else "The sweep is being read"

    async def do_stop_all(self) -> None:
        """Ask, then stop all executions of the sweep."""
        if self._sweep is not None:
            await stop_sweep(self, self._sweep)

    def why_not_resume(self) -> str | None:
        """Return why nothing can be resumed."""
        return why_not_resume(self._sweep) if self._sweep else "The sweep is being read"

    async def do_resume(self) -> None:
        """Create the failed, stopped and missing executions again."""
        if self._sweep is not None:
            await resume_sweep(self, self._sweep)

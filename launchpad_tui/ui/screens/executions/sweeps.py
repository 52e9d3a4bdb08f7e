"""The list of sweeps: groups of executions with different parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.sweep import Sweep
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.columns import age_column, text_column
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.executions.sweep_operations import (
    remove_sweep,
    resume_sweep,
    state_texts,
    stop_sweep,
    why_not_resume,
    why_not_stop,
)
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.dialogs import PromptDialog
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launchpad_tui.ui.theme import Look

_EMPTY = (
    "No sweeps yet\nPress a to create one: give several values to a parameter, such as 0.01,0.1"
)


class SweepsScreen(LaunchpadScreen):
    """The sweeps of the resource group with their progress, newest first."""

    TITLE_TEXT = "Sweeps"
    TOPICS = frozenset({"executions"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "sweeps.create",
            "a",
            "create",
            "Create a sweep: parameters with several values",
            footer=2,
            needs="create_configuration",
        ),
        Action(
            "sweeps.compare",
            "c",
            "compare",
            "Compare the executions of the sweep",
            footer=3,
        ),
        Action(
            "sweeps.metrics",
            "m",
            "metrics",
            "Chart the metrics of the executions of the sweep",
            footer=4,
        ),
        Action(
            "sweeps.stop",
            "S",
            "stop",
            "Stop the executions of the sweep",
            footer=5,
            needs="stop",
        ),
        Action(
            "sweeps.resume",
            "R",
            "resume",
            "Create the executions again that failed or are missing",
            footer=6,
            needs="executions",
        ),
        Action(
            "sweeps.remove",
            "D",
            "remove",
            "Remove the sweep, with or without its executions",
            footer=7,
        ),
        Action("sweeps.search", "/", "search", "Search in names, executables and values", footer=1),
    )

    def __init__(self) -> None:
        super().__init__()
        self._search = ""

    def body(self) -> ComposeResult:
        """Yield the table."""
        yield VirtualTable(
            _columns(self.launchpad.look),
            lambda one: one.id,
            title="Sweeps",
            empty=_EMPTY,
            multi=False,
            filtered=True,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[Sweep]:
        """The table of the sweeps."""
        return self.query_one("#list", VirtualTable)

    def filters(self) -> object:
        """Return the search text, which is kept when the screen is left."""
        return self._search

    async def restore_filters(self, filters: object) -> None:
        """Search for the former text."""
        if isinstance(filters, str):
            self._search = filters

    async def load(self) -> None:
        """Read the list."""
        found = await self.read(self.desk.sweeps.summaries, self.scope)
        terms = self._search.casefold().split()
        shown = [one for one in found if all(term in _searched(one) for term in terms)]
        self.table.empty = f"No sweep matches {self._search!r}" if terms else _EMPTY
        self.table.set_chips([f"search {self._search}"] if terms else [])
        self.table.set_rows(shown)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the page of the sweep."""
        self.launchpad.open("sweep", item_id=event.row.id)

    @on(VirtualTable.ChipRemoved)
    def chip_removed(self) -> None:
        """Clear the search."""
        self._search = ""
        self.reload()

    async def do_search(self) -> None:
        """Ask for a text and show the sweeps that contain it."""
        prompt = PromptDialog(
            "Search sweeps", self._search, "Part of a name, executable or value", verb="search"
        )
        text = await self.launchpad.ask(prompt)
        if text is not None:
            self._search = text.strip()
            self.reload()

    def do_create(self) -> None:
        """Open the wizard that creates configurations and sweeps."""
        self.launchpad.open("configuration.create", sweep=True)

    def why_not_compare(self) -> str | None:
        """Return why there is no sweep to act on."""
        return None if self.table.row is not None else NO_ROW

    why_not_metrics = why_not_remove = why_not_compare

    def why_not_stop(self) -> str | None:
        """Return why no execution can be stopped."""
        row = self.table.row
        return NO_ROW if row is None else why_not_stop(row)

    def why_not_resume(self) -> str | None:
        """Return why nothing can be resumed."""
        row = self.table.row
        return NO_ROW if row is None else why_not_resume(row)

    async def _current(self) -> Sweep:
        """Return the sweep under the cursor with its members."""
        return await self.read(self.desk.sweeps.get, self.scope, self.table.row_id)

    async def do_compare(self) -> None:
        """Compare the executions of the sweep."""
        self.launchpad.open("compare", item_ids=(await self._current()).execution_ids)

    async def do_metrics(self) -> None:
        """Chart the metrics of the executions of the sweep."""
        self.launchpad.open("metrics", **(await self._current()).board_arguments)

    async def do_stop(self) -> None:
        """Ask, then stop the executions of the sweep."""
        await stop_sweep(self, await self._current())

    async def do_resume(self) -> None:
        """Create the failed, stopped and missing executions again."""
        await resume_sweep(self, await self._current())

    async def do_remove(self) -> None:
        """Ask, then remove the sweep."""
        await remove_sweep(self, await self._current())


def _searched(one: Sweep) -> str:
    values = " ".join(f"{name}={value}" for name, value in one.definition.items())
    return f"{one.id} {one.name} {one.executable_id} {values}".casefold()


def _columns(look: Look) -> Sequence[Column[Sweep]]:
    def bar(one: Sweep) -> str:
        full = 10 * one.ended // one.total if one.total else 0
        cells = look.glyphs.full * full + look.glyphs.empty * (10 - full)
        return f"{cells} {one.ended:,}/{one.total:,}"

    return (
        Column[Sweep]("name", "Name", lambda one: one.name, 16, 40, 3, priority=0),
        text_column("progress", "Progress", bar, (20, 20), priority=1),
        text_column("states", "Status", lambda one: ", ".join(state_texts(one)), (24, 44), 2,
                    priority=2),
        text_column(
            "values",
            "Values",
            lambda one: "  ".join(f"{name}={value}" for name, value in one.definition.items()),
            (16, 60),
            3,
            priority=3,
        ),
        age_column(lambda one: one.created_at, priority=4),
        text_column(
            "executable", "Executable", lambda one: one.executable_id, (14, 30), 1, priority=5
        ),
        text_column("id", "ID", lambda one: one.id, (16, 16), priority=6),
    )  # fmt: skip

"""Models that are in an object store already: found by a pattern, looked through, added in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.importing import EVERYTHING, Proposal
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact

_PATTERNS = "* is any part of a path, ** any number of them: */* for the second level, **/best for all of that name."


class ImportScreen(LaunchpadScreen):
    """Folders and files of a store that may become artifacts.

    Args:
        store: its name.
        path: the folder that is looked through.
        scope: the store's resource group; None for the chosen one.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "import.add",
            "a",
            "add",
            "Add the selected ones; without a selection all that can be added.",
            footer=2,
        ),
        Action("import.pattern", "p", "pattern", "Which folders or files are one each.", footer=3),
        Action(
            "import.kind",
            "t",
            "kind",
            "Change the kind of the artifacts: models, datasets or others",
            footer=4,
        ),
        Action("import.browse", "b", "browse", "Browse the selected folder", footer=5),
    )

    def __init__(self, store: str, path: str = "", scope: Scope | None = None) -> None:
        super().__init__()
        self.store = store
        self.path = path
        self.pattern = EVERYTHING
        self.kind = ArtifactKind.MODEL
        self._of = scope
        self._found: list[Proposal] = []

    @property
    def scope(self) -> Scope:
        """The store's resource group."""
        return self._of or super().scope

    def title_text(self) -> str:
        """From where."""
        return f"Import from {self.store}/{self.path}"

    def body(self) -> ComposeResult:
        """The proposals."""
        yield VirtualTable(
            proposal_columns(self.launchpad.look),
            lambda one: one.path,
            title="Found",
            id="list",
            opens=False,
            empty=f"looking{self.launchpad.look.glyphs.ellipsis}",
        )

    @property
    def table(self) -> VirtualTable[Proposal]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Walk the folder."""

        def tell(count: int) -> None:
            self.app.call_from_thread(self.launchpad.say, f"Looked at {count:,} objects")

        self._found = await self.launchpad.network(
            self.desk.importing.propose, self.scope, self.store, self.path, self.pattern, tell
        )
        self._show()

    def _show(self) -> None:
        table = self.table
        table.set_problem("")
        table.title = f"{self.pattern} in ai://{self.store}/{self.path}, as {self.kind}"
        table.empty = "Nothing matches the pattern\np takes another"
        known = sum(one.known for one in self._found)
        table.note = f"{len(self._addable)} can be added, {known} known"
        table.set_rows(self._found)
        self.refresh_footer()

    def show_load_error(self, error: Exception) -> None:
        """In place of the proposals."""
        if isinstance(error, LaunchpadError):
            self._found = []
            self.table.set_rows([])
            self.table.set_problem(str(error))
        else:
            super().show_load_error(error)

    @property
    def _addable(self) -> list[Proposal]:
        return [one for one in self._found if not one.known and not one.problem]

    @property
    def _wanted(self) -> list[Proposal]:
        chosen = set(self.table.selection.ids)
        return [one for one in self._addable if one.path in chosen] if chosen else self._addable

    # Actions --------------------------------------------------------------------------------------

    def why_not_add(self) -> str | None:
        """Something that is not known yet."""
        if self._wanted:
            return None
        return (
            "None of the selected can be added"
            if self.table.selection.ids
            else "There is nothing to add"
        )

    def why_not_browse(self) -> str | None:
        """A row is needed."""
        return None if self.table.row is not None else "There is nothing under the cursor"

    async def do_add(self) -> None:
        """Key ``a``."""
        wanted, kind = self._wanted, self.kind
        scenarios = await self.read(self.desk.scenarios.scenarios, self.scope)
        choices = [Choice(each.id, each.name, each.description) for each in scenarios]
        title = f"Add {len(wanted)} {kind}{'s' * (len(wanted) != 1)}: of which scenario?"
        picked = await self.launchpad.ask(
            ChooseDialog(
                title, choices, empty="No scenario yet: 5, then a, adds workflow templates"
            )
        )
        if picked:
            made: list[Artifact] = list(
                await self.read(self.desk.importing.register, self.scope, kind, picked[0], wanted)
            )
            for one in wanted:
                one.known = True
            self.table.clear_selection()
            self._show()
            self.launchpad.say(f"Added {len(made)} {kind}{'s' * (len(made) != 1)}", "good", 8)

    async def do_pattern(self) -> None:
        """Key ``p``."""
        typed = await self.launchpad.ask(
            PromptDialog("Which paths are one each?", self.pattern, _PATTERNS)
        )
        if typed:
            self.pattern = typed.strip()
            self.table.clear_selection()
            self.reload()

    async def do_kind(self) -> None:
        """Key ``t``."""
        choices = [Choice(each, each) for each in ArtifactKind]
        picked = await self.launchpad.ask(ChooseDialog("Add them as", choices, at=self.kind))
        if picked:
            self.kind = ArtifactKind(picked[0])
            self._show()

    def do_browse(self) -> None:
        """Key ``b``."""
        row = self.table.row
        if row is not None:
            single = len(row.files) == 1 and row.files[0].path == "."
            path = row.path.rpartition("/")[0] if single else row.path
            self.launchpad.open("browse", store=self.store, path=path, scope=self.scope)


def proposal_columns(look: Look) -> tuple[Column[Proposal], ...]:
    """Name, state, files, size, moment, URL."""
    glyphs = look.glyphs

    def state(one: Proposal) -> Cell:
        if one.known:
            return Cell(f"{glyphs.done} known", "dim")
        return (
            Cell(f"{glyphs.warning} {one.problem}", "warn") if one.problem else Cell("new", "good")
        )

    return (
        Column[Proposal]("name", "Name", lambda r: r.name, 20, 60, 3, priority=0),
        Column[Proposal]("state", "State", state, 8, 40, 1, priority=1),
        Column[Proposal](
            "files",
            "Files",
            lambda r: Cell(f"{len(r.files):,}", "dim"),
            6,
            9,
            0,
            "right",
            priority=3,
        ),
        Column[Proposal](
            "size", "Size", lambda r: Cell(size_text(r.size), "dim"), 8, 8, 0, "right", priority=2
        ),
        Column[Proposal](
            "modified",
            "Changed",
            lambda r: Cell(timestamp_text(r.modified) if r.modified else "", "dim"),
            16,
            16,
            0,
            priority=4,
        ),
        Column[Proposal]("url", "URL", lambda r: Cell(r.url, "dim"), 20, 100, 3, priority=5),
    )

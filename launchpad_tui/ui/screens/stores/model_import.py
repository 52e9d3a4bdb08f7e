"""The import of models that are in an object store already: find them by a pattern and add them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.importing import EVERYTHING, Proposal, named
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.columns import (
    size_column,
    text_column,
    timestamp_column,
)
from launchpad_tui.ui.screens.common.new_scenario import choose_scenario
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.ui.shell import Shell

#: the number of seconds between two messages about values that are read
_PROGRESS_SECONDS = 1.0
_PATTERN_HELP = (
    "* matches one part of a path, ** any number of parts. "
    "Examples: */* for the second level, **/best for everything with that name."
)


class ImportScreen(LaunchpadScreen):
    """Files and folders of an object store that can be added as artifacts.

    Args:
        store: the name of the object store.
        path: the folder that is searched.
        scope: the resource group of the store; None for the current one.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "import.add",
            "a",
            "add",
            "Add the selected artifacts, or all if none are selected",
            footer=2,
        ),
        Action("import.pattern", "p", "pattern", "Edit the pattern that finds artifacts", footer=3),
        Action(
            "import.kind",
            "t",
            "kind",
            "Change the kind of the artifacts",
            footer=4,
        ),
        Action(
            "import.name",
            "M",
            "rename",
            "Name the artifacts: models of one name are versions of it",
            footer=6,
        ),
        Action("import.browse", "b", "browse", "Browse the selected folder", footer=5),
    )

    def __init__(self, store: str, path: str = "", scope: Scope | None = None) -> None:
        super().__init__()
        self.store = store
        self.path = path
        self.pattern = EVERYTHING
        self.kind = ArtifactKind.MODEL
        #: the name of the artifacts, see `services.importing.named`; empty for their paths
        self.naming = ""
        self._of = scope
        self._found: list[Proposal] = []

    @property
    def scope(self) -> Scope:
        """The resource group of the store."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Return the title with the store and the folder."""
        return f"Import from {self.store}/{self.path}"

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield VirtualTable(
            proposal_columns(self.launchpad.look),
            lambda proposal: proposal.path,
            title="Found",
            id="list",
            empty=f"searching{self.launchpad.look.glyphs.ellipsis}",
        )

    @property
    def table(self) -> VirtualTable[Proposal]:
        """The files and folders that were found."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Search the folder."""

        def report(count: int) -> None:
            self.app.call_from_thread(self.launchpad.say, f"{count:,} objects searched")

        found = await self.launchpad.network(
            self.desk.importing.propose, self.scope, self.store, self.path, self.pattern, report
        )
        self._found = named(found, self.naming) if self.naming else found
        self._show()

    def _show(self) -> None:
        table = self.table
        table.set_problem("")
        table.title = f"{self.pattern} in ai://{self.store}/{self.path}, as {self.kind.noun}"
        table.empty = "No file or folder matches the pattern\nPress p to edit the pattern"
        added = sum(proposal.known for proposal in self._found)
        table.note = f"{len(self._addable)} new, {added} added"
        table.set_rows(self._found)
        self.refresh_footer()

    def show_load_error(self, error: Exception) -> None:
        """Show the error in place of the list."""
        if isinstance(error, LaunchpadError):
            self._found = []
            self.table.set_rows([])
            self.table.set_problem(str(error))
        else:
            super().show_load_error(error)

    @property
    def _addable(self) -> list[Proposal]:
        return [each for each in self._found if not each.known and not each.problem]

    @property
    def _to_add(self) -> list[Proposal]:
        """The proposals that are added: the selected ones, or all if none are selected."""
        selected = set(self.table.selection.ids)
        if not selected:
            return self._addable
        return [proposal for proposal in self._addable if proposal.path in selected]

    # Actions --------------------------------------------------------------------------------------

    def why_not_add(self) -> str | None:
        """Disable the action if nothing can be added."""
        if self._to_add:
            return None
        return (
            "None of the selected artifacts can be added"
            if self.table.selection.ids
            else "There is nothing to add"
        )

    def why_not_browse(self) -> str | None:
        """Disable the action without a row under the cursor."""
        return None if self.table.row is not None else "No file or folder is under the cursor"

    @on(VirtualTable.Opened)
    def opened(self) -> None:
        """Browse the folder under the cursor."""
        self.do_browse()

    async def do_add(self) -> None:
        """Ask for the scenario, and add the artifacts."""
        proposals, kind = self._to_add, self.kind
        project = self.path.strip("/").rpartition("/")[2] or self.store
        picked = await choose_scenario(
            self, f"Scenario of the {_counted(len(proposals), kind)}", new=project
        )
        if picked:
            beside = {one.url: one.attribute_files for one in proposals if one.attribute_files}
            read: bool | None = False
            if beside:
                read = await self.launchpad.ask(
                    ConfirmDialog(
                        f"Read metrics and parameters of {_counted(len(beside), kind)}?",
                        "Files such as metrics.json and params.yaml beside them have these values.",
                        yes="read",
                        no="add without them",
                    )
                )
            if read is None:
                return
            added: list[Artifact] = list(
                await self.read(self.desk.importing.register, self.scope, kind, picked, proposals)
            )
            for proposal in proposals:
                proposal.known = True
            self.table.clear_selection()
            self._show()
            self.launchpad.say(f"{_counted(len(added), kind)} added", "good", 8)
            if read:
                # The task of the app goes on when this screen is left.
                work = _read_values(self.launchpad, self.scope, added, beside)
                self.launchpad.run_task(work, "values of imported artifacts", exclusive=False)

    async def do_pattern(self) -> None:
        """Ask for the pattern, and search again."""
        typed = await self.launchpad.ask(
            PromptDialog("Pattern of the paths to add", self.pattern, _PATTERN_HELP, verb="apply")
        )
        if typed:
            self.pattern = typed.strip()
            self.table.clear_selection()
            self.reload()

    async def do_name(self) -> None:
        """Ask for the names of the artifacts."""
        typed = await self.launchpad.ask(
            PromptDialog(
                "Name of all artifacts",
                self.naming,
                "{1} is the first part of the path, {2} the second one; empty for whole paths",
            )
        )
        if typed is not None:
            named([], typed.strip())
            self.naming = typed.strip()
            self.reload()

    async def do_kind(self) -> None:
        """Ask for the kind of the artifacts."""
        choices = [Choice(each, each) for each in ArtifactKind]
        picked = await self.launchpad.ask(ChooseDialog("Kind of artifact", choices, at=self.kind))
        if picked:
            self.kind = ArtifactKind(picked[0])
            self._show()

    def do_browse(self) -> None:
        """Browse the folder under the cursor, or the parent folder of the file."""
        row = self.table.row
        if row is not None:
            single = len(row.files) == 1 and row.files[0].path == "."
            path = row.path.rpartition("/")[0] if single else row.path
            self.launchpad.open("browse", store=self.store, path=path, scope=self.scope)


async def _read_values(
    app: Shell, scope: Scope, added: Sequence[Artifact], beside: Mapping[str, Sequence[str]]
) -> None:
    """Add the values in files beside artifacts, whose paths are given by the URL."""
    service = app.desk.attribute_files
    failed: list[str] = []
    count = 0
    shown_at = monotonic()
    chosen = [one for one in added if one.url in beside]
    for number, one in enumerate(chosen, 1):
        found, errors = await app.network(service.add, scope, one, beside[one.url])
        count += bool(found)
        failed += [f"{one.name}: {error.title}" for error in errors]
        if monotonic() - shown_at > _PROGRESS_SECONDS:
            shown_at = monotonic()
            app.say(f"Values of {number:,} of {len(chosen):,} read", anywhere=True)
    said = f"Values added to {count:,} of {len(added):,} added"
    if failed:
        text = f"{said}; {len(failed):,} files cannot be read: {failed[0]}"
        app.say(text, "warn", 12, anywhere=True)
    else:
        app.say(said, "good", 8, anywhere=True)


def _counted(count: int, kind: ArtifactKind) -> str:
    noun = "artifact" if kind is ArtifactKind.OTHER else str(kind)
    return f"{count} {noun}{'s' * (count != 1)}"


def proposal_columns(look: Look) -> tuple[Column[Proposal], ...]:
    """Return the columns of the list."""
    glyphs = look.glyphs

    def state(proposal: Proposal) -> Cell:
        if proposal.known:
            return Cell(f"{glyphs.done} added", "dim")
        if proposal.problem:
            return Cell(f"{glyphs.warning} {proposal.problem}", "warn")
        return Cell("new", "good")

    def values(proposal: Proposal) -> str:
        names = (path.rpartition("/")[2] for path in proposal.attribute_files)
        return ", ".join(dict.fromkeys(name.split(".")[-2] for name in names))

    return (
        Column[Proposal]("name", "Name", lambda r: r.name, 20, 60, 3, priority=0),
        Column[Proposal]("state", "State", state, 8, 40, 1, priority=1),
        text_column(
            "files", "Files", lambda r: f"{len(r.files):,}", (6, 9), align="right", priority=3
        ),
        size_column(lambda r: r.size, priority=2),
        text_column("values", "Values", values, (15, 40), 1, priority=2),
        timestamp_column("modified", "Changed", lambda r: r.modified, priority=4),
        text_column("url", "URL", lambda r: r.url, (20, 100), 3, priority=5),
    )

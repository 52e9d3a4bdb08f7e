"""What is in an object store, folder by folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.stored_object import FolderPage
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.screens.common.downloads import download
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launchpad_tui.domain.transfer import Progress

#: the next page is read when the cursor is so many rows from the last one
_AHEAD = 100
NOTHING = "There is nothing under the cursor"


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """A folder (without size and moment) or an object of a store."""

    path: str
    size: int | None = None
    modified: datetime | None = None

    @property
    def folder(self) -> bool:
        """Whether it is one."""
        return self.size is None

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition("/")[2]


class BrowseScreen(LaunchpadScreen):
    """Walks through an object store.

    Args:
        store: its name.
        path: the folder to begin with.
        scope: the store's resource group; None for the chosen one.
        choose: whether a path is looked for: ``t`` gives it back.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("browse.up", "backspace", "up", "Open the parent folder", footer=2),
        Action(
            "browse.preview",
            "p",
            "preview",
            "Preview the metadata of the file (no code in it is run)",
            footer=3,
        ),
        Action("browse.download", "d", "download", "Download the file or the folder", footer=4),
        Action(
            "browse.add", "a", "add as model", "Add what is under the cursor as a model.", footer=5
        ),
        Action(
            "browse.import",
            "i",
            "import models",
            "Look for models in this folder and add them.",
            footer=6,
        ),
        Action(
            "browse.select",
            "t",
            "take",
            "Take what is under the cursor, or an empty folder itself.",
            footer=1,
        ),
    )

    def __init__(
        self, store: str, path: str = "", scope: Scope | None = None, *, choose: bool = False
    ) -> None:
        super().__init__()
        self.store = store
        self.path = path.strip("/")
        self.choose = choose
        self._of = scope
        self._entries: list[StoreEntry] = []
        self._next = ""
        self._reading = False
        #: where the cursor stood in the folders above
        self._stood: dict[str, str] = {}

    @property
    def scope(self) -> Scope:
        """The store's resource group."""
        return self._of or super().scope

    def title_text(self) -> str:
        """The store, and where in it."""
        return f"{'Choose in ' if self.choose else ''}{self.store}/{self.path}"

    def actions(self) -> tuple[Action, ...]:
        """Taking, where a path is looked for; adding, where not."""
        wrong = {"browse.add", "browse.import"} if self.choose else {"browse.select"}
        return tuple(action for action in super().actions() if action.id not in wrong)

    def body(self) -> ComposeResult:
        """The folder's entries."""
        yield VirtualTable(
            entry_columns(self.launchpad.look),
            lambda entry: entry.path,
            title=f"ai://{self.store}/{self.path}",
            empty="reading…",
            multi=False,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[StoreEntry]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read the first page of the folder."""
        page = await self._page("")
        self.table.set_problem("")
        self._entries = entries_of(page)
        self._show(page)

    async def _page(self, token: str) -> FolderPage:
        return await self.launchpad.network(
            self.desk.browsing.page, self.scope, self.store, self.path, token
        )

    def _show(self, page: FolderPage) -> None:
        self._next = page.next
        table = self.table
        table.title = f"ai://{self.store}/{self.path}"
        table.empty = (
            "Nothing is here\nbackspace goes to the folder above"
            if self.path
            else "The store is empty"
        )
        table.note = f"{len(self._entries):,} read, more follow" if page.next else ""
        table.set_rows(self._entries)
        self.repaint_frame()

    def show_load_error(self, error: Exception) -> None:
        """In place of the entries."""
        if isinstance(error, LaunchpadError):
            self._entries, self._next = [], ""
            self.table.set_rows([])
            self.table.set_problem(f"{error}\nr reads it again, backspace goes to the folder above")
            self.repaint_frame()
        else:
            super().show_load_error(error)

    def on_virtual_table_cursor_moved(self) -> None:
        """Read on before the end is reached."""
        super().on_virtual_table_cursor_moved()
        if self._next and not self._reading and self.table.cursor >= len(self._entries) - _AHEAD:
            self._reading = True
            self.run_task(self._read_on(self.path, self._next), "page", exclusive=False)

    async def _read_on(self, path: str, token: str) -> None:
        try:
            page = await self._page(token)
            if path == self.path and token == self._next:
                self._entries = [*self._entries, *entries_of(page)]
                self._show(page)
        finally:
            self._reading = False

    def _go(self, path: str, at: str = "") -> None:
        self._stood[self.path] = self.table.row_id
        self.path = path
        self._entries, self._next = [], ""
        self.table.set_rows([], keep_cursor=False)
        self.table.empty = f"reading{self.launchpad.look.glyphs.ellipsis}"
        self.run_task(self._arrive(at or self._stood.get(path, "")), "go")

    async def _arrive(self, at: str) -> None:
        self.repaint_frame()
        try:
            await self.load()
        except LaunchpadError as error:
            self.show_load_error(error)
        place = next((i for i, entry in enumerate(self._entries) if entry.path == at), 0)
        self.table.move_to(place)
        self.refresh_footer()

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Key ``enter``: into a folder; a file shows what it says of itself."""
        entry: StoreEntry = event.row
        if entry.folder:
            self._go(entry.path)
        else:
            self.do_preview()

    # Actions --------------------------------------------------------------------------------------

    def why_not_up(self) -> str | None:
        """The store's root has nothing above."""
        return None if self.path else "This is the whole store"

    def why_not_preview(self) -> str | None:
        """Files only."""
        row = self.table.row
        return NOTHING if row is None else "It is a folder" if row.folder else None

    def why_not_download(self) -> str | None:
        """A row is needed."""
        return None if self.table.row is not None else NOTHING

    def why_not_add(self) -> str | None:
        """A row is needed, and a store of the chosen group."""
        return self.why_not_import() or self.why_not_download()

    def why_not_import(self) -> str | None:
        """The chosen group gets the models."""
        return None if self.scope == self.launchpad.scope else f"Choose {self.scope} first: key 0"

    def why_not_select(self) -> str | None:
        """The whole store is no place for an artifact."""
        return None if self.table.row is not None or self.path else NOTHING

    def do_up(self) -> None:
        """Key ``backspace``."""
        self._go(self.path.rpartition("/")[0], self.path)

    def do_preview(self) -> None:
        """Key ``p``."""
        self.launchpad.open("preview", store=self.store, path=self.table.row_id, scope=self.scope)

    async def do_download(self) -> None:
        """Key ``d``."""
        entry = self.table.row
        if entry is not None:
            url, scope, files = (
                str(ArtifactUrl(self.store, entry.path)),
                self.scope,
                self.desk.files,
            )

            def fetch(target: Path, progress: Progress, overwrite: bool) -> Sequence[Path]:
                return files.stage(scope, url, target, progress, overwrite=overwrite)

            await download(self.launchpad, entry.name, fetch)

    def do_add(self) -> None:
        """Key ``a``."""
        self.launchpad.open("artifact.add", url=str(ArtifactUrl(self.store, self.table.row_id)))

    def do_import(self) -> None:
        """Key ``i``."""
        self.launchpad.open("import", store=self.store, path=self.path)

    def do_select(self) -> None:
        """Key ``t``."""
        self.dismiss(str(ArtifactUrl(self.store, self.table.row_id or self.path)))

    def do_back(self) -> None:
        """Key ``esc``; where a path is looked for, without one."""
        if self.choose:
            self.dismiss(None)
        else:
            super().do_back()


def entries_of(page: FolderPage) -> list[StoreEntry]:
    """Folders, then objects."""
    return [
        *(StoreEntry(path) for path in page.folders),
        *(StoreEntry(each.path, each.size, each.modified) for each in page.objects),
    ]


def entry_columns(look: Look) -> tuple[Column[StoreEntry], ...]:
    """Name, size, moment."""

    def name(entry: StoreEntry) -> Cell:
        return (
            Cell(f"{look.glyphs.folded} {entry.name}/", "accent")
            if entry.folder
            else Cell(f"  {entry.name}")
        )

    return (
        Column[StoreEntry]("name", "Name", name, 24, 120, 4, priority=0),
        Column[StoreEntry](
            "size", "Size", lambda r: Cell(size_text(r.size), "dim"), 10, 10, 0, "right", priority=1
        ),
        Column[StoreEntry](
            "modified",
            "Changed",
            lambda r: Cell(timestamp_text(r.modified) if r.modified else "", "dim"),
            16,
            16,
            0,
            priority=2,
        ),
    )

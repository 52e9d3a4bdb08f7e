"""The browser of an object store, one folder at a time."""

from __future__ import annotations

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
from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.columns import size_column, timestamp_column
from launchpad_tui.ui.screens.common.downloads import download
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import DownloadedFiles, Progress
    from launchpad_tui.services.transfers import Job

#: distance of the cursor from the last loaded row, in rows, at which the next page is read
_AHEAD = 100
#: maximum number of files that are counted before a folder is deleted
_COUNTED = 10_000
#: maximum number of artifacts that are named in the question
_SHOWN = 5
_NO_ROW = "No file or folder is under the cursor"


@record
class StoreEntry:
    """A folder or an object of a store; a folder has neither size nor timestamp."""

    path: str
    size: int | None = None
    modified: datetime | None = None

    @property
    def folder(self) -> bool:
        """Whether the entry is a folder."""
        return self.size is None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class BrowseScreen(LaunchpadScreen):
    """The files and folders of an object store.

    The screen can also be opened to select a path. It then returns the URL of the selected path, or
    None.

    Args:
        store: the name of the object store.
        path: the folder that is shown first.
        scope: the resource group of the store; None for the current one.
        choose: whether the screen is opened to select a path.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("browse.up", "backspace", "up", "Open the parent folder", footer=2),
        Action(
            "browse.preview",
            "p",
            "preview",
            "Preview the contents of the file without running any code",
            footer=3,
        ),
        Action("browse.download", "d", "download", "Download the file or the folder", footer=4),
        Action(
            "browse.add", "a", "add as model", "Add the file or the folder as a model", footer=5
        ),
        Action(
            "browse.import",
            "i",
            "import models",
            "Find models in this folder and add them",
            footer=6,
        ),
        Action("browse.delete", "D", "delete", "Delete the file or the folder", footer=7),
        Action(
            "browse.select",
            "t",
            "select",
            "Select the file or folder, or the empty folder shown",
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
        #: path under the cursor of each folder that was left, to restore the cursor
        self._cursors: dict[str, str] = {}

    @property
    def scope(self) -> Scope:
        """The resource group of the store."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Return the title with the store and the path."""
        return f"{'Select in ' if self.choose else ''}{self.store}/{self.path}"

    def actions(self) -> tuple[Action, ...]:
        """Return the actions: to select a path if the screen was opened for that, else to add and
        delete."""
        excluded = (
            {"browse.add", "browse.import", "browse.delete"} if self.choose else {"browse.select"}
        )
        return tuple(action for action in super().actions() if action.id not in excluded)

    def body(self) -> ComposeResult:
        """Yield the list."""
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
        """The entries of the folder."""
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
        parent = "Press backspace to open the parent folder"
        if page.missing:
            table.empty = f"The object store has no folder {self.path}\n{parent}"
        else:
            table.empty = (
                f"The folder is empty\n{parent}" if self.path else "The object store is empty"
            )
        table.note = f"{len(self._entries):,} loaded, scroll for more" if page.next else ""
        table.set_rows(self._entries)
        self.repaint_frame()

    def show_load_error(self, error: Exception) -> None:
        """Show the error in place of the entries."""
        if isinstance(error, LaunchpadError):
            self._entries, self._next = [], ""
            self.table.set_rows([])
            hint = "Press r to try again, backspace to open the parent folder"
            self.table.set_problem(f"{error}\n{hint}")
            self.repaint_frame()
        else:
            super().show_load_error(error)

    def on_virtual_table_cursor_moved(self) -> None:
        """Read the next page before the cursor reaches the last loaded row."""
        super().on_virtual_table_cursor_moved()
        if self._next and not self._reading and self.table.cursor >= len(self._entries) - _AHEAD:
            self._reading = True
            self.run_task(self._load_next(self.path, self._next), "page", exclusive=False)

    async def _load_next(self, path: str, token: str) -> None:
        try:
            page = await self._page(token)
            if path == self.path and token == self._next:
                self._entries = [*self._entries, *entries_of(page)]
                self._show(page)
        finally:
            self._reading = False

    def _open_folder(self, path: str, at: str = "") -> None:
        """Show a folder with the cursor on ``at``, or where it was when the folder was left."""
        self._cursors[self.path] = self.table.row_id
        self.path = path
        self._entries, self._next = [], ""
        self.table.set_rows([], keep_cursor=False)
        self.table.empty = f"reading{self.launchpad.look.glyphs.ellipsis}"
        self.run_task(self._load_folder(at or self._cursors.get(path, "")), "folder")

    async def _load_folder(self, at: str) -> None:
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
        """Open a folder, or the preview of a file."""
        entry: StoreEntry = event.row
        if entry.folder:
            self._open_folder(entry.path)
        else:
            self.do_preview()

    # Actions --------------------------------------------------------------------------------------

    def why_not_up(self) -> str | None:
        """Disable the action in the root of the store."""
        return None if self.path else "The root of the object store has no parent folder"

    def why_not_preview(self) -> str | None:
        """Disable the preview of folders."""
        row = self.table.row
        return _NO_ROW if row is None else "A folder has no preview" if row.folder else None

    def why_not_download(self) -> str | None:
        """Disable the action without a row under the cursor."""
        return None if self.table.row is not None else _NO_ROW

    def why_not_add(self) -> str | None:
        """Disable adding without a row, and from stores of other resource groups."""
        return self.why_not_import() or self.why_not_download()

    def why_not_import(self) -> str | None:
        """Disable the import from other resource groups: models are added to the current one."""
        if self.scope == self.launchpad.scope:
            return None
        return f"Press 0 to switch to {self.scope} first"

    def why_not_delete(self) -> str | None:
        """Disable deleting without a row under the cursor."""
        return self.why_not_download()

    def why_not_select(self) -> str | None:
        """Disable selecting the root of the store, which is no URL of an artifact."""
        return None if self.table.row is not None or self.path else _NO_ROW

    def do_up(self) -> None:
        """Open the parent folder."""
        self._open_folder(self.path.rpartition("/")[0], self.path)

    def do_preview(self) -> None:
        """Open the preview of the file."""
        self.launchpad.open("preview", store=self.store, path=self.table.row_id, scope=self.scope)

    async def do_download(self) -> None:
        """Download the file or the folder."""
        entry = self.table.row
        if entry is not None:
            url, scope, files = (
                str(ArtifactUrl(self.store, entry.path)),
                self.scope,
                self.desk.files,
            )

            def fetch(target: Path, progress: Progress, overwrite: bool) -> DownloadedFiles:
                return files.stage(scope, url, target, progress, overwrite=overwrite)

            await download(self.launchpad, entry.name, fetch)

    async def do_delete(self) -> None:
        """Ask, and delete the file or the folder in the background."""
        entry = self.table.row
        if entry is None:
            return
        scope, store, browsing = self.scope, self.store, self.desk.browsing
        count, size = 1, entry.size or 0
        if entry.folder:
            count, size = await self.launchpad.network(
                browsing.measure, scope, store, entry.path, _COUNTED
            )
        more = "At least " if count >= _COUNTED else ""
        files = f"{more}{count:,} file{'s' * (count != 1)} ({size_text(size)})"
        artifacts, number = await self.launchpad.read(
            browsing.references, scope, store, [entry.path], _SHOWN
        )
        detail = f"{files} at {ArtifactUrl(store, entry.path)}. The files cannot be restored."
        if artifacts:
            names = ", ".join(f"{each.kind.value} {each.name}" for each in artifacts)
            rest = f" and {number - len(artifacts):,} more" * (number > len(artifacts))
            detail += (
                f" {number:,} artifact{'s refer' if number != 1 else ' refers'} to them: "
                f"{names}{rest}."
            )
        question = ConfirmDialog(
            f"Delete {entry.name}{'/' * entry.folder}?",
            detail,
            yes="delete",
            danger=True,
        )
        if not await self.launchpad.ask(question):
            return

        def delete(_progress: Progress) -> str:
            deleted = browsing.delete(scope, store, entry.path)
            return f"Deleted {deleted:,} file{'s' * (deleted != 1)} at {entry.path}"

        def ended(job: Job) -> None:
            self.launchpad.transfers.report(job)
            if self.is_mounted and self.path == entry.path.rpartition("/")[0]:
                self.run_task(self._load_folder(self.table.row_id), "folder")

        self.launchpad.transfers.start(f"Delete {entry.name}", delete, "files", then=ended)

    def do_add(self) -> None:
        """Open the wizard that adds the file or the folder as a model."""
        self.launchpad.open("artifact.add", url=str(ArtifactUrl(self.store, self.table.row_id)))

    def do_import(self) -> None:
        """Open the screen that finds models in this folder."""
        self.launchpad.open("import", store=self.store, path=self.path)

    def do_select(self) -> None:
        """Return the URL of the selected path."""
        self.dismiss(str(ArtifactUrl(self.store, self.table.row_id or self.path)))

    def do_back(self) -> None:
        """Close the screen, without a selected path."""
        if self.choose:
            self.dismiss(None)
        else:
            super().do_back()


def entries_of(page: FolderPage) -> list[StoreEntry]:
    """Return the entries of a page: folders, then objects."""
    return [
        *(StoreEntry(path) for path in page.folders),
        *(StoreEntry(each.path, each.size, each.modified) for each in page.objects),
    ]


def entry_columns(look: Look) -> tuple[Column[StoreEntry], ...]:
    """Return the columns of the list: name, size and time of the last change."""

    def name(entry: StoreEntry) -> Cell:
        return (
            Cell(f"{look.glyphs.folded} {entry.name}/", "accent")
            if entry.folder
            else Cell(f"  {entry.name}")
        )

    return (
        Column[StoreEntry]("name", "Name", name, 24, 120, 4, priority=0),
        size_column(lambda r: r.size, width=10, priority=1),
        timestamp_column("modified", "Changed", lambda r: r.modified, priority=2),
    )

"""The preview of a file in an object store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.formats import Preview
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.downloads import download
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.stores.preview_lines import error_lines, preview_lines
from launchpad_tui.ui.widgets.lines import Lines, Parts

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import DownloadedFiles, Progress


#: the width at which a copied preview is wrapped: no line of a preview is as long
_UNWRAPPED = 1_000_000


class _WrappedLines(Lines):
    """Lines that depend on the width of the widget."""

    content: Callable[[int], Sequence[Parts]] | None = None

    def show(self, content: Callable[[int], Sequence[Parts]]) -> None:
        """Show the lines that a function returns for a width, in cells."""
        self.content = content
        self.set_lines(content(self.size.width))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the lines at the new width."""
        if self.content is not None:
            self.set_lines(self.content(event.size.width))
        super().on_resize(event)


class PreviewScreen(LaunchpadScreen):
    """Metadata of a file, and its tensors, its table or its first lines.

    Args:
        store: the name of the object store.
        path: the path of the file in the store.
        scope: the resource group of the store; None for the current one.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("preview.download", "d", "download", "Download the file", footer=2),
        Action("preview.copy", "y", "copy", "Copy the preview as text", footer=3),
    )

    def __init__(self, store: str, path: str, scope: Scope | None = None) -> None:
        super().__init__()
        self.store = store
        self.path = path
        self._of = scope

    @property
    def scope(self) -> Scope:
        """The resource group of the store."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Return the name of the file."""
        return self.path.rpartition("/")[2]

    def body(self) -> ComposeResult:
        """Yield the lines of the preview."""
        yield _WrappedLines(empty=f"reading{self.launchpad.look.glyphs.ellipsis}", id="preview")

    async def load(self) -> None:
        """Read the parts of the file that the preview needs."""
        found: Preview = await self.launchpad.network(
            self.desk.browsing.preview, self.scope, self.store, self.path
        )
        url = str(ArtifactUrl(self.store, self.path))
        self._lines.show(lambda width: preview_lines(found, url, width))

    @property
    def _lines(self) -> _WrappedLines:
        return self.query_one(_WrappedLines)

    def show_load_error(self, error: Exception) -> None:
        """Show the error in place of the preview."""
        if not isinstance(error, LaunchpadError):
            super().show_load_error(error)
            return
        self._lines.show(lambda width: error_lines(error, width))

    async def do_download(self) -> None:
        """Download the file."""
        url, scope, files = str(ArtifactUrl(self.store, self.path)), self.scope, self.desk.files

        def fetch(target: Path, progress: Progress, overwrite: bool) -> DownloadedFiles:
            return files.stage(scope, url, target, progress, overwrite=overwrite)

        await download(self.launchpad, self.title_text(), fetch)

    def do_copy(self) -> None:
        """Copy the preview as text."""
        content = self._lines.content
        lines = content(_UNWRAPPED) if content is not None else ()
        self.launchpad.copy(
            "\n".join("".join(text for text, _ in line) for line in lines), "the preview"
        )

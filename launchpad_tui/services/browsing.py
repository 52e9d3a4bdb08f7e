"""Browsing of object stores and previews of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.stored_object import FolderPage
from launchpad_tui.errors import InvalidInput, RuntimeRejected
from launchpad_tui.net.timeouts import STORE_SECONDS, within

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import ArtifactReference
    from launchpad_tui.domain.connection_check import CheckStep
    from launchpad_tui.domain.formats import Preview
    from launchpad_tui.services.files import FileService

#: Number of entries per page.
PAGE = 500


class BrowseService:
    """Browses, previews, tests and deletes files of object stores. Blocking and thread-safe."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    def page(self, scope: Scope, store: str, path: str = "", token: str = "") -> FolderPage:
        """Return one page of the entries of a folder; empty if there are none.

        Args:
            token: ``next`` of the previous page; empty for the first page.

        Raises:
            NotFound: The resource group has no such object store.
            InvalidInput: The path leaves the store.
            Unreachable: The object store does not respond. Other errors of stores are possible.
        """
        opened = self._files.store(scope, store)
        return within(STORE_SECONDS, lambda: opened.browse(path, token, PAGE))

    def measure(
        self, scope: Scope, store: str, path: str, limit: int | None = None
    ) -> tuple[int, int]:
        """Return the number of files at and below a path, and their total size in bytes.

        Args:
            scope: The connection and resource group.
            store: The name of the object store.
            path: The path of a file or folder.
            limit: The maximum number of files to count; None for all.

        Raises:
            NotFound: The resource group has no such object store.
            InvalidInput: The path leaves the store.
            Unreachable: The object store does not respond. Other errors of stores are possible.
        """
        count = size = 0
        for each in self._files.store(scope, store).list(path, limit=limit):
            count += 1
            size += each.size
        return count, size

    def references(
        self, scope: Scope, store: str, paths: Sequence[str], limit: int
    ) -> tuple[list[ArtifactReference], int]:
        """Return artifacts to which files at these paths belong, see `FileService.references`."""
        return self._files.references(scope, store, paths, limit)

    def delete(self, scope: Scope, store: str, path: str) -> int:
        """Delete the file at a path and all files below it, and return their number.

        Files that an interrupted upload has left are deleted as well.

        Raises:
            InvalidInput: The path is empty or leaves the store.
            UploadInProgress: Another process is uploading to the path.
            NotFound, Unreachable: As for `measure`.
        """
        if not path.strip("/"):
            raise InvalidInput(
                "The path of the files to delete is missing",
                "The whole content of an object store is not deleted at once.",
                "Give the path of a file or folder.",
                field="path",
            )
        return self._files.store(scope, store).delete_prefix(path.strip("/"))

    def pages(self, scope: Scope, store: str, path: str = "") -> Iterator[FolderPage]:
        """Yield all pages of a folder, as they are needed.

        Raises:
            RuntimeRejected: The object store repeats a page. Other errors as for `page`.
        """
        token = ""
        tokens: set[str] = set()
        while True:
            page = self.page(scope, store, path, token)
            yield page
            token = page.next
            if not token:
                return
            if token in tokens:
                raise RuntimeRejected(
                    f"The object store {store} returned an invalid listing",
                    f"It refers to the same page of {path or 'the root'} twice.",
                    "Check the endpoint, and that the server supports the protocol of this type.",
                )
            tokens.add(token)

    def preview(self, scope: Scope, store: str, path: str) -> Preview:
        """Return the preview of a file, from parts of its content. Nothing in it is executed.

        Raises:
            ObjectMissing: The file does not exist.
            NotFound, InvalidInput, Unreachable: As for `page`.
        """
        from launchpad_tui.domain.formats import preview

        opened = self._files.store(scope, store)
        found = within(STORE_SECONDS, lambda: opened.stat(path))

        def read(offset: int, length: int) -> bytes:
            return b"".join(opened.read(path, offset, length, found.version)) if length > 0 else b""

        return within(STORE_SECONDS, lambda: preview(path.rpartition("/")[2], found.size, read))

    def probe(self, scope: Scope, store: str, report: Callable[[CheckStep], None]) -> bool:
        """Test an object store step by step and return whether all steps passed.

        Args:
            report: Called with each finished step.

        Raises:
            NotFound: The resource group has no such object store.
        """
        from launchpad_tui.registry import connections
        from launchpad_tui.services.store_check import check_store

        connections.store(self._files.registry, scope, store)
        passed = True
        for step in check_store(lambda: self._files.store(scope, store)):
            report(step)
            passed = passed and step.error is None
        return passed

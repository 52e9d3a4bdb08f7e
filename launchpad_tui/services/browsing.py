"""Browsing of object stores and previews of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.stored_object import FolderPage
from launchpad_tui.errors import InvalidInput, RuntimeRejected
from launchpad_tui.net.timeouts import STORE_SECONDS, within
from launchpad_tui.services.stored_files import ListedOnce, files_at

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import ArtifactReference
    from launchpad_tui.domain.connection_check import CheckStep
    from launchpad_tui.domain.formats import Preview
    from launchpad_tui.domain.stored_object import StoredObject
    from launchpad_tui.services.files import FileService

#: Number of entries per page.
PAGE = 500
#: Number of empty pages in a row after which a listing is considered endless.
_EMPTY_PAGES = 1000


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

    def files(
        self, scope: Scope, store: str, path: str, limit: int | None = None, hint: str = ""
    ) -> Iterator[StoredObject]:
        """Yield the files at and below a path, as they are listed.

        Args:
            scope: The connection and resource group.
            store: The name of the object store.
            path: The path of a file or folder.
            limit: The maximum number of files; None for all, which may be `FILE_LIMIT`.
            hint: What to do if there are more than `FILE_LIMIT` files.

        Raises:
            NotFound: The resource group has no such object store.
            RuntimeRejected, InvalidInput: See `files_at`.
            Unreachable: The object store does not respond. Other errors of stores are possible.
        """
        opened = self._files.store(scope, store)
        return files_at(opened, ArtifactUrl(store, path), limit=limit, hint=hint)

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
            InvalidInput: The path leaves the store, or has more files than `FILE_LIMIT`.
            RuntimeRejected: The object store lists a file twice.
            Unreachable: The object store does not respond. Other errors of stores are possible.
        """
        count = size = 0
        for each in self.files(scope, store, path, limit, "Give the paths of its folders."):
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

    def pages(
        self, scope: Scope, store: str, path: str = "", limit: int | None = None
    ) -> Iterator[FolderPage]:
        """Yield all pages of a folder, as they are needed.

        Args:
            scope: The connection and resource group.
            store: The name of the object store.
            path: The path of the folder.
            limit: The number of entries after which no page is requested; None for all, which may
                be `FILE_LIMIT`.

        Raises:
            RuntimeRejected: The object store repeats a page or an entry, or returns too many empty
                pages. Other errors as for `page`.
            InvalidInput: There are more entries than `FILE_LIMIT`.
        """
        token = ""
        tokens: set[str] = set()
        once = ListedOnce(str(ArtifactUrl(store, path)), hint="List its folders, or set a limit.")
        count = empty = 0
        while limit is None or count < limit:
            page = self.page(scope, store, path, token)
            entries = [*page.folders, *(each.path for each in page.objects)]
            if limit is None:
                for each in entries:
                    once.add(each)
            count, empty = count + len(entries), 0 if entries else empty + 1
            if empty > _EMPTY_PAGES:
                raise RuntimeRejected(
                    f"The object store {store} returned an invalid listing",
                    f"{empty:,} pages of {path or 'the root'} in a row are empty.",
                    "Check the endpoint, and that the server supports the protocol of this type.",
                )
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

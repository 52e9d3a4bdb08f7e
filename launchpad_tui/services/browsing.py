"""What is in an object store, folder by folder, and what its files say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.net.timeouts import STORE_SECONDS, within
from launchpad_tui.stores.base import FolderPage

if TYPE_CHECKING:
    from launchpad_tui.domain.connection_check import CheckStep
    from launchpad_tui.domain.formats import Preview
    from launchpad_tui.services.files import FileService

#: entries of a page
PAGE = 500


class BrowseService:
    """Looks into object stores. Calls block and may be made from any thread."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    def page(self, scope: Scope, store: str, path: str = "", token: str = "") -> FolderPage:
        """A page of what is directly in a folder; nothing there is an empty page.

        Args:
            token: ``next`` of the page before; empty for the first.

        Raises:
            NotFound: the group has no such store.
            InvalidInput: the path climbs.
            Unreachable and others: the store does not answer or does not let us in.
        """
        opened = self._files.store(scope, store)
        return within(STORE_SECONDS, lambda: opened.browse(path, token, PAGE))

    def preview(self, scope: Scope, store: str, path: str) -> Preview:
        """What a file says of itself, from a few parts of it; nothing in it is executed.

        Raises:
            ObjectMissing: there is no such file.
            As `page`.
        """
        from launchpad_tui.domain.formats import preview

        opened = self._files.store(scope, store)
        found = within(STORE_SECONDS, lambda: opened.stat(path))

        def read(offset: int, length: int) -> bytes:
            return b"".join(opened.read(path, offset, length, found.version)) if length > 0 else b""

        return within(STORE_SECONDS, lambda: preview(path.rpartition("/")[2], found.size, read))

    def probe(self, scope: Scope, store: str, tell: Callable[[CheckStep], None]) -> bool:
        """Look at a store step by step (see `launchpad_tui.services.store_check`); whether all of it is right.

        Args:
            tell: told each step when it is over.

        Raises:
            NotFound: the group has no such store.
        """
        from launchpad_tui.registry import connections
        from launchpad_tui.services.store_check import check_store

        connections.store(self._files.registry, scope, store)
        right = True
        for step in check_store(lambda: self._files.store(scope, store)):
            tell(step)
            right = right and step.error is None
        return right

"""Complete listings of the files at a URL, with a limit of what is kept in memory."""

from __future__ import annotations

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import InvalidInput, RuntimeRejected
from launchpad_tui.stores.base import ObjectStore

#: The greatest number of files of an artifact. A server can list files without end.
FILE_LIMIT = 1_000_000


def list_files(store: ObjectStore, url: ArtifactUrl) -> list[StoredObject]:
    """Return all files at and below a URL.

    Raises:
        RuntimeRejected: The object store lists a file twice.
        InvalidInput: There are more than `FILE_LIMIT` files.
    """
    found: dict[str, StoredObject] = {}
    for each in store.list(url.path):
        if each.path in found:
            raise RuntimeRejected(
                f"Invalid listing of {url}",
                f"{each.path[:200]!r} is listed more than once.",
                "Check the endpoint, and that the server supports the protocol of this type.",
            )
        if len(found) == FILE_LIMIT:
            raise InvalidInput(
                f"Too many files at {url}",
                f"There are more than {FILE_LIMIT:,} files.",
                "Use the URLs of its folders, or store the files in an archive.",
                field="url",
            )
        found[each.path] = each
    return list(found.values())

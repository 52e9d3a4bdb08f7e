"""The note that a large registry of a former version is updated first."""

from __future__ import annotations

from pathlib import Path

from launchpad_tui.domain.numbers import size_text
from launchpad_tui.registry.schema import VERSION

#: bytes from which an update takes longer than a few seconds
LARGE = 100_000_000


def update_note(path: Path) -> str:
    """Return the note to show before a registry file is opened; empty if none is necessary.

    The file is not opened as a database: ``user_version`` is at offset 60 of its header, as 4
    bytes, big-endian (https://www.sqlite.org/fileformat.html#the_database_header).
    """
    try:
        with path.open("rb") as file:
            header = file.read(64)
        size = path.stat().st_size
    except OSError:
        # Opening the registry reports the reason.
        return ""
    version = int.from_bytes(header[60:64], "big")
    if size < LARGE or not 0 < version < VERSION:
        return ""
    return (
        f"The registry ({size_text(size)}) is updated to the format of this version first. "
        "This can take minutes and happens once."
    )

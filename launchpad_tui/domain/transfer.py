"""The progress of file transfers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from launchpad_tui.records import record


@record
class Transfer:
    """The progress of a transfer: bytes done, all bytes (0 if unknown), and the current file."""

    done: int
    total: int
    path: str = ""


#: A function that is called from any thread. An exception that it raises ends the transfer, and
#: nothing of it remains.
Progress = Callable[[Transfer], None]


class DownloadedFiles(tuple[Path, ...]):
    """The paths of the files of a download; some may have been complete before.

    Attributes:
        fetched: the number of files that were downloaded now.
    """

    fetched: int

    def __new__(cls, paths: Iterable[Path], fetched: int) -> Self:
        """Return the paths with the number of files that were downloaded now."""
        found = super().__new__(cls, paths)
        found.fetched = fetched
        return found

    def summary(self, target: Path) -> str:
        """Return what the download into a folder did, without a full stop."""
        count, files = len(self), f"{len(self):,} file{'s' * (len(self) != 1)}"
        if self.fetched == count:
            return f"Downloaded {files} to {target}"
        if not self.fetched:
            verb = "are" if count != 1 else "is"
            return f"Nothing to download: {files} {verb} complete in {target}"
        return (
            f"Downloaded {self.fetched:,} of {files} to {target}; the others were complete already"
        )

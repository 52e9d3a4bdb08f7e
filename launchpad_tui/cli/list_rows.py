"""The rows of a list for its output: read in batches, with the progress of a long search."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, TypeVar

from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.domain.query import PagePart
    from launchpad_tui.services.listing import Listing

Row = TypeVar("Row")
#: the number of rows that are read at once
_BATCH = 500


def rows(listing: Listing[Row], limit: int, *, quiet: bool) -> Iterator[Row]:
    """Yield the rows of a listing in order, read in batches.

    The rows are not counted first, because counting may take longer than reading the first rows.
    In a long search, rows are yielded as they are found, and a terminal shows its progress.

    Args:
        listing: The listing.
        limit: The maximum number of rows; 0 stands for all.
        quiet: Whether to show no progress.

    Raises:
        InvalidInput: The limit is negative.
    """
    check_limit(limit)
    start = 0
    while limit == 0 or start < limit:
        stop = start + _BATCH if limit == 0 else min(start + _BATCH, limit)
        part = listing.part(start, stop)
        yield from part.rows
        if not part.complete:
            part = yield from _found(listing, start, stop, part, quiet=quiet)
        if len(part.rows) < stop - start:
            return
        start = stop


def _found(
    listing: Listing[Row], start: int, stop: int, part: PagePart[Row], *, quiet: bool
) -> Generator[Row, None, PagePart[Row]]:
    """Yield the other rows of a page as they are found, and return the whole page."""
    from launchpad_tui.cli.progress import SearchProgress

    progress = SearchProgress(quiet=quiet)
    try:
        while not part.complete:
            progress.report(part.searched, part.total)
            known = len(part.rows)
            part = listing.part(start, stop, part)
            if part.rows[known:]:
                progress.erase()
                yield from part.rows[known:]
    finally:
        progress.erase()
    return part


def check_limit(limit: int) -> None:
    """Raise InvalidInput if a maximum number of rows is negative."""
    if limit < 0:
        raise InvalidInput(
            f"Invalid limit {limit}",
            "The number of rows cannot be negative.",
            "Use 0 to list all rows.",
            field="limit",
        )

"""Reads all records of a kind from the registry, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Record = TypeVar("Record")
#: the number of records that are read from the registry at once
PAGE = 1000


def pages(
    read: Callable[[int, int], Sequence[Record]], skip: int, page: int = PAGE
) -> Iterator[Record]:
    """Yield all records after the first ``skip``, reading ``page`` of them at once."""
    while found := read(skip, page):
        yield from found
        skip += len(found)
        if len(found) < page:
            return

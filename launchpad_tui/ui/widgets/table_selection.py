"""Which rows of a table are selected, by ID, so that it holds while rows come, go and move."""

from __future__ import annotations


class Selection:
    """IDs in the order in which they were selected."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self.ranging = False

    def __contains__(self, row_id: str) -> bool:
        """Whether the row with this ID is selected."""
        return row_id in self._ids

    def __len__(self) -> int:
        """How many rows are."""
        return len(self._ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """The IDs."""
        return tuple(self._ids)

    def add(self, row_id: str) -> None:
        """Select a row."""
        self._ids[row_id] = None

    def toggle(self, row_id: str) -> None:
        """Select a row, or take it out."""
        if row_id in self._ids:
            del self._ids[row_id]
        else:
            self._ids[row_id] = None

    def clear(self) -> None:
        """Select nothing."""
        self._ids.clear()
        self.ranging = False

"""The selected rows of a table by ID, so that the selection persists while rows move."""

from __future__ import annotations


class Selection:
    """The IDs of selected rows in the order of selection.

    ``ranging`` is true while the rows that the cursor passes are selected.
    """

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self.ranging = False

    def __contains__(self, row_id: str) -> bool:
        """Return whether the row with this ID is selected."""
        return row_id in self._ids

    def __len__(self) -> int:
        """Return the number of selected rows."""
        return len(self._ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """The IDs of the selected rows."""
        return tuple(self._ids)

    def add(self, row_id: str) -> None:
        """Select a row."""
        self._ids[row_id] = None

    def toggle(self, row_id: str) -> None:
        """Select a row, or deselect it."""
        if row_id in self._ids:
            del self._ids[row_id]
        else:
            self._ids[row_id] = None

    def clear(self) -> None:
        """Deselect all rows."""
        self._ids.clear()
        self.ranging = False

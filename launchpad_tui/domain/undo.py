"""Changes that can be undone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from launchpad_tui.records import record


class UndoKind(StrEnum):
    """What a change did: edited artifacts, moved an alias, moved objects into the trash, removed a
    sweep, or added or removed values of an artifact."""

    EDIT = "edit"
    ALIAS = "alias"
    TRASH = "trash"
    SWEEP = "sweep"
    VALUES = "values"


@record
class UndoEntry:
    """A change that can be undone.

    Attributes:
        number: increases with each change.
        title: a noun phrase with the object, such as ``edit of churn v3``.
        changed_by: the user and the machine.
    """

    number: int
    kind: UndoKind
    title: str
    changed_at: datetime
    changed_by: str

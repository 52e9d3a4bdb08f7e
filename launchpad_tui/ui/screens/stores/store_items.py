"""The columns of the list of object stores, and the items of a store's details."""

from __future__ import annotations

from collections.abc import Callable, Collection

from launchpad_tui.domain.connection import (
    ObjectStoreRecord,
    StoreKind,
)
from launchpad_tui.records import record
from launchpad_tui.ui.screens.common.cells import pairs_text
from launchpad_tui.ui.screens.common.columns import text_column, timestamp_column
from launchpad_tui.ui.screens.common.detail_items import field_items, timestamp_item
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import Item, heading


@record
class StoreLine:
    """An object store with the result of its last test.

    Args:
        store: the object store.
        kind: its kind; None if this version does not support it.
        found: where the last test found the store; empty without a successful test.
        problem: why the last test failed; empty without a failed test.
        holds_outputs: whether executions of this machine store their outputs in it, so that it can
            be replaced, but neither renamed nor removed.
    """

    store: ObjectStoreRecord
    kind: StoreKind | None = None
    found: str = ""
    problem: str = ""
    holds_outputs: bool = False

    def state(self, look: Look) -> tuple[str, str]:
        """Return the state as a text with a glyph, and the role of its color."""
        if self.problem:
            return f"{look.glyphs.error} {self.problem}", "bad"
        if self.found:
            return f"{look.glyphs.done} accessible", "good"
        return "not tested", "faint"


def store_columns(state: Callable[[StoreLine], tuple[str, str]]) -> tuple[Column[StoreLine], ...]:
    """Return the columns of the list of object stores.

    Args:
        state: returns the state of a line and the role of its color.
    """
    return (
        Column[StoreLine](
            "name", "Object store", lambda r: Cell(r.store.name, "strong"), 18, 40, 3, priority=0
        ),
        Column[StoreLine]("state", "State", lambda r: Cell(*state(r)), 18, 50, 3, priority=1),
        text_column(
            "kind",
            "Type",
            lambda r: r.kind.title if r.kind else r.store.kind,
            (12, 20),
            priority=2,
        ),
        text_column("url", "URL", lambda r: f"ai://{r.store.name}/", (16, 40), 1, priority=4),
        text_column(
            "about", "Settings", lambda r: pairs_text(r.store.settings), (20, 90), 5, priority=3
        ),
        timestamp_column("created", "Created", lambda r: r.store.created_at, priority=5),
    )


def store_items(
    line: StoreLine,
    secrets: Collection[str],
    secrets_location: str,
    default_folder: str,
    look: Look,
) -> list[Item]:
    """Return the details of an object store.

    Args:
        line: the object store with the result of its last test.
        secrets: the names of the fields whose secrets are stored.
        secrets_location: where these are stored, as text for the user; empty if there are none.
        default_folder: the folder of a file store without one.
        look: colors and glyphs.
    """
    store, kind = line.store, line.kind
    state, role = line.state(look)
    items = [
        heading(store.name),
        Item("Type", kind.title if kind else store.kind),
        Item("", kind.description if kind else "", "dim"),
        Item("URL", f"ai://{store.name}/{look.glyphs.ellipsis}"),
        Item("State", state, role),
    ]
    if line.found and not line.problem:
        items.append(Item("", line.found, "dim"))
    items.append(timestamp_item("Created", store.created_at))
    fields = kind.fields if kind else ()
    settings = dict(store.settings)
    if kind and kind.folder_field and not settings.get(kind.folder_field):
        settings[kind.folder_field] = default_folder
    items += [heading("Settings"), *field_items(fields, settings, secrets)]
    if secrets_location:
        items.append(Item("Credentials stored in", secrets_location, "dim"))
    return items

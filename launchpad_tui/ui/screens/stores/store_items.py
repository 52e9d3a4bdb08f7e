"""Object stores as columns of a list and as details."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from launchpad_tui.domain.connection import (
    ObjectStoreRecord,
    StoreKind,
)
from launchpad_tui.ui.screens.common.cells import pairs_text, timestamp_text
from launchpad_tui.ui.screens.common.detail_items import field_items, timestamp_item
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import Item, heading


@dataclass(frozen=True, slots=True)
class StoreLine:
    """An object store, its kind, and what the last check said: nothing before one."""

    store: ObjectStoreRecord
    kind: StoreKind | None = None
    found: str = ""
    problem: str = ""

    def state(self, look: Look) -> tuple[str, str]:
        """As ``glyph words`` and a role."""
        if self.problem:
            return f"{look.glyphs.error} {self.problem}", "bad"
        if self.found:
            return f"{look.glyphs.done} can be used", "good"
        return "not tested", "faint"


def store_columns(state: Callable[[StoreLine], tuple[str, str]]) -> tuple[Column[StoreLine], ...]:
    """Name, state, kind, settings, created."""
    return (
        Column[StoreLine](
            "name", "Object store", lambda r: Cell(r.store.name, "strong"), 18, 40, 3, priority=0
        ),
        Column[StoreLine]("state", "State", lambda r: Cell(*state(r)), 18, 50, 3, priority=1),
        Column[StoreLine](
            "kind",
            "Type",
            lambda r: Cell(r.kind.title if r.kind else r.store.kind, "dim"),
            12,
            20,
            0,
            priority=2,
        ),
        Column[StoreLine](
            "url", "URL", lambda r: Cell(f"ai://{r.store.name}/", "dim"), 16, 40, 1, priority=4
        ),
        Column[StoreLine](
            "about",
            "Settings",
            lambda r: Cell(pairs_text(r.store.settings), "dim"),
            20,
            90,
            5,
            priority=3,
        ),
        Column[StoreLine](
            "created",
            "Created",
            lambda r: Cell(timestamp_text(r.store.created_at), "dim"),
            16,
            16,
            0,
            priority=5,
        ),
    )


def store_items(line: StoreLine, kept: Collection[str], where: str, look: Look) -> list[Item]:
    """An object store's details. ``where`` its credentials are kept, in words."""
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
    items += [heading("Settings"), *field_items(fields, store.settings, kept)]
    return [*items, Item("Credentials kept in", where, "dim")] if where else items

"""Settings as details, for connections and object stores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from launchpad_tui.domain.connection import (
    Field,
    FieldKind,
)
from launchpad_tui.domain.fields import counts
from launchpad_tui.ui.widgets.details import Item


def field_items(
    fields: Sequence[Field], settings: Mapping[str, str], kept: Collection[str]
) -> list[Item]:
    """Settings by their fields' titles, without those that have no meaning beside the others; of secrets only whether
    they are there; what no field names comes last."""
    items: list[Item] = []
    defaults = {field.name: field.default for field in fields}
    for field in (each for each in fields if counts(each, {**defaults, **settings})):
        if field.kind is FieldKind.SECRET:
            there = field.name in kept
            items.append(
                Item(
                    field.title,
                    "kept, not shown" if there else "not set",
                    "dim" if there else "faint",
                )
            )
        elif value := settings.get(field.name, ""):
            items.append(Item(field.title, {"true": "yes", "false": "no"}.get(value, value)))
        else:
            items.append(Item(field.title, field.default or "not set", "faint"))
    known = {field.name for field in fields}
    return items + [Item(name, value) for name, value in settings.items() if name not in known]

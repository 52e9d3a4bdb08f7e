"""Lines of detail views that several screens show: timestamps, settings, metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from launchpad_tui.domain.code_text import code_lines
from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.fields import applies
from launchpad_tui.domain.metric import CustomInfo, SeriesSummary, Tag, series_titles
from launchpad_tui.domain.numbers import align_numbers, metric_text
from launchpad_tui.ui.screens.common.custom_info import info_lines
from launchpad_tui.ui.widgets.details import Item, heading

#: the most characters of custom info that are shown as text
_MAX_SHOWN = 20_000


def field_items(
    fields: Sequence[Field], settings: Mapping[str, str], stored_secrets: Collection[str]
) -> list[Item]:
    """Return a line for each setting, titled as its field.

    Fields that the other settings make irrelevant are left out, secrets are not shown, and settings
    without a field come last.

    Args:
        fields: the fields of the connection's or store's type.
        settings: values by field name.
        stored_secrets: the names of the secrets that have a value.
    """
    items: list[Item] = []
    defaults = {field.name: field.default for field in fields}
    for field in (each for each in fields if applies(each, {**defaults, **settings})):
        if field.kind is FieldKind.SECRET:
            is_set = field.name in stored_secrets
            items.append(
                Item(
                    field.title,
                    "set, not shown" if is_set else "not set",
                    "dim" if is_set else "faint",
                )
            )
        elif value := settings.get(field.name, ""):
            items.append(Item(field.title, {"true": "yes", "false": "no"}.get(value, value)))
        else:
            items.append(Item(field.title, field.default or "not set", "faint"))
    declared = {field.name for field in fields}
    return items + [Item(name, value) for name, value in settings.items() if name not in declared]


def timestamp_item(name: str, timestamp: datetime | None) -> Item:
    """Return a line with a timestamp to the second, in the time zone of this machine."""
    return Item(
        name, "" if timestamp is None else timestamp.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    )


def metric_items(
    series: Sequence[SeriesSummary], tags: Sequence[Tag], infos: Sequence[CustomInfo]
) -> list[Item]:
    """Return the lines of the Metric resource tab.

    They show each series with its last value, range and number of points, tags and custom info.
    """
    items: list[Item] = []
    if series:
        items.append(heading("Metrics"))
    titles = series_titles(one.key for one in series)
    lasts = align_numbers([metric_text(one.last) for one in series])
    lows = align_numbers([metric_text(one.minimum) for one in series])
    for one, last, low in zip(series, lasts, lows, strict=True):
        parts = [f"{last} at step {one.last_step}"]
        if one.minimum is not None and one.count > 1:
            parts.append(f"{low} to {metric_text(one.maximum)}")
            parts.append(f"{one.count:,} points")
        if one.not_finite:
            parts.append(f"{one.not_finite:,} not finite")
        text = ", ".join(" ".join(part.split()) for part in parts)
        items.append(Item(titles[one.key], text, columns=tuple(parts)))
    if tags:
        items.append(heading("Tags"))
        items += [Item(one.name, one.value) for one in tags]
    for one_info in infos:
        items.append(heading(f"Custom info: {one_info.name}"))
        shown = partial(info_lines, one_info.value)
        items.append(Item("", one_info.value[:_MAX_SHOWN], lines=shown))
    return items


def code_items(provenance: Mapping[str, Any]) -> list[Item]:
    """Return a section with the code and the environment of an execution, if they are known."""
    found = [Item(title[0].upper() + title[1:], text) for title, text in code_lines(provenance)]
    if changed := provenance.get("changed"):
        found.insert(1, Item("Changed files", ", ".join(map(str, changed))))
    shown = [item for item in found if item.value]
    return [heading("Code and environment"), *shown] if shown else []

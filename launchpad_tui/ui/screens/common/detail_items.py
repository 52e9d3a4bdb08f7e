"""Details that screens of several areas show: timestamps, settings, metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from launchpad_tui.domain.connection import (
    Field,
    FieldKind,
)
from launchpad_tui.domain.fields import counts
from launchpad_tui.domain.metric import CustomInfo, SeriesSummary, Tag
from launchpad_tui.domain.numbers import metric_text
from launchpad_tui.ui.widgets.details import Item, heading


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


def timestamp_item(name: str, timestamp: datetime | None) -> Item:
    """Return a detail with a timestamp to the second, in the time zone of this machine."""
    return Item(
        name, "" if timestamp is None else timestamp.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    )


def metric_items(
    series: Sequence[SeriesSummary], tags: Sequence[Tag], infos: Sequence[CustomInfo]
) -> list[Item]:
    """The Metric resource tab: each series with its last value and range, tags, custom info."""
    items: list[Item] = []
    if series:
        items.append(heading("Metrics"))
    for one in series:
        text = f"{metric_text(one.last)} at step {one.last_step}"
        if one.minimum is not None and one.count > 1:
            text += f"   {metric_text(one.minimum)} to {metric_text(one.maximum)}   {one.count:,} points"
        if one.not_finite:
            text += f"   {one.not_finite:,} not finite"
        items.append(Item(one.key, text))
    if tags:
        items.append(heading("Tags"))
        items += [Item(one.name, one.value) for one in tags]
    for one_info in infos:
        items.append(heading(f"Custom info: {one_info.name}"))
        items.append(Item("", pretty(one_info.value)))
    return items


def pretty(text: str) -> str:
    """JSON indented, up to 20,000 characters of it; any other text as it is."""
    import json

    if text[:1] not in "[{" or len(text) > 200_000:
        return text[:20_000]
    try:
        value = json.loads(text)
    except ValueError:
        return text[:20_000]
    return _laid_out(value, "")[:20_000]


def _laid_out(value: object, margin: str) -> str:
    """A value on one line where that is short, as a row of a matrix is, else a line for each member."""
    import json

    short = json.dumps(value, ensure_ascii=False)
    if len(short) + len(margin) <= 100 or not isinstance(value, dict | list):
        return short
    inner = margin + " "
    if isinstance(value, list):
        members = [_laid_out(each, inner) for each in value]
        return "[\n" + ",\n".join(inner + each for each in members) + f"\n{margin}]"
    pairs = [
        f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(each, inner)}"
        for key, each in value.items()
    ]
    return "{\n" + ",\n".join(inner + each for each in pairs) + f"\n{margin}}}"

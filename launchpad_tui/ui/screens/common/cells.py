"""Values of artifacts, executions and metrics as text and cells, for screens of several areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchpad_tui.domain.artifact import Artifact, FilesState
from launchpad_tui.domain.metric import CustomInfo, SeriesSummary, Tag
from launchpad_tui.domain.numbers import metric_text, sparkline
from launchpad_tui.domain.query import ArtifactRow, ExecutionRow
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import Item, heading


def timestamp_text(timestamp: datetime) -> str:
    """Return ``2026-01-31 12:00`` in the time zone of this machine."""
    return timestamp.astimezone().strftime("%Y-%m-%d %H:%M")


def labels_text(labels: Sequence[tuple[str, str]]) -> str:
    """``stage=production team=a``: keys without their prefix."""
    return " ".join(f"{key.rpartition('/')[2]}={value}" for key, value in labels)


#: cells of a curve
CURVE_WIDTH = 16


def files_cell(artifact: Artifact, look: Look) -> Cell:
    """Whether its files are as they were recorded, as far as that is known."""
    glyphs = look.glyphs
    glyph, role = {
        FilesState.INTACT: (glyphs.done, "good"),
        FilesState.CHANGED: (glyphs.warning, "bad"),
        FilesState.MISSING: (glyphs.error, "bad"),
        FilesState.UNKNOWN: (glyphs.unknown, "faint"),
    }[artifact.files_state]
    return Cell(f"{glyph} {artifact.files_state}", role)


def curve_column(key: str, ascii_only: bool) -> Column[Any]:
    """A metric's curve in a line of cells, for rows of artifacts or executions; each curve has its own scale."""

    def render(row: ArtifactRow | ExecutionRow) -> Cell:
        return Cell(
            sparkline(row.curves.get(key, ()), CURVE_WIDTH, ascii_only=ascii_only), "accent"
        )

    return Column(f"curve {key}", f"curve {key}", render, CURVE_WIDTH, CURVE_WIDTH, 0, priority=1)


def pairs_text(pairs: Mapping[str, str]) -> str:
    """Return parameters, settings or labels as ``learning_rate=0.1 epochs=5``."""
    return " ".join(f"{name}={value}" for name, value in pairs.items())


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

"""The items and columns of the details of an artifact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from launchpad_tui.domain.artifact import Artifact, ArtifactFile, FileState
from launchpad_tui.domain.artifact_attributes import Sources, source_lines
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.metric import Metric, series_key
from launchpad_tui.domain.numbers import align_numbers, metric_text, size_text
from launchpad_tui.domain.shown_credentials import hide_value
from launchpad_tui.domain.timestamps import duration_text, now
from launchpad_tui.records import record
from launchpad_tui.ui.screens.common.cells import files_cell, timestamp_text
from launchpad_tui.ui.screens.common.columns import size_column, text_column
from launchpad_tui.ui.screens.common.detail_items import code_items, timestamp_item
from launchpad_tui.ui.screens.common.preview_lines import (
    SeriesLine,
    best_note,
    series_blocks,
    series_lines,
    wrapped,
)
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.details import Item, heading
from launchpad_tui.ui.widgets.lines import Parts
from launchpad_tui.ui.widgets.markdown_view import markdown_lines

#: the width of the values of points in cells
_VALUE_WIDTH = 11
_STATES = {
    FileState.INTACT: ("done", "good"),
    FileState.CHANGED: ("warning", "bad"),
    FileState.MISSING: ("error", "bad"),
    FileState.EXTRA: ("warning", "warn"),
    FileState.UNRECORDED: ("unknown", "dim"),
}


@record
class FileLine:
    """A recorded file with the result of the last verification (None before the first)."""

    file: ArtifactFile
    state: FileState | None = None


@record
class PointLine:
    """A logged point with its position in the list, its value as text and its series' title."""

    number: int
    point: Metric
    title: str
    value: str


def overview_items(
    artifact: Artifact,
    subject: ComparedItem | None,
    look: Look,
    names: Mapping[str, str] | None = None,
    series: Sequence[SeriesLine] = (),
    *,
    notes: str = "",
    remote: bool = False,
    provenance: Mapping[str, Any] = MappingProxyType({}),
    sources: Sources = MappingProxyType({}),
) -> list[Item]:
    """Return the items of the Overview tab.

    Args:
        artifact: the artifact.
        subject: the artifact with its execution and configuration; None if they are not known.
        look: colors and glyphs.
        names: names of artifacts by ID, for the inputs of the execution.
        series: the metrics; empty if they are shown elsewhere.
        notes: the notes about the artifact, in Markdown.
        remote: whether the artifact belongs to a remote runtime, so that changes are local.
        provenance: the code and the environment of the source execution.
        sources: which metrics, parameters, tags and custom info were added, and by whom.
    """
    items = [heading(artifact.name_with_version)]
    if artifact.runtime_name:
        items.append(Item("Name in runtime", artifact.runtime_name))
    if artifact.pinned_at is not None:
        items.append(Item("Pinned", timestamp_text(artifact.pinned_at)))
    items += [
        Item("Description", artifact.description) if artifact.description else _no("Description"),
        Item("Kind", artifact.kind.noun),
        *([Item("Version", artifact.version_text)] if artifact.version_text else []),
        Item("URL", artifact.url),
        _no("Size", "unknown") if artifact.size is None else Item("Size", size_text(artifact.size)),
        files_item(artifact, look),
        Item("Scenario", artifact.scenario_id),
        Item("ID", artifact.id),
        timestamp_item("Created", artifact.created_at),
        timestamp_item("Changed", artifact.modified_at),
    ]
    if artifact.deleted_at is not None:
        items.insert(
            1,
            Item(
                "Deleted",
                f"in the runtime, at or before {timestamp_text(artifact.deleted_at)}",
                "warn",
            ),
        )
    if artifact.labels:
        items.append(heading("Labels"))
        items += [Item(key.rpartition("/")[2], value) for key, value in artifact.labels]
    items += summary_items(series, look)
    if remote and artifact.local_changes:
        items.append(Item("Only on this machine", ", ".join(artifact.local_changes), "dim"))
    if sources:
        items.append(heading("Added on this machine" if remote else "Added"))
        items += [Item(*line.partition(": ")[::2], "dim") for line in source_lines(sources)]
    if notes:
        items += [heading("Notes"), Item("", notes, lines=_notes(notes))]
    items.append(heading("Created by"))
    execution = subject.execution if subject else None
    if execution is None:
        reason = (
            f"{artifact.execution_id} (deleted)"
            if artifact.execution_id
            else "none: the artifact was added manually"
        )
        return [*items, Item("Execution", reason, "dim"), *_parameter_items(subject)]
    text, role = look.status(execution.status)
    seconds = execution.duration_seconds(now())
    items += [
        Item("Execution", execution.id, link="execution", link_id=execution.id),
        Item("Status", text, role),
        Item("Duration", "" if seconds is None else duration_text(seconds)),
        Item(
            "Executable",
            execution.executable_id,
            link="executable",
            link_id=execution.executable_id,
        ),
        Item(
            "Configuration",
            execution.configuration_name,
            link="configuration",
            link_id=execution.configuration_id,
        ),
    ]
    items += _parameter_items(subject)
    configuration = subject.configuration if subject else None
    if configuration is not None and configuration.inputs:
        items.append(heading("Input artifacts"))
        items += [
            Item(
                name,
                (names or {}).get(artifact_id, artifact_id),
                link="artifact",
                link_id=artifact_id,
            )
            for name, artifact_id in configuration.inputs.items()
        ]
    items += code_items(provenance)
    return items


def _no(name: str, value: str = "none") -> Item:
    """Return the line of a property that has no value."""
    return Item(name, value, "faint")


def _parameter_items(subject: ComparedItem | None) -> list[Item]:
    configuration = subject.configuration if subject else None
    if configuration is None or not configuration.parameters:
        return []
    return [
        heading("Parameters"),
        *(Item(name, hide_value(name, value)) for name, value in configuration.parameters.items()),
    ]


def summary_items(series: Sequence[SeriesLine], look: Look) -> list[Item]:
    """Return a section with each metric: its value, best value with step, and curve."""
    if not series:
        return []

    def lines(number: int, width: int, _ascii: bool) -> list[Parts]:
        block = series_blocks(series, width - 3, look)[number]
        return [(("  ", "text"), *parts) for parts in block]

    items = [heading("Metrics")]
    for number, one in enumerate(series):
        value = metric_text(one.last)
        items.append(Item(one.title, value, lines=partial(lines, number)))
    if note := best_note(series, look):
        items.append(Item(note, lines=lambda _width, _ascii: [((f"  {note}", "faint"),)]))
    return items


def summary_lines(series: Sequence[SeriesLine], width: int, look: Look) -> list[Parts]:
    """Return the lines of the pane of metrics beside the facts."""
    if not series:
        return [(), *wrapped("The execution that created the artifact logged no metrics", width)]
    note = best_note(series, look)
    explained: list[Parts] = [(), ((note, "faint"),)] if note else []
    return [(), *series_lines(series, width, look), *explained]


def _notes(text: str) -> Callable[[int, bool], Sequence[Parts]]:
    return lambda width, _ascii: [
        [("  ", "text"), *line] for line in markdown_lines(text, max(20, width - 3))
    ]


def files_item(artifact: Artifact, look: Look) -> Item:
    """Return the state of the artifact's files and the time of their last verification."""
    cell = files_cell(artifact, look)
    verified = (
        f", verified {timestamp_text(artifact.checked_at)}"
        if artifact.checked_at
        else "; press V to verify them"
    )
    return Item("Files", f"{cell.text}{verified}", cell.role)


def file_columns(look: Look) -> tuple[Column[FileLine], ...]:
    """Return the columns of the Files tab."""

    def state(line: FileLine) -> Cell:
        if line.state is None:
            return Cell("not verified", "faint")
        glyph, role = _STATES[line.state]
        return Cell(f"{getattr(look.glyphs, glyph)} {line.state}", role)

    return (
        Column[FileLine]("path", "Path", lambda r: r.file.path, 20, 80, 4, priority=0),
        Column[FileLine]("state", "State", state, 12, 12, 0, priority=1),
        size_column(lambda r: r.file.size, priority=2),
        text_column("sha256", "SHA-256", lambda r: r.file.sha256, (16, 64), 3, priority=3),
    )


def point_lines(points: Sequence[Metric], titles: Mapping[str, str]) -> list[PointLine]:
    """Return points as lines of a table, whose values are aligned at their decimal points.

    Args:
        points: the points.
        titles: the titles of their series by key.
    """
    texts = [metric_text(point.value) for point in points]
    # Values of very different sizes are too wide if they are aligned.
    aligned = align_numbers(texts)
    if max(map(len, aligned), default=0) <= _VALUE_WIDTH:
        texts = aligned
    return [
        PointLine(number, point, titles[series_key(point.name, point.labels)], text)
        for number, (point, text) in enumerate(zip(points, texts, strict=True))
    ]


def point_columns() -> tuple[Column[PointLine], ...]:
    """Return the columns of the points in the Metrics tab."""
    return (
        Column[PointLine]("name", "Metric", lambda r: r.title, 20, 80, 3, priority=0),
        Column[PointLine](
            "value", "Value", lambda r: r.value, _VALUE_WIDTH, 14, 0, "right", priority=1
        ),
        Column[PointLine](
            "step", "Step", lambda r: Cell(f"{r.point.step}", "dim"), 8, 12, 0, "right", priority=2
        ),
        Column[PointLine](
            "time",
            "Timestamp",
            lambda r: Cell(
                r.point.timestamp.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "dim"
            ),
            23,
            23,
            0,
            priority=3,
        ),
    )

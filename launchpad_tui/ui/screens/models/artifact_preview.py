"""The preview of a model, dataset, result set or other artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import SeriesSummary
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.query import ArtifactRow
from launchpad_tui.domain.timestamps import duration_text, now
from launchpad_tui.errors import NotFound
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.screens.common.cells import files_cell, timestamp_text
from launchpad_tui.ui.screens.common.preview import RowPreview, read_series
from launchpad_tui.ui.screens.common.preview_lines import (
    SeriesLine,
    pair_lines,
    parameter_lines,
    section,
    series_lines,
    wrapped,
)
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.lines import Parts


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known about the creation of an artifact.

    Args:
        item: the artifact with its execution and configuration.
        varying: the parameters that differ among configurations of the executable.
        inputs: names of the input artifacts by the name of the input.
    """

    item: ComparedItem
    varying: frozenset[str]
    inputs: Mapping[str, str]


async def artifact_preview(screen: LaunchpadScreen, row: ArtifactRow) -> RowPreview:
    """Read what the preview of an artifact shows."""
    artifact = row.artifact
    source = await screen.launchpad.preview(_read_source, screen.desk, screen.scope, artifact.id)
    series: Sequence[SeriesSummary] = source.item.series
    lines = await read_series(screen, series)
    look = screen.launchpad.look
    title = artifact.name_with_version
    if source.item.configuration is not None and source.item.configuration.name:
        title = f"{source.item.configuration.name}  {look.glyphs.separator}  {title}"
    return RowPreview(title, lambda width, _height: _lines(artifact, source, lines, width, look))


def _read_source(desk: Desk, scope: Scope, artifact_id: str) -> _Source:
    (item,) = desk.compare.artifacts(scope, [artifact_id])
    varying: frozenset[str] = frozenset()
    inputs = {}
    if item.configuration is not None:
        varying = desk.configurations.varying(scope, item.configuration.executable_id)
        for name, input_id in item.configuration.inputs.items():
            try:
                inputs[name] = desk.artifacts.get(scope, input_id).name
            except NotFound:
                inputs[name] = f"{input_id} (deleted)"
    return _Source(item, varying, inputs)


def _lines(
    artifact: Artifact, source: _Source, series: Sequence[SeriesLine], width: int, look: Look
) -> list[Parts]:
    item = source.item
    lines: list[Parts] = []
    description = wrapped(artifact.description, width, "dim", 3) if artifact.description else []
    if item.configuration is None and not series:
        # Nothing else is known about an artifact that was added manually.
        lines, description = description, []
    if item.configuration is not None and item.configuration.parameters:
        lines += section("Parameters")
        lines += parameter_lines(item.configuration.parameters, source.varying, width)
    if series:
        lines += [*section("Metrics"), *series_lines(series, width, look)]
    if artifact.labels:
        labels = [(key.rpartition("/")[2], value, "text") for key, value in artifact.labels]
        lines += [*section("Labels"), *pair_lines(labels, width)]
    lines += [*section("Source"), *description, *pair_lines(_source_pairs(source, look), width)]
    files = files_cell(artifact, look)
    facts = [
        ("Files", files.text, files.role),
        ("Size", size_text(artifact.size), "text"),
        ("URL", artifact.url, "text"),
        ("Created", timestamp_text(artifact.created_at), "text"),
        ("ID", artifact.id, "dim"),
    ]
    return [*lines, *section("Files"), *pair_lines(facts, width)]


def _source_pairs(source: _Source, look: Look) -> list[tuple[str, str, str]]:
    execution = source.item.execution
    if execution is None:
        return [("Added", "manually, no execution created it", "dim")]
    status, role = look.status(execution.status)
    seconds = execution.duration_seconds(now())
    duration = "" if seconds is None else f" in {duration_text(seconds)}"
    return [
        ("Execution", f"{status}{duration}", role),
        ("", execution.id, "dim"),
        ("Executable", execution.executable_id, "text"),
        *((f"Input {name}", value, "text") for name, value in source.inputs.items()),
    ]

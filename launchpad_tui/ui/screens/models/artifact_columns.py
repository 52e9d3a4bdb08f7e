"""The columns of artifact lists."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.numbers import metric_text, size_text
from launchpad_tui.domain.query import ArtifactRow, MetricColumn
from launchpad_tui.ui.screens.common.cells import (
    curve_column,
    files_cell,
    labels_text,
    timestamp_text,
)
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column

_CONFIGURATION = Column[ArtifactRow](
    "configuration",
    "Configuration",
    lambda r: Cell(r.configuration_name, "dim"),
    18,
    36,
    2,
    priority=1,
)


def artifact_columns(
    kind: ArtifactKind | None,
    metrics: Sequence[MetricColumn] = (),
    curves: Sequence[str] = (),
    *,
    look: Look,
) -> tuple[Column[ArtifactRow], ...]:
    """Return the columns of a list of artifacts.

    Args:
        kind: the kind of the artifacts; None for all kinds.
        metrics: metrics whose values are shown as columns.
        curves: keys of metrics whose curves are shown as columns.
        look: colors and glyphs.
    """
    return (
        Column[ArtifactRow](
            "name",
            "Name",
            lambda r: name_cell(r.artifact, look),
            20,
            48,
            4,
            sort="name",
            priority=0,
        ),
        *((_CONFIGURATION,) if kind is ArtifactKind.MODEL else ()),
        *(_metric_column(metric) for metric in metrics),
        *(curve_column(key, look.glyphs.ascii) for key in curves),
        Column[ArtifactRow](
            "scenario",
            "Scenario",
            lambda r: Cell(r.artifact.scenario_id, "dim"),
            12,
            24,
            1,
            sort="scenario_id",
            priority=3,
        ),
        Column[ArtifactRow](
            "created",
            "Created",
            lambda r: Cell(timestamp_text(r.artifact.created_at), "dim"),
            16,
            16,
            0,
            sort="created_at",
            priority=1,
        ),
        Column[ArtifactRow](
            "size",
            "Size",
            lambda r: Cell(size_text(r.artifact.size), "dim"),
            8,
            8,
            0,
            "right",
            sort="size",
            priority=2,
        ),
        Column[ArtifactRow](
            "files",
            "Files",
            lambda r: files_cell(r.artifact, look),
            10,
            10,
            0,
            sort="files_state",
            priority=2,
        ),
        Column[ArtifactRow](
            "execution",
            "Execution",
            lambda r: Cell(r.artifact.execution_id, "dim"),
            16,
            16,
            0,
            sort="execution_id",
            priority=4,
        ),
        Column[ArtifactRow](
            "labels",
            "Labels",
            lambda r: Cell(labels_text(r.artifact.labels), "dim"),
            14,
            40,
            2,
            priority=5,
        ),
        Column[ArtifactRow](
            "description",
            "Description",
            lambda r: Cell(r.artifact.description, "dim"),
            16,
            60,
            3,
            sort="description",
            priority=6,
        ),
        Column[ArtifactRow](
            "id", "ID", lambda r: Cell(r.artifact.id, "dim"), 10, 36, 1, sort="id", priority=7
        ),
        Column[ArtifactRow](
            "url", "URL", lambda r: Cell(r.artifact.url, "dim"), 16, 60, 2, sort="url", priority=8
        ),
        Column[ArtifactRow](
            "changed",
            "Changed",
            lambda r: Cell(timestamp_text(r.artifact.modified_at), "dim"),
            16,
            16,
            0,
            sort="modified_at",
            priority=9,
        ),
    )


def name_cell(artifact: Artifact, look: Look) -> Cell:
    """Return the name of an artifact; it is marked if the runtime has deleted the artifact."""
    if artifact.deleted_at is None:
        return Cell(artifact.name)
    return Cell(f"{look.glyphs.error} {artifact.name}", "faint")


def _metric_column(metric: MetricColumn) -> Column[ArtifactRow]:
    def render(row: ArtifactRow) -> Cell:
        return Cell(metric_text(row.metrics.get(metric)), "text")

    title = str(metric)
    return Column(
        f"metric {title}",
        title,
        render,
        max(9, min(16, len(title) + 2)),
        20,
        0,
        "right",
        metric,
        priority=1,
    )

"""The columns of artifact lists."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.query import ArtifactRow, MetricColumn, Query
from launchpad_tui.domain.text import cell_width
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.ui.screens.common.cells import files_cell, labels_text
from launchpad_tui.ui.screens.common.columns import (
    age_column,
    curve_column,
    metric_columns,
    size_column,
    text_column,
    timestamp_column,
    value_columns,
)
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column

#: a query without columns for metrics and parameters
_NO_COLUMNS = Query()


def artifact_columns(
    kind: ArtifactKind | None,
    query: Query = _NO_COLUMNS,
    best: Mapping[MetricColumn, float] = MappingProxyType({}),
    *,
    look: Look,
) -> tuple[Column[ArtifactRow], ...]:
    """Return the columns of a list of artifacts.

    Args:
        kind: the kind of the artifacts; None for all kinds.
        query: its metrics, curves and parameters are shown as columns.
        best: the best values of the columns of metrics.
        look: colors and glyphs.
    """
    name = Column[ArtifactRow](
        "name", "Name", lambda r: name_cell(r.artifact, look), 14, 48, 4, sort="name", priority=0
    )
    configuration: Column[ArtifactRow] = text_column(
        "configuration",
        "Configuration",
        lambda r: r.configuration_name,
        (13, 36),
        2,
        priority=1,
        names=True,
    )
    files = Column[ArtifactRow](
        "files",
        "Files",
        lambda r: files_cell(r.artifact, look),
        12,
        12,
        0,
        sort="files_state",
        priority=2,
    )

    def column(
        sort: str, title: str, widths: tuple[int, int], weight: int, priority: int
    ) -> Column[ArtifactRow]:
        """Return a column of an attribute of the artifact, which is also its sort key."""
        return text_column(
            sort.removesuffix("_id"),
            title,
            lambda r: getattr(r.artifact, sort),
            widths,
            weight,
            sort=sort,
            priority=priority,
        )

    # The name shows the version, so that this column is only offered for sorting.
    version = Column[ArtifactRow](
        "version",
        "Version",
        lambda r: "" if r.artifact.version is None else f"v{r.artifact.version}",
        sort="version",
        shown=False,
    )
    return (
        name,
        *((version,) if kind is ArtifactKind.MODEL else ()),
        configuration,
        *metric_columns(query.metrics, best, look=look),
        *value_columns(query.values),
        age_column(lambda r: r.artifact.created_at, priority=1),
        *(curve_column(key, ascii_only=look.glyphs.ascii) for key in query.curves),
        column("scenario_id", "Scenario", (12, 24), 1, 3),
        timestamp_column(
            "created",
            "Created",
            lambda r: r.artifact.created_at,
            sort="created_at",
            priority=2,
            # The age shows this order as well.
            stays=False,
        ),
        size_column(lambda r: r.artifact.size, sort="size", priority=2),
        text_column(
            "duration",
            "Duration",
            lambda r: "" if r.duration is None else duration_text(r.duration),
            (10, 10),
            align="right",
            sort="duration",
            priority=8,
        ),
        files,
        column("execution_id", "Execution", (16, 16), 1, 4),
        text_column(
            "labels", "Labels", lambda r: labels_text(r.artifact.labels), (14, 40), 2, priority=5
        ),
        column("description", "Description", (16, 60), 3, 6),
        column("id", "ID", (10, 36), 1, 7),
        column("url", "URL", (16, 60), 2, 8),
        timestamp_column(
            "changed", "Changed", lambda r: r.artifact.modified_at, sort="modified_at", priority=9
        ),
    )


def name_cell(artifact: Artifact, look: Look) -> Cell:
    """Return the name of an artifact with its version and aliases; it is marked if the artifact is
    pinned, or deleted in the runtime.

    In a narrow cell the version or the aliases are left out: each of them identifies the model.
    """
    version = artifact.name_with_version
    forms = {version}
    if artifact.aliases:
        aliases = " ".join(f"@{alias}" for alias in artifact.aliases)
        forms |= {f"{version} {aliases}", f"{artifact.name} {aliases}"}
        forms.add(f"{version} @{look.glyphs.ellipsis}")
    mark, role = "", "text"
    if artifact.deleted_at is not None:
        mark, role = f"{look.glyphs.error} ", "faint"
    elif artifact.pinned_at is not None:
        mark = f"{look.glyphs.mark} "
    text, *shorter = (f"{mark}{form}" for form in sorted(forms, key=cell_width, reverse=True))
    return Cell(text, role, tuple(shorter))

"""Text and table cells for artifacts, executions and metrics, shared by several screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchpad_tui.domain.artifact import Artifact, FilesState
from launchpad_tui.domain.numbers import sparkline
from launchpad_tui.domain.query import ArtifactRow, ExecutionRow
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column


def timestamp_text(timestamp: datetime) -> str:
    """Return ``2026-01-31 12:00`` in the time zone of this machine."""
    return timestamp.astimezone().strftime("%Y-%m-%d %H:%M")


def labels_text(labels: Sequence[tuple[str, str]]) -> str:
    """Return labels as ``stage=production team=a``, without the prefixes of their keys."""
    return " ".join(f"{key.rpartition('/')[2]}={value}" for key, value in labels)


#: the width of a curve in cells
CURVE_WIDTH = 16


def files_cell(artifact: Artifact, look: Look) -> Cell:
    """Return a cell with the result of the last verification of an artifact's files."""
    glyphs = look.glyphs
    glyph, role = {
        FilesState.INTACT: (glyphs.done, "good"),
        FilesState.CHANGED: (glyphs.warning, "bad"),
        FilesState.MISSING: (glyphs.error, "bad"),
        FilesState.UNKNOWN: (glyphs.unknown, "faint"),
    }[artifact.files_state]
    return Cell(f"{glyph} {artifact.files_state}", role)


def curve_column(key: str, ascii_only: bool) -> Column[Any]:
    """Return a column of sparklines of a metric, each scaled to its own range.

    Args:
        key: the metric with its labels, as ``name{label=value}``.
        ascii_only: whether only ASCII characters are drawn.
    """

    def render(row: ArtifactRow | ExecutionRow) -> Cell:
        return Cell(
            sparkline(row.curves.get(key, ()), CURVE_WIDTH, ascii_only=ascii_only), "accent"
        )

    return Column(f"curve {key}", f"curve {key}", render, CURVE_WIDTH, CURVE_WIDTH, 0, priority=1)


def pairs_text(pairs: Mapping[str, str]) -> str:
    """Return parameters, settings or labels as ``learning_rate=0.1 epochs=5``."""
    return " ".join(f"{name}={value}" for name, value in pairs.items())

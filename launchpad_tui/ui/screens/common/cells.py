"""Values of artifacts, executions and metrics as text and cells, for screens of several areas."""

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

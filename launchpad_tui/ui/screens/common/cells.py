"""Texts and table cells that several screens share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from launchpad_tui.domain.artifact import Artifact, ArtifactKind, FilesState
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell


def timestamp_text(timestamp: datetime) -> str:
    """Return ``2026-01-31 12:00`` in the time zone of this machine."""
    return timestamp.astimezone().strftime("%Y-%m-%d %H:%M")


def labels_text(labels: Sequence[tuple[str, str]]) -> str:
    """Return labels as ``stage=production team=a``, without the prefixes of their keys."""
    return " ".join(f"{key.rpartition('/')[2]}={value}" for key, value in labels)


def files_cell(artifact: Artifact, look: Look) -> Cell:
    """Return a cell with the result of the last verification of an artifact's files."""
    glyphs = look.glyphs
    glyph, role = {
        FilesState.INTACT: (glyphs.done, "good"),
        FilesState.CHANGED: (glyphs.warning, "bad"),
        FilesState.MISSING: (glyphs.error, "bad"),
        FilesState.UNKNOWN: (glyphs.unknown, "faint"),
    }[artifact.files_state]
    unknown = artifact.files_state is FilesState.UNKNOWN
    return Cell(f"{glyph} {'unverified' if unknown else artifact.files_state}", role)


def kind_text(kind: ArtifactKind) -> str:
    """Return the kind of an artifact in words, for example ``result set``."""
    return "result set" if kind is ArtifactKind.RESULTSET else str(kind)


def pairs_text(pairs: Mapping[str, str]) -> str:
    """Return parameters, settings or labels as ``learning_rate=0.1 epochs=5``."""
    return " ".join(f"{name}={value}" for name, value in pairs.items())

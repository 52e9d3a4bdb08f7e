"""The attributes by which lists of artifacts are filtered and sorted."""

from __future__ import annotations

ATTRIBUTES = frozenset(
    {
        "id",
        "name",
        "kind",
        "configuration_name",
        "description",
        "scenario_id",
        "url",
        "execution_id",
        "size",
        "created_at",
        "modified_at",
        "files_state",
        "checked_at",
        "version",
        "aliases",
        "pinned_at",
        "sweep",
        "duration",
        "commit",
    }
)

"""The text of a file that a comparison is exported to: CSV, JSON, Markdown."""

from __future__ import annotations

import json

from launchpad_tui.domain.comparison import Comparison
from launchpad_tui.domain.comparison_text import as_csv, as_json, as_markdown
from launchpad_tui.errors import InvalidInput


def comparison_text(comparison: Comparison, suffix: str) -> str:
    """The comparison in the format of a file's ending. Raises InvalidInput for another one."""
    if suffix == ".json":
        return json.dumps(as_json(comparison), indent=2, ensure_ascii=False) + "\n"
    if suffix in {".md", ".markdown"}:
        return as_markdown(comparison)
    if suffix == ".csv":
        return as_csv(comparison)
    raise InvalidInput(
        f"There is no format for {suffix or 'a file without an ending'!r}",
        hint="Use .csv, .json or .md.",
    )

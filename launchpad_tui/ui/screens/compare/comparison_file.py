"""The formats that a comparison can be exported in: CSV, JSON and Markdown."""

from __future__ import annotations

import json

from launchpad_tui.domain.comparison import Comparison
from launchpad_tui.domain.comparison_text import as_csv, as_json, as_markdown
from launchpad_tui.errors import InvalidInput


def comparison_text(comparison: Comparison, suffix: str) -> str:
    """Return the comparison in the format of a file extension.

    Args:
        comparison: the comparison to export.
        suffix: the extension with its dot: ``.csv``, ``.json``, ``.md`` or ``.markdown``.

    Raises:
        InvalidInput: for any other extension.
    """
    if suffix == ".json":
        return json.dumps(as_json(comparison), indent=2, ensure_ascii=False) + "\n"
    if suffix in {".md", ".markdown"}:
        return as_markdown(comparison)
    if suffix == ".csv":
        return as_csv(comparison)
    given = repr(suffix) if suffix else "a file without an extension"
    raise InvalidInput(
        f"Unsupported file format: {given}",
        "A comparison is exported as CSV, JSON or Markdown.",
        "Use a file name that ends with .csv, .json or .md.",
    )

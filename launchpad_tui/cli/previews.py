"""What a file says of itself, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.cli import output
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.formats import Preview


def show(context: Context, found: Preview) -> None:
    """Print a preview: as JSON where asked for, else facts, table and lines."""
    if context.json:
        context.print_json(
            {
                "kind": found.kind,
                "title": found.title,
                "facts": [{"name": name, "value": value} for name, value in found.facts],
                "columns": list(found.columns),
                "rows": [list(row) for row in found.rows],
                "lines": list(found.lines),
                "note": found.note or None,
            }
        )
        return
    output.print_fields([("kind", found.title), *found.facts])
    if found.rows:
        context.line("")
        output.print_table(found.columns, found.rows)
    if found.lines:
        context.line("")
        for line in found.lines:
            context.line(safe_text(line))
    if found.note:
        context.note(found.note)

"""Print the preview of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.cli import output
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.formats import Preview


def print_preview(context: CommandContext, preview: Preview) -> None:
    """Print a preview as data, or as facts, a table and lines of text.

    A file with rows is CSV or a Markdown table of its rows.
    """
    if context.output == "name":
        context.line(safe_text(preview.title))
        return
    if context.output in {"csv", "markdown"} and preview.rows:
        from launchpad_tui.cli.streams import row_printer

        with context.paged():
            print_row = row_printer(context.output)
            columns = max(len(preview.columns), *map(len, preview.rows))
            for row in (preview.columns, *preview.rows):
                print_row([*row, *[""] * (columns - len(row))])
        return
    if context.structured:
        context.print_data(
            {
                "kind": preview.kind,
                "title": preview.title,
                "facts": [{"name": name, "value": value} for name, value in preview.facts],
                "columns": list(preview.columns),
                "rows": [list(row) for row in preview.rows],
                "lines": list(preview.lines),
                "note": preview.note or None,
            }
        )
        return
    with context.paged():
        _print_text(context, preview)
    if preview.note:
        context.note(preview.note)


def _print_text(context: CommandContext, preview: Preview) -> None:
    output.print_fields([("kind", preview.title), *preview.facts])
    if preview.rows:
        context.line("")
        columns = max(len(preview.columns), *map(len, preview.rows))
        heads = [*preview.columns, *[""] * (columns - len(preview.columns))]
        output.print_table(heads, preview.rows, wide=context.output == "wide")
    if preview.lines:
        context.line("")
        for line in preview.lines:
            context.line(safe_text(line))

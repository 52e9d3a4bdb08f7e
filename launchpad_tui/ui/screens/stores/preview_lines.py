"""The lines of a preview."""

from __future__ import annotations

from launchpad_tui.domain.formats import Preview
from launchpad_tui.domain.text import cell_width, pad, safe_text

#: maximum width of a column of a table, in cells
_MAX_COLUMN_WIDTH = 60
#: width of the names of metadata, in cells
_NAME_WIDTH = 22


def preview_lines(preview: Preview, url: str) -> list[list[tuple[str, str]]]:
    """Return the lines of a preview: title and URL, metadata, note, table, lines of text.

    A line is a list of texts, each with the role of its color.
    """
    lines: list[list[tuple[str, str]]] = [[(f" {preview.title}", "title"), (f"  {url}", "dim")], []]
    for name, value in preview.facts:
        lines.append([(f" {pad(name, _NAME_WIDTH)} ", "dim"), (safe_text(value), "text")])
    if preview.note:
        lines += [[], [(f" {safe_text(preview.note)}", "warn")]]
    if preview.columns or preview.rows:
        lines += [[], *_table(preview)]
    if preview.lines:
        lines += [[], *([(f" {safe_text(line.expandtabs(4))}", "text")] for line in preview.lines)]
    return lines


def _table(preview: Preview) -> list[list[tuple[str, str]]]:
    rows = [[safe_text(str(cell)) for cell in row] for row in preview.rows]
    count = max([len(preview.columns), *(len(row) for row in rows)])
    titles = [*preview.columns, *[""] * (count - len(preview.columns))]
    widths = [
        min(
            _MAX_COLUMN_WIDTH,
            max(
                [
                    cell_width(titles[place]),
                    *(cell_width(row[place]) for row in rows if place < len(row)),
                ]
            ),
        )
        for place in range(count)
    ]
    heads = "  ".join(pad(title, width) for title, width in zip(titles, widths, strict=True))
    lines: list[list[tuple[str, str]]] = [[(f" {heads}", "strong")]] if any(titles) else []
    for row in rows:
        cells = "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=False))
        lines.append([(f" {cells}", "text")])
    return lines

"""The lines of a preview, or of the error in place of one."""

from __future__ import annotations

from launchpad_tui.domain.formats import Preview
from launchpad_tui.domain.text import cell_width, pad, safe_text, wrap
from launchpad_tui.errors import LaunchpadError

#: maximum width of a column of a table, in cells
_MAX_COLUMN_WIDTH = 60
#: width of the names of metadata, in cells, at most
_NAME_WIDTH = 22


def preview_lines(preview: Preview, url: str, width: int) -> list[list[tuple[str, str]]]:
    """Return the lines of a preview: title and URL, metadata, note, table, lines of text.

    A line is a list of texts, each with the role of its color. URL, metadata and note are wrapped
    at ``width`` cells; tables and lines of the file are not.
    """
    title, where = f" {preview.title}", safe_text(url)
    if cell_width(title) + cell_width(where) + 2 <= width:
        lines = [[(title, "title"), (f"  {where}", "dim")]]
    else:
        lines = [[(title, "title")], *_wrapped(where, width, "dim")]
    lines.append([])
    longest = max((cell_width(name) for name, _ in preview.facts), default=0)
    # The names are in a column of a usual width, which is narrower in a narrow terminal.
    names = max(min(longest + 1, _NAME_WIDTH), min(_NAME_WIDTH, width // 3))
    for name, value in preview.facts:
        beside = wrap(safe_text(value), width - names - 2)
        lines.append([(f" {pad(name, names)} ", "dim"), (beside[0], "text")])
        lines += [[(" " * (names + 2), "dim"), (line, "text")] for line in beside[1:]]
    if preview.note:
        lines += [[], *_wrapped(preview.note, width, "warn")]
    if preview.columns or preview.rows:
        lines += [[], *_table(preview)]
    if preview.lines:
        lines += [[], *([(f" {safe_text(line.expandtabs(4))}", "text")] for line in preview.lines)]
    return lines


def error_lines(error: LaunchpadError, width: int) -> list[list[tuple[str, str]]]:
    """Return the lines of an error in place of a preview, wrapped at ``width`` cells."""
    lines: list[list[tuple[str, str]]] = [[]]
    for text, role in ((error.title, "bad"), (error.detail, "text"), (error.hint, "strong")):
        lines += _wrapped(text, width, role) if text else []
    return lines


def _wrapped(text: str, width: int, role: str) -> list[list[tuple[str, str]]]:
    """Return the lines of a text, indented by a cell."""
    return [[(f" {line}", role)] for line in wrap(text, width - 2)]


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

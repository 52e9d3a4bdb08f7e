"""The text of a file that a chart is exported to: SVG, text, colored text, CSV."""

from __future__ import annotations

from launchpad_tui.charts.ansi import to_ansi
from launchpad_tui.charts.model import ChartData, ChartTable, Drawing
from launchpad_tui.charts.svg import to_svg
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.theme import BY_NAME, Palette


def chart_text(drawing: Drawing, data: ChartData, suffix: str, title: str, palette: Palette) -> str:
    """The chart in the format of a file's ending. Raises InvalidInput for another one."""
    if suffix == ".svg":
        # A palette of the terminal's own colours has none that a picture could show.
        shown = BY_NAME["dark"] if palette.ansi else palette
        return to_svg(drawing, shown.series, shown.background, shown.text, shown.dim, title)
    if suffix == ".txt":
        return drawing.text() + "\n"
    if suffix == ".ansi":
        return to_ansi(drawing, "256")
    if suffix == ".csv":
        return _numbers(data)
    what = repr(suffix) if suffix else "a file without an ending"
    raise InvalidInput(f"Unsupported file format: {what}", hint="Use .svg, .txt, .ansi or .csv.")


def _numbers(data: ChartData) -> str:
    """What the chart was drawn from (RFC 4180): a line a point, or a line a model."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if data.series:
        writer.writerow(("series", "x", "y"))
        for one in data.series:
            writer.writerows(
                (safe_text(one.label), repr(x), repr(y)) for x, y in zip(one.x, one.y, strict=True)
            )
    else:
        writer.writerows(_rows(data.table))
    return out.getvalue()


def _rows(table: ChartTable) -> list[tuple[str, ...]]:
    columns: dict[str, tuple[float | str | None, ...]] = {**table.parameters, **table.metrics}
    found: list[tuple[str, ...]] = [("id", "name", *(safe_text(name) for name in columns))]
    for place, one in enumerate(table.ids):
        values = (column[place] for column in columns.values())
        texts = ("" if value is None else safe_text(str(value)) for value in values)
        found.append((one, safe_text(table.labels[place]), *texts))
    return found

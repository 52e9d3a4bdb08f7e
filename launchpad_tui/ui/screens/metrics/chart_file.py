"""The formats that a chart can be exported in: SVG, plain text, colored text and CSV."""

from __future__ import annotations

from launchpad_tui.charts.ansi import to_ansi
from launchpad_tui.charts.model import ChartData, ChartTable, Drawing
from launchpad_tui.charts.svg import to_svg
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.palettes import BY_NAME, Palette
from launchpad_tui.ui.widgets.dialogs import PromptDialog


def export_dialog(title: str) -> PromptDialog:
    """Return the prompt for the file of a chart, with a name made of its title."""
    characters = (char if char.isalnum() or char in "-_" else "-" for char in title)
    stem = "".join(characters).strip("-")[:60] or "chart"
    hint = "The extension selects the format: .svg, .txt, .ansi (colored text) or .csv"
    return PromptDialog(
        "Export the chart to the file", f"{stem}.svg", hint, verb="export", path=True
    )


def chart_text(drawing: Drawing, data: ChartData, suffix: str, title: str, palette: Palette) -> str:
    """Return a chart in the format of a file extension.

    Args:
        drawing: the chart as drawn, which all formats but CSV contain.
        data: the data of the chart, for CSV.
        suffix: the extension with its dot: ``.svg``, ``.txt``, ``.ansi`` or ``.csv``.
        title: the title of the chart.
        palette: the colors of an SVG picture.

    Raises:
        InvalidInput: for any other extension.
    """
    if suffix == ".svg":
        # A palette of ANSI colors does not define RGB values, which a picture needs.
        shown = BY_NAME["dark"] if palette.ansi else palette
        return to_svg(drawing, shown.series, shown.background, shown.text, shown.dim, title)
    if suffix == ".txt":
        return drawing.text() + "\n"
    if suffix == ".ansi":
        return to_ansi(drawing, "256")
    if suffix == ".csv":
        return _csv_text(data)
    given = repr(suffix) if suffix else "a file without an extension"
    raise InvalidInput(
        f"Unsupported file format: {given}",
        "A chart is exported as SVG, plain text, colored text or CSV.",
        "Use a file name that ends with .svg, .txt, .ansi or .csv.",
    )


def _csv_text(data: ChartData) -> str:
    """Return the data of a chart as CSV (RFC 4180): a line per point or per model."""
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

"""Values as shades of one character, distinguishable without color."""

from __future__ import annotations

from launchpad_tui.charts.canvas import Canvas
from launchpad_tui.domain.text import cell_width

#: from low to high; a cell without a value is blank
SHADES, ASCII_SHADES = "░▒▓█", ".:-=+*#%@"


def shade(part: float, *, ascii_only: bool) -> str:
    """Return the shade of a share from 0 to 1."""
    ramp = ASCII_SHADES if ascii_only else SHADES
    return ramp[min(len(ramp) - 1, int(max(0.0, min(1.0, part)) * len(ramp)))]


def legend(canvas: Canvas, name: str, low: str, high: str) -> None:
    """Write the meaning of the shades in the last line, as far as there is room."""
    ramp = ASCII_SHADES if canvas.ascii else "".join(each * 2 for each in SHADES)
    row = canvas.height - 1
    column = 0
    if cell_width(name) + len(low) + len(high) + len(ramp) + 2 <= canvas.width:
        shown = canvas.fit(name, canvas.width)
        canvas.put(0, row, shown, style="axis")
        column = cell_width(shown) + bool(shown)
    canvas.put(column, row, low, style="axis")
    canvas.put(column + len(low) + 1, row, ramp)
    canvas.put(column + len(low) + len(ramp) + 2, row, high, style="axis")

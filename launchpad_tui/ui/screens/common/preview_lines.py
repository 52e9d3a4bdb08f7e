"""Lines of previews and of the pages of models: names with values, and metrics with curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from launchpad_tui.domain.metric import Direction, SeriesSummary, guess_direction, series_title
from launchpad_tui.domain.numbers import align_numbers, metric_text, sparkline
from launchpad_tui.domain.text import cell_width, clip, pad, safe_text, wrap
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.lines import Parts

#: the number of metrics whose curves are read for a preview
CURVES = 12
#: from this width on, a metric takes one line instead of two
_ONE_LINE = 66
#: characters of a text that are wrapped at most
_CHARACTERS = 2000
#: the largest share of the width that names take
_NAMES = 0.45


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A metric of an execution, as previews show it.

    Args:
        title: the name with the values of its labels.
        last: the last value.
        best: the best value; None if it is not known which values are better.
        best_step: the step of the best value.
        count: the number of points; the only point has neither a best value nor a curve.
        curve: values for the sparkline; empty if it has not been read.
    """

    title: str
    last: float
    best: float | None
    best_step: int | None
    count: int
    curve: tuple[float, ...] = ()


def series_line(
    summary: SeriesSummary, directions: Mapping[str, str], curve: Sequence[float] = ()
) -> SeriesLine:
    """Return the line of a series.

    Args:
        summary: the series.
        directions: the better directions that the user has set, by metric key.
        curve: values for the sparkline.
    """
    direction = directions.get(summary.key) or guess_direction(summary.name)
    best: tuple[float | None, int | None] = (None, None)
    if direction == Direction.LOWER:
        best = summary.minimum, summary.minimum_step
    elif direction == Direction.HIGHER:
        best = summary.maximum, summary.maximum_step
    return SeriesLine(series_title(summary.key), summary.last, *best, summary.count, tuple(curve))


def section(title: str) -> list[Parts]:
    """Return the heading of a section, with an empty line above it."""
    return [(), ((title, "title"),)]


def wrapped(text: str, width: int, role: str = "text", most: int = 6) -> list[Parts]:
    """Return a text in lines, at most ``most`` of them."""
    return [((line, role),) for line in wrap(text[:_CHARACTERS], width)[:most]]


def pair_lines(pairs: Iterable[tuple[str, str, str]], width: int, most: int = 3) -> list[Parts]:
    """Return names with their values beside them; empty values are left out.

    Args:
        pairs: name, value and role of the value.
        width: cells.
        most: the number of lines of a value, at most.
    """
    shown = [pair for pair in pairs if pair[1]]
    longest = max((cell_width(safe_text(name)) for name, _, _ in shown), default=0)
    names = max(1, min(longest, int(width * _NAMES)))
    room = max(1, width - names - 2)
    lines: list[Parts] = []
    for name, value, role in shown:
        texts = wrap(value[:_CHARACTERS], room)[:most] or [""]
        for number, text in enumerate(texts):
            left = pad(name if not number else "", names)
            lines.append(((f"{left}  ", "dim"), (text, role)))
    return lines


def series_lines(series: Sequence[SeriesLine], width: int, look: Look) -> list[Parts]:
    """Return metrics with value, best value with its step, and curve.

    They take one line each in a wide pane, otherwise two, so that names are not cut.
    """
    return [line for block in series_blocks(series, width, look) for line in block]


def series_blocks(series: Sequence[SeriesLine], width: int, look: Look) -> list[list[Parts]]:
    """Return the lines of each metric, as `series_lines` shows them below each other."""
    if not series:
        return []
    lasts = align_numbers([metric_text(one.last) for one in series])
    bests = _best_texts(series, look)
    last_width = max(map(cell_width, lasts))
    best_width = max(map(cell_width, bests))
    name_width = max(cell_width(safe_text(one.title)) for one in series)
    blocks: list[list[Parts]] = []
    if width >= _ONE_LINE:
        name_width = min(name_width, width - last_width - best_width - 18)
        longest = max(len(one.curve) for one in series)
        curve_width = max(8, min(40, longest, width - name_width - last_width - best_width - 6))
        for one, last, best in zip(series, lasts, bests, strict=True):
            parts = (
                (pad(one.title, name_width, ellipsis=look.glyphs.ellipsis), "dim"),
                ("  " + pad(last, last_width, "right"), "strong"),
                ("  " + _curve(one, curve_width, look), "accent"),
                ("  " + pad(best, best_width), "good"),
            )
            blocks.append([parts])
        return blocks
    curve_width = max(8, width - best_width - 4)
    for one, last, best in zip(series, lasts, bests, strict=True):
        room = max(1, width - last_width - 2)
        title = clip(one.title, room, look.glyphs.ellipsis)
        block: list[Parts] = [
            ((pad(title, room), "text"), ("  " + pad(last, last_width, "right"), "strong"))
        ]
        if one.count > 1:
            block.append(
                (
                    ("  " + _curve(one, curve_width, look), "accent"),
                    ("  " + pad(best, best_width, "right"), "good"),
                )
            )
        blocks.append(block)
    return blocks


def _best_texts(series: Sequence[SeriesLine], look: Look) -> list[str]:
    """Return the best value of each metric with its step; empty if it has none."""
    known = [one.best is not None and one.count > 1 for one in series]
    values = iter(
        align_numbers(
            [metric_text(one.best) for one, has in zip(series, known, strict=True) if has]
        )
    )
    return [
        f"{look.glyphs.best} {next(values)} @ {one.best_step}" if has else ""
        for one, has in zip(series, known, strict=True)
    ]


def best_note(series: Sequence[SeriesLine], look: Look) -> str:
    """Return the explanation of best values, empty if there are none."""
    marked = any(one.best is not None and one.count > 1 for one in series)
    return f"{look.glyphs.best} best value @ its step" if marked else ""


def _curve(one: SeriesLine, width: int, look: Look) -> str:
    if one.count == 1:
        return " " * width
    return pad(sparkline(one.curve, width, ascii_only=look.glyphs.ascii), width)


def parameter_lines(
    parameters: Mapping[str, str], varying: frozenset[str], width: int
) -> list[Parts]:
    """Return parameters with their values; those that vary come first, the others are dimmed.

    Args:
        parameters: values by name.
        varying: the names of the parameters that differ among the executable's configurations.
        width: cells.
    """
    first = [(name, value, "strong") for name, value in parameters.items() if name in varying]
    rest = [(name, value, "faint") for name, value in parameters.items() if name not in varying]
    return pair_lines([*first, *rest], width)

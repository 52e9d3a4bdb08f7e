"""Custom info as lines: matrices of numbers as heat maps, other JSON as tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from launchpad_tui.charts.shades import shade
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import cell_width, clip, pad, safe_text, wrap
from launchpad_tui.ui.widgets.lines import Parts

#: the most characters that are parsed, and the most rows of a table or a heat map
MAX_PARSED, MAX_ROWS = 200_000, 200
#: the most cells of a column of a table, and of the name of a row
_COLUMN, _NAME = 32, 24
#: the most lines of a text in a table
_WRAPPED = 20
#: the cells of a shade
_SHADE = 2
_INDENT = "  "
Matrix = Sequence[Sequence[float]]


def info_lines(text: str, width: int, ascii_only: bool = False) -> list[Parts] | None:
    """Return custom info as lines, None if it is not a JSON object or array.

    A matrix is an array of at least two arrays of numbers of one length, or an object of such
    objects; an array of texts in the same object names its columns. An array of objects is a table
    with a column for each key.

    Args:
        text: the custom info.
        width: the width of the lines in cells. A heat map whose numbers do not fit has only shades.
        ascii_only: whether shades are ASCII characters.
    """
    if text[:1] not in {"[", "{"} or len(text) > MAX_PARSED:
        return None
    try:
        value = json.loads(text)
        return _block(value, max(20, width - len(_INDENT)), ascii_only)
    except (ValueError, RecursionError):
        return None


def info_summary(text: str) -> tuple[str, ...]:
    """Return what custom info contains, for a narrow cell: ``10×10 matrix``, and shorter forms.

    There are none if the custom info is not a JSON object or array.
    """
    if text[:1] not in {"[", "{"} or len(text) > MAX_PARSED:
        return ()
    try:
        value = json.loads(text)
        matrix = _matrix(value)
    except (ValueError, RecursionError):
        return ()
    if matrix is not None:
        size = f"{len(matrix)}×{len(_names(value)[1])}"
        return f"{size} matrix", size
    noun = "value" if isinstance(value, list) else "key"
    return (f"{len(value)} {noun}{'' if len(value) == 1 else 's'}",)


def _block(value: dict[str, object] | list[object], width: int, ascii_only: bool) -> list[Parts]:
    matrix = _matrix(value)
    if matrix is not None:
        rows, columns = _names(value)
        return _heat_map(matrix, rows, columns, width, ascii_only)
    if isinstance(value, list) or not value:
        return _table_of_list(list(value), width)
    labels = _labels(value)
    lines: list[Parts] = []
    simple = [(name, each) for name, each in value.items() if not _is_block(each)]
    named = [pair for pair in simple if labels is None or pair[1] is not labels]
    if named:
        lines += _table([], [[name, _text(each)] for name, each in named], width)
    for name, each in value.items():
        if not isinstance(each, dict | list) or not _is_block(each):
            continue
        lines.append(((_INDENT + clip(safe_text(name), width), "strong"),))
        inner = _matrix(each)
        if inner is not None and labels is not None and len(labels) == len(inner[0]):
            names = [_text(label) for label in labels]
            rows = names if len(inner) == len(names) else _names(each)[0]
            below = _heat_map(inner, rows, names, width - len(_INDENT), ascii_only)
        else:
            below = _block(each, width - len(_INDENT), ascii_only)
        lines += [((_INDENT, "text"), *parts) for parts in below]
    return lines


def _is_block(value: object) -> bool:
    """Return whether a value is shown below its name and not beside it."""
    if isinstance(value, list):
        return any(isinstance(each, dict | list) for each in value)
    return isinstance(value, dict) and bool(value)


def _is_number(value: object) -> bool:
    # Greater whole numbers are not floats.
    return isinstance(value, float) or (type(value) is int and abs(value) < 1 << 63)


def _matrix(value: object) -> Matrix | None:
    """Return the numbers of a matrix, None if it is none."""
    rows = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(rows, list) or len(rows) < 2:
        return None
    first = rows[0]
    if isinstance(value, dict):
        if not all(isinstance(row, dict) and list(row) == list(first) for row in rows):
            return None
        rows = [list(row.values()) for row in rows]
    if not all(isinstance(row, list) and len(row) == len(first) for row in rows) or not first:
        return None
    return rows if all(_is_number(each) for row in rows for each in row) else None


def _names(value: object) -> tuple[list[str], list[str]]:
    """Return the names of a matrix's rows and columns: its keys, or numbers from 0."""
    if isinstance(value, dict):
        return list(value), list(next(iter(value.values())))
    if isinstance(value, list):
        return [str(n) for n in range(len(value))], [str(n) for n in range(len(value[0]))]
    return [], []


def _labels(value: Mapping[str, object]) -> list[object] | None:
    """Return the texts that name the columns of an object's only matrix, None without them."""
    matrices = [found for each in value.values() if (found := _matrix(each)) is not None]
    if len(matrices) != 1:
        return None
    for each in value.values():
        if isinstance(each, list) and len(each) == len(matrices[0][0]) and not _is_block(each):
            return each
    return None


def _heat_map(
    matrix: Matrix, rows: Sequence[str], columns: Sequence[str], width: int, ascii_only: bool
) -> list[Parts]:
    numbers = [value for row in matrix for value in row if math.isfinite(value)]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    names = [clip(safe_text(name), _NAME) for name in rows]
    left = max(map(cell_width, names))
    heads = [clip(safe_text(name), _NAME) for name in columns]
    texts = [[_number(value) for value in row] for row in matrix[:MAX_ROWS]]
    longest = max(cell_width(text) for row in [*texts, heads] for text in row)
    with_numbers = left + len(columns) * (_SHADE + 1 + longest + 2) <= width
    cell = _SHADE + 1 + longest if with_numbers else _SHADE
    gap = "  " if with_numbers else ""
    lines: list[Parts] = []
    if with_numbers:
        titles = "".join(gap + " " * (cell - cell_width(head)) + head for head in heads)
        lines.append(((_INDENT + " " * left + titles, "dim"),))
    for name, row, shown in zip(names, matrix, texts, strict=False):
        parts: list[tuple[str, str]] = [
            (_INDENT + pad(name, left), "dim"),
            ("" if gap else " ", "text"),
        ]
        for value, text in zip(row, shown, strict=True):
            part = 0.5 if low == high else (value / 2 - low / 2) / (high / 2 - low / 2)
            fill = shade(part, ascii_only=ascii_only) if math.isfinite(value) else " "
            parts.append((gap + fill * _SHADE, "accent"))
            if with_numbers:
                parts.append((" " * (1 + longest - cell_width(text)) + text, "text"))
        lines.append(tuple(parts))
    if len(matrix) > MAX_ROWS:
        lines.append(((f"{_INDENT}and {len(matrix) - MAX_ROWS:,} more rows", "dim"),))
    scale = "".join(shade(at / 3, ascii_only=ascii_only) * _SHADE for at in range(4))
    ends = f" {_number(low)} to {_number(high)}"
    lines.append(((_INDENT + " " * left + " ", "text"), (scale, "accent"), (ends, "dim")))
    return lines


def _table_of_list(value: Sequence[object], width: int) -> list[Parts]:
    if value and all(isinstance(each, dict) for each in value):
        objects = [each for each in value if isinstance(each, dict)]
        keys = list(dict.fromkeys(key for each in objects for key in each))
        rows = [[_text(each[key]) if key in each else "" for key in keys] for each in objects]
        return _table(keys, rows, width)
    if any(isinstance(each, list) for each in value):
        rows = [
            [_text(one) for one in each] if isinstance(each, list) else [_text(each)]
            for each in value
        ]
        return _table([], [[str(number), *row] for number, row in enumerate(rows)], width)
    return _table([], [[str(number), _text(each)] for number, each in enumerate(value)], width)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[Parts]:
    """Return rows of texts in columns; without heads, the first column names the rows."""
    count = max(map(len, [heads, *rows]))
    if not rows or not count:
        return [((_INDENT + "empty", "dim"),)]
    shown = [[*row, *[""] * (count - len(row))] for row in rows[:MAX_ROWS]]
    everything = [*shown, heads] if heads else shown
    sizes = [
        min(_COLUMN, max(cell_width(clip(row[place], _COLUMN)) for row in everything))
        for place in range(count)
    ]
    # The last column has the rest of the line, in which its texts are wrapped.
    sizes[-1] = max(sizes[-1], width - sum(sizes[:-1]) - 2 * (count - 1))
    lines: list[Parts] = []
    if heads:
        lines.append(((_INDENT + _columns(heads, sizes), "dim"),))
    for row in shown:
        first, *rest = wrap(row[-1], sizes[-1])[:_WRAPPED] or [""]
        cells = [*row[:-1], first]
        name = _INDENT + _columns(cells[:1], sizes)
        values = "".join("  " + text for text in [_columns(cells[1:], sizes[1:])] if text)
        lines.append(((name, "text" if heads else "dim"), (values, "text")))
        indent = _INDENT + " " * (sum(sizes[:-1]) + 2 * (count - 1))
        lines += [((indent + text, "text"),) for text in rest]
    if len(rows) > MAX_ROWS:
        lines.append(((f"{_INDENT}and {len(rows) - MAX_ROWS:,} more", "dim"),))
    return lines


def _columns(texts: Sequence[str], sizes: Sequence[int]) -> str:
    return "  ".join(pad(clip(text, size), size) for text, size in zip(texts, sizes, strict=False))


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else number_text(value, 4)


def _text(value: object) -> str:
    """Return a value as a text without brackets."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
    if isinstance(value, list):
        apart = "; " if any(isinstance(each, dict | list) for each in value) else ", "
        return apart.join(map(_text, value))
    return str(value)

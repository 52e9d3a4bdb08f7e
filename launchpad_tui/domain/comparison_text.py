"""Comparisons as CSV, JSON and Markdown, for other programs and for issue trackers."""

from __future__ import annotations

import io
import math
from typing import Any

from launchpad_tui.domain.comparison import ComparedItem, Comparison, Row
from launchpad_tui.domain.text import safe_text

Json = dict[str, Any]


def as_csv(comparison: Comparison) -> str:
    """Return the comparison as CSV (RFC 4180) with all digits of its numbers.

    The first two columns are group and name of the row, the others are the compared items.
    """
    out = io.StringIO()
    import csv

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("group", "name", *(safe_text(title) for title in comparison.titles())))
    for row in comparison.rows:
        exact = (
            repr(value) if isinstance(value, float) else safe_text(value or "")
            for value in row.values
        )
        writer.writerow((row.group, safe_text(row.name), *exact))
    return out.getvalue()


def as_markdown(comparison: Comparison) -> str:
    """Return the comparison as a Markdown table with the best values in bold."""
    heads = comparison.titles()
    lines = [
        _line(["", "", *(escape_markdown(head) for head in heads)]),
        f"|{'---|' * (len(heads) + 2)}",
    ]
    for row in comparison.rows:
        cells = [escape_markdown(text) for text in cell_texts(row, comparison.baseline)]
        marked = [f"**{cell}**" if place in row.best else cell for place, cell in enumerate(cells)]
        lines.append(_line([escape_markdown(row.group), escape_markdown(row.name), *marked]))
    return "\n".join(lines) + "\n"


def as_json(comparison: Comparison) -> Json:
    """Return the comparison as JSON.

    The members are ``count``, ``subjects``, ``baseline`` (an ID or None) and ``rows`` with
    ``group``, ``name``, ``values`` (NaN and infinity as text), ``differs``, ``best`` (positions),
    ``direction`` and, with a baseline, ``differences``.
    """
    base = comparison.baseline
    return {
        "count": len(comparison.subjects),
        "subjects": [_subject(one) for one in comparison.subjects],
        "baseline": None if base is None else comparison.subjects[base].id,
        "rows": [_row(row, base) for row in comparison.rows],
    }


def cell_texts(row: Row, baseline: int | None) -> list[str]:
    """Return the values of a row as text, followed by the difference to the baseline, if any."""
    texts = [row.text(place) for place in range(len(row.values))]
    if baseline is None or not any(text != texts[baseline] for text in texts):
        return texts
    changes = [row.change(place, baseline) for place in range(len(texts))]
    return [
        f"{text} ({change})" if change else text
        for text, change in zip(texts, changes, strict=True)
    ]


def _subject(one: ComparedItem) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "kind": str(one.artifact.kind) if one.artifact else "execution",
        "executionId": one.execution.id if one.execution else None,
        "configurationId": one.configuration.id if one.configuration else None,
    }


def _row(row: Row, baseline: int | None) -> Json:
    return {
        "group": str(row.group),
        "name": row.name,
        "values": [json_value(value) for value in row.values],
        "differs": row.differs,
        "best": list(row.best),
        **(
            {}
            if baseline is None
            else {"differences": [json_value(one) for one in row.differences(baseline)]}
        ),
        "direction": row.direction,
    }


def json_value(value: str | float | None) -> str | float | None:
    """Return a value for JSON; NaN and infinity, which JSON does not have, become text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def escape_markdown(text: str) -> str:
    """Return text that Markdown renders literally inside a table cell."""
    text = safe_text(text)
    for char in "\\`*_{}[]<>|~#":
        text = text.replace(char, "\\" + char)
    return text

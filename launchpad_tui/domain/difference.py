"""Two models line by line: what one has, what the other has, what both have otherwise."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from launchpad_tui.domain.comparison import ComparedItem, Options, RowGroup, compare

#: longer texts are not compared line by line: the time grows with the product of their lengths
_MOST_LINES = 5000
_CONTEXT = 2
#: what is another one in each execution says nothing
_ALWAYS = frozenset({f"{RowGroup.EXECUTION}/execution", f"{RowGroup.EXECUTION}/created"})


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line: ``kind`` is heading, minus (the first one has it), plus (the second one has it), same or note."""

    kind: str
    text: str

    def __str__(self) -> str:
        """As a unified diff writes it."""
        sign = {"heading": "@@ ", "minus": "- ", "plus": "+ ", "same": "  "}.get(self.kind, "  ")
        return f"{sign}{self.text}" + (" @@" if self.kind == "heading" else "")


def difference(one: ComparedItem, other: ComparedItem) -> list[DiffLine]:
    """What differs, by groups; of long texts, such as custom info, the lines that differ with those around them."""
    found: list[DiffLine] = []
    rows = compare((one, other), Options()).rows
    for group in RowGroup:
        lines: list[DiffLine] = []
        for row in rows:
            if row.group is not group or row.key in _ALWAYS:
                continue
            first, second = (
                row.text(place) if row.values[place] is not None else None for place in (0, 1)
            )
            if group in {RowGroup.CUSTOM_INFO, RowGroup.TAGS} and first and second:
                lines += _texts(row.name, first, second)
            else:
                lines += _pair(row.name, first, second, row.change(1, 0) if row.numeric else "")
        if lines:
            found += [DiffLine("heading", str(group)), *lines]
    return found


def _pair(name: str, first: str | None, second: str | None, change: str) -> Iterator[DiffLine]:
    if first is not None:
        yield DiffLine("minus", f"{name} = {first}")
    if second is not None:
        yield DiffLine("plus", f"{name} = {second}" + (f"   ({change})" if change else ""))


def _texts(name: str, first: str, second: str) -> Iterator[DiffLine]:
    before, after = _lines(first), _lines(second)
    if max(len(before), len(after)) < 2:
        yield from _pair(name, first, second, "")
        return
    yield DiffLine("note", f"{name}:")
    if max(len(before), len(after)) > _MOST_LINES:
        yield DiffLine(
            "note",
            f"{len(before):,} and {len(after):,} lines: too long to be compared line by line",
        )
        return
    for line in difflib.unified_diff(before, after, n=_CONTEXT, lineterm=""):
        if line.startswith(("---", "+++")):
            continue
        kinds: Mapping[str, str] = {"-": "minus", "+": "plus", "@": "note"}
        kind = kinds.get(line[:1], "same")
        yield DiffLine(kind, line if kind == "note" else line[1:])


def _lines(text: str) -> list[str]:
    """The lines of a text; JSON is laid out first, so that values stand in lines of their own."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text.splitlines()
    if isinstance(data, dict | list):
        if isinstance(data, list) and data and all(isinstance(row, list) for row in data):
            # A matrix reads best row by row.
            return [json.dumps(row) for row in data]
        return json.dumps(data, indent=2, ensure_ascii=False).splitlines()
    return text.splitlines()

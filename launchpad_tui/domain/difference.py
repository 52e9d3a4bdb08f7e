"""Differences between two models as lines, like those of a unified diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence

from launchpad_tui.domain.code_text import FILE_ROW
from launchpad_tui.domain.comparison import ComparedItem, Options, RowGroup, compare
from launchpad_tui.records import record

#: the largest number of lines of a text that are compared one by one; the time grows with the
#: product of both numbers of lines
_MAX_LINES = 5000
#: the number of equal lines that are shown around a difference
_CONTEXT = 2
#: the rows that are omitted, because they differ between any two executions
_OMITTED = frozenset({f"{RowGroup.EXECUTION}/execution", f"{RowGroup.EXECUTION}/created"})


@record
class ChangedFile:
    """A file of the code that differs between two executions.

    ``before`` and ``after`` are its texts, None if the execution does not have the file. ``note``
    replaces them if they cannot be compared.
    """

    path: str
    before: str | None = None
    after: str | None = None
    note: str = ""


@record
class DiffLine:
    """A line of a difference.

    ``kind`` is ``heading``, ``minus`` (only in the first model), ``plus`` (only in the second
    model), ``same`` (in both) or ``note``.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        """Return the line in the form of a unified diff."""
        sign = {"heading": "@@ ", "minus": "- ", "plus": "+ ", "same": "  "}.get(self.kind, "  ")
        return f"{sign}{self.text}" + (" @@" if self.kind == "heading" else "")


def difference(
    one: ComparedItem, other: ComparedItem, code: Sequence[ChangedFile] = ()
) -> list[DiffLine]:
    """Return the differences between two models, group by group.

    Of a long text, for example custom info, only the differing lines and their context are
    returned.

    Args:
        one: the first model.
        other: the second model.
        code: the files of the code that differ.
    """
    found: list[DiffLine] = []
    rows = compare((one, other), Options()).rows
    for group in RowGroup:
        lines: list[DiffLine] = []
        for row in rows:
            if row.group is not group or row.key in _OMITTED:
                continue
            if group is RowGroup.CODE and row.name.startswith(FILE_ROW):
                # Their lines follow.
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
        if group is RowGroup.CODE:
            for each in code:
                found += [DiffLine("heading", f"code: {each.path}"), *_changed_lines(each)]
    return found


def _changed_lines(changed: ChangedFile) -> Iterator[DiffLine]:
    if changed.note:
        yield DiffLine("note", changed.note)
        return
    if changed.before is None or changed.after is None:
        yield DiffLine(
            "note", "only in the second" if changed.before is None else "only in the first"
        )
    before, after = (changed.before or "").splitlines(), (changed.after or "").splitlines()
    if before == after:
        yield DiffLine("note", "only line ends differ")
        return
    yield from _unified(before, after)


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
    yield from _unified(before, after)


def _unified(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffLine]:
    """Yield the differing lines with their context."""
    if max(len(before), len(after)) > _MAX_LINES:
        yield DiffLine(
            "note",
            f"{len(before):,} and {len(after):,} lines: too long to compare line by line",
        )
        return
    for line in difflib.unified_diff(before, after, n=_CONTEXT, lineterm=""):
        if line.startswith(("---", "+++")):
            continue
        kinds: Mapping[str, str] = {"-": "minus", "+": "plus", "@": "note"}
        kind = kinds.get(line[:1], "same")
        yield DiffLine(kind, line if kind == "note" else line[1:])


def _lines(text: str) -> list[str]:
    """Return the lines of a text; JSON is formatted first, so that each value has its own line."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text.splitlines()
    if isinstance(data, dict | list):
        if isinstance(data, list) and data and all(isinstance(row, list) for row in data):
            # A matrix is easiest to read row by row.
            return [json.dumps(row) for row in data]
        return json.dumps(data, indent=2, ensure_ascii=False).splitlines()
    return text.splitlines()

"""Previews of text: JSON, JSON lines, notebooks, CSV and other text files."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Sequence

from launchpad_tui.domain.formats.base import ROWS, Preview, Source, bytes_text, short, shown_note

_TABLES = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_NAMES = {
    (".yaml", ".yml"): ("yaml", "YAML"),
    (".md", ".markdown"): ("markdown", "Markdown"),
    (".py",): ("python", "Python"),
    (".toml",): ("toml", "TOML"),
    (".xml", ".pmml"): ("xml", "XML"),
    (".html", ".htm"): ("html", "HTML"),
    (".log",): ("log", "Log"),
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: the largest depth of JSON that is indented; deeper documents are shown unchanged
_DEEP = 60


def decoded(head: bytes, whole: bool) -> tuple[str, str] | None:
    """Return the text and the name of its encoding; None if the data are not text.

    Args:
        whole: whether the head is the complete file; if not, its last character may be
            incomplete.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return codecs.getincrementaldecoder(name)("replace").decode(head), name.removesuffix(
                "-sig"
            ).upper()
    if b"\0" in head:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head, final=whole), "UTF-8"
    except UnicodeDecodeError:
        pass
    strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    high = sum(byte >= 127 for byte in head)
    if strange or high > len(head) // 4:
        return None
    return head.decode("latin-1"), "Latin-1"


def text_preview(source: Source) -> Preview | None:
    """Preview text; None if the file is not text."""
    whole = source.size <= len(source.head)
    found = decoded(source.head, whole)
    if found is None:
        return None
    text, encoding = found
    facts: tuple[tuple[str, str], ...] = (("Size", bytes_text(source.size)), ("Encoding", encoding))
    note = "" if whole else "Only the beginning was read."
    begins = text.lstrip()[:1]
    if begins in {"{", "["} or source.ending((".json", ".jsonl", ".ndjson", ".ipynb")):
        preview = _json(source, text, facts, note, whole)
        if preview is not None:
            return preview
    for ending, separator in _TABLES.items():
        if source.ending((ending,)):
            return _table(text, separator, facts, note, whole)
    kind, title = next(
        (value for endings, value in _NAMES.items() if source.ending(endings)), ("text", "Text")
    )
    lines = text.splitlines()
    if whole:
        facts = (*facts, ("Lines", f"{len(lines):,}"))
    return Preview(
        kind, title, facts, lines=_cut(lines), note=note or shown_note(ROWS, len(lines), "lines")
    )


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(short(line) for line in lines[:ROWS])


def _json(
    source: Source, text: str, facts: tuple[tuple[str, str], ...], note: str, whole: bool
) -> Preview | None:
    first, _, rest = text.strip().partition("\n")
    if source.ending((".jsonl", ".ndjson")) or (
        _value(first) is not None and _value(rest.partition("\n")[0]) is not None
    ):
        lines = text.splitlines()
        more = (*facts, ("Lines", f"{len(lines):,}")) if whole else facts
        return Preview(
            "jsonl",
            "JSON lines",
            more,
            lines=_cut(lines),
            note=note or shown_note(ROWS, len(lines), "lines"),
        )
    if not whole:
        lines = text.splitlines()
        # A document on one line is broken into lines of equal length.
        return Preview(
            "json", "JSON", facts, lines=_cut(lines if len(lines) > 1 else _broken(text)), note=note
        )
    try:
        value = json.loads(text)
    except RecursionError:
        return Preview(
            "json",
            "JSON",
            facts,
            lines=_cut(text.splitlines()),
            note="The document is nested too deeply to be parsed.",
        )
    except ValueError as error:
        if not source.ending((".json", ".ipynb")):
            return None
        return Preview(
            "json",
            "JSON",
            facts,
            lines=_cut(text.splitlines()),
            note=f"The document is not valid JSON: {error}.",
        )
    if (
        source.ending((".ipynb",))
        and isinstance(value, dict)
        and isinstance(value.get("cells"), list)
    ):
        return _notebook(value, facts)
    written = json.dumps(value, indent=2, ensure_ascii=False) if _depth(value) < _DEEP else text
    if isinstance(value, dict):
        facts = (*facts, ("Keys", f"{len(value):,}"))
    elif isinstance(value, list):
        facts = (*facts, ("Entries", f"{len(value):,}"))
    lines = written.splitlines()
    return Preview(
        "json", "JSON", facts, lines=_cut(lines), note=shown_note(ROWS, len(lines), "lines")
    )


def _value(line: str) -> object | None:
    """Return the JSON object or array on a line; None if there is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _broken(text: str) -> list[str]:
    return [text[start : start + 160] for start in range(0, min(len(text), 160 * ROWS), 160)]


def _depth(value: object) -> int:
    deep, layer = 0, [value]
    while layer and deep < _DEEP:
        deep += 1
        inner: list[object] = []
        for each in layer:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        layer = inner
    return deep


def _notebook(value: dict[str, object], facts: tuple[tuple[str, str], ...]) -> Preview:
    cells = value["cells"]
    lines: list[str] = []
    count = 0
    for cell in cells if isinstance(cells, list) else ():
        if not isinstance(cell, dict):
            continue
        count += 1
        found = cell.get("source", "")
        text = "".join(str(each) for each in found) if isinstance(found, list) else str(found)
        lines += [f"[{cell.get('cell_type', 'cell')}]", *text.splitlines(), ""]
    return Preview(
        "notebook",
        "Notebook",
        (*facts, ("Cells", f"{count:,}")),
        lines=_cut(lines),
        note=shown_note(ROWS, len(lines), "lines"),
    )


def _table(
    text: str, separator: str, facts: tuple[tuple[str, str], ...], note: str, whole: bool
) -> Preview:
    sample = text[:8192]
    if separator == ",":
        counts = {each: sample.partition("\n")[0].count(each) for each in ",;\t|"}
        separator = max(counts, key=lambda each: counts[each]) if any(counts.values()) else ","
    rows: list[tuple[str, ...]] = []
    problem = ""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        # Blank lines are not rows, as for pandas and csv.DictReader.
        for row in filter(None, reader):
            rows.append(tuple(short(cell, 80) for cell in row))
            if len(rows) > ROWS + 1:
                break
    except csv.Error as error:
        problem = f"The rest of the file cannot be read: {error}."
    if whole and not problem and _has_open_quote(text, separator):
        problem = "A quoted cell is not closed, so the rest of the file is part of it."
    if rows and not whole and len(rows) <= ROWS + 1:
        # The last row may be incomplete.
        rows.pop()
    head = rows[0] if rows else ()
    facts = (*facts, ("Columns", f"{len(head):,}"))
    if whole and not problem and len(rows) <= ROWS + 1:
        facts = (*facts, ("Rows", f"{max(0, len(rows) - 1):,}"))
    shown = tuple(rows[1 : ROWS + 1])
    more = problem or note or ("Only the first rows are shown." if len(rows) > ROWS + 1 else "")
    return Preview("table", "Table", facts, head, shown, note=more)


def _has_open_quote(text: str, separator: str) -> bool:
    """Return whether the last cell begins with a quote without an end, which readers refuse."""
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False

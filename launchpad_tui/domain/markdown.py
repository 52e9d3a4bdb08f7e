"""Renders the subset of Markdown that the manual uses as lines of styled text for a terminal.

Headings, paragraphs, lists, block quotes, fenced code and tables are supported, and inside a line
code, emphasis, links and images. HTML comments and tags are omitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from launchpad_tui.domain.text import cell_width, first_cells, safe_text

#: a text and its role: ``text``, ``heading``, ``strong``, ``code``, ``link`` or ``faint``
Span = tuple[str, str]
Line = list[Span]

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_TAG = re.compile(r"</?(?:details|summary|br|p|sub|sup|kbd)\b[^>]*>", re.IGNORECASE)
_FENCE = re.compile(r"\s*(```+|~~~+)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"(\s*)([-*+]|\d+[.)])\s+(.*)")
_QUOTE = re.compile(r"\s*>\s?")
_CELLS = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_INLINE = re.compile(
    r"(?P<ticks>`+)(?P<code>.+?)(?P=ticks)"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
    r"|!\[(?P<picture>[^\]]*)\]\([^)]*\)"
    r"|\[(?P<link>[^\]]+)\]\((?P<target>[^)\s]+)\)"
    r"|<(?P<url>https?://[^>\s]+)>"
)
#: the number of cells between two columns of a table, and the width below which columns are not
#: made narrower
_GAP, _MIN_WIDTH = 2, 8
#: the indent of the cells of a row that is written as a list
_INDENT = 2


def render_markdown(text: str, width: int, *, ticks: bool = False) -> list[Line]:
    """Return the lines of a Markdown text, each at most ``width`` cells wide.

    Code blocks are the exception: their lines are kept as they are.

    Args:
        text: the Markdown text.
        width: the cells of a line; at least 20 are used.
        ticks: keep the backticks around code inside a line, for output without styles.
    """
    width = max(20, width)
    lines: list[Line] = []
    previous = ""
    text = _TAG.sub("", _COMMENT.sub("", text))
    for kind, source in _blocks(_with_ticks(text) if ticks else text):
        if lines and not kind == previous == "item":
            lines.append([])
        previous = kind
        lines += _RENDERERS[kind](source, width)
    return lines


def plain_markdown(text: str, width: int) -> list[str]:
    """Return the lines of a Markdown text without styles."""
    lines = render_markdown(text, width, ticks=True)
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def link_targets(text: str) -> list[str]:
    """Return the targets of all links and images of a Markdown text outside of code, in order."""
    prose = "\n".join(re.sub(r"`[^`]*`", "", line) for line in _outside_code(text))
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def heading_anchors(text: str) -> set[str]:
    """Return the anchors that a forge gives to the headings of a Markdown text."""
    found: set[str] = set()
    for line in _outside_code(text):
        if heading := _HEADING.match(line):
            name = "".join(part for part, _ in _inline(heading[2], "heading"))
            found.add(re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-"))
    return found


def _with_ticks(text: str) -> str:
    """Put code inside lines between double backticks, so that its single backticks are shown."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if opened and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        lines.append(line if fence or opened else _CODE.sub(r"`` `\1` ``", line))
    return "\n".join(lines)


def _outside_code(text: str) -> Iterator[str]:
    """Yield the lines of a Markdown text that are not in a fenced code block."""
    fence = ""
    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if opened and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        elif not fence:
            yield line


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the kind and the source lines of each block of a Markdown text."""
    lines = [line.rstrip() for line in text.split("\n")]
    place = 0
    while place < len(lines):
        line = lines[place]
        kind = _kind(line)
        stop = place + 1
        if kind == "code":
            fence = line.strip()[:3]
            while stop < len(lines) and not lines[stop].lstrip().startswith(fence):
                stop += 1
            yield kind, lines[place + 1 : stop]
            place = stop + 1
            continue
        # A paragraph, an item and a quote continue until another kind of block begins.
        while stop < len(lines) and kind != "heading" and _continues(kind, lines[stop]):
            stop += 1
        if kind:
            yield kind, lines[place:stop]
        place = stop


def _kind(line: str) -> str:
    """Return the kind of block that a line begins; empty for an empty line."""
    stripped = line.lstrip()
    if not stripped:
        return ""
    if _FENCE.match(line):
        return "code"
    if _HEADING.match(line):
        return "heading"
    if _ITEM.match(line):
        return "item"
    return {"|": "table", ">": "quote"}.get(stripped[0], "paragraph")


def _continues(kind: str, line: str) -> bool:
    following = _kind(line)
    if kind in {"table", "quote", "paragraph"}:
        return following == kind
    return kind == "item" and following == "paragraph"


def _render_heading(source: Sequence[str], width: int) -> list[Line]:
    found = _HEADING.match(source[0])
    return _wrap(_inline(found[2] if found else source[0], "heading"), width)


def _render_paragraph(source: Sequence[str], width: int) -> list[Line]:
    return _wrap(_inline(" ".join(line.strip() for line in source)), width)


def _render_quote(source: Sequence[str], width: int) -> list[Line]:
    text = " ".join(_QUOTE.sub("", line, count=1).strip() for line in source)
    return [[("  ", "text"), *line] for line in _wrap(_inline(text), width - 2)]


def _render_item(source: Sequence[str], width: int) -> list[Line]:
    found = _ITEM.match(source[0])
    indent, marker, first = found.groups() if found else ("", "-", source[0])
    text = " ".join([first, *(line.strip() for line in source[1:])])
    start = f"{indent}{marker} "
    lines = _wrap(_inline(text), max(1, width - len(start)))
    heads = [start, *[" " * len(start)] * (len(lines) - 1)]
    return [[(head, "text"), *line] for head, line in zip(heads, lines, strict=True)]


def _render_code(source: Sequence[str], _width: int) -> list[Line]:
    return [[("  ", "text"), (safe_text(line.expandtabs(4)), "code")] for line in source]


def _render_table(source: Sequence[str], width: int) -> list[Line]:
    rows = [_cells(line) for line in source]
    head, body = rows[0], [row for row in rows[1:] if not _is_separator(row)]
    columns = max(map(len, rows))
    spans = [[_inline(cell, "strong") for cell in _filled(head, columns)]]
    spans += [[_inline(cell) for cell in _filled(row, columns)] for row in body]
    widths = [max(map(_width_of, column)) for column in zip(*spans, strict=True)]
    words = [max(map(_longest_word, column)) for column in zip(*spans, strict=True)]
    room = width - _GAP * (columns - 1)
    while sum(widths) > room:
        # Words are broken only if there is no other column to make narrower.
        wide = [at for at in range(columns) if widths[at] > _MIN_WIDTH]
        if not wide:
            break
        widths[max(wide, key=lambda at: (widths[at] > words[at], widths[at]))] -= 1
    table = _table_lines(spans, widths)
    if columns < 3 or not body:
        return table
    # A table of many narrow columns, or of broken words, is longer or harder to read than a list.
    records = _record_lines(spans, width)
    breaks = any(word > each for word, each in zip(words, widths, strict=True))
    return records if breaks or len(table) > len(records) else table


def _table_lines(spans: Sequence[Sequence[Sequence[Span]]], widths: Sequence[int]) -> list[Line]:
    lines: list[Line] = []
    for row in spans:
        lines += _table_row(row, widths)
        if row is spans[0]:
            lines.append([((" " * _GAP).join("-" * each for each in widths), "faint")])
    return lines


def _record_lines(spans: Sequence[Sequence[Sequence[Span]]], width: int) -> list[Line]:
    """Return the rows of a table as lists of their cells, each with the head of its column."""
    head, *body = spans
    names = max(map(_width_of, head[1:])) + _INDENT + _GAP
    lines: list[Line] = []
    for row in body:
        lines += [[], *_wrap([(text, "strong") for text, _ in row[0]], width)]
        for name, cell in zip(head[1:], row[1:], strict=True):
            if cell:
                first, *rest = _wrap(cell, max(1, width - names))
                space = " " * (names - _INDENT - _width_of(name))
                lines.append([(" " * _INDENT, "text"), *_dimmed(name), (space, "text"), *first])
                lines += [[(" " * names, "text"), *line] for line in rest]
    return lines[1:]


def _dimmed(spans: Sequence[Span]) -> list[Span]:
    return [(text, "dim") for text, _ in spans]


def _longest_word(spans: Sequence[Span]) -> int:
    return max(map(_width_of, _words(spans)), default=0)


def _table_row(row: Sequence[Sequence[Span]], widths: Sequence[int]) -> list[Line]:
    """Return the lines of a table row, which has as many lines as its longest cell."""
    cells = [_wrap(spans, each) for spans, each in zip(row, widths, strict=True)]
    lines: list[Line] = []
    for number in range(max(map(len, cells))):
        line: Line = []
        for cell, each in zip(cells, widths, strict=True):
            part = cell[number] if number < len(cell) else []
            line += [*part, (" " * (each - _width_of(part) + _GAP), "text")]
        lines.append(line[:-1])
    return lines


def _cells(line: str) -> list[str]:
    text = line.strip().removeprefix("|")
    text = text[:-1] if text.endswith("|") and not text.endswith("\\|") else text
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(text)]


def _is_separator(row: Sequence[str]) -> bool:
    return all(re.fullmatch(r":?-+:?", cell) for cell in row)


def _filled(row: Sequence[str], columns: int) -> list[str]:
    return [*row, *[""] * (columns - len(row))]


def _inline(text: str, role: str = "text") -> list[Span]:
    """Return the spans of a line; ``role`` is the role of text without markup."""
    spans: list[Span] = []
    place = 0
    for found in _INLINE.finditer(text):
        spans.append((text[place : found.start()], role))
        place = found.end()
        if found["code"] is not None:
            spans.append((found["code"].strip(), "code" if role == "text" else role))
        elif found["strong"] is not None:
            spans += _inline(found["strong"], "strong")
        elif found["emphasis"] is not None:
            spans += _inline(found["emphasis"], role)
        elif found["picture"] is not None:
            spans.append((found["picture"], "faint"))
        elif found["url"] is not None:
            spans.append((found["url"], "link"))
        else:
            spans += _inline(found["link"], "link")
            if "://" in found["target"]:
                spans.append((f" ({found['target']})", "faint"))
    spans.append((text[place:], role))
    return [(safe_text(part), kind) for part, kind in spans if part]


def _width_of(spans: Sequence[Span]) -> int:
    return sum(cell_width(text) for text, _ in spans)


def _words(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield the words of a line, each with the spans that it consists of."""
    word: list[Span] = []
    for text, role in spans:
        for number, part in enumerate(text.split(" ")):
            if number and word:
                yield word
                word = []
            if part:
                word.append((part, role))
    if word:
        yield word


def _wrap(spans: Sequence[Span], width: int) -> list[Line]:
    """Return the spans as lines of at most ``width`` cells, broken between words."""
    lines: list[Line] = [[]]
    for word in _words(spans):
        line = lines[-1]
        space = 1 if line else 0
        if line and _width_of(line) + space + _width_of(word) > width:
            lines.append([])
            line, space = lines[-1], 0
        if space:
            same = line[-1][1] == word[0][1]
            line.append((" ", word[0][1] if same else "text"))
        for text, role in word:
            rest = text
            while (room := width - _width_of(lines[-1])) < cell_width(rest):
                head = first_cells(rest, room) or ("" if lines[-1] else rest[:1])
                if head:
                    lines[-1].append((head, role))
                rest = rest[len(head) :]
                lines.append([])
            if rest:
                lines[-1].append((rest, role))
    return [_merged(line) for line in lines]


def _merged(line: Line) -> Line:
    """Return the line with adjacent spans of the same role joined."""
    merged: Line = []
    for text, role in line:
        if merged and merged[-1][1] == role:
            merged[-1] = (merged[-1][0] + text, role)
        else:
            merged.append((text, role))
    return merged


_RENDERERS = {
    "heading": _render_heading,
    "paragraph": _render_paragraph,
    "quote": _render_quote,
    "item": _render_item,
    "code": _render_code,
    "table": _render_table,
}

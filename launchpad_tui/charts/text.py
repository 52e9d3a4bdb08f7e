"""Text in cells: width, clipping, padding, without any toolkit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from launchpad_tui.domain.text import cell_width, safe_text

__all__ = ["cell_width", "clip", "clip_left", "counted", "fit", "short_labels"]


def clip(text: str, width: int) -> str:
    """Text of exactly so many cells: padded with blanks, or cut and marked with ``…``."""
    size = cell_width(text)
    if size <= width:
        return text + " " * (width - size)
    out, used = "", 0
    for char in text:
        each = cell_width(char)
        if used + each > width - 1:
            break
        out += char
        used += each
    return (out + "…" + " " * (width - used - 1))[: max(0, width)] if width > 0 else ""


def clip_left(text: str, width: int) -> str:
    """The end of a text that is too long, at most so many cells, marked with ``…`` in front."""
    if cell_width(text) <= width:
        return text
    out, used = "", 1
    for char in reversed(text):
        used += cell_width(char)
        if used > width:
            break
        out = char + out
    return "…" + out if width > 0 else ""


def fit(text: str, width: int, *, ascii_only: bool = False) -> str:
    """Text from outside, made safe, in at most so many cells; with ``ascii_only`` other characters become ``?``."""
    safe = safe_text(text, max(0, width) * 2 + 2)
    if ascii_only:
        safe = plain(safe)
    return plain(clip(safe, width).rstrip()) if ascii_only else clip(safe, width).rstrip()


def plain(text: str) -> str:
    """The text in ASCII: the cut mark becomes ``~``, anything else that is not ASCII ``?``."""
    return (
        text
        if text.isascii()
        else "".join("~" if c == "…" else c if c.isascii() else "?" for c in text)
    )


def short_labels(labels: Sequence[str], width: int, *, ascii_only: bool = False) -> list[str]:
    """Labels in at most so many cells each, safe, and told apart where that can be: where their beginnings are alike,
    what they have in common gives way."""
    safe = [safe_text(label, 400) for label in labels]
    found = [clip(label, width).rstrip() for label in safe]
    if len(set(found)) < len(set(safe)):
        common = _common(safe)
        ends = [clip_left(("…" + label[common:]) if common > 1 else label, width) for label in safe]
        if len(set(ends)) > len(set(found)):
            found = ends
    return [plain(label) for label in found] if ascii_only else found


def _common(labels: Sequence[str]) -> int:
    """How many characters at their beginning all have in common."""
    return sum(
        1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*labels, strict=False))
    )


def counted(count: int, one: str, many: str) -> str:
    """``1 value is`` or ``3 values are``: the count with its words."""
    return f"{count:,} {one if count == 1 else many}"

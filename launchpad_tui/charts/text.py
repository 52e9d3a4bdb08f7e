"""Text of charts: labels that fit and stay distinct, counts, ASCII replacements."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from launchpad_tui.domain.text import clip, clip_left, safe_text


def fit(text: str, width: int, *, ascii_only: bool = False) -> str:
    """Return untrusted text, made safe, in at most ``width`` cells, in ASCII if ``ascii_only``."""
    if ascii_only:
        text = plain(safe_text(text, max(0, width) * 4 + 4))
    shown = clip(text, width).rstrip()
    return plain(shown) if ascii_only else shown


def plain(text: str) -> str:
    """Return the text in ASCII: the ellipsis becomes ``~``, any other character ``?``."""
    return (
        text
        if text.isascii()
        else "".join("~" if c == "…" else c if c.isascii() else "?" for c in text)
    )


def short_labels(labels: Sequence[str], width: int, *, ascii_only: bool = False) -> list[str]:
    """Return safe labels in at most ``width`` cells each, which stay distinct if possible.

    If labels have the same start, their common start is cut.
    """
    safe = [safe_text(label, 400) for label in labels]
    found = [clip(label, width).rstrip() for label in safe]
    if len(set(found)) < len(set(safe)):
        common = _common(safe)
        ends = [clip_left(("…" + label[common:]) if common > 1 else label, width) for label in safe]
        if len(set(ends)) > len(set(found)):
            found = ends
    return [plain(label) for label in found] if ascii_only else found


def _common(labels: Sequence[str]) -> int:
    """Return the length of the labels' common start."""
    return sum(
        1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*labels, strict=False))
    )


def counted(count: int, one: str, many: str) -> str:
    """Return the count with a noun and verb: ``1 value is`` or ``3 values are``."""
    return f"{count:,} {one if count == 1 else many}"

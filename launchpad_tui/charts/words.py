"""Text in cells: width, clipping, padding, without any toolkit."""

from __future__ import annotations

import unicodedata


def cell_width(text: str) -> int:
    """How many terminal cells a safe text takes (East Asian Width: wide and full-width characters take two)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


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

"""Text from outside made harmless: names, labels, logs and paths are shown, never obeyed.

Control characters become visible (``␛`` for ESC, ``␊`` for newline), direction overrides and joiners
become ``�``-free visible marks or vanish, so that a name can neither move the cursor nor colour the
screen nor shift a column.
"""

from __future__ import annotations

import re
import unicodedata

#: C0 controls and DEL to their pictures (Unicode block "Control Pictures"), C1 controls to U+FFFD
_TABLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20)}
_TABLE[0x7F] = "\u2421"
_TABLE |= {code: "\ufffd" for code in range(0x80, 0xA0)}
_TABLE |= {0x2028: "\u2424", 0x2029: "\u2424"}
#: bidirectional controls (UAX 9) shown as a mark: a terminal that obeys them would reorder the line
_TABLE |= {
    code: "\u00b7"
    for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
#: joiners, variation selectors, tags, soft hyphen, zero-width spaces: terminals disagree on the width of what they
#: form, so they go and the characters that they joined stand side by side
_TABLE |= {
    code: "" for code in (0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10))
}
_TABLE |= {
    code: ""
    for code in (*range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400))
}

_PLAIN = re.compile(r"[ -~]*\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
#: more combining marks than this on one base character are dropped
_MAX_MARKS = 3


def safe_text(text: str, limit: int | None = None) -> str:
    """One line of text that is safe to write to any terminal.

    Args:
        text: anything from outside.
        limit: at most this many characters are kept (before width is considered); the cut is marked with ``…``.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    if _PLAIN.match(text):
        return text
    text = _SURROGATE.sub("\ufffd", text.translate(_TABLE))
    if text.isascii():
        return text
    out: list[str] = []
    marks = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) == "Me":
            marks += 1
            if marks > _MAX_MARKS or not out:
                continue
        else:
            marks = 0
        out.append(char)
    return "".join(out)


def safe_lines(text: str) -> list[str]:
    """Text of several lines, split at newlines (``\\r\\n`` counts as one), each made safe; tabs become spaces."""
    return [safe_text(line) for line in text.replace("\r\n", "\n").expandtabs(4).split("\n")]


def cell_width(text: str) -> int:
    """How many terminal cells a safe text takes.

    2 for East Asian wide and fullwidth characters, 0 for marks and for the vowels and finals that a terminal joins to a
    Hangul initial, else 1.
    """
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if char < "\u0300":
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"} or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut_cells(text: str, width: int) -> str:
    """The safe text in at most ``width`` cells; a cut is marked with ``…``."""
    if cell_width(text) <= width:
        return text
    kept: list[str] = []
    room = width - 1
    for char in text:
        room -= _char_width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""

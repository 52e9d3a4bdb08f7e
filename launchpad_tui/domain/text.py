"""Makes untrusted text safe for terminals, and measures text in terminal cells.

Names, labels, logs and paths are never interpreted. Control characters are replaced by visible
characters (``␛`` for ESC, ``␊`` for newline), direction overrides by dots, and joiners are removed.
Therefore a name can neither move the cursor, nor color the screen, nor shift a column. Credentials
that are recognized with certainty are hidden, see `launchpad_tui.domain.shown_credentials`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from launchpad_tui.domain.shown_credentials import hide_credentials

#: C0 controls and DEL to their pictures (Unicode block "Control Pictures"), C1 controls to U+FFFD
_TABLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20)}
_TABLE[0x7F] = "\u2421"
_TABLE |= {code: "\ufffd" for code in range(0x80, 0xA0)}
_TABLE |= {0x2028: "\u2424", 0x2029: "\u2424"}
#: bidirectional controls (UAX 9) become a mark: a terminal that applies them reorders the line
_TABLE |= {
    code: "\u00b7"
    for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
#: joiners, variation selectors, tags, soft hyphens and zero-width spaces are removed: terminals
#: disagree on the width of the characters that they combine
_TABLE |= {
    code: "" for code in (0x00AD, 0x180E, 0x200B, 0x200C, 0x200D, 0xFEFF, *range(0xFE00, 0xFE10))
}
#: invisible operators, deprecated format characters, interlinear annotations
_TABLE |= {
    code: "" for code in (*range(0x2060, 0x2066), *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC))
}
#: further invisible characters: grapheme joiner, fillers of Hangul, vowels of Khmer, selectors of
#: Mongolian, and format controls of hieroglyphs, shorthand and musical notation
_TABLE |= {
    code: ""
    for code in (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0x13430, 0x13440),
        *range(0x1BCA0, 0x1BCA4),
        *range(0x1D173, 0x1D17B),
    )
}
_TABLE |= {
    code: ""
    for code in (*range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400))
}

#: the same for inputs, where each character has a visible substitute
_EDITABLE = {code: substitute or "\u00b7" for code, substitute in _TABLE.items()}

_PLAIN = re.compile(r"[ -~]*\Z")
#: characters of one cell: Latin, Greek, Cyrillic, ellipsis, arrows, box drawing, blocks, Braille
_SINGLE_CELLS = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2026\u2190-\u21ff\u2500-\u25fc\u2800-\u28ff]*\\Z"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: what `safe_text` replaces or removes, except C0 controls
_UNSAFE = re.compile(
    f"[{''.join(re.escape(chr(code)) for code in _TABLE if code >= 0x7F)}\ud800-\udfff]"
)
#: the largest number of combining marks on a base character; further marks are removed
_MAX_MARKS = 3


def safe_text(text: str, limit: int | None = None) -> str:
    """Return text as one line that is safe to write to any terminal.

    Args:
        text: untrusted text.
        limit: the largest number of characters of the result, whatever their width; a text that is
            cut ends with ``…``.
    """
    # Before the text is cut, because a part of a credential is not recognized.
    text = hide_credentials(text)
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


def escape_json(text: str) -> str:
    """Return JSON in which characters are escaped that `safe_text` would replace or remove.

    The value of the JSON stays the same. C0 controls are not escaped: JSON writers do that, and
    line breaks between values are allowed.
    """
    return text if text.isascii() and "\x7f" not in text else _UNSAFE.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def one_line(text: str) -> str:
    """Return a message of several lines as one line, in which each former line is a sentence."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    ended = [line if line[-1] in ".:;!?…" else f"{line}." for line in lines[:-1]]
    return " ".join([*ended, *lines[-1:]])


def editable_text(text: str) -> str:
    """Return a safe text that shows each character of a text in an input.

    In contrast to `safe_text`, the number of characters stays the same, so that the position of a
    cursor stays valid: characters that `safe_text` removes are shown as dots.
    """
    if _PLAIN.match(text):
        return text
    return _SURROGATE.sub("\ufffd", text.translate(_EDITABLE))


def safe_lines(text: str) -> list[str]:
    """Return the lines of a text, each made safe; tabs are replaced by spaces."""
    text = hide_credentials(text)
    return [safe_text(line) for line in text.replace("\r\n", "\n").expandtabs(4).split("\n")]


def cell_width(text: str) -> int:
    """Return the width of a safe text in terminal cells.

    Wide East Asian characters have two cells, combining marks none. The widths are those of Rich's
    table, because the terminal app is drawn with Rich.
    """
    if _SINGLE_CELLS.match(text):
        return len(text)
    # Imported on first use: commands that print nothing but common characters start without Rich.
    from rich.cells import cell_len

    return cell_len(text)


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """Return the text, made safe and cut to ``width`` cells; a cut text ends with the ellipsis."""
    if width <= 0:
        return ""
    # A cell holds one character and at most three marks, so four characters per cell are enough.
    limit = width * 4 + 4
    if len(text) > limit:
        text = hide_credentials(text)
    safe = safe_text(text[:limit])
    if len(text) <= limit and cell_width(safe) <= width:
        return safe
    return first_cells(safe, width - len(ellipsis)).rstrip() + ellipsis[:width]


def clip_left(text: str, width: int, ellipsis: str = "…") -> str:
    """Return the end of a safe text in at most ``width`` cells.

    A text that is cut begins with the ellipsis.
    """
    if width <= 0:
        return ""
    if cell_width(text) <= width:
        return text
    start, room = len(text), width - len(ellipsis)
    while start and (room := room - cell_width(text[start - 1])) >= 0:
        start -= 1
    return ellipsis[:width] + text[start:]


def clip_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """Return the text, made safe and cut to ``width`` cells; a cut text keeps start and end."""
    whole = safe_text(text)
    if cell_width(whole) <= width:
        return whole
    room = max(0, width - len(ellipsis))
    end = clip_left(whole, room // 2, "").lstrip()
    return first_cells(whole, room - cell_width(end)).rstrip() + ellipsis[:width] + end


def pad(text: str, width: int, align: str = "left", ellipsis: str = "…") -> str:
    """Return the text, made safe, in exactly ``width`` cells.

    Args:
        text: untrusted text, which is cut as by `clip` if it is too long.
        width: the number of cells.
        align: ``left``, ``right`` or ``center``.
        ellipsis: the end of a text that is cut.
    """
    if align == "left" and len(text) <= width and _PLAIN.match(text):
        return text.ljust(width)
    text = clip(text, width, ellipsis)
    space = max(0, width - cell_width(text))
    if align == "right":
        return " " * space + text
    if align == "center":
        return " " * (space // 2) + text + " " * (space - space // 2)
    return text + " " * space


def first_cells(text: str, width: int) -> str:
    """Return the longest start of a safe text with at most ``width`` cells."""
    if width <= 0:
        return ""
    if _SINGLE_CELLS.match(text):
        return text[:width]
    used = 0
    for place, char in enumerate(text):
        used += cell_width(char)
        if used > width:
            return text[:place]
    return text


#: characters after which a word that is longer than a line is broken
_SEPARATORS = "-/_.,:;=&"


def wrap(text: str, width: int) -> list[str]:
    """Return the safe lines of a text, broken at ``width`` cells, at spaces if possible."""
    width = max(1, width)
    if 0 < len(text) <= width and _PLAIN.match(text):
        return [hide_credentials(text)]
    lines: list[str] = []
    for line in safe_lines(text):
        rest = line
        while cell_width(rest) > width:
            # A character that is wider than the line is on a line of its own.
            head = first_cells(rest, width) or rest[:1]
            space = head.rfind(" ")
            if not rest[len(head) :].startswith(" "):
                word = rest[space + 1 :].partition(" ")[0]
                # A long word follows a short one on the same line, unless it fits on the next.
                if head[: space + 1].strip() and (space > width // 3 or cell_width(word) <= width):
                    head = head[: space + 1]
                else:
                    # A long name, ID or path is broken after a separator.
                    least = max(width // 2, space)
                    head = head[: max(head.rfind(mark, least) for mark in _SEPARATORS) + 1] or head
            lines.append(head.rstrip())
            rest = rest[len(head) :].lstrip(" ")
        lines.append(rest)
    return lines


#: names lose a shared prefix of at least this number of characters
_LEAST_PREFIX = 4


def shared_prefix(labels: Sequence[str]) -> str:
    """Return the text that all labels start with and need not repeat, often empty.

    It ends after a character that separates parts of a name, and nothing of it is in a label alone.
    """
    if len(labels) < 2:
        return ""
    first, last = min(labels), max(labels)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    prefix = first[:same]
    # The point of a decimal number does not separate parts of a name.
    while prefix and (
        prefix[-1].isalnum()
        or re.search(r"\d\.$", prefix)
        or any(label == prefix for label in labels)
    ):
        prefix = prefix[:-1]
    return prefix if len(prefix) >= _LEAST_PREFIX else ""


#: how often texts that still look alike are cut again
_ROUNDS = 3


def clip_distinct(texts: Collection[str], width: int, ellipsis: str = "…") -> dict[str, str]:
    """Return each text made safe and cut to ``width`` cells, so that different ones look different.

    A text is cut at its end as by `clip`. Names that end in ``name=value`` parts show the parts
    that differ. Other texts that would look alike lose the start that they share, or are cut in
    the middle.
    """
    shown = {text: clip(text, width, ellipsis) for text in texts}
    shown |= _clip_pairs(texts, width, ellipsis)
    for _ in range(_ROUNDS):
        groups: dict[str, list[str]] = {}
        for text, cut in shown.items():
            groups.setdefault(cut, []).append(text)
        alike = [group for group in groups.values() if len(group) > 1]
        if not alike:
            break
        for group in alike:
            cuts = _clip_alike([safe_text(text) for text in group], width, ellipsis)
            shown |= dict(zip(group, cuts, strict=True))
    return shown


def _clip_alike(texts: Sequence[str], width: int, ellipsis: str) -> list[str]:
    """Return safe texts cut to ``width`` cells, with what follows the start that they share.

    The ellipsis is in the same place of all texts; the words that differ are whole if they fit.
    """
    shared = shared_prefix(texts)
    for start in (shared.rfind(" ") + 1, len(shared)):
        room = width - len(ellipsis) - max(cell_width(text[start:]) for text in texts)
        if start and room >= 0:
            head = first_cells(shared[:start], room).rstrip()
            head = (head if len(head) >= _LEAST_PREFIX else "") + ellipsis
            return [head + text[start:] for text in texts]
    head = ellipsis if shared else ""
    room = width - len(head)
    return [head + clip_middle(text[len(shared) :], room, ellipsis) for text in texts]


#: the start of a ``name=value`` part of a text
_PAIR = re.compile(r"(?:^|\s)([\w.-]+)=")
#: a decimal number whose last digits can be left out
_DECIMAL = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")
#: the numbers of significant digits to which decimal numbers are rounded, if at all
_DIGITS = (0, 4, 3, 2)


def split_pairs(text: str) -> tuple[str, dict[str, str]]:
    """Return the text before the first ``name=value`` part, and these parts in their order."""
    base, *rest = _PAIR.split(text)
    return base.strip(), dict(zip(rest[::2], (one.strip() for one in rest[1::2]), strict=True))


def differing_pairs(pairs: Collection[Mapping[str, str]]) -> list[str]:
    """Return the names whose values are not the same in all of the mappings, in their order."""
    names = dict.fromkeys(name for one in pairs for name in one)
    return [name for name in names if len({one.get(name) for one in pairs}) > 1]


def _clip_pairs(texts: Collection[str], width: int, ellipsis: str) -> dict[str, str]:
    """Return the texts that are cut to their differing ``name=value`` parts.

    These are texts with the same start and different parts that do not fit.
    """
    groups: dict[str, dict[str, dict[str, str]]] = {}
    for text in texts:
        base, pairs = split_pairs(safe_text(text))
        if pairs:
            groups.setdefault(base, {})[text] = pairs
    found: dict[str, str] = {}
    for base, group in groups.items():
        names = differing_pairs(group.values())
        if names and not all(_in_view(base, pairs, names, width) for pairs in group.values()):
            found |= _pairs_within(base, group, names, width, ellipsis)
    return found


def _in_view(base: str, pairs: Mapping[str, str], names: Collection[str], width: int) -> bool:
    """Return whether a text that is cut at its end still has all parts with some names."""
    parts = [f"{name}={value}" for name, value in pairs.items()]
    if cell_width(" ".join([base, *parts])) <= width:
        return True
    last = max((place for place, name in enumerate(pairs, 1) if name in names), default=0)
    return cell_width(" ".join([base, *parts[:last]])) < width


def _pairs_within(
    base: str,
    group: Mapping[str, Mapping[str, str]],
    names: Sequence[str],
    width: int,
    ellipsis: str,
) -> dict[str, str]:
    """Return the parts with some names in the longest form that fits for all texts of a group.

    First, decimal numbers are rounded; then names of parts are left out, the first ones first.
    Nothing is returned if no form fits in which all texts differ.
    """
    complete = all(name in pairs for pairs in group.values() for name in names)
    for without in range(len(names) + 1 if complete else 1):
        for digits in _DIGITS:
            short = {
                text: {name: _rounded(pairs[name], digits) for name in names if name in pairs}
                for text, pairs in group.items()
            }
            merged = any(
                len({one.get(name) for one in short.values()})
                < len({one.get(name) for one in group.values()})
                for name in names
            )
            forms = {
                text: (", " if without else " ").join(
                    value if place < without else f"{name}={value}"
                    for place, (name, value) in enumerate(one.items())
                )
                for text, one in short.items()
            }
            room = width - max(map(cell_width, forms.values()))
            if room < 0 or merged or len(set(forms.values())) < len(forms):
                continue
            head = "" if without else _head(base, room, ellipsis)
            # A text that has none of the parts shows its start.
            return {
                text: f"{head}{form}" if form else clip(base, width, ellipsis)
                for text, form in forms.items()
            }
    return {}


def _head(base: str, room: int, ellipsis: str) -> str:
    """Return the first words of a text with an ellipsis, or what of it fits."""
    if not base or room < len(ellipsis):
        return ""
    if cell_width(base) < room:
        return f"{base} "
    head = first_cells(base, room - len(ellipsis))
    if base[len(head) :] and not base[len(head)].isspace():
        head = head[: head.rfind(" ") + 1]
    head = head.rstrip()
    return (head if len(head) >= _LEAST_PREFIX else "") + ellipsis


def _rounded(value: str, digits: int) -> str:
    """Return a decimal number with so many significant digits if that is shorter."""
    if not digits or not _DECIMAL.fullmatch(value):
        return value
    return min(value, f"{float(value):.{digits}g}", key=len)

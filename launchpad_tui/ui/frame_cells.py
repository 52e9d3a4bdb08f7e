"""Cells of the terminal and how they look, and the escape sequences between two looks."""

from __future__ import annotations

import re

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

plain_text = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0373\u0376-\u0482\u048a-\u052f\u1e00-\u1fff"
    "\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2319\u2320-\u23e8\u2400-\u24ff"
    "\u2500-\u25fc\u25ff-\u2604\u2605-\u2613\u2670-\u267e\u2713\u2717\u2718\u2756\u2758"
    "\u2776-\u2794\u2798-\u27af\u2800-\u28ff\u2190-\u21ff\U0001fb00-\U0001fbff]*"
).fullmatch
"""Match text whose characters every terminal draws one cell wide: without combining marks, emoji
and East Asian characters."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# SGR codes that are visible on a blank: underline, blink, reverse, strike, frame, overline.
_VISIBLE_ON_BLANK = frozenset(("4", "5", "6", "7", "9", "21", "51", "52", "53"))
# The SGR code that ends an attribute.
_OFF = {
    "1": "22",
    "2": "22",
    "3": "23",
    "4": "24",
    "21": "24",
    "5": "25",
    "6": "25",
    "7": "27",
    "8": "28",
    "9": "29",
    "51": "54",
    "52": "54",
    "53": "55",
}
_MAX_CACHED_STYLES = 20_000

_Key = tuple[frozenset[str], str, str, str]


class CellStyle(dict[str, "Cell"]):
    """Attributes, colors and link of a cell, as SGR codes.

    There is one object for each combination, and each holds its cells, one for each text, so that
    styles and cells are compared by identity.

    Args:
        attributes: SGR codes such as ``1`` for bold.
        foreground: the SGR code of the text color; empty for the terminal's default.
        background: the SGR code of the background; empty for the terminal's default.
        link: parameters and URL of OSC 8; empty for no link.
        blank: the style of blank cells with the same background; None if this is one.
    """

    __slots__ = ("attributes", "background", "blank", "erasable", "foreground", "link", "space")

    def __init__(
        self,
        attributes: frozenset[str],
        foreground: str,
        background: str,
        link: str,
        blank: CellStyle | None = None,
    ) -> None:
        super().__init__()
        self.attributes = attributes
        self.foreground = foreground
        self.background = background
        self.link = link
        #: the style that this style's blank cells are stored with: the text color is left out
        #: unless it is visible on a blank, as with underline or reverse
        self.blank: CellStyle = blank or self
        #: the blank cell
        self.space: Cell = blank.space if blank else (" ", self)
        self[" "] = self.space
        #: whether erasing creates blank cells of this style
        self.erasable = not link and not attributes & _VISIBLE_ON_BLANK

    def __missing__(self, text: str) -> Cell:
        cell = self[text] = (text, self)
        return cell

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


Cell = tuple[str, CellStyle]
"""The text of a cell and its style. The second cell of a wide character has an empty text."""


class CellStyles:
    """All cell styles in use, by Rich's styles.

    Args:
        colors: the number of colors of the terminal.
    """

    def __init__(self, colors: ColorSystem) -> None:
        self._colors = colors
        self._by_style: dict[Style, CellStyle] = {}
        self._by_key: dict[_Key, CellStyle] = {}
        self._blanks: dict[_Key, CellStyle] = {}
        self._changes: dict[tuple[CellStyle | None, CellStyle], str] = {}
        #: no attribute, default colors
        self.plain = self.get(frozenset(), "", "", "")

    def of(self, style: Style | None) -> CellStyle:
        """Return the cell style of a Rich style."""
        if style is None:
            return self.plain
        found = self._by_style.get(style)
        if found is None:
            if len(self._by_style) > _MAX_CACHED_STYLES:
                self._by_style.clear()
            link = f"id={style.link_id};{style.link}" if style.link else ""
            ansi = Strip.render_ansi(style, self._colors)
            found = self._by_style[style] = self.get(*_parse_sgr(ansi), link)
        return found

    def get(
        self, attributes: frozenset[str], foreground: str, background: str, link: str
    ) -> CellStyle:
        """Return the style of cells with text, by its parts."""
        key = (attributes, foreground, background, link)
        found = self._by_key.get(key)
        if found is None:
            visible = attributes & _VISIBLE_ON_BLANK
            blank_key = (visible, foreground if visible else "", background, link)
            blank = self._blanks.get(blank_key)
            if blank is None:
                blank = self._blanks[blank_key] = CellStyle(*blank_key)
            found = self._by_key[key] = CellStyle(*key, blank)
        return found

    def change(self, old: CellStyle | None, new: CellStyle) -> str:
        """Return the escape sequence that changes the style of text written from now on.

        Args:
            old: the present style; None if it is not known.
            new: the style wanted.
        """
        if old is new:
            return ""
        key = (old, new)
        found = self._changes.get(key)
        if found is None:
            if len(self._changes) > _MAX_CACHED_STYLES:
                self._changes.clear()
            found = self._changes[key] = _sgr_change(old, new)
        return found

    def cells(self, segments: list[Segment]) -> list[Cell]:
        """Return the cells that segments fill. Control characters are left out."""
        cells: list[Cell] = []
        for text, style, control in segments:
            if control or not text:
                continue
            cell_style = self.of(style)
            if plain_text(text):
                cells += map(cell_style.__getitem__, text)
                continue
            shown = _CONTROLS.sub("", text)
            for start, end, width in split_graphemes(shown)[0]:
                if width:
                    cells.append(cell_style[shown[start:end]])
                    cells += [cell_style[""]] * (width - 1)
        return cells


def _parse_sgr(ansi: str) -> tuple[frozenset[str], str, str]:
    """Return attributes, foreground and background of a list of SGR codes."""
    attributes, foreground, background = set(), "", ""
    codes = iter(ansi.split(";") if ansi else ())
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes)
            value = ";".join([code, kind, *(next(codes) for _ in range(3 if kind == "2" else 1))])
            if code == "38":
                foreground = value
            else:
                background = value
        elif code == "39":
            foreground = ""
        elif code == "49":
            background = ""
        elif len(code) > 1 and code[0] in "39":
            foreground = code
        elif len(code) > 1 and (code[0] == "4" or code.startswith("10")):
            background = code
        else:
            attributes.add(code)
    return frozenset(attributes), foreground, background


def _sgr_change(old: CellStyle | None, new: CellStyle) -> str:
    """Return the shorter one of: all codes after a reset, or only what differs."""
    link = ""
    if (old.link if old else "") != new.link:
        link = f"\x1b]8;{new.link or ';'}\x1b\\"
    colors = [color for color in (new.foreground, new.background) if color]
    every = sorted(new.attributes) + colors
    after_reset = ";".join(["0", *every]) if every else ""
    if old is None:
        return f"{link}\x1b[{after_reset}m"
    off = {_OFF[code] for code in old.attributes - new.attributes}
    codes = sorted(off)
    codes += sorted(
        code for code in new.attributes if code not in old.attributes or _OFF[code] in off
    )
    if old.foreground != new.foreground:
        codes.append(new.foreground or "39")
    if old.background != new.background:
        codes.append(new.background or "49")
    if not codes:
        return link
    step = ";".join(codes)
    return f"{link}\x1b[{step if len(step) <= len(after_reset) else after_reset}m"

"""Pictures of the terminal that look the same with any font: what fonts lack is drawn."""

from __future__ import annotations

import html
import re

_TEXT = re.compile(
    r'<text class="(?P<style>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="(?P<length>[\d.]+)"'
    r"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>"
)
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
#: for each bit of a Braille character its column and row (Unicode, U+2800)
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
#: the height of a line and where the text's base line lies in it, as Textual's pictures have it
_LINE, _BASE = 24.4, 18.5
_SIZE = 3.2


def self_contained(picture: str) -> str:
    """The picture without fonts from elsewhere, and with Braille dots drawn."""
    return _TEXT.sub(_drawn, _FONT.sub("", picture))


def _drawn(match: re.Match[str]) -> str:
    text = html.unescape(match["text"])
    if not any("\u2800" <= char <= "\u28ff" for char in text):
        return match[0]
    x, y, length = (float(match[name]) for name in ("x", "y", "length"))
    cell = length / len(text)
    top = y - _BASE
    path = []
    for place, char in enumerate(text):
        if "\u2800" <= char <= "\u28ff":
            bits = ord(char) - 0x2800
            for bit, (across, down) in enumerate(_DOTS):
                if bits >> bit & 1:
                    left = x + place * cell + cell * (0.25 + 0.5 * across) - _SIZE / 2
                    high = top + _LINE * (0.125 + 0.25 * down) - _SIZE / 2
                    path.append(f"M{left:.1f} {high:.1f}h{_SIZE}v{_SIZE}h-{_SIZE}z")
    left_over = "".join(" " if "\u2800" <= char <= "\u28ff" else char for char in text)
    shown = match[0] if left_over == text else ""
    if left_over.strip():
        words = html.escape(left_over).replace(" ", "&#160;")
        shown = match[0].replace(f">{match['text']}<", f">{words}<")
    clip = re.search(r'clip-path="[^"]+"', match["rest"])
    return f'{shown}<path class="{match["style"]}" {clip[0] if clip else ""} d="{"".join(path)}"/>'

"""Make SVG pictures of the terminal look the same with any font: draw Braille dots as paths."""

from __future__ import annotations

import html
import re

_TEXT = re.compile(
    r'<text class="(?P<style>[^"]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)"'
    r' textLength="(?P<length>[\d.]+)"(?P<rest>[^>]*)>(?P<text>[^<]*)</text>'
)
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
#: column and row of the dot for each bit of a Braille character (Unicode, block U+2800)
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
#: the height of a line and the position of its baseline in Textual's pictures, in pixels
_LINE, _BASE = 24.4, 18.5
#: the side of a dot in pixels
_SIZE = 3.2


def self_contained(picture: str) -> str:
    """Return the picture without references to web fonts, and with Braille dots drawn."""
    return _TEXT.sub(_drawn, _FONT.sub("", picture))


def _drawn(match: re.Match[str]) -> str:
    """Return a text element with its Braille characters replaced by a path."""
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
    other_text = "".join(" " if "\u2800" <= char <= "\u28ff" else char for char in text)
    element = ""
    if other_text.strip():
        escaped = html.escape(other_text).replace(" ", "&#160;")
        element = match[0].replace(f">{match['text']}<", f">{escaped}<")
    clip = re.search(r'clip-path="[^"]+"', match["rest"])
    attributes = f'class="{match["style"]}" {clip[0] if clip else ""}'
    return f'{element}<path {attributes} d="{"".join(path)}"/>'

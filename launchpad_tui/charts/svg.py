"""Drawings as pictures: SVG with monospaced text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from launchpad_tui.charts.model import Drawing, Span
from launchpad_tui.domain.text import cell_width, safe_text

#: the size of a cell in pixels, and its baseline
_WIDTH, _HEIGHT, _BASE = 8.4, 18, 14
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_MARGIN = 12
_PIECE = re.compile(r"\S+(?: \S+)*")
_BRAILLE = re.compile("[\u2800-\u28ff]")
#: column and row of each bit of a Braille character (U+2800), and the size of dots in pixels
_PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
_DOT = 2.4
#: characters that XML 1.0 does not allow (production 2)
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_svg(
    drawing: Drawing,
    colors: Sequence[str],
    background: str,
    text: str,
    faint: str,
    title: str = "",
) -> str:
    """Return the drawing as an SVG document.

    Each span is stretched to its cells, so that columns stay aligned in any font.

    Args:
        colors: of series by slot; they repeat.
        background, text, faint: colors of the picture, of text, and of axes and faint parts.
        title: a description of the picture for screen readers.
    """
    cells = max((sum(cell_width(span.text) for span in line) for line in drawing.lines), default=0)
    width, height = cells * _WIDTH + 2 * _MARGIN, len(drawing.lines) * _HEIGHT + 2 * _MARGIN
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img">',
    ]
    if title:
        out.append(f"<title>{_safe(safe_text(title))}</title>")
    out += [
        f'<rect width="100%" height="100%" fill={_quoted(background)}/>',
        f'<g font-family="{_FONT}" font-size="14" xml:space="preserve" fill={_quoted(text)}>',
    ]
    for number, line in enumerate(drawing.lines):
        top = _MARGIN + number * _HEIGHT
        if spans := _spans(line, colors, faint):
            out.append(f'<text xml:space="preserve" y="{top + _BASE}">{spans}</text>')
        out += _dots(line, top, colors, faint)
    return "\n".join([*out, "</g>", "</svg>", ""])


def _spans(line: Sequence[Span], colors: Sequence[str], faint: str) -> str:
    out, column = [], 0
    for span in line:
        text = _BRAILLE.sub(" ", span.text)
        # Each word has its own position, because some viewers collapse blanks.
        for piece in _PIECE.finditer(text):
            left = column + cell_width(text[: piece.start()])
            x, length = _MARGIN + left * _WIDTH, cell_width(piece[0]) * _WIDTH
            out.append(
                f'<tspan x="{x:g}" textLength="{length:g}" lengthAdjust="spacingAndGlyphs"'
                f"{_look(span, colors, faint)}>{_safe(piece[0])}</tspan>"
            )
        column += cell_width(span.text)
    return "".join(out)


def _dots(line: Sequence[Span], top: float, colors: Sequence[str], faint: str) -> list[str]:
    """Return Braille characters as dots, because many fonts lack them."""
    out, column = [], 0
    for span in line:
        path = []
        for place, char in enumerate(span.text if _BRAILLE.search(span.text) else ""):
            left = _MARGIN + (column + place) * _WIDTH
            for bit, (across, down) in enumerate(_PLACES):
                if _BRAILLE.match(char) and (ord(char) - 0x2800) >> bit & 1:
                    x = left + _WIDTH * (0.25 + 0.5 * across) - _DOT / 2
                    y = top + _HEIGHT * (0.125 + 0.25 * down) - _DOT / 2
                    path.append(f"M{x:.1f} {y:.1f}h{_DOT}v{_DOT}h-{_DOT}z")
        if path:
            out.append(f'<path{_look(span, colors, faint)} d="{"".join(path)}"/>')
        column += cell_width(span.text)
    return out


def _look(span: Span, colors: Sequence[str], faint: str) -> str:
    look = ""
    if span.slot is not None and colors:
        look = f" fill={_quoted(colors[span.slot % len(colors)])}"
        look += ' fill-opacity="0.45"' if span.style == "faint" else ""
    elif span.style in {"axis", "faint"}:
        look = f" fill={_quoted(faint)}"
    return look + (' font-weight="bold"' if span.style in {"bold", "cursor"} else "")


def _safe(text: str) -> str:
    """Return text escaped for XML, without characters that XML does not allow."""
    # The functions of `xml.sax.saxutils` load HTTP clients and OpenSSL.
    text = _FORBIDDEN.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    """Return text as the value of an attribute of XML, in quotes."""
    return '"' + _safe(text).replace('"', "&quot;") + '"'

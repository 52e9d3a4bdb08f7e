"""A drawing as a picture: SVG of text in one width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from launchpad_tui.charts.model import Drawing, Span
from launchpad_tui.charts.words import cell_width

#: the size of a cell in pixels, and where in it the baseline is
_WIDTH, _HEIGHT, _BASE = 8.4, 18, 14
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_MARGIN = 12
#: all but XML 1.0, production 2
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_svg(drawing: Drawing, colours: Sequence[str], background: str, text: str, faint: str, title: str = "") -> str:
    """The drawing as an SVG document.

    Each span is stretched to its cells, so that what stands below each other stays so in fonts of any width.

    Args:
        colours: of series by their slots, again from the first after the last.
        background, text, faint: colours of the picture, of words, and of axes and what is faint.
        title: what the picture is, for people who do not see it.
    """
    cells = max((sum(cell_width(span.text) for span in line) for line in drawing.lines), default=0)
    width, height = cells * _WIDTH + 2 * _MARGIN, len(drawing.lines) * _HEIGHT + 2 * _MARGIN
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img">',
    ]
    if title:
        out.append(f"<title>{_safe(title)}</title>")
    out += [
        f'<rect width="100%" height="100%" fill={quoteattr(background)}/>',
        f'<g font-family="{_FONT}" font-size="14" xml:space="preserve" fill={quoteattr(text)}>',
    ]
    for number, line in enumerate(drawing.lines):
        spans = _spans(line, colours, faint)
        if spans:
            out.append(f'<text xml:space="preserve" y="{_MARGIN + number * _HEIGHT + _BASE}">{spans}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def _spans(line: Sequence[Span], colours: Sequence[str], faint: str) -> str:
    out, column = [], 0
    for span in line:
        size = cell_width(span.text)
        if span.text.strip():
            out.append(
                f'<tspan x="{_MARGIN + column * _WIDTH:g}" textLength="{size * _WIDTH:g}" '
                f'lengthAdjust="spacingAndGlyphs"{_look(span, colours, faint)}>{_safe(span.text)}</tspan>'
            )
        column += size
    return "".join(out)


def _look(span: Span, colours: Sequence[str], faint: str) -> str:
    look = ""
    if span.slot is not None and colours:
        look = f" fill={quoteattr(colours[span.slot % len(colours)])}"
        look += ' fill-opacity="0.45"' if span.style == "faint" else ""
    elif span.style in {"axis", "faint"}:
        look = f" fill={quoteattr(faint)}"
    return look + (' font-weight="bold"' if span.style in {"bold", "cursor"} else "")


def _safe(text: str) -> str:
    """Escaped for XML, without the characters that no XML document may have."""
    return escape(_FORBIDDEN.sub("\ufffd", text))

"""Drawings as terminal text, with or without colors."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.charts.model import Drawing, Span
from launchpad_tui.charts.palette import ANSI256

#: SGR parameters (ECMA-48) of spans that belong to no series
_STYLES: Mapping[str, str] = {"axis": "2", "faint": "2", "bold": "1", "cursor": "1"}
#: foregrounds of the eight series colors in 16-color terminals; the first seven also differ in
#: those with 8 colors, where a bright color equals the normal one (39 is that of other text)
#: Red and blue are bright, because the normal ones are hardly readable on black.
_SIXTEEN = (36, 33, 32, 35, 91, 94, 39, 95)


def to_ansi(drawing: Drawing, colors: str = "256") -> str:
    """Return the lines of the drawing, each ended by a line feed, without trailing blanks.

    Args:
        colors: ``256``, ``16`` or ``none`` (plain text without escape sequences).
    """
    if colors == "none":
        return drawing.text() + "\n"
    return "".join(_line(line, colors) for line in drawing.lines)


def _line(spans: tuple[Span, ...], colors: str) -> str:
    texts = [(span.text, _code(span, colors)) for span in spans]
    while texts and not texts[-1][0].strip():
        texts.pop()
    if texts:
        texts[-1] = (texts[-1][0].rstrip(), texts[-1][1])
    return (
        "".join(
            f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text for text, code in texts
        )
        + "\n"
    )


def _code(span: Span, colors: str) -> str:
    # Dimmed text is hardly readable in many palettes of 16 colors.
    style = "" if colors == "16" and span.style == "axis" else _STYLES.get(span.style, "")
    if span.slot is None:
        return style
    slot = span.slot % len(ANSI256)
    color = f"38;5;{ANSI256[slot]}" if colors == "256" else str(_SIXTEEN[slot])
    return f"{style};{color}" if style in {"1", "2"} else color

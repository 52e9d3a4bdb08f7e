"""Find what cannot be read on a screen: text with too little contrast, and colors of another theme.

What the colors of the terminal are is not known: themes that use them may combine only colors that
a role combines, which tests/ui/test_themes.py tests. The limits are those of WCAG 2.1: success
criteria 1.4.3 for text and 1.4.11 for graphics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from textual.pilot import Pilot

from launchpad_tui.ui.palettes import BY_NAME
from launchpad_tui.ui.theme import Look

#: the least contrast of text and of graphics
TEXT, GRAPHICS = 4.5, 3.0
#: the themes whose colors are their own, not those of the terminal
THEMES = tuple(name for name, palette in BY_NAME.items() if not palette.ansi)
#: the themes that use the colors of the terminal, or none
TERMINAL_THEMES = tuple(name for name, palette in BY_NAME.items() if palette.ansi)
#: arrows, frames, blocks, shapes and Braille dots
_GRAPHICS = re.compile(r"[\s\u2190-\u21ff\u2500-\u27bf\u2800-\u28ff]*")


def luminance(color: ColorTriplet) -> float:
    """Return the relative luminance of a color, as WCAG 2.1 defines it."""
    parts = [part / 255 for part in color]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """Return the contrast of two colors, from 1 to 21."""
    pair = sorted((luminance(one), luminance(other)))
    return (pair[1] + 0.05) / (pair[0] + 0.05)


async def illegible(pilot: Pilot[Any]) -> list[str]:
    """Show the screen in each theme; return what cannot be read, and restore the theme."""
    app: Any = pilot.app
    before = app.look.palette.name
    found: list[str] = []
    for theme in TERMINAL_THEMES:
        app.use_theme(theme)
        await pilot.pause()
        found += _illegible_in_terminals(pilot, app.look)
    for theme in (*(name for name in THEMES if name != before), before):
        app.use_theme(theme)
        await pilot.pause()
        found += _illegible(pilot, app.look)
    return found


def _illegible_in_terminals(pilot: Pilot[Any], look: Look) -> Iterator[str]:
    styles = [*look._styles.values(), *look._cursor.values()]
    pairs = {(_ansi(style.color), _ansi(style.bgcolor)) for style in styles}
    for y, strip in enumerate(pilot.app.screen._compositor.render_strips()):
        for text, style, _ in strip:
            if style is None or not text.strip():
                continue
            where = f"{look.palette.name}, line {y + 1}: {text.strip()[:40]!r}"
            pair = (_ansi(style.color), _ansi(style.bgcolor))
            if pair not in pairs:
                yield f"{where} has colors that no role has: {pair[0]} on {pair[1]}"


def _ansi(color: Color | None) -> str:
    """Return the name of a color of the terminal."""
    return "default" if color is None or color.is_default else color.name


def _illegible(pilot: Pilot[Any], look: Look) -> Iterator[str]:
    own = _colors(look)
    # Frames carry no text, and a raw curve is shown behind its smoothed one.
    exempt = {_name(look.style("line").color)}
    exempt |= {_name(look.style(f"{look.series(slot)}-faint").color) for slot in range(8)}
    for y, strip in enumerate(pilot.app.screen._compositor.render_strips()):
        for segment in strip:
            text, front, back = _shown(segment)
            where = f"{look.palette.name}, line {y + 1}: {text.strip()[:40]!r}"
            foreign = {_name(back)} - own
            if text.strip():
                foreign |= {_name(front)} - own
            if foreign:
                yield f"{where} has colors that are not those of the theme: {sorted(foreign)}"
            elif text.strip():
                is_graphic = bool(_GRAPHICS.fullmatch(text))
                assert front is not None
                assert back is not None
                value = contrast(front.get_truecolor(), back.get_truecolor())
                if value < (GRAPHICS if is_graphic else TEXT) and not (
                    is_graphic and _name(front) in exempt
                ):
                    yield f"{where} has a contrast of {value:.2f}:1"


def _shown(segment: Segment) -> tuple[str, Color | None, Color | None]:
    """Return a segment's text and the colors of its characters and its background."""
    style = segment.style
    if style is None:
        return segment.text, None, None
    pair = (style.color, style.bgcolor)
    front, back = reversed(pair) if style.reverse else pair
    return segment.text, front, back


def _colors(look: Look) -> set[str]:
    styles = [*look._styles.values(), *look._cursor.values()]
    colors = {_name(color) for style in styles for color in (style.color, style.bgcolor)}
    return colors | {part for part in look.palette if isinstance(part, str)}


def _name(color: Color | None) -> str:
    """Return a color as ``#rrggbb``; empty if there is none."""
    return "" if color is None or color.is_default else color.get_truecolor().hex

"""Palettes: the colors of themes, also for terminals with few colors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Palette(NamedTuple):
    """The colors of a theme in Rich's notation; ``default`` is the terminal's own.

    ``series`` are the colors of compared items. They are distinguishable with color vision
    deficiency, after Okabe and Ito.
    """

    name: str
    title: str
    dark: bool
    background: str
    panel: str
    text: str
    dim: str
    faint: str
    #: frames and rules, which carry no text
    line: str
    accent: str
    cursor: str
    cursor_text: str
    good: str
    warn: str
    bad: str
    series: tuple[str, ...]
    #: whether the colors are the terminal's own 16, which cannot be blended
    ansi: bool = False
    #: whether only attributes are used: bold, underline, reverse
    plain: bool = False


#: the colors of compared items in terminals with 16 colors and a dark background. The first seven
#: also differ in those with 8, where a bright color equals the normal one. Red and blue are bright,
#: because the normal ones are hardly readable on black in the usual palettes.
_SIXTEEN = (
    *("cyan", "yellow", "green", "magenta", "bright_red", "bright_blue", "default"),
    "bright_magenta",
)
#: the same on a light background, on which cyan, yellow and green are hardly readable. Only the
#: first four differ in terminals with 8 colors: markers tell the others apart.
_SIXTEEN_ON_LIGHT = (
    *("blue", "red", "magenta", "default", "bright_black", "bright_blue", "bright_red"),
    "bright_magenta",
)

PALETTES = (
    Palette(
        "dark",
        "Dark",
        True,
        "#14171c",
        "#1c2027",
        "#d3d8e0",
        "#a3acba",
        "#7f8999",
        "#4b5361",
        "#62b0f0",
        "#253449",
        "#ffffff",
        "#78c27b",
        "#dfb356",
        "#f27b83",
        ("#62b0f0", "#e8a33d", "#5cc9a0", "#e07bb0", "#f0d75c", "#a795f2", "#ee7d52", "#9fb0c3"),
    ),
    Palette(
        "light",
        "Light",
        False,
        "#fbfbfa",
        "#efefec",
        "#23272e",
        "#4b525d",
        "#666d78",
        "#b3b8c0",
        "#0b63b5",
        "#d3e4f7",
        "#000000",
        "#1d6f27",
        "#8a5a00",
        "#b3202c",
        ("#0b63b5", "#a05c00", "#00775a", "#a6347a", "#796b00", "#5b45c0", "#b63a09", "#4d5a6b"),
    ),
    Palette(
        "contrast",
        "High contrast",
        True,
        "#000000",
        "#262626",
        "#ffffff",
        "#e0e0e0",
        "#a0a0a0",
        "#808080",
        "#00d7ff",
        "#ffff00",
        "#000000",
        "#00ff5f",
        "#ffd700",
        "#ff6b6b",
        ("#00d7ff", "#ffaf00", "#00ff87", "#ff87d7", "#ffff5f", "#af87ff", "#ff875f", "#ffffff"),
    ),
    Palette(
        "sixteen",
        "16 colors",
        True,
        "default",
        "default",
        "default",
        # Bright black and dimmed text are hardly readable in many palettes, or even invisible: in
        # Solarized, bright black is the background.
        "default",
        "default",
        "default",
        "cyan",
        # The only pair that can be read in all usual palettes, dark and light.
        "cyan",
        "black",
        "green",
        "yellow",
        "bright_red",
        _SIXTEEN,
        ansi=True,
    ),
    Palette(
        "plain",
        "No color",
        True,
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        "default",
        ("default",) * 8,
        ansi=True,
        plain=True,
    ),
)
BY_NAME: Mapping[str, Palette] = {palette.name: palette for palette in PALETTES}
ON_LIGHT = BY_NAME["sixteen"]._replace(
    dark=False,
    accent="blue",
    good="blue",
    warn="magenta",
    bad="red",
    series=_SIXTEEN_ON_LIGHT,
)
#: palettes with backgrounds of their own for terminals with at most 16 colors
IN_16_COLORS: Mapping[str, Palette] = {
    name: base._replace(
        name=name,
        title=BY_NAME[name].title,
        background=background,
        panel=background,
        text=text,
        dim=text,
        faint=text,
        line=text,
        cursor=cursor,
        series=tuple(text if color == "default" else color for color in base.series),
    )
    for name, base, background, text, cursor in (
        ("dark", BY_NAME["sixteen"], "black", "white", "cyan"),
        ("light", ON_LIGHT, "bright_white", "black", "cyan"),
        ("contrast", BY_NAME["sixteen"], "black", "bright_white", "yellow"),
    )
}
#: palettes for terminals with 256 colors: the nearest to some of the usual colors have too little
#: contrast, or are the same for two series
IN_256_COLORS: Mapping[str, Palette] = {
    "dark": BY_NAME["dark"]._replace(panel="#262626", faint="#949494", cursor="#3a3a3a"),
    "light": BY_NAME["light"]._replace(
        panel="#f5f5f5",
        cursor="#d7ffff",
        series=(
            *("#005faf", "#875f00", "#00875f", "#87005f", "#5f5f00", "#5f5faf", "#af5f00"),
            "#5f5f5f",
        ),
    ),
}

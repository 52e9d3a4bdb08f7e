"""Themes: the styles derived from palettes, and glyphs.

Widgets use roles (``"dim"``, ``"bad"``), never colors. A status has a glyph and a role, so that no
information depends on color alone.
"""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rich.style import Style
from textual.theme import Theme

from launchpad_tui.domain.execution import Status
from launchpad_tui.ui.palettes import BY_NAME, IN_16_COLORS, IN_256_COLORS, ON_LIGHT, Palette
from launchpad_tui.ui.terminal_background import has_256_colors, has_few_colors, is_monochrome


class Glyphs:
    """The characters of drawings: each is one cell wide and in every font with box drawing."""

    running: str = "●"
    completed: str = "✓"
    dead: str = "✗"
    pending: str = "◌"
    stopped: str = "■"
    stopping: str = "◐"
    unknown: str = "?"
    mark: str = "◆"
    crumb: str = "›"
    separator: str = "·"
    rule: str = "─"
    bar: str = "│"
    up: str = "▲"
    down: str = "▼"
    left: str = "◂"
    right: str = "▸"
    folded: str = "▸"
    unfolded: str = "▾"
    selected: str = "»"
    cursor: str = "▌"
    thumb: str = "┃"
    ellipsis: str = "…"
    close: str = "×"
    warning: str = "!"
    error: str = "✗"
    done: str = "✓"
    branch: str = "├─"
    last: str = "└─"
    through: str = "│ "
    on: str = "[x]"
    off: str = "[ ]"
    secret: str = "•"
    range: str = "–"
    best: str = "★"
    worst: str = "▽"
    better: str = "↑"
    worse: str = "↓"
    full: str = "█"
    empty: str = "░"
    ascii: bool = False


class AsciiGlyphs(Glyphs):
    """Glyphs in ASCII, for locales that are not UTF-8."""

    running = "@"
    completed = "+"
    dead = "x"
    pending = "o"
    stopped = "#"
    stopping = "~"
    mark = "#"
    crumb = ">"
    separator = "-"
    rule = "-"
    bar = "|"
    up = "^"
    down = "v"
    left = "<"
    right = ">"
    folded = "+"
    unfolded = "-"
    selected = "]"
    cursor = ">"
    thumb = "#"
    ellipsis = "~"
    close = "x"
    error = "x"
    done = "+"
    branch = "|-"
    last = "`-"
    through = "| "
    secret = "*"
    range = "-"
    best = "*"
    worst = "w"
    better = "/"
    worse = "\\"
    full = "#"
    empty = "."
    ascii = True


ASCII = AsciiGlyphs()
UNICODE = Glyphs()

_STATUS: Mapping[Status, tuple[str, str]] = {
    Status.RUNNING: ("running", "accent"),
    Status.COMPLETED: ("completed", "good"),
    Status.DEAD: ("dead", "bad"),
    Status.PENDING: ("pending", "warn"),
    Status.STOPPED: ("stopped", "dim"),
    Status.STOPPING: ("stopping", "warn"),
    Status.UNKNOWN: ("unknown", "dim"),
}
#: roles that keep their color on the cursor line
_COLORED = frozenset({"good", "warn", "bad", "accent"})


@dataclass(frozen=True)
class Look:
    """The styles and glyphs that widgets paint with.

    Roles are text, dim, faint, line, strong, accent, title, good, warn, bad, cursor, selected, tab,
    chip, field, key, disabled, match, current-match, and series0 to series7, each of these also
    with ``-faint`` and ``-bold``.
    """

    palette: Palette
    glyphs: Glyphs

    def style(self, role: str, *, cursor: bool = False) -> Style:
        """Return the style of a role, with ``cursor`` that on the cursor line.

        An unknown role has the style of ``text``.
        """
        if cursor:
            return self._cursor.get(role) or self._styles["cursor"]
        return self._styles.get(role) or self._styles["text"]

    def status(self, status: Status) -> tuple[str, str]:
        """Return a status as ``glyph NAME``, and its role."""
        glyph, role = _STATUS[status]
        return f"{getattr(self.glyphs, glyph)} {status}", role

    def series(self, slot: int) -> str:
        """Return the role of the series in a slot; the colors repeat after eight."""
        return f"series{slot % len(self.palette.series)}"

    @cached_property
    def underline(self) -> Style:
        """The style that is added to that of the current cell on the cursor line."""
        # Bold black is dark gray in many terminals with 16 colors.
        return Style(underline=True, bold=self.palette.plain or not self.palette.ansi)

    @cached_property
    def _styles(self) -> dict[str, Style]:
        p = self.palette

        def on(
            color: str,
            background: str = p.background,
            bold: bool = False,
            dim: bool = False,
            reverse: bool = False,
            underline: bool = False,
        ) -> Style:
            return Style(
                color=color,
                bgcolor=background,
                bold=bold,
                dim=dim,
                reverse=reverse,
                underline=underline,
            )

        # The color of text on a bright background; without colors, the terminal reverses its own.
        ink = p.background if p.plain or not p.ansi else "black"
        colored = p.ansi and not p.plain
        styles = {
            "text": on(p.text),
            "dim": on(p.dim),
            "faint": on(p.faint),
            # Frames carry no text, so they may be hardly visible.
            "line": on(p.line, dim=p.ansi),
            "strong": on(p.text, bold=True),
            "accent": on(p.accent, bold=p.plain),
            "title": on(p.accent, bold=True),
            "good": on(p.good),
            "warn": on(p.warn, bold=p.ansi),
            "bad": on(p.bad, bold=p.ansi),
            "selected": on(p.accent, bold=True),
            # Without backgrounds of its own, a theme shows the extent of areas by attributes.
            "tab": on(p.text, bold=True, underline=p.ansi),
            "chip": on(p.text, p.panel, reverse=p.ansi),
            "field": on(p.text, p.panel, underline=p.ansi),
            "key": on(p.accent, bold=True),
            "disabled": on(p.faint, dim=p.ansi),
            "match": on(ink, "yellow" if colored else p.warn, reverse=p.plain),
            "current-match": on(
                ink,
                "cyan" if colored else p.accent,
                bold=not colored,
                reverse=p.plain,
                underline=p.ansi,
            ),
            "cursor": on(p.cursor_text, p.cursor, reverse=p.plain, bold=p.plain),
        }
        for slot, color in enumerate(p.series):
            styles[f"series{slot}"] = on(color)
            styles[f"series{slot}-bold"] = on(color, bold=True)
            # For a raw curve behind its smoothed one: closer to the background, or dim if the
            # colors cannot be blended.
            styles[f"series{slot}-faint"] = (
                on(_between(color, p.background, 0.5 if p.dark else 0.4))
                if color.startswith("#")
                else on(color, dim=True)
            )
        return styles

    @cached_property
    def _cursor(self) -> dict[str, Style]:
        p = self.palette
        if p.plain or p.ansi or p.name == "contrast":
            return {}
        return {
            role: self._styles[role] + Style(bgcolor=p.cursor)
            for role in (*_COLORED, *self._series_roles)
        }

    @property
    def _series_roles(self) -> tuple[str, ...]:
        return tuple(f"series{slot}" for slot in range(len(self.palette.series)))


def _between(color: str, background: str, part: float) -> str:
    """Return a color, moved a part of the way to the background; both are ``#rrggbb``."""
    pairs = [(int(color[at : at + 2], 16), int(background[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in pairs)


def find_look(
    theme: str = "",
    *,
    ascii_only: bool = False,
    colors: str = "auto",
    light: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Look:
    """Return the look for the settings and the terminal.

    Args:
        theme: the name of a palette; empty for one that suits the terminal.
        ascii_only: whether to use ASCII even if the locale is UTF-8.
        colors: ``auto`` (``NO_COLOR`` and ``TERM`` decide), ``always`` or ``never``.
        light: whether the terminal reported a light background.
        environ: the environment.
    """
    few = has_few_colors(environ)
    name = theme if theme in BY_NAME else "sixteen" if few else "light" if light else "dark"
    colorless = environ.get("NO_COLOR") or is_monochrome(environ)
    if colors == "never" or (colors == "auto" and colorless):
        name = "plain"
    plain = ascii_only or not _utf8(environ)
    return Look(palette_for(name, environ, light=light), ASCII if plain else UNICODE)


def palette_for(
    name: str, environ: Mapping[str, str] = os.environ, *, light: bool = False
) -> Palette:
    """Return a palette with colors that the terminal can show.

    Args:
        name: its name in `BY_NAME`.
        environ: the environment.
        light: whether the terminal reported a light background.
    """
    palette = BY_NAME[name]
    if palette.ansi:
        return ON_LIGHT if light and not palette.plain else palette
    if has_few_colors(environ):
        # Most of its colors would become the same one of the terminal's 16.
        return IN_16_COLORS[name]
    return IN_256_COLORS.get(name, palette) if has_256_colors(environ) else palette


def textual_theme(palette: Palette) -> Theme:
    """Return a palette as a Textual theme, for inputs and backgrounds."""

    def css(color: str) -> str:
        return f"ansi_{color}" if palette.ansi else color

    return Theme(
        name=f"launchpad-{palette.name}",
        primary=css(palette.accent),
        secondary=css(palette.accent),
        accent=css(palette.accent),
        warning=css(palette.warn),
        error=css(palette.bad),
        success=css(palette.good),
        foreground=css(palette.text),
        background=css(palette.background),
        surface=css(palette.background),
        panel=css(palette.panel),
        boost=css(palette.panel),
        dark=palette.dark,
        ansi=palette.ansi,
        variables={
            "input-cursor-background": css(palette.text),
            "input-cursor-foreground": css(palette.background),
            "input-selection-background": css(palette.cursor),
            "input-selection-foreground": css(palette.cursor_text),
            # Textual's own styles of screens and buttons name these for themes with ANSI colors.
            "ansi-background": css(palette.panel),
            "ansi-foreground": css(palette.text),
            "lp-cursor": css(palette.cursor),
            "lp-line": css(palette.line),
            "lp-dim": css(palette.dim),
        },
    )


def _utf8(environ: Mapping[str, str]) -> bool:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(name, ""):
            return "utf" in value.lower()
    return "utf" in locale.getpreferredencoding(False).lower()

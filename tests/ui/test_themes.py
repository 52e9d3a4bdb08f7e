"""Themes: contrast of text, and switching between all of them on every screen."""

from __future__ import annotations

from typing import Any

import pytest
from rich.color import ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style

from launchpad_tui.charts.palette import marker
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.execution import Status
from launchpad_tui.ui.theme import ASCII, BY_NAME, PALETTES, UNICODE, Glyphs, Look, find_look
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog, ConfirmDialog, PromptDialog
from tests.scenes.harness import running, settled
from tests.ui.route_walk import visits

TEXT_ROLES = (
    *("text", "dim", "faint", "strong", "accent", "title", "good", "warn", "bad", "selected"),
    *("chip", "key", "disabled", "match", "cursor"),
)
#: roles that keep their color on the cursor line
CURSOR_ROLES = ("text", "dim", "faint", "accent", "good", "warn", "bad")
#: WCAG 2.1, success criterion 1.4.3
LEAST = 4.5


def luminance(color: ColorTriplet) -> float:
    """Return the relative luminance of a color, as WCAG 2.1 defines it."""
    parts = [part / 255 for part in color]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style) -> float:
    """Return the contrast of a style's text with its background, from 1 to 21."""
    assert style.color is not None
    assert style.bgcolor is not None
    pair = sorted(luminance(one.get_truecolor()) for one in (style.color, style.bgcolor))
    return (pair[1] + 0.05) / (pair[0] + 0.05)


@pytest.mark.parametrize("name", [palette.name for palette in PALETTES if not palette.ansi])
def test_text_can_be_read(name: str) -> None:
    palette = BY_NAME[name]
    look = Look(palette, UNICODE)
    found = {role: contrast(look.style(role)) for role in TEXT_ROLES}
    found |= {f"{role} on cursor": contrast(look.style(role, cursor=True)) for role in CURSOR_ROLES}
    # Dialogs are drawn on the panel.
    for color in ("text", "dim", "faint", "accent", "good", "warn", "bad"):
        style = Style(color=getattr(palette, color), bgcolor=palette.panel)
        found[f"{color} on panel"] = contrast(style)
    assert {role: round(value, 2) for role, value in found.items() if value < LEAST} == {}


@pytest.mark.parametrize("name", [palette.name for palette in PALETTES if palette.ansi])
def test_themes_of_the_terminal_do_not_use_bright_black_for_text(name: str) -> None:
    look = Look(BY_NAME[name], UNICODE)
    names = {role: look.style(role).color for role in TEXT_ROLES}
    assert [role for role, color in names.items() if color and color.name == "bright_black"] == []


def series_colors(look: Look, system: ColorSystem, count: int) -> set[str]:
    """Return what a terminal with this many colors shows for the first series."""
    found = set()
    for slot in range(count):
        color = look.style(look.series(slot)).color
        assert color is not None
        code = color.downgrade(system).get_ansi_codes()
        found.add(";".join(code))
    return found


@pytest.mark.parametrize("name", [palette.name for palette in PALETTES if not palette.plain])
@pytest.mark.parametrize("term", ["xterm", "linux", "screen", "xterm-256color", "truecolor"])
def test_curves_differ_in_color_in_every_terminal(name: str, term: str) -> None:
    environ = {"TERM": term, "LANG": "C.UTF-8"}
    system = ColorSystem.STANDARD
    if term == "truecolor":
        environ |= {"TERM": "xterm", "COLORTERM": "truecolor"}
        system = ColorSystem.TRUECOLOR
    elif term == "xterm-256color":
        system = ColorSystem.EIGHT_BIT
    for theme in (name, ""):
        assert len(series_colors(find_look(theme, environ=environ), system, 8)) == 8
    if system is ColorSystem.STANDARD:
        codes = {
            code.replace("9", "3", 1) if code[:1] == "9" else code
            for code in series_colors(find_look(name, environ=environ), system, 7)
        }
        # Bright colors are the normal ones in terminals with 8 colors.
        assert len(codes) == 7


def test_a_terminal_with_few_colors_gets_its_own_theme() -> None:
    utf = {"LANG": "C.UTF-8"}
    assert find_look(environ=utf | {"TERM": "xterm"}).palette.name == "sixteen"
    truecolor = utf | {"TERM": "xterm", "COLORTERM": "truecolor"}
    assert find_look(environ=truecolor).palette.name == "dark"
    assert find_look(environ=utf).palette.name == "dark"
    assert find_look("light", environ=utf | {"TERM": "xterm"}).palette.name == "light"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_markers_have_no_shape_with_another_meaning(glyphs: Glyphs) -> None:
    markers = {marker(slot, ascii_only=glyphs.ascii) for slot in range(64)}
    assert len(markers) == 8
    others = [
        glyphs.best,
        glyphs.worst,
        glyphs.better,
        glyphs.worse,
        glyphs.selected,
        glyphs.up,
        glyphs.down,
        *(Look(BY_NAME["dark"], glyphs).status(status)[0][0] for status in Status),
    ]
    assert markers.isdisjoint(others)
    assert len(set(others)) == len(others)


async def shown_in(pilot: Any, name: str) -> None:
    """Switch to a theme, and wait until the screen is painted with it."""
    app = pilot.app
    app.use_theme(name)
    await pilot.pause()
    assert app.theme == f"launchpad-{name}"
    assert app._exception is None


async def test_every_screen_switches_between_all_themes(swept_home: Home) -> None:
    dialogs = (
        ConfirmDialog("Delete it?", "Nothing can restore it."),
        PromptDialog("Name", "", "A hint"),
        ChooseDialog("Choose", [Choice("a", "a"), Choice("b", "b")], multi=True),
    )
    async with running(swept_home) as pilot:
        app = pilot.app
        for route, params in visits():
            app.open(route, **params)
            await pilot.pause()
            for name in (*BY_NAME, "dark"):
                await shown_in(pilot, name)
            while len(app.screen_stack) > 1:
                app.pop_screen()
        await settled(pilot)
        for dialog in dialogs:
            app.push_screen(dialog)
            await pilot.pause()
            for name in (*BY_NAME, "sixteen", "contrast", "dark"):
                await shown_in(pilot, name)
            app.pop_screen()
        await pilot.pause()
        assert app._exception is None

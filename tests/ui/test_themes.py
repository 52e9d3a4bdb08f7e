"""Themes: contrast of text, and switching between all of them on every screen."""

from __future__ import annotations

from typing import Any

import pytest
from rich.color import ColorSystem
from rich.style import Style

from launchpad_tui.charts.palette import marker
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.execution import Status
from launchpad_tui.ui.theme import (
    ASCII,
    BY_NAME,
    PALETTES,
    UNICODE,
    Glyphs,
    Look,
    find_look,
    palette_for,
)
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from tests.scenes.harness import running, settled
from tests.scenes.legibility import GRAPHICS, TEXT, contrast
from tests.ui.route_walk import visits

TEXT_ROLES = (
    *("text", "dim", "faint", "strong", "accent", "title", "good", "warn", "bad", "selected"),
    *("chip", "key", "disabled", "match", "cursor"),
)
#: roles that keep their color on the cursor line
CURSOR_ROLES = ("text", "dim", "faint", "accent", "good", "warn", "bad")


def style_contrast(style: Style, system: ColorSystem = ColorSystem.TRUECOLOR) -> float:
    """Return the contrast of a style's text with its background, from 1 to 21.

    Args:
        style: the style.
        system: the colors of the terminal, which shows the nearest to those of the style.
    """
    assert style.color is not None
    assert style.bgcolor is not None
    return contrast(
        style.color.downgrade(system).get_truecolor(),
        style.bgcolor.downgrade(system).get_truecolor(),
    )


@pytest.mark.parametrize(
    ("system", "environ"),
    [
        (ColorSystem.TRUECOLOR, {"TERM": "xterm-256color", "COLORTERM": "truecolor"}),
        (ColorSystem.EIGHT_BIT, {"TERM": "xterm-256color"}),
    ],
    ids=["truecolor", "256 colors"],
)
@pytest.mark.parametrize("name", [palette.name for palette in PALETTES if not palette.ansi])
def test_text_can_be_read(name: str, system: ColorSystem, environ: dict[str, str]) -> None:
    palette = palette_for(name, environ)
    look = Look(palette, UNICODE)
    series = tuple(look.series(slot) for slot in range(8))
    found = {role: style_contrast(look.style(role), system) for role in (*TEXT_ROLES, *series)}
    found |= {
        f"{role} on cursor": style_contrast(look.style(role, cursor=True), system)
        for role in CURSOR_ROLES
    }
    # Dialogs are drawn on the panel.
    for color in ("text", "dim", "faint", "accent", "good", "warn", "bad"):
        style = Style(color=getattr(palette, color), bgcolor=palette.panel)
        found[f"{color} on panel"] = style_contrast(style, system)
    assert {role: round(value, 2) for role, value in found.items() if value < TEXT} == {}
    # On the cursor line, series have only markers.
    marks = {role: style_contrast(look.style(role, cursor=True), system) for role in series}
    assert {role: round(value, 2) for role, value in marks.items() if value < GRAPHICS} == {}


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


async def test_a_switched_theme_has_the_colors_of_the_terminal(swept_home: Home) -> None:
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        for environ in ({"TERM": "xterm"}, {"TERM": "xterm-256color"}):
            app._environ = environ
            for name in BY_NAME:
                await shown_in(pilot, name)
                expected = find_look(name, environ=environ | {"LANG": "C.UTF-8"})
                assert app.look.palette == expected.palette


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

"""Themes: contrast of text, and switching between all of them on every screen."""

from __future__ import annotations

from typing import Any

import pytest
from rich.color import Color, ColorSystem, parse_rgb_hex
from rich.color_triplet import ColorTriplet
from rich.style import Style
from textual.widgets import Input

from launchpad_tui.charts.palette import marker
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.execution import Status
from launchpad_tui.ui.palettes import BY_NAME, PALETTES
from launchpad_tui.ui.theme import ASCII, UNICODE, Glyphs, Look, find_look, palette_for
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.legibility import GRAPHICS, TEXT, contrast, luminance
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


@pytest.mark.parametrize("term", ["xterm-256color", "truecolor"])
@pytest.mark.parametrize("name", [palette.name for palette in PALETTES if not palette.ansi])
def test_fields_and_the_cursor_line_differ_from_the_background(name: str, term: str) -> None:
    system = ColorSystem.EIGHT_BIT
    environ = {"TERM": term, "LANG": "C.UTF-8"}
    if term == "truecolor":
        environ |= {"COLORTERM": term}
        system = ColorSystem.TRUECOLOR
    look = find_look(name, environ=environ)
    backgrounds = {
        role: color.downgrade(system).get_truecolor()
        for role in ("text", "field", "cursor")
        if (color := look.style(role).bgcolor) is not None
    }
    assert len(set(backgrounds.values())) == 3, backgrounds


#: text, background and 16 colors, black to bright white, of terminals as they are delivered, from
#: their source code or documentation
TERMINALS = {
    "xterm": "e5e5e5 000000 "
    + (
        XTERM := "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
        "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
    ),
    "xterm, light": "000000 ffffff " + XTERM,
    "Linux console": "aaaaaa 000000 000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "Solarized dark": "839496 002b36 "
    + (
        SOLARIZED := "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5 "
        "002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3"
    ),
    "Solarized light": "657b83 fdf6e3 " + SOLARIZED,
    "GNOME": "d0cfcc 171421 "
    + (
        GNOME := "171421 c01c28 26a269 a2734c 12488b a347ba 2aa1b3 d0cfcc "
        "5e5c64 f66151 33da7a e9ad0c 2a7bde c061cb 33c7de ffffff"
    ),
    "GNOME, light": "171421 ffffff " + GNOME,
    "macOS": "ffffff 000000 "
    + (
        MACOS := "000000 990000 00a600 999900 0000b2 b200b2 00a6b2 bfbfbf "
        "666666 e50000 00d900 e5e500 0000ff e500e5 00e5e5 e5e5e5"
    ),
    "macOS, light": "000000 ffffff " + MACOS,
}
#: the least contrast in these terminals. Their own text has 4.1 in Solarized light, their bright
#: blue, which only curves have, 2.4 in macOS.
TERMINAL_TEXT, TERMINAL_CURVE = 3.2, 2.4


def terminal_contrast(style: Style, terminal: str) -> float:
    """Return the contrast of a style's text in a terminal with 16 colors."""
    front, back, *colors = (parse_rgb_hex(color) for color in TERMINALS[terminal].split())

    def shown(color: Color | None, default: ColorTriplet) -> ColorTriplet:
        if color is None or color.number is None:
            return default
        return colors[color.number]

    pair = shown(style.color, front), shown(style.bgcolor, back)
    return contrast(*pair)


@pytest.mark.parametrize("terminal", TERMINALS)
def test_text_can_be_read_in_the_16_colors_of_usual_terminals(terminal: str) -> None:
    light = luminance(parse_rgb_hex(TERMINALS[terminal].split()[1])) > 0.5
    look = find_look(light=light, environ={"TERM": "xterm", "LANG": "C.UTF-8"})
    assert look.palette.name == "sixteen"
    roles = {role: TERMINAL_TEXT for role in (*TEXT_ROLES, "current-match", "tab", "field")}
    roles |= {look.series(slot): TERMINAL_CURVE for slot in range(8)}
    found = {role: terminal_contrast(look.style(role), terminal) for role in roles}
    found |= {
        f"{role} on cursor": terminal_contrast(look.style(role, cursor=True), terminal)
        for role in CURSOR_ROLES
    }
    low = {role: found[role] for role in found if found[role] < roles.get(role, TERMINAL_TEXT)}
    assert low == {}


@pytest.mark.parametrize("name", ["dark", "light", "contrast"])
@pytest.mark.parametrize("terminal", TERMINALS)
def test_themes_with_a_background_of_their_own_can_be_read_in_16_colors(
    name: str, terminal: str
) -> None:
    look = find_look(name, environ={"TERM": "xterm", "LANG": "C.UTF-8"})
    styles = [look.style(role) for role in TEXT_ROLES]
    # Whatever the terminal's own colors are, text and background have those of the theme.
    assert all(style.color and not style.color.is_default for style in styles)
    assert all(style.bgcolor and not style.bgcolor.is_default for style in styles)
    found = {role: terminal_contrast(look.style(role), terminal) for role in TEXT_ROLES}
    # Solarized's bright red on its black, which is not the background that it was made for.
    assert {role for role, value in found.items() if value < 2.8} == set()


@pytest.mark.parametrize("name", [palette.name for palette in PALETTES if palette.ansi])
def test_themes_of_the_terminal_do_not_dim_text(name: str) -> None:
    # Dimmed text and bright black are hardly readable in many terminals, or invisible.
    for light in (False, True):
        look = Look(palette_for(name, {"TERM": "xterm"}, light=light), UNICODE)
        styles = {role: look.style(role) for role in TEXT_ROLES if role != "disabled"}
        assert [role for role, style in styles.items() if style.dim] == []
        colors = {role: style.color for role, style in styles.items()}
        assert [role for role, c in colors.items() if c and c.name == "bright_black"] == []


def without_color(style: Style) -> tuple[bool | None, ...]:
    """Return what a terminal without colors shows of a style."""
    return style.bold, style.dim, style.underline, style.reverse


def test_without_color_attributes_tell_roles_apart() -> None:
    look = find_look(environ={"NO_COLOR": "1", "LANG": "C.UTF-8"})
    text = without_color(look.style("text"))
    marked = (
        *("strong", "accent", "title", "warn", "bad", "selected", "tab", "chip", "field", "key"),
        *("disabled", "match", "current-match", "cursor"),
    )
    assert [role for role in marked if without_color(look.style(role)) == text] == []
    for one, other in (
        ("cursor", "chip"),
        ("cursor", "field"),
        ("chip", "field"),
        ("match", "current-match"),
        ("key", "disabled"),
        ("tab", "strong"),
    ):
        assert without_color(look.style(one)) != without_color(look.style(other)), (one, other)


@pytest.mark.parametrize("environ", [{"TERM": "xterm"}, {"NO_COLOR": "1"}])
async def test_fields_of_forms_have_an_extent_and_a_focus_in_any_colors(
    workshop_home: Home, environ: dict[str, str]
) -> None:
    async with running(workshop_home, size=(100, 40)) as pilot:
        app: Any = pilot.app
        await press(pilot, "9", "a", "right", "ctrl+n")
        app._environ = environ | {"LANG": "C.UTF-8"}
        app.use_theme("plain" if "NO_COLOR" in environ else "sixteen")
        await settled(pilot)
        form = app.screen.query_one(Form)
        styles = cell_styles(app)
        for _ in range(3):
            left = form.query("ChoiceLine, Input").first().region.x
            fields = [one for one in form.query("ChoiceLine, Input") if one.region.height]
            assert len(fields) > 4
            for one in fields:
                cells = styles[one.region.y][left:]
                if not one.has_focus or isinstance(one, Input):
                    assert all(style.underline or style.reverse for style in cells), one
                else:
                    assert cells[0] == app.look.style("cursor")
            current = [line for line in screen_text(pilot).splitlines() if line[:1] == "▌"]
            assert len(current) == 1
            await press(pilot, "down")
            styles = cell_styles(app)


def cell_styles(app: Any) -> list[list[Style]]:
    """Return the style of each cell of the screen."""
    return [
        [segment.style or Style() for segment in strip for _ in range(segment.cell_length)]
        for strip in app.screen._compositor.render_strips()
    ]


@pytest.mark.parametrize("term", ["dumb", "vt100", "vt220", "xterm-mono", "linux-m"])
def test_terminals_without_colors_get_the_theme_without_colors(term: str) -> None:
    assert find_look(environ={"TERM": term, "LANG": "C.UTF-8"}).palette.plain
    colored = {"TERM": term, "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    assert not find_look(environ=colored).palette.plain
    assert not find_look("dark", colors="always", environ={"TERM": term}).palette.plain


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
        # On a light background, only few of 8 colors can be read.
        count = 4 if name == "light" else 7
        codes = {
            code.replace("9", "3", 1) if code[:1] == "9" else code
            for code in series_colors(find_look(name, environ=environ), system, count)
        }
        # Bright colors are the normal ones in terminals with 8 colors.
        assert len(codes) == count


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

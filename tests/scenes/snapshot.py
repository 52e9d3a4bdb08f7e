"""Compare scenes with committed snapshots of their text and styles, and with README's pictures.

A scene is compared with ``snapshots/NAME.txt``, and with ``screenshots/NAME.svg`` if README shows
it. ``python -m tests.scenes --update`` writes both.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.style import Style
from textual.pilot import Pilot
from textual.screen import Screen

from launchpad_tui.ui import routes
from launchpad_tui.ui.theme import Look

SNAPSHOTS = Path(__file__).parent / "snapshots"
PICTURES = Path(__file__).parents[2] / "screenshots"
UPDATE = "python -m tests.scenes --update"
_TERMINAL = re.compile(r"terminal-\d+")
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")


@dataclass(frozen=True)
class Rendering:
    """The screen at the end of a scene.

    Args:
        text: the lines of the screen.
        styles: for each line that is not plain text the roles of its cells.
        picture: the screen as SVG.
        routes: the IDs of the routes of the open screens.
        illegible: what cannot be read in one of the themes.
    """

    text: str
    styles: str
    picture: str
    routes: tuple[str, ...] = ()
    illegible: tuple[str, ...] = ()

    @property
    def snapshot(self) -> str:
        """The content of the snapshot file."""
        screens = ", ".join(self.routes)
        return f"{self.text.rstrip()}\n\n── screens: {screens} ──\n{self.styles}\n"


def screen_text(pilot: Pilot[Any]) -> str:
    """Return the text on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def screen_styles(pilot: Pilot[Any], look: Look) -> str:
    """Return the colour roles of each line, as ``LINE  CELLS role, CELLS role …``.

    Consecutive lines with the same roles are combined. Lines of plain text are left out.
    """
    names = _roles(look)
    lines = []
    for strip in pilot.app.screen._compositor.render_strips():
        cells = [(_role(names, each.style), each.cell_length) for each in strip]
        runs = groupby(cells, lambda cell: cell[0])
        lines.append(", ".join(f"{sum(count for _, count in run)} {role}" for role, run in runs))
    found, start = [], 1
    for roles, group in groupby(lines):
        end = start + len(list(group)) - 1
        if not re.fullmatch(r"\d+ text", roles):
            found.append(f"{start if start == end else f'{start}-{end}':>5}  {roles}")
        start = end + 1
    return "\n".join(found)


def open_routes(screens: Iterable[Screen[Any]]) -> tuple[str, ...]:
    """Return the IDs of the routes that open these screens."""
    kinds = [(route, route.load()) for route in routes.ROUTES]
    return tuple(
        route.id
        for screen in screens
        for route, kind in kinds
        if type(screen) is kind
        and all(getattr(screen, name, value) == value for name, value in route.params.items())
    )


def snapshot_routes() -> set[str]:
    """Return the IDs of the routes whose screens are in the committed snapshots."""
    found: set[str] = set()
    for path in SNAPSHOTS.glob("*.txt"):
        for match in re.finditer(r"^── screens: (.*) ──$", path.read_text("utf-8"), re.MULTILINE):
            found |= set(match[1].split(", "))
    return found


def differences(rendering: Rendering, name: str, *, picture: bool) -> str:
    """Return the difference between a rendering and the committed files; empty if there is none."""
    snapshot = _read(SNAPSHOTS / f"{name}.txt")
    if snapshot is None:
        return f"{name} has no snapshot\n"
    found = _difference(snapshot, rendering.snapshot, f"snapshots/{name}.txt")
    if picture and not found:
        path = picture_path(name)
        old = _TERMINAL.sub("terminal", _read(path) or "")
        new = _TERMINAL.sub("terminal", rendering.picture)
        found = _difference(old, new, f"screenshots/{path.name}")
    return found


def update(rendering: Rendering, name: str, *, picture: bool) -> bool:
    """Write the files of a scene if they differ; return whether anything was written."""
    if not differences(rendering, name, picture=picture):
        return False
    SNAPSHOTS.mkdir(exist_ok=True)
    (SNAPSHOTS / f"{name}.txt").write_text(rendering.snapshot, encoding="utf-8")
    if picture:
        picture_path(name).write_text(rendering.picture, encoding="utf-8")
    return True


def picture_path(name: str) -> Path:
    """Return the path of the picture of a scene."""
    return PICTURES / f"{name.removeprefix('demo-')}.svg"


def unused(names: Iterable[str]) -> list[Path]:
    """Return the snapshots without a scene of the same name."""
    return sorted(set(SNAPSHOTS.glob("*.txt")) - {SNAPSHOTS / f"{name}.txt" for name in names})


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _difference(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{name} as committed", f"{name} now", lineterm="", n=1
    )
    return "\n".join(list(lines)[:200])


def _described(style: Style | None) -> str:
    """Return the visible attributes and colors of a style as text."""
    if style is None:
        return "none"
    parts = [name for name in _ATTRIBUTES if getattr(style, name)]
    parts += [str(style.color.get_truecolor().hex) if style.color else "default"]
    parts += [f"on {style.bgcolor.get_truecolor().hex}" if style.bgcolor else ""]
    return " ".join(parts).strip()


def _roles(look: Look) -> dict[str, str]:
    """Return the roles by the text of their style; of several with the same style, the first."""
    found: dict[str, str] = {}
    for role in look._styles:
        found.setdefault(_described(look.style(role)), role)
    for role in look._styles:
        found.setdefault(_described(look.style(role, cursor=True)), f"{role}@cursor")
    return found


def _role(names: dict[str, str], style: Style | None) -> str:
    described = _described(style)
    return names.get(described, described)

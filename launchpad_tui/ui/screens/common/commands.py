"""The command palette: a searchable list of screens, available actions and themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import Screen

from launchpad_tui.config.settings import Settings
from launchpad_tui.ui import routes
from launchpad_tui.ui.actions import reachable_actions
from launchpad_tui.ui.keymap import shown_key
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import PALETTES
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.ui.shell import Shell


class CommandScreen(ChooseDialog):
    """The command palette.

    A typed name of a screen (``models``), an alias of one (``ex``) or ``q`` is executed by enter
    even if another line is under the cursor.
    """

    TITLE_WIDTH = 20
    WIDE = True

    @classmethod
    def of(cls, screen: Screen[object]) -> CommandScreen:
        """Return the palette with the actions that are reachable from a screen."""
        actions: list[Choice] = []
        if isinstance(screen, LaunchpadScreen):
            keymap = screen.launchpad.keymap
            ascii_only = screen.launchpad.look.glyphs.ascii
            for action, owner in reachable_actions(screen):
                if action.hidden or action.id == "app.commands":
                    continue
                keys = " ".join(
                    shown_key(key, ascii_only=ascii_only) for key in keymap.keys(action)
                )
                note = f"{keys:<11} {action.help}"
                actions.append(
                    Choice(
                        f"do {action.id}", action.title, note, owner.disabled_reason(action) or ""
                    )
                )
        screens = [
            Choice(
                f"go {route.id}",
                f"{route.title}",
                f"{route.key:<11} {route.help}",
                keywords=" ".join(route.aliases),
            )
            for route in routes.ROUTES
            if route.key
        ]
        themes = [
            Choice(f"theme {palette.name}", f"theme {palette.name}", palette.title)
            for palette in PALETTES
        ]
        return cls("Commands", [*screens, *actions, *themes])

    def do_select(self) -> None:
        """Execute the typed command, or the line under the cursor if no command is typed."""
        from textual.widgets import Input

        word = self.query_one(Input).value.strip().lstrip(":").lower()
        app = self.launchpad
        route = routes.find(word)
        row = self.query_one(VirtualTable).row
        if word in {"q", "q!", "quit", "exit"}:
            app.exit()
        elif route is not None:
            self.dismiss(None)
            app.call_later(app.open, route.id)
        elif row is None:
            app.say(f"Unknown command: {word}", "warn")
        elif row.reason:
            app.say(row.reason, "warn")
        else:
            verb, _, name = row.id.partition(" ")
            self.dismiss(None)
            handlers: dict[str, Callable[..., object]] = {
                "go": app.open,
                "do": app.perform_anywhere,
                "theme": lambda theme: app.run_task(choose_theme(app, theme), "theme"),
            }
            app.call_later(handlers[verb], name)


async def choose_theme(app: Shell, name: str) -> None:
    """Switch to a theme and save it in the settings."""
    app.use_theme(name)
    await app.files(Settings.save, app.desk.home, {"ui.theme": name})
    app.say(f"Theme {name} saved in the settings", "good")

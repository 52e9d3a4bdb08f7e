"""The command list: every screen and every action that holds now, by name. ``:`` and ctrl+p open it."""

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
    """Type a word (``models``, ``ex``, ``q``) and press enter. It also takes words that no line shows: aliases."""

    TITLE_WIDTH = 20
    WIDE = True

    @classmethod
    def of(cls, screen: Screen[object]) -> CommandScreen:
        """The list for what can be done on a screen."""
        choices: list[Choice] = []
        if isinstance(screen, LaunchpadScreen):
            keymap = screen.launchpad.keymap
            plain = screen.launchpad.look.glyphs.ascii
            for action, owner in reachable_actions(screen):
                if action.hidden or action.id == "app.commands":
                    continue
                keys = " ".join(shown_key(key, ascii_only=plain) for key in keymap.keys(action))
                note = f"{keys:<11} {action.help}"
                choices.append(
                    Choice(
                        f"do {action.id}", action.title, note, owner.disabled_reason(action) or ""
                    )
                )
        tops = [
            Choice(
                f"go {route.id}",
                f"{route.title}",
                f"{route.key:<11} {route.help}",
                words=" ".join(route.aliases),
            )
            for route in routes.ROUTES
            if route.key
        ]
        themes = [
            Choice(f"theme {palette.name}", f"theme {palette.name}", palette.title)
            for palette in PALETTES
        ]
        return cls("Commands", [*tops, *choices, *themes])

    def do_select(self) -> None:
        """Do what is chosen; a word that names a screen or is ``q`` wins over the list."""
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
            app.say(f"There is no command {word}", "warn")
        elif row.reason:
            app.say(row.reason, "warn")
        else:
            verb, _, name = row.id.partition(" ")
            self.dismiss(None)
            acts: dict[str, Callable[..., object]] = {
                "go": app.open,
                "do": app.perform_anywhere,
                "theme": lambda theme: app.run_task(choose_theme(app, theme), "theme"),
            }
            act = acts[verb]
            app.call_later(act, name)


async def choose_theme(app: Shell, name: str) -> None:
    """Change the palette, and remember it in the settings."""
    app.use_theme(name)
    await app.files(Settings.save, app.desk.home, {"ui.theme": name})
    app.say(f"The theme {name} is kept in the settings", "good")

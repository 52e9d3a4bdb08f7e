"""The command palette: a searchable list of screens, actions, tasks, themes and manual topics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from launchpad_tui.config.settings import Settings
from launchpad_tui.services import manual
from launchpad_tui.ui import routes
from launchpad_tui.ui.actions import reachable_actions
from launchpad_tui.ui.keymap import shown_key
from launchpad_tui.ui.palettes import PALETTES
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog, choice_cell, note_cell
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from launchpad_tui.ui.shell import Shell

#: the width of a terminal from which titles and descriptions are shown
_LEAST_WIDTH = 100


class CommandScreen(ChooseDialog):
    """The command palette: screens, actions, tasks of other screens, themes and manual topics.

    A typed name of a screen (``models``), an alias of one (``ex``) or ``q`` is executed by enter
    even if another line is under the cursor.
    """

    WIDE = True

    def columns(self) -> Sequence[Column[Choice]]:
        """Return columns with title, keys and description; the description is the title of an
        action if the terminal is narrow."""
        narrow = self.app.size.width < _LEAST_WIDTH
        keys: Column[Choice] = Column("keys", "", lambda c: Cell(c.keys, "accent"), 6, 20, 1)
        if narrow:
            return (Column("title", self._title, _narrow_cell, 20, 60, 2, priority=0), keys)
        return (
            Column("title", self._title, choice_cell, 20, 40, 2, priority=0),
            keys,
            Column("note", "", note_cell, 20, 80, 3),
        )

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
                reason = owner.disabled_reason(action) or ""
                actions.append(
                    Choice(f"do {action.id}", action.title, action.help, reason, keys=keys)
                )
        screens = [
            Choice(
                f"go {route.id}",
                f"{route.title}",
                route.help,
                keywords=" ".join(route.aliases),
                keys=shown_key(route.key),
            )
            for route in routes.ROUTES
            if route.key
        ]
        current = cast("Shell", screen.app).look.palette.name
        themes = [
            Choice(
                f"theme {palette.name}",
                f"theme {palette.name}",
                f"{palette.title} (current)" if palette.name == current else palette.title,
            )
            for palette in PALETTES
        ]
        topics = [
            Choice(f"manual {name}", f"manual {name}", about)
            for name, about in manual.ABOUT.items()
        ]
        here = screen.kept_as if isinstance(screen, LaunchpadScreen) else ""
        tasks = [
            Choice(f"task {route.id} {title}", title, f"{route.title}: {first_step}")
            for route in routes.ROUTES
            for title, first_step in route.tasks.items()
            if route.id != here
        ]
        return cls("Commands", [*screens, *actions, *tasks, *themes, *topics])

    def _begin(self, task: str) -> None:
        """Open the screen on which a task is done, and show the first step."""
        route_id, _, title = task.partition(" ")
        first_step = routes.BY_ID[route_id].tasks[title]
        self.launchpad.open(route_id)
        self.launchpad.say(f"To {title}: {first_step}")

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
                "task": self._begin,
                "manual": lambda topic: app.open("manual.topic", name=topic),
                "theme": lambda theme: app.run_task(choose_theme(app, theme), "theme"),
            }
            app.call_later(handlers[verb], name)


def _narrow_cell(choice: Choice) -> Cell:
    """Return the cell of a choice whose note is not shown beside it."""
    role = "disabled" if choice.reason else "text" if choice.id else "title"
    if choice.id.startswith("manual "):
        return Cell(f"{choice.title}: {choice.note}", role)
    action = choice.id.startswith("do ")
    return Cell(choice.note if action and choice.note else choice.title, role)


async def choose_theme(app: Shell, name: str) -> None:
    """Switch to a theme and save it in the settings."""
    app.use_theme(name)
    await app.files(Settings.save, app.desk.home, {"ui.theme": name})
    app.say(f"Theme {name} saved in the settings", "good")

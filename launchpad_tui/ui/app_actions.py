"""The actions of the application, which work on every screen."""

from __future__ import annotations

from launchpad_tui.ui import routes
from launchpad_tui.ui.keymap import Action

APP_ACTIONS: tuple[Action, ...] = (
    Action(
        "app.commands",
        ": ctrl+p",
        "commands",
        "Open the command palette with every screen and action",
        "Everywhere",
        90,
    ),
    Action("app.help", "? f1", "help", "Show the keys of this screen", "Everywhere", 99),
    Action(
        "app.undo",
        "z",
        "undo",
        "Undo the last edit, promotion, deletion or removal",
        "Everywhere",
    ),
    Action("app.manual", "", "manual", "Read the manual", "Everywhere"),
    Action("app.welcome", "", "welcome", "Show the ways to begin", "Everywhere"),
    Action(
        "app.transfers",
        "ctrl+t",
        "transfers",
        "Show downloads, uploads and checks in progress",
        "Everywhere",
    ),
    Action(
        "app.repaint",
        "ctrl+l",
        "repaint",
        "Repaint the screen after another program wrote to it",
        "Everywhere",
    ),
    Action(
        "app.close",
        "q",
        "close",
        "Go back to the previous screen; on the first screen, quit",
        "Everywhere",
    ),
    Action(
        "app.interrupt",
        "ctrl+c",
        "interrupt",
        "Cancel what is being typed or the dialog; otherwise quit",
        "Everywhere",
        priority=True,
    ),
    Action("app.suspend", "ctrl+z", "suspend", "Return to the shell; fg resumes", "Everywhere"),
    Action("app.quit", "ctrl+q", "quit", "Quit (executions continue to run)", "Everywhere"),
    *(
        Action(f"go.{route.id}", route.key, route.title, route.help, "Go to", hidden=True)
        for route in routes.ROUTES
        if route.key
    ),
)

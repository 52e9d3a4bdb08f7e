"""All actions by place, for the key table of the manual and for checking the settings.

python -m launchpad_tui.ui.key_reference
"""

from __future__ import annotations

import sys

from launchpad_tui.ui import routes
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.app_actions import APP_ACTIONS
from launchpad_tui.ui.keymap import Action, key_table


def _widgets() -> list[tuple[str, type[ActionOwner]]]:
    from launchpad_tui.ui.screens.common.wizard import WizardScreen
    from launchpad_tui.ui.widgets.details import Details
    from launchpad_tui.ui.widgets.log_view import LogView
    from launchpad_tui.ui.widgets.table import VirtualTable
    from launchpad_tui.ui.widgets.tree import TreeView

    return [
        ("Lists", VirtualTable),
        ("Details", Details),
        ("Trees", TreeView),
        ("Logs", LogView),
        ("Wizards", WizardScreen),
    ]


def places() -> list[tuple[str, tuple[Action, ...]]]:
    """Return all places with the actions that are active there together.

    Places are the app, each kind of widget and each screen. A screen whose module cannot be imported is left out.
    """
    found: list[tuple[str, tuple[Action, ...]]] = [("Everywhere", APP_ACTIONS)]
    found += [(title, kind.class_actions()) for title, kind in _widgets()]
    for route in routes.ROUTES:
        try:
            screen = route.load()
        except (ImportError, AttributeError):
            continue
        found.append((route.title, (*screen.class_actions(), *APP_ACTIONS)))
    return found


def table() -> str:
    """Return the Markdown table of keys. Each action occurs once, in its first place."""
    seen: set[str] = set()
    sections: list[tuple[str, list[Action]]] = []
    for place, actions in places():
        new = [action for action in actions if action.id not in seen and action.keys]
        seen |= {action.id for action in new}
        sections.append((place, new))
    return key_table(sections)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")

"""All actions by place, for the key table of the manual and for checking the settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from launchpad_tui.ui import routes
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.app_actions import APP_ACTIONS
from launchpad_tui.ui.keymap import Action, Keymap, key_table


def _widgets() -> list[tuple[str, tuple[type[ActionOwner], ...]]]:
    from launchpad_tui.ui.screens.common.probe_dialog import ProbeDialog
    from launchpad_tui.ui.screens.common.wizard import WizardScreen
    from launchpad_tui.ui.screens.transfers.transfers import LeaveDialog
    from launchpad_tui.ui.screens.welcome.welcome import WelcomeLines
    from launchpad_tui.ui.widgets.board_view import BoardView
    from launchpad_tui.ui.widgets.choice_line import ChoiceLine
    from launchpad_tui.ui.widgets.choose_dialog import ChooseDialog
    from launchpad_tui.ui.widgets.condition_dialog import ConditionDialog
    from launchpad_tui.ui.widgets.details import Details
    from launchpad_tui.ui.widgets.dialogs import ErrorDialog
    from launchpad_tui.ui.widgets.flow_view import FlowView
    from launchpad_tui.ui.widgets.form import Form
    from launchpad_tui.ui.widgets.graph_view import GraphView
    from launchpad_tui.ui.widgets.legend import Legend
    from launchpad_tui.ui.widgets.log_view import LogView
    from launchpad_tui.ui.widgets.markdown_view import MarkdownView
    from launchpad_tui.ui.widgets.sheet import Sheet
    from launchpad_tui.ui.widgets.table import VirtualTable
    from launchpad_tui.ui.widgets.tree import TreeView

    return [
        ("Lists", (VirtualTable,)),
        ("Details", (Details,)),
        ("Trees", (TreeView,)),
        ("Logs", (LogView,)),
        ("Manual", (MarkdownView,)),
        ("Process flow", (FlowView,)),
        ("Lineage as boxes", (GraphView,)),
        ("Board", (BoardView,)),
        ("My Selection", (Legend,)),
        ("Comparison", (Sheet,)),
        ("Forms", (ChoiceLine, Form)),
        ("Wizards", (WizardScreen,)),
        ("Lists of choices", (ChooseDialog,)),
        ("Conditions", (ConditionDialog,)),
        ("Questions", (LeaveDialog,)),
        ("Errors", (ErrorDialog,)),
        ("Connection tests", (ProbeDialog,)),
        ("Welcome", (WelcomeLines,)),
    ]


def key_problems(keys: Mapping[str, str]) -> list[str]:
    """Return the problems of the keys in the settings: unknown IDs of actions, and conflicts."""
    return Keymap(keys).problems(places())


def places() -> list[tuple[str, tuple[Action, ...]]]:
    """Return all places with the actions that are active there together.

    Places are the app, each kind of widget and dialog, and each screen. A screen whose module
    cannot be imported is left out.
    """
    found: list[tuple[str, tuple[Action, ...]]] = [("Everywhere", APP_ACTIONS)]
    for title, owners in _widgets():
        actions = {action.id: action for owner in owners for action in owner.class_actions()}
        found.append((title, tuple(actions.values())))
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

"""Keys that users rebind, also by former ids of actions."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from launchpad_tui import ui
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.key_reference import places
from launchpad_tui.ui.keymap import ALIASES, Action, Keymap

_ACTION = Action("table.remove-condition", "backspace", "remove")


def test_former_id_rebinds_the_renamed_action() -> None:
    keymap = Keymap({"table.unchip": "f6"})
    assert keymap.keys(_ACTION) == ("f6",)
    assert keymap.problems([("table", [_ACTION])]) == []


def test_current_id_takes_precedence_over_the_former() -> None:
    keymap = Keymap({"table.remove-condition": "f7", "table.unchip": "f6"})
    assert keymap.keys(_ACTION) == ("f7",)


def test_every_alias_leads_from_an_unused_id_to_an_existing_action() -> None:
    existing = {action.id for _, actions in places() for action in actions}
    assert set(ALIASES.values()) <= existing
    assert not set(ALIASES) & existing


def _subclasses(owner: type[ActionOwner]) -> Iterator[type[ActionOwner]]:
    for kind in owner.__subclasses__():
        yield kind
        yield from _subclasses(kind)


def test_settings_can_rebind_the_actions_of_every_screen_widget_and_dialog() -> None:
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        importlib.import_module(module.name)
    known = {action.id for _, actions in places() for action in actions}
    missing = {
        action.id
        for owner in _subclasses(ActionOwner)
        if owner.__module__.startswith(ui.__name__)
        for action in owner.class_actions()
        if action.id not in known
    }
    assert missing == set()


def test_help_texts_are_shown_whole_in_80_columns() -> None:
    # The frame of the dialog and the column of the keys take the other columns.
    for place, actions in places():
        for action in actions:
            assert len(action.help or action.title) <= 57, (place, action.id)

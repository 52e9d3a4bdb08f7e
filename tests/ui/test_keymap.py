"""Keys that users rebind, also by former ids of actions."""

from __future__ import annotations

from launchpad_tui.ui.keymap import Action, Keymap

_ACTION = Action("table.remove-condition", "backspace", "remove")


def test_former_id_rebinds_the_renamed_action() -> None:
    keymap = Keymap({"table.unchip": "f6"})
    assert keymap.keys(_ACTION) == ("f6",)
    assert keymap.problems([("table", [_ACTION])]) == []


def test_present_id_takes_precedence_over_the_former() -> None:
    keymap = Keymap({"table.remove-condition": "f7", "table.unchip": "f6"})
    assert keymap.keys(_ACTION) == ("f7",)

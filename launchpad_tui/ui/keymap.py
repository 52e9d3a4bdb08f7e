"""Actions: what keys do, said once. Dispatch, footer, help, the command list and README's key table read from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from launchpad_tui.ui.textual_compat import key_of_character


@dataclass(frozen=True, slots=True)
class Action:
    """Something that the user can do.

    Args:
        id: ``area.name``; users rebind by it. ``name`` picks the methods: ``do_name()`` does it (sync or async),
            ``why_not_name() -> str | None`` says why it cannot be done now (a ``-`` in the name is a ``_`` there).
        keys: one or several keys, separated by spaces: ``"a"``, ``"down j"``, ``"ctrl+s"``, ``"/"``.
        title: a word or two for the footer.
        help: a sentence for help and the command list.
        group: the heading in help.
        footer: its rank in the footer (small is left); 0 keeps it out.
        hidden: out of the command list, such as moving the cursor.
        priority: wins over the focused widget, such as an input.
        needs: what the connection's runtime has to be able to do, an attribute of `Capabilities`; empty for nothing.
    """

    id: str
    keys: str
    title: str
    help: str = ""
    group: str = "This screen"
    footer: int = 0
    hidden: bool = False
    priority: bool = False
    needs: str = ""

    @property
    def name(self) -> str:
        """What follows the area, as it is in a method's name."""
        return self.id.rpartition(".")[2].replace("-", "_")


_SHOWN = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "enter": "enter",
    "space": "space",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "backspace": "bksp",
}
_ASCII = {"up": "up", "down": "down", "left": "left", "right": "right"}


def textual_key(key: str) -> str:
    """The key as Textual names it: ``/`` is ``slash``."""
    return key_of_character(key) if len(key) == 1 else key


def shown_key(key: str, *, ascii_only: bool = False) -> str:
    """The key as people read it: ``escape`` is ``esc``."""
    if ascii_only and key in _ASCII:
        return _ASCII[key]
    return _SHOWN.get(key, key.replace("ctrl+", "^"))


class Keymap:
    """Which keys an action has, with what the settings bind anew."""

    def __init__(self, rebound: Mapping[str, str] | None = None) -> None:
        self._rebound = dict(rebound or {})

    def keys(self, action: Action) -> tuple[str, ...]:
        """The action's keys as people write them."""
        return tuple(self._rebound.get(action.id, action.keys).replace(",", " ").split())

    def first(self, action: Action) -> str:
        """The first of them, empty where there is none."""
        keys = self.keys(action)
        return keys[0] if keys else ""

    def problems(self, groups: Iterable[tuple[str, Iterable[Action]]]) -> list[str]:
        """What is wrong with the settings: unknown ids, and a key that means two things in one place.

        Args:
            groups: names of places (screens, widgets) with all the actions that hold there at once.
        """
        known: set[str] = set()
        found: dict[str, None] = {}
        for place, actions in groups:
            taken: dict[str, Action] = {}
            for action in actions:
                known.add(action.id)
                for key in self.keys(action):
                    other = taken.setdefault(key, action)
                    if other.id != action.id and self._rebound.keys() & {action.id, other.id}:
                        found[f"{key} is bound to {other.id} and to {action.id} in {place}"] = None
        unknown = [f"there is no action {name}" for name in self._rebound if name not in known]
        return unknown + list(found)


def key_table(sections: Iterable[tuple[str, Iterable[Action]]]) -> str:
    """A Markdown table of keys, for README.

    Args:
        sections: headings, each with its actions.
    """
    lines = ["| Where | Key | What it does | Id |", "|---|---|---|---|"]
    for heading, actions in sections:
        for action in actions:
            keys = " ".join(
                f"`{shown_key(key)}`".replace("|", "\\|") for key in action.keys.split()
            )
            lines.append(f"| {heading} | {keys} | {action.help or action.title} | `{action.id}` |")
    return "\n".join(lines)

"""Actions and their keys, from which footer, help, palette and key table are generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from launchpad_tui.records import record
from launchpad_tui.ui.textual_compat import is_key_name, key_of_character


@record
class Action:
    """Something that the user can do.

    Args:
        id: ``area.name``, by which settings rebind keys. ``name`` determines the methods:
            ``do_name()`` performs the action (sync or async), and the optional
            ``why_not_name() -> str | None`` returns why it is disabled (``-`` becomes ``_``).
        keys: one or several keys, separated by spaces: ``"a"``, ``"down j"``, ``"/"``.
        title: a word or two for the footer.
        help: an imperative phrase for help and the command palette.
        group: the heading in help.
        footer: the rank in the footer (low ranks are on the left); 0 leaves the action out.
        hidden: whether the command palette leaves the action out, as for cursor movements.
        priority: whether the key takes precedence over the focused widget, for example an input.
        typing: the rank in the footer while an input has the focus, also if ``footer`` is 0.
        needs: the capability that the connection's runtime must have, an attribute of
            `Capabilities`; empty for none.
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
    typing: int = 0

    @property
    def name(self) -> str:
        """The id without its area, as it is in the names of the methods."""
        return self.id.rpartition(".")[2].replace("-", "_")


ALIASES: Mapping[str, str] = {
    "artifact.place": "artifact.browse-stores",
    "artifacts.all": "artifacts.verify-all",
    "board.earlier": "board.move-back",
    "board.later": "board.move-forward",
    "browse.take": "browse.select",
    "chart-edit.keep": "chart-edit.save",
    "chart.closer": "chart.zoom-in",
    "chart.farther": "chart.zoom-out",
    "chart.flatter": "chart.zoom-y-out",
    "chart.taller": "chart.zoom-y-in",
    "choose.mark": "choose.toggle",
    "choose.take": "choose.select",
    "compare.all": "compare.differences",
    "condition.take": "condition.add",
    "connection.check": "connection.test",
    "connection.delete": "connection.remove",
    "connections.check": "connections.test",
    "connections.delete": "connections.remove",
    "connections.group": "connections.add-group",
    "connections.hold": "connections.pause",
    "connections.info": "connections.details",
    "everywhere.type": "everywhere.search",
    "execution.again": "execution.rerun",
    "execution.between": "execution.time-range",
    "execution.finish": "execution.store-outputs",
    "execution.save": "execution.save-log",
    "executions.again": "executions.rerun",
    "executions.sweeps": "go.sweeps",
    "legend.drop": "legend.remove",
    "legend.earlier": "legend.move-back",
    "legend.later": "legend.move-forward",
    "log.times": "log.timestamps",
    "scenarios.create": "scenarios.configure",
    "scenarios.delete": "scenarios.remove",
    "store.check": "store.test",
    "store.delete": "store.remove",
    "stores.check": "stores.test",
    "stores.delete": "stores.remove",
    "table.all": "table.select-all",
    "table.unchip": "table.remove-condition",
    "transfers.again": "transfers.restart",
    "transfers.forget": "transfers.clear",
}
"""Former ids of actions with the current ones, so that settings keep working after a rename."""

_DISPLAYED = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "enter": "enter",
    "space": "space",
    " ": "space",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "backspace": "bksp",
}
_ASCII = {"up": "up", "down": "down", "left": "left", "right": "right"}


def textual_key(key: str) -> str:
    """Return Textual's name of a key: ``slash`` for ``/``."""
    return key_of_character(key) if len(key) == 1 else key


def shown_key(key: str, *, ascii_only: bool = False) -> str:
    """Return a key as screens display it: ``esc`` for ``escape``."""
    if ascii_only and key in _ASCII:
        return _ASCII[key]
    return _DISPLAYED.get(key, key.replace("ctrl+", "^"))


class Keymap:
    """The keys of actions.

    Args:
        rebound: keys by action id that the settings define; former ids are accepted.
    """

    def __init__(self, rebound: Mapping[str, str] | None = None) -> None:
        by_id = dict(rebound or {})
        former = {ALIASES[name]: keys for name, keys in by_id.items() if name in ALIASES}
        current = {name: keys for name, keys in by_id.items() if name not in ALIASES}
        self._rebound = former | current

    def keys(self, action: Action) -> tuple[str, ...]:
        """Return the keys of an action, as they are written in the settings."""
        return tuple(self._rebound.get(action.id, action.keys).replace(",", " ").split())

    def first(self, action: Action) -> str:
        """Return the first key of an action, empty if it has none."""
        keys = self.keys(action)
        return keys[0] if keys else ""

    def problems(self, groups: Iterable[tuple[str, Iterable[Action]]]) -> list[str]:
        """Return the problems of the settings: unknown ids and keys, and keys of two actions in one
        place.

        Args:
            groups: names of places (screens, widgets) with all actions that are active there
                together.
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
                        found[f"{key} is bound to both {other.id} and {action.id} in {place}"] = (
                            None
                        )
        unknown = [f"unknown action {name}" for name in self._rebound if name not in known]
        invalid = [
            f"{name} is bound to {key}, which is not the name of a key"
            for name, keys in self._rebound.items()
            for key in keys.replace(",", " ").split()
            if name in known and not is_key_name(key)
        ]
        return unknown + invalid + list(found)


def key_table(sections: Iterable[tuple[str, Iterable[Action]]]) -> str:
    """Return a Markdown table of keys.

    Args:
        sections: headings with their actions.
    """
    lines = ["| Where | Key | Action | Id |", "|---|---|---|---|"]
    for heading, actions in sections:
        for action in actions:
            keys = " ".join(
                f"`{shown_key(key)}`".replace("|", "\\|") for key in action.keys.split()
            )
            lines.append(f"| {heading} | {keys} | {action.help or action.title} | `{action.id}` |")
    return "\n".join(lines)

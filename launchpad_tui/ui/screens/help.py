"""Help: all keys that hold on a screen, from its actions."""

from __future__ import annotations

from textual.screen import Screen

from launchpad_tui.ui.keymap import shown_key
from launchpad_tui.ui.screen import LaunchpadScreen
from launchpad_tui.ui.screens.dialogs import Choice, ChooseDialog

_FIRST = ("This screen", "List", "Moving")


class HelpScreen(ChooseDialog):
    """The keys in groups; typing searches, enter does what the line says."""

    @classmethod
    def of(cls, screen: Screen[object]) -> HelpScreen:
        """The help of a screen."""
        found: list[tuple[int, Choice]] = []
        if isinstance(screen, LaunchpadScreen):
            app = screen.launchpad
            for action, owner in screen.all_actions():
                keys = " ".join(shown_key(k, ascii_only=app.look.glyphs.ascii) for k in app.keymap.keys(action))
                rank = _FIRST.index(action.group) if action.group in _FIRST else len(_FIRST)
                reason = owner.disabled_reason(action)
                note = f"{action.help or action.title}" + (f" ({reason})" if reason else "")
                found.append((rank, Choice(action.id, f"{keys:<13} {action.title}", f"{action.group}: {note}")))
        found.sort(key=lambda pair: (pair[0], pair[1].note.partition(":")[0]))
        return cls("Keys", [choice for _, choice in found])

    def do_take(self) -> None:
        """Do what the line says."""
        row = self.table.row
        if row is not None:
            app = self.launchpad
            self.dismiss(None)
            app.call_later(app.perform_anywhere, row.id)

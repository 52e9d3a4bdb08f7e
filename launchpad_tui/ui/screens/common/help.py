"""Help: all keys that hold on a screen, from its actions."""

from __future__ import annotations

from textual.screen import Screen

from launchpad_tui.ui.actions import reachable_actions
from launchpad_tui.ui.keymap import shown_key
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog

_FIRST = ("This screen", "List", "Moving")


class HelpScreen(ChooseDialog):
    """The keys in groups; typing searches, enter does what the line says."""

    TITLE_WIDTH = 30
    WIDE = True

    @classmethod
    def of(cls, screen: Screen[object]) -> HelpScreen:
        """The help of a screen."""
        groups: dict[str, list[Choice]] = {}
        if isinstance(screen, LaunchpadScreen):
            app = screen.launchpad
            for action, owner in reachable_actions(screen):
                if action.id == "app.manual":
                    continue
                keys = " ".join(
                    shown_key(k, ascii_only=app.look.glyphs.ascii) for k in app.keymap.keys(action)
                )
                reason = owner.disabled_reason(action)
                note = f"{action.help or action.title}" + (f" ({reason})" if reason else "")
                groups.setdefault(action.group, []).append(
                    Choice(action.id, f"  {keys:<14} {action.title}", note)
                )
        choices = [Choice("app.manual", "  Manual", "Read the manual, one topic at a time.")]
        for group in sorted(
            groups, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)
        ):
            choices += [Choice("", group), *groups[group]]
        return cls("Keys", choices, at="app.manual")

    def do_select(self) -> None:
        """Do what the line says."""
        row = self.table.row
        if row is not None and row.id:
            app = self.launchpad
            self.dismiss(None)
            app.call_later(app.perform_anywhere, row.id)

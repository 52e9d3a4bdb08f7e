"""Help: the keys of all actions that are reachable from a screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.screen import Screen

from launchpad_tui.ui.actions import active_keys, reachable_actions
from launchpad_tui.ui.keymap import shown_key
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog, choice_cell
from launchpad_tui.ui.widgets.columns import Cell, Column

#: groups that are listed first, in this order; all others follow in alphabetical order
_FIRST_GROUPS = ("This screen", "List", "Moving")


class HelpScreen(ChooseDialog):
    """A searchable list of keys in groups; enter performs the action under the cursor."""

    WIDE = True

    def columns(self) -> Sequence[Column[Choice]]:
        """Return a column with headings and keys, and one with the action."""
        return (
            Column(
                "keys",
                self._title,
                lambda c: Cell(c.keys, "accent") if c.keys else choice_cell(c),
                8,
                20,
                1,
                priority=0,
            ),
            Column("title", "", lambda c: Cell(c.title if c.keys else "", "text"), 12, 80, 3),
        )

    @classmethod
    def of(cls, screen: Screen[object]) -> HelpScreen:
        """Return the help of a screen."""
        groups: dict[str, list[Choice]] = {}
        if isinstance(screen, LaunchpadScreen):
            app = screen.launchpad
            active = active_keys(screen, app.keymap)
            for action, owner in reachable_actions(screen):
                if action.id == "app.manual":
                    continue
                keys = " ".join(
                    shown_key(key, ascii_only=app.look.glyphs.ascii) for key in active[action.id]
                )
                if not keys:
                    continue
                reason = owner.disabled_reason(action)
                title = action.help or action.title
                note = f"{title} ({reason})" if reason else title
                groups.setdefault(action.group, []).append(
                    Choice(action.id, title, note, keywords=action.title, keys=keys)
                )

        def rank(group: str) -> tuple[int, str]:
            known = group in _FIRST_GROUPS
            return _FIRST_GROUPS.index(group) if known else len(_FIRST_GROUPS), group

        choices = [Choice("app.manual", "Manual", "Open the manual")]
        for group in sorted(groups, key=rank):
            choices += [Choice("", group, heading=True), *groups[group]]
        return cls("Keys", choices, at="app.manual")

    def do_select(self) -> None:
        """Perform the action under the cursor."""
        row = self.table.row
        if row is not None and row.id:
            app = self.launchpad
            self.dismiss(None)
            app.call_later(app.perform_anywhere, row.id)

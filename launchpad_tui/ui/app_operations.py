"""What the actions of the application do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.app import SuspendNotSupported

from launchpad_tui.ui.actions import ActionOwner, reachable_actions
from launchpad_tui.ui.app_actions import APP_ACTIONS
from launchpad_tui.ui.keymap import shown_key
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.painted import Painted

if TYPE_CHECKING:
    from launchpad_tui.ui.shell import Shell


class AppActions(ActionOwner):
    """Mixin of the app: what its actions do."""

    ACTIONS = APP_ACTIONS

    if TYPE_CHECKING:
        open: Any
        screen_stack: Any
        transfers: Any
        push_screen: Any
        perform_anywhere: Any
        repaint_terminal: Any
        suspend: Any
        action_suspend_process: Any
        keymap: Any
        look: Any
        say: Any
        _unbound: set[tuple[str, str]]

    def do_commands(self) -> None:
        """Open the command palette."""
        from launchpad_tui.ui.screens.common.commands import CommandScreen

        self.push_screen(CommandScreen.of(self.screen))

    def do_help(self) -> None:
        """Show the keys that work now."""
        from launchpad_tui.ui.screens.common.help import HelpScreen

        self.push_screen(HelpScreen.of(self.screen))

    async def do_undo(self) -> None:
        """Ask, then undo the last change of the resource group."""
        from launchpad_tui.ui.screens.common.undo import undo_last

        await undo_last(cast("Shell", self))

    def do_manual(self) -> None:
        """Open the topics of the manual."""
        self.open("manual")

    def do_welcome(self) -> None:
        """Open the welcome screen."""
        self.open("welcome")

    def do_repaint(self) -> None:
        """Write the whole screen again."""
        self.repaint_terminal()

    def do_transfers(self) -> None:
        """Open the transfers screen."""
        self.transfers.show()

    def do_close(self) -> None:
        """Close the screen; on the first screen, quit."""
        if len(self.screen_stack) > 1:
            self.perform_anywhere("app.back")
        else:
            self.do_quit()

    def do_interrupt(self) -> None:
        """Leave an input as ``escape`` does, cancel a dialog or wizard; otherwise quit."""
        screen = self.screen
        owners = {action.id: owner for action, owner in reachable_actions(screen)}
        typing = screen.focused is not None and not isinstance(screen.focused, Painted)
        cancelling = ("leave.yes", "app.cancel", "wizard.cancel", *(("app.back",) * typing))
        for action_id in cancelling:
            if action_id in owners:
                owners[action_id].perform(action_id)
                return
        self.do_quit()

    def do_suspend(self) -> None:
        """Stop the process and return to the shell."""
        self.action_suspend_process()

    def edit_text(self, text: str) -> str | None:
        """Edit a text in the user's editor, which takes over the terminal; return the new text.

        None if this terminal cannot be given to another program. Raises as
        `services.text_editor.edited_text`.
        """
        from launchpad_tui.services.text_editor import edited_text

        try:
            try:
                with self.suspend():
                    return edited_text(text)
            finally:
                self.repaint_terminal()
        except SuspendNotSupported:
            self.say("This terminal cannot be given to an editor", "warn")
            return None

    def do_quit(self) -> None:
        """Quit, after a confirmation if transfers are running."""
        self.transfers.leave()

    def unbound_key(self, key: str) -> None:
        """Show once per screen and key that the key does nothing."""
        screen = self.screen
        known = (type(screen).__name__, key)
        if known in self._unbound or key == "ignore" or not isinstance(screen, LaunchpadScreen):
            return
        self._unbound.add(known)
        help_action = next(action for action in APP_ACTIONS if action.id == "app.help")
        shown = shown_key(key, ascii_only=self.look.glyphs.ascii)
        self.say(f"{shown} does nothing here; {self.keymap.first(help_action)} shows the keys")

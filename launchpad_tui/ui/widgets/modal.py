"""The base of dialogs."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.screen import ModalScreen

from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.textual_compat import ScreenWithoutOverlays

T = TypeVar("T")


class LaunchpadModal(ActionOwner, ScreenWithoutOverlays[T], ModalScreen[T]):
    """A dialog over a screen.

    ``dismiss(result)`` closes it; the actions ``app.cancel`` and ``dialog.cancel`` close it with
    None.
    """

    DEFAULT_CSS = """
    LaunchpadModal { align: center middle; background: transparent; }
    LaunchpadModal > .box { width: 76; max-width: 96%; height: auto; max-height: 90%;
        background: $background; border: round $lp-line; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[object]] = []  # type: ignore[assignment]
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "app.cancel",
            "escape q",
            "cancel",
            "Close without changes",
            "Dialogs",
            hidden=True,
        ),
        # Where text is typed, the key is the one that closes wizards.
        Action(
            "dialog.cancel",
            "ctrl+x",
            "cancel",
            "Close without changes",
            "Dialogs",
            hidden=True,
            priority=True,
        ),
    )

    def do_cancel(self) -> None:
        """Close the dialog without a result."""
        self.dismiss(None)

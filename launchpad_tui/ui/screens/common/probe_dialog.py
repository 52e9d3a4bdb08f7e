"""A look at a connection or an object store step by step: what is right, and what is wrong first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.dialogs import Prose
from launchpad_tui.ui.widgets.modal import LaunchpadModal

if TYPE_CHECKING:
    from launchpad_tui.domain.connection_check import CheckStep

#: cells of the steps' names
_NAMES = 13
#: lines that the dialog has room for: every step with a line, and a failure's detail and hint
_LINES = 20


@dataclass
class Probed:
    """What a look found: its steps, whether all is right (None while it goes on), and what kept it from looking."""

    steps: list[CheckStep] = field(default_factory=list)
    right: bool | None = None
    error: LaunchpadError | None = None


class ProbeDialog(LaunchpadModal[Probed]):
    """Looks, and gives what it found, also where it was left before it had seen all.

    Args:
        name: what is looked at.
        look: looks, telling each step when it is over; says whether all is right. It may block for long.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("probe.copy", "y", "copy", "Copy the result of the test", "Dialogs"),
        Action("probe.close", "enter", "close", "Close the dialog", "Dialogs", hidden=True),
    )

    def __init__(self, name: str, look: Callable[[Callable[[CheckStep], None]], bool]) -> None:
        super().__init__()
        self._subject = name
        self._look = look
        self._found = Probed()

    def compose(self) -> ComposeResult:
        """The steps."""
        with Vertical(classes="box"):
            yield Prose(self._parts(), _LINES)

    def on_mount(self) -> None:
        """Look."""
        self.run_task(self._go(), "probe")

    async def _go(self) -> None:
        def tell(step: CheckStep) -> None:
            self.app.call_from_thread(self._told, step)

        try:
            # A lane of its own: a server that hangs holds up nothing but further looks.
            self._found.right = await self.launchpad.probe(self._look, tell)
        except LaunchpadError as error:
            self._found.right, self._found.error = False, error
        self._show()

    def _told(self, step: CheckStep) -> None:
        self._found.steps.append(step)
        self._show()

    def _show(self) -> None:
        for prose in self.query(Prose):
            prose.set_parts(self._parts())
            prose.refresh(layout=True)

    def _parts(self) -> list[tuple[str, str]]:
        glyphs = self.launchpad.look.glyphs
        parts = [(f"{self._subject}: can it be used?", "title"), ("", "text")]
        for step in self._found.steps:
            glyph, role = (glyphs.error, "bad") if step.error is not None else (glyphs.done, "text")
            parts.append((f"{glyph} {step.name:{_NAMES}}{step.message}", role))
            if step.error is not None:
                parts += [(text, "text") for text in (step.error.detail, step.error.hint) if text]
        if self._found.right is None:
            parts.append((f"{glyphs.pending} looking{glyphs.ellipsis}", "dim"))
        elif self._found.error is not None:
            parts.append((f"{glyphs.error} {self._found.error.title}", "bad"))
            parts += [
                (text, "text")
                for text in (self._found.error.detail, self._found.error.hint)
                if text
            ]
        elif self._found.right:
            parts += [("", "text"), (f"{glyphs.done} It can be used.", "good")]
        return [*parts, ("", "text"), ("esc close   y copy", "dim")]

    def do_copy(self) -> None:
        """Key ``y``."""
        self.launchpad.copy("\n".join(text for text, _ in self._parts()[:-2]), "what was found")

    def do_close(self) -> None:
        """Key ``enter``."""
        self.dismiss(self._found)

    do_cancel = do_close

"""A look at an object store step by step: what is right, and what is wrong first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.render.connections import StoreLine
from launchpad_tui.ui.screen import LaunchpadModal, LaunchpadScreen
from launchpad_tui.ui.screens.dialogs import Prose

if TYPE_CHECKING:
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.probing import Step

#: cells of the steps' names
_NAMES = 13
#: lines that the dialog has room for: every step with a line, and a failure's detail and hint
_LINES = 16


class ProbeDialog(LaunchpadModal[StoreLine]):
    """Looks at a store, and gives the line with what came of it; None where it was left before that.

    Args:
        scope: the store's resource group.
        line: the store.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("probe.copy", "y", "copy", "Copy what was found.", "Dialogs"),
        Action("probe.close", "enter", "close", "Go on.", "Dialogs", hidden=True),
    )

    def __init__(self, scope: Scope, line: StoreLine) -> None:
        super().__init__()
        self._of = scope
        self._line = line
        self._steps: list[Step] = []
        self._result: StoreLine | None = None

    def compose(self) -> ComposeResult:
        """The steps."""
        with Vertical(classes="box"):
            yield Prose(self._parts(), _LINES)

    def on_mount(self) -> None:
        """Look."""
        self.run_task(self._look(), "probe")

    async def _look(self) -> None:
        def tell(step: Step) -> None:
            self.app.call_from_thread(self._told, step)

        line, name = self._line, self._line.store.name
        try:
            right = await self.launchpad.network(self.launchpad.desk.browsing.probe, self._of, name, tell)
        except LaunchpadError as error:
            self._result = replace(line, problem=error.title)
        else:
            last = self._steps[-1]
            if right:
                found = next(step.message for step in reversed(self._steps) if step.name == "bucket")
                self._result = replace(line, found=found)
            else:
                self._result = replace(line, problem=f"{last.name}: {last.message}")
        self._show()

    def _told(self, step: Step) -> None:
        self._steps.append(step)
        self._show()

    def _show(self) -> None:
        for prose in self.query(Prose):
            prose.set_parts(self._parts())
            prose.refresh(layout=True)

    def _parts(self) -> list[tuple[str, str]]:
        glyphs = self.launchpad.look.glyphs
        parts = [(f"{self._line.store.name}: can it be used?", "title"), ("", "text")]
        for step in self._steps:
            glyph, role = (glyphs.error, "bad") if step.error is not None else (glyphs.done, "text")
            parts.append((f"{glyph} {step.name:{_NAMES}}{step.message}", role))
            if step.error is not None:
                parts += [(text, "text") for text in (step.error.detail, step.error.hint) if text]
        if self._result is None:
            parts.append((f"{glyphs.pending} looking{glyphs.ellipsis}", "dim"))
        elif self._result.problem and not self._steps:
            parts.append((f"{glyphs.error} {self._result.problem}", "bad"))
        elif not self._result.problem:
            parts += [("", "text"), (f"{glyphs.done} It can be used.", "good")]
        return [*parts, ("", "text"), ("esc close   y copy", "dim")]

    def do_copy(self) -> None:
        """Key ``y``."""
        self.launchpad.copy("\n".join(text for text, _ in self._parts()[:-2]), "what was found")

    def do_close(self) -> None:
        """Key ``enter``."""
        self.dismiss(self._result)

    do_cancel = do_close


async def look_at(screen: LaunchpadScreen, line: StoreLine) -> StoreLine:
    """Show a look at a store; the line with what came of it, as it was where nothing did."""
    plain = StoreLine(line.store, line.kind)
    found: StoreLine | None = await screen.launchpad.ask(ProbeDialog(screen.scope, plain))
    return found if found is not None else line

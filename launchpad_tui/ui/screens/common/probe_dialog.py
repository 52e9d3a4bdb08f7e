"""A dialog that tests a connection or an object store and shows each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.domain.text import wrap
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.dialogs import Prose
from launchpad_tui.ui.widgets.modal import LaunchpadModal

if TYPE_CHECKING:
    from launchpad_tui.domain.connection_check import CheckStep

#: the width of the steps' names in cells
_NAME_WIDTH = 13
#: the seconds after which the dialog shows how long it has waited for a step
_SLOW = 3
#: the most lines of the dialog: one for each step, and detail and hint of an error
_MAX_LINES = 20


@dataclass
class ProbeResult:
    """The result of a test.

    Args:
        steps: the completed steps.
        ok: whether all steps succeeded; None while the test runs.
        error: why the test could not be run.
    """

    steps: list[CheckStep] = field(default_factory=list)
    ok: bool | None = None
    error: LaunchpadError | None = None


class _Steps(Prose):
    """The steps of a test, whose messages are wrapped beside their names."""

    def wrapped(self, text: str, width: int) -> list[str]:
        """Return the lines of a part; those of a step are indented."""
        glyphs = self.look.glyphs
        starts = {f"{glyphs.done} ", f"{glyphs.error} ", "  "}
        if text[:2] not in starts or len(text) <= width:
            return wrap(text, width)
        first, rest = text[: 2 + _NAME_WIDTH], text[2 + _NAME_WIDTH :]
        if width < 4 * _NAME_WIDTH:
            first, rest = text[:2], " ".join(text[2:].split())
        lines = wrap(rest, width - len(first))
        indent = " " * len(first)
        return [first + lines[0], *(indent + line for line in lines[1:])]


class ProbeDialog(LaunchpadModal[ProbeResult]):
    """Runs a test and returns its result, or the steps so far if the dialog is closed earlier.

    Args:
        name: the name of the tested connection or object store.
        test: runs the test, calls its argument with each completed step, and returns whether all
            steps succeeded. It may block for long.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("probe.copy", "y", "copy", "Copy the result of the test", "Dialogs"),
        Action("probe.close", "enter", "close", "Close the dialog", "Dialogs", hidden=True),
    )

    def __init__(self, name: str, test: Callable[[Callable[[CheckStep], None]], bool]) -> None:
        super().__init__()
        self._subject = name
        self._test = test
        self._result = ProbeResult()
        self._step_began = monotonic()

    def compose(self) -> ComposeResult:
        """Yield the list of steps."""
        with Vertical(classes="box"):
            yield _Steps(self._parts(), _MAX_LINES)

    def on_mount(self) -> None:
        """Start the test."""
        self.run_task(self._run_test(), "probe")
        self.set_interval(1, self._show_waiting)

    async def _run_test(self) -> None:
        def report(step: CheckStep) -> None:
            self.app.call_from_thread(self._add_step, step)

        try:
            # Tests have their own lane: a server that hangs delays nothing but further tests.
            self._result.ok = await self.launchpad.probe(self._test, report)
        except LaunchpadError as error:
            self._result.ok, self._result.error = False, error
        self._show()

    def _show_waiting(self) -> None:
        """Show how long the current step has taken, if it is slow."""
        if self._result.ok is None and monotonic() - self._step_began >= _SLOW:
            self._show()

    def _add_step(self, step: CheckStep) -> None:
        self._step_began = monotonic()
        self._result.steps.append(step)
        self._show()

    def _show(self) -> None:
        for prose in self.query(Prose):
            prose.set_parts(self._parts())
            prose.refresh(layout=True)

    def _parts(self) -> list[tuple[str, str]]:
        glyphs = self.launchpad.look.glyphs
        result = self._result
        parts = [(f"Test of {self._subject}", "title"), ("", "text")]
        for step in result.steps:
            glyph, role = (glyphs.error, "bad") if step.error is not None else (glyphs.done, "text")
            parts.append((f"{glyph} {step.name:{_NAME_WIDTH}}{step.message}", role))
            if step.error is not None:
                space = " " * (2 + _NAME_WIDTH)
                details = (step.error.detail, step.error.hint)
                parts += [
                    (f"{space}{line}", "text") for text in details for line in text.splitlines()
                ]
        if result.ok is None:
            waited = int(monotonic() - self._step_began)
            text = f"waiting for an answer, {waited} s" if waited >= _SLOW else "testing"
            parts.append((f"{glyphs.pending} {text}{glyphs.ellipsis}", "dim"))
        elif result.error is not None:
            parts.append((f"{glyphs.error} {result.error.title}", "bad"))
            parts += [(text, "text") for text in (result.error.detail, result.error.hint) if text]
        elif result.ok:
            parts += [("", "text"), (f"{glyphs.done} All steps succeeded", "good")]
        return [*parts, ("", "text"), ("esc close   y copy", "dim")]

    def do_copy(self) -> None:
        """Copy the steps and their errors."""
        self.launchpad.copy("\n".join(text for text, _ in self._parts()[:-2]), "the test result")

    def do_close(self) -> None:
        """Close the dialog and return the result."""
        self.dismiss(self._result)

    do_cancel = do_close

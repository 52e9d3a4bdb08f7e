"""Wizards: steps of a form each, a review at the end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.details import Details, Item, heading
from launchpad_tui.ui.widgets.dialogs import Choice, ConfirmDialog, Prose
from launchpad_tui.ui.widgets.form import Form
from launchpad_tui.ui.widgets.painted import Painted


@dataclass(frozen=True, slots=True)
class Step:
    """A step: ``title`` in the progress line, ``note`` above the form, ``fields`` where they do not depend on what was
    typed before."""

    id: str
    title: str
    note: str = ""
    fields: tuple[Field, ...] = ()


REVIEW = Step("review", "Review", "Enter does it; esc goes back.")


class StepProgress(Painted):
    """``✓ Name ── ● URL ── ○ Review``."""

    DEFAULT_CSS = "StepProgress { height: 3; }"

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self._titles = tuple(titles)
        self.at = 0

    def paint_line(self, y: int, width: int) -> Strip:
        """The steps, between two empty lines; the one that shows is bright."""
        look = self.look
        glyphs = look.glyphs
        line = LineBuilder(width, look.style("text")).add(" ")
        if y != 1:
            return line.strip()
        for number, title in enumerate(self._titles):
            if number:
                line.add(f" {glyphs.rule * 2} ", look.style("faint"))
            glyph = (
                glyphs.done
                if number < self.at
                else glyphs.running
                if number == self.at
                else glyphs.pending
            )
            line.add(f"{glyph} {title}", look.style("title" if number == self.at else "dim"))
        return line.strip()


class Review(Details):
    """What was typed; enter belongs to the wizard here."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (Action("details.open", "", "open", hidden=True),)


class WizardScreen(LaunchpadScreen):
    """A wizard: enter goes on, esc goes back and, from the first step, leaves (asked first where something was typed).

    Override `steps` and `finish`; `fields`, `choices`, `check` and `review` where the defaults do not do.
    """

    FINISH = "create"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("wizard.next", "ctrl+n enter", "next", "Check this step and continue", "Wizard", 1),
        Action(
            "app.back",
            "escape",
            "back",
            "Go back one step, or leave from the first step",
            "Wizard",
            2,
        ),
        Action(
            "wizard.cancel",
            "ctrl+x",
            "cancel",
            "Leave without saving",
            "Wizard",
            3,
            priority=True,
        ),
        Action("app.refresh", "", "refresh", "", "Everywhere", hidden=True),
    )

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.at = 0
        self._started = False
        self._typed = False
        self._busy = False
        self._all: tuple[Step, ...] = ()
        self._shown: tuple[Field, ...] = ()

    # What subclasses write ------------------------------------------------------------------------

    @abstractmethod
    def steps(self) -> Sequence[Step]:
        """The steps before the review."""

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """A step's fields; ``self.values`` holds what was typed in the steps before."""
        return step.fields

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:  # noqa: ARG002
        """Entries for a field of kind choice; None for its bare ``choices``."""
        return None

    async def check(self, step: Step) -> str:  # noqa: ARG002
        """Look at a step's values (in ``self.values``) before going on; a text that is given is shown as a warning.

        Raises:
            InvalidInput: a value is wrong; ``field`` names it.
        """
        return ""

    async def review(self) -> list[Item]:
        """What the last step shows: by default every value by its field's title."""
        items: list[Item] = []
        for step in self._all[:-1]:
            items.append(heading(step.title))
            for field in await self.fields(step):
                value = self.values.get(field.name, "")
                items.append(
                    Item(field.title, "••••" if field.kind is FieldKind.SECRET and value else value)
                )
        return items

    @abstractmethod
    async def finish(self) -> None:
        """Do it. The wizard closes afterwards unless this opened another screen in its place with `leave`."""

    # How it works ---------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """Progress line, then the step."""
        self._all = (*self.steps(), REVIEW)
        yield StepProgress([step.title for step in self._all])
        yield Vertical(id="step")

    async def load(self) -> None:
        """Show the first step; a wizard never loses what was typed to a change elsewhere."""
        if not self._started:
            self._started = True
            await self.show_step()

    async def show_step(self) -> None:
        """Show the step ``self.at``."""
        step = self._all[self.at]
        progress = self.query_one(StepProgress)
        progress.at = self.at
        progress.repaint()
        place = self.query_one("#step", Vertical)
        if step is REVIEW:
            content: Form | Details = Review(await self.review())
        else:
            self._shown = await self.fields(step)
            choices = {field.name: await self.choices(step, field) for field in self._shown}
            given = {name: entries for name, entries in choices.items() if entries is not None}
            content = Form(self._shown, self.values, choices=given)
        await place.remove_children()
        note = [Prose([(" " + step.note, "dim"), ("", "text")])] if step.note else []
        await place.mount(*note, content)
        if isinstance(content, Form):
            content.focus_first()
        else:
            content.focus()
        self.refresh_footer()

    @property
    def step(self) -> Step | None:
        """The step that shows; None before the first."""
        return self._all[self.at] if self._all else None

    def leave(self, route_id: str = "", **params: object) -> None:
        """Close the wizard; with a route, open that screen in its place."""
        self.dismiss(None)
        if route_id:
            self.launchpad.call_later(lambda: self.launchpad.open(route_id, **params))

    @on(Form.Changed)
    def _form_changed(self) -> None:
        self._typed = True

    @on(Form.Submitted)
    def _form_submitted(self) -> None:
        self.do_next()

    def do_next(self) -> None:
        """Key ``enter`` where no field has the focus, and ctrl+n everywhere."""
        self._turn(self._go_on)

    def _turn(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do one thing at a time: a second press of the key must not do again what is under way."""

        async def turn() -> None:
            try:
                await work()
            finally:
                self._busy = False

        # There is nothing to go on from before the first step shows.
        if not self._busy and self.query("#step > *"):
            self._busy = True
            self.run_task(turn(), "step")

    async def _go_on(self) -> None:
        step = self._all[self.at]
        if step is REVIEW:
            await self.finish()
            if self.is_current:
                self.leave()
            return
        form = self.query_one(Form)
        if not form.check():
            return
        self.values |= form.values()
        try:
            warning = await self.check(step)
        except InvalidInput as error:
            if not form.show_error(error):
                self.launchpad.show_error(error)
            return
        if warning:
            self.launchpad.say(warning, "warn", 8)
        self.at += 1
        await self.show_step()

    def do_back(self) -> None:
        """Key ``esc``."""
        if self.at:
            self._turn(self._step_back)
        else:
            self.do_cancel()

    async def _step_back(self) -> None:
        for form in self.query(Form):
            self.values |= form.values()
        self.at -= 1
        await self.show_step()

    def do_cancel(self) -> None:
        """Key ``ctrl+x``."""
        if not self._typed:
            self.leave()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.leave()

        self.app.push_screen(
            ConfirmDialog("Leave without saving?", "What you typed is lost.", yes="leave"), answered
        )

    @property
    def typed(self) -> Mapping[str, str]:
        """What was typed so far."""
        return dict(self.values)

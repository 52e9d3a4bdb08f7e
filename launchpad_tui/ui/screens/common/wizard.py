"""The base of wizards: a form for each step, and a review at the end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.text import cell_width
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.details import Details, Item, heading
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, Prose
from launchpad_tui.ui.widgets.form import Form
from launchpad_tui.ui.widgets.painted import Painted


@record
class Step:
    """A step of a wizard.

    Args:
        id: distinguishes the steps of a wizard.
        title: the name in the progress line.
        note: a sentence above the form.
        fields: the form's fields, if they do not depend on earlier steps.
        skip_single: whether the step is skipped if each of its fields has one choice only.
    """

    id: str
    title: str
    note: str = ""
    fields: tuple[Field, ...] = ()
    skip_single: bool = False


REVIEW = Step("review", "Review", "Press enter to confirm, or esc to go back.")


class StepProgress(Painted):
    """The progress line: ``✓ Name ── ● URL ── ○ Review``."""

    DEFAULT_CSS = "StepProgress { height: 3; }"

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self.titles = tuple(titles)
        self.at = 0

    def paint_line(self, y: int, width: int) -> Strip:
        """Paint the steps on the middle one of three lines, the current one highlighted."""
        look = self.look
        glyphs = look.glyphs
        line = LineBuilder(width, look.style("text")).add(" ")
        if y != 1:
            return line.strip()
        titled = self._titled(width)
        for number, title in enumerate(self.titles):
            if number:
                line.add(f" {glyphs.rule * 2} ", look.style("line"))
            glyph = (
                glyphs.done
                if number < self.at
                else glyphs.running
                if number == self.at
                else glyphs.pending
            )
            text = f"{glyph} {title}" if number in titled else glyph
            line.add(text, look.style("title" if number == self.at else "dim"))
        return line.strip()

    def _titled(self, width: int) -> set[int]:
        """Return the numbers of the steps whose titles fit into a width of cells.

        The current step has its title always, then the steps after it, then those before it, each
        nearest first.
        """
        count = len(self.titles)
        room = width - 1 - count - 4 * (count - 1)
        titled: set[int] = set()
        for number in (*range(self.at, count), *reversed(range(self.at))):
            room -= cell_width(self.titles[number]) + 1
            if room < 0 and titled:
                break
            titled.add(number)
        return titled


class _StepNote(Prose):
    """The sentence above the form of a step."""

    DEFAULT_CSS = "_StepNote { padding: 0 1; }"


class Review(Details):
    """The values of all steps; enter is left to the wizard."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (Action("details.open", "", "open", hidden=True),)


class WizardScreen(LaunchpadScreen):
    """A wizard: enter continues, esc goes back one step and closes the wizard from the first step.

    Steps that have nothing to ask are skipped in both directions. Before typed values are
    discarded, the user is asked. Subclasses override `steps` and `finish`, and `fields`,
    `choices`, `check` and `review` as needed.
    """

    FINISH = "create"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("wizard.next", "ctrl+n enter", "next", "Check this step and continue", "Wizard", 1),
        Action(
            "app.back",
            "escape",
            "back",
            "Go back one step, or close the wizard on the first step",
            "Wizard",
            90,
        ),
        Action(
            "wizard.cancel",
            "ctrl+x",
            "cancel",
            "Close the wizard without saving",
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
        self._all_steps: tuple[Step, ...] = ()
        self._shown_fields: tuple[Field, ...] = ()

    # For subclasses to override -------------------------------------------------------------------

    @abstractmethod
    def steps(self) -> Sequence[Step]:
        """Return the steps before the review."""

    async def fields(self, step: Step) -> tuple[Field, ...]:
        """Return the fields of a step; ``self.values`` has the values of earlier steps."""
        return step.fields

    async def choices(self, step: Step, field: Field) -> Sequence[Choice] | None:  # noqa: ARG002
        """Return the entries of a field of kind choice; None stands for the field's own choices."""
        return None

    async def check(self, step: Step) -> str:  # noqa: ARG002
        """Check the values of a step, which are in ``self.values``, before the next one is shown.

        Returns:
            A warning to show, empty for none.

        Raises:
            InvalidInput: a value is not valid; ``field`` names it.
        """
        return ""

    async def review(self) -> list[Item]:
        """Return the lines of the review: by default each value with the title of its field."""
        items: list[Item] = []
        for step in self._all_steps[:-1]:
            items.append(heading(step.title))
            for field in await self.fields(step):
                value = self.values.get(field.name, "")
                items.append(
                    Item(field.title, "••••" if field.kind is FieldKind.SECRET and value else value)
                )
        return items

    @abstractmethod
    async def finish(self) -> None:
        """Perform the wizard's operation.

        The wizard is closed afterwards, unless this has replaced it by another screen with `leave`.
        """

    # Internals ------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """Yield the progress line and a container for the step."""
        self._all_steps = (*self.steps(), REVIEW)
        yield StepProgress([step.title for step in self._all_steps])
        yield Vertical(id="step")

    def update_steps(self) -> None:
        """Call `steps` again, before the first step is shown."""
        self._all_steps = (*self.steps(), REVIEW)
        self.query_one(StepProgress).titles = tuple(step.title for step in self._all_steps)

    async def load(self) -> None:
        """Show the first step, once: a change in the registry must not discard typed values."""
        if not self._started:
            self._started = True
            await self._show_from(1)

    async def _show_from(self, direction: int) -> bool:
        """Show the current step, or the nearest one in a direction that has something to ask.

        Returns:
            False if there is no such step; then the current step stays.
        """
        at = self.at
        while 0 <= at < len(self._all_steps):
            step = self._all_steps[at]
            if step is REVIEW or await self._has_question(step):
                self.at = at
                await self.show_step()
                return True
            if direction > 0:
                await self.check(step)
            at += direction
        return False

    async def _has_question(self, step: Step) -> bool:
        """Return whether a step has something to ask; select choices that are the only ones."""
        fields = await self.fields(step)
        if not step.skip_single:
            return bool(fields)
        for field in fields:
            choices = await self.choices(step, field)
            if choices is None or len(choices) != 1 or choices[0].reason or not field.required:
                return True
            self.values[field.name] = choices[0].id
        return False

    async def show_step(self) -> None:
        """Show the current step."""
        step = self._all_steps[self.at]
        progress = self.query_one(StepProgress)
        progress.at = self.at
        progress.repaint()
        container = self.query_one("#step", Vertical)
        if step is REVIEW:
            content: Form | Details = Review(await self.review())
        else:
            self._shown_fields = await self.fields(step)
            choices = {field.name: await self.choices(step, field) for field in self._shown_fields}
            given = {name: entries for name, entries in choices.items() if entries is not None}
            content = Form(self._shown_fields, self.values, choices=given)
        await container.remove_children()
        note = [_StepNote([(step.note, "dim"), ("", "text")])] if step.note else []
        await container.mount(*note, content)
        if isinstance(content, Form):
            content.focus_first()
        else:
            content.focus()
        self.refresh_footer()

    @property
    def step(self) -> Step | None:
        """The current step; None before the first one is shown."""
        return self._all_steps[self.at] if self._all_steps else None

    def leave(self, route_id: str = "", **params: object) -> None:
        """Close the wizard, and open another screen in its place if a route is given."""
        self.dismiss(None)
        if route_id:
            self.launchpad.call_later(lambda: self.launchpad.open(route_id, **params))

    @on(Form.Submitted)
    def _form_submitted(self) -> None:
        self.do_next()

    def do_next(self) -> None:
        """Check the current step and show the next one; on the review, finish."""
        self._run_once(self._next_step)

    def _run_once(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a coroutine, unless one is running: pressing a key twice must not finish twice."""

        async def run() -> None:
            try:
                await work()
            finally:
                self._busy = False

        # Before the first step is shown there is no form to read.
        if not self._busy and self.query("#step > *"):
            self._busy = True
            self.run_task(run(), "step")

    async def _next_step(self) -> None:
        step = self._all_steps[self.at]
        if step is REVIEW:
            await self.finish()
            if self.is_current:
                self.leave()
            return
        form = self.query_one(Form)
        if not form.check():
            # The error below the field may be there already, or out of view.
            self.launchpad.say("Correct the marked fields first", "warn")
            return
        self._take_values()
        try:
            warning = await self.check(step)
        except InvalidInput as error:
            if form.show_error(error):
                self.launchpad.say(error.title, "warn")
            else:
                self.launchpad.show_error(error)
            return
        if warning:
            self.launchpad.say(warning, "warn", 8)
        self.at += 1
        await self._show_from(1)

    def _take_values(self) -> None:
        for form in self.query(Form):
            self._typed = self._typed or form.dirty
            self.values |= form.values()

    def do_back(self) -> None:
        """Go back one step; on the first one, close the wizard."""
        if self.at:
            self._run_once(self._previous_step)
        else:
            self.do_cancel()

    async def _previous_step(self) -> None:
        self._take_values()
        at, self.at = self.at, self.at - 1
        if not await self._show_from(-1):
            self.at = at
            self.do_cancel()

    def do_cancel(self) -> None:
        """Close the wizard; ask first if values were typed."""
        if not self._typed and not any(form.dirty for form in self.query(Form)):
            self.leave()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.leave()

        self.app.push_screen(
            ConfirmDialog("Leave without saving?", "The typed values are discarded.", yes="leave"),
            answered,
        )

    @property
    def typed(self) -> Mapping[str, str]:
        """The values that were typed so far."""
        return dict(self.values)

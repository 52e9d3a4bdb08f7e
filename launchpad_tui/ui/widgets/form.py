"""Forms: editors for declared fields, with errors below the field that they are about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.fields import applies
from launchpad_tui.domain.text import cell_width, clip, wrap
from launchpad_tui.errors import InvalidInput
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.choice_line import ChoiceLine
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.painted import Painted
from launchpad_tui.ui.widgets.text_input import TextInput

#: cells of the labels of a form: as many as its longest label requires, between these limits
LABEL_WIDTH, MAX_LABEL_WIDTH = 22, 34
#: cells that editors and notes get at least beside the labels; in a narrower form they are below
LEAST_EDITOR_WIDTH = 32
#: the greatest width of editors and notes in cells, which the style of the form names too
WIDEST_EDITOR = 100
#: cells by which editors and notes are indented below the labels
INDENT = 2
#: lines of a field's note, at most: more than any help has in a narrow terminal
NOTE_LINES = 12


def label_width(fields: Iterable[Field]) -> int:
    """Return the width of the labels of fields in cells."""
    # A space before the title, and a space and a mark for a required field after it.
    widest = max((cell_width(field.title) + 4 for field in fields), default=0)
    return max(LABEL_WIDTH, min(MAX_LABEL_WIDTH, widest))


class _Label(Painted):
    """The title of a field, with the cursor and in bold while the field has the focus."""

    DEFAULT_CSS = "_Label { height: 1; }"

    def __init__(self, field: Field, width: int) -> None:
        super().__init__()
        self._field = field
        self._is_current = False
        self.styles.width = width

    def mark(self, *, current: bool) -> None:
        """Show whether the field has the focus."""
        if current != self._is_current:
            self._is_current = current
            self.repaint()

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        look = self.look
        line = LineBuilder(width, look.style("text"))
        line.add(look.glyphs.cursor if self._is_current else " ", look.style("accent"))
        title = clip(self._field.title, width - 4, look.glyphs.ellipsis)
        line.add(title, look.style("strong" if self._is_current else "text"))
        return line.add(" *" if self._field.required else "", look.style("accent")).strip()


class _Note(Painted):
    """The text below a field: its error, else its help or the note of the selected value.

    Args:
        field: the field.
        indent: the width of the labels in cells.
        about: for a field of kind choice: returns the note of the selected value.
    """

    DEFAULT_CSS = "_Note { height: auto; }"

    def __init__(self, field: Field, indent: int, about: Callable[[], str] | None = None) -> None:
        super().__init__()
        self._indent = indent
        self._help = field.help
        self._about = about
        self._shown = ""
        self.error = ""

    @property
    def text(self) -> str:
        """The error, the help or the note of the value."""
        if self.error:
            return f"{self.look.glyphs.error} {self.error}"
        return self._help or (self._about() if self._about is not None else "")

    def indent_by(self, indent: int) -> None:
        """Set the indent in cells."""
        self._indent = indent
        self.refresh(layout=True)
        self.repaint()

    def show(self, error: str = "") -> None:
        """Show an error, or the help if the error is empty."""
        self.error = error
        if self.text != self._shown:
            self._shown = self.text
            self.refresh(layout=True)
            self.repaint()

    def _lines(self, width: int) -> list[str]:
        lines = wrap(self.text, min(WIDEST_EDITOR, width - self._indent - 1))
        cut = [*lines[: NOTE_LINES - 1], self.look.glyphs.ellipsis]
        return lines if len(lines) <= NOTE_LINES else cut

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of wrapped lines, at least one."""
        return max(1, len(self._lines(width)))

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a wrapped line."""
        line = LineBuilder(width, self.look.style("text")).fill_to(self._indent)
        lines = self._lines(width)
        if y < len(lines):
            line.add(lines[y], self.look.style("bad" if self.error else "dim"), safe=True)
        return line.strip()


class _LinesInput(TextInput):
    """A password input that keeps the line breaks of pasted text, for example of a certificate."""

    def on_paste(self, event: events.Paste) -> None:
        """Insert the whole text; Textual's input would insert its first line only."""
        event.stop()
        event.prevent_default()
        start, end = self.selection
        self.replace(event.text, start, end)


class Form(ActionOwner, VerticalScroll):
    """Editors for fields, one below the other. Fields that do not apply (`Field.when`) are hidden.

    Args:
        fields: the fields.
        values: the initial values by field name; the others start with their default.
        choices: entries for fields of kind choice, which replace the ``choices`` of the field.
        show_help: whether the help of each field is shown below it.
    """

    DEFAULT_CSS = """
    Form { height: 1fr; padding: 0; overflow-x: hidden; scrollbar-size-vertical: 1; }
    Form Horizontal { height: 1; }
    Form Horizontal > Input, Form Horizontal > ChoiceLine { max-width: 100; }
    Form.-narrow Horizontal { layout: vertical; height: 2; }
    Form.-narrow Horizontal > Input, Form.-narrow Horizontal > ChoiceLine { margin-left: 2; }
    """
    can_focus = False
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.next", "down", "next", "Move to the next field", "Forms", hidden=True),
        Action(
            "form.previous", "up", "previous", "Move to the previous field", "Forms", hidden=True
        ),
    )

    class Changed(Message):
        """The user changed a field."""

        def __init__(self, form: Form, name: str, value: str) -> None:
            super().__init__()
            self.form, self.name, self.value = form, name, value

    class Submitted(Message):
        """The last field was confirmed; ``values`` passed `Form.check`."""

        def __init__(self, form: Form, values: dict[str, str]) -> None:
            super().__init__()
            self.form, self.values = form, values

    def __init__(
        self,
        fields: Sequence[Field],
        values: Mapping[str, str] | None = None,
        *,
        choices: Mapping[str, Sequence[Choice]] | None = None,
        show_help: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.fields = tuple(fields)
        self._values = dict(values or {})
        self._choices = dict(choices or {})
        self._show_help = show_help
        self._notes: dict[str, _Note] = {}
        self._labels: dict[str, _Label] = {}
        self._rows: dict[str, tuple[Widget, Widget]] = {}
        self._editors: dict[str, Input | ChoiceLine] = {}

    def render(self) -> str:
        """Return nothing: Textual shows the name of the class in an empty container."""
        return ""

    def compose(self) -> ComposeResult:
        """Yield label, editor and note of each field."""
        width = label_width(self.fields)
        for field in self.fields:
            editor = self._editors[field.name] = self._editor(
                field, self._values.get(field.name, field.default)
            )
            about = editor.about if isinstance(editor, ChoiceLine) else None
            note = self._notes[field.name] = _Note(
                field if self._show_help else replace(field, help=""), width, about
            )
            label = self._labels[field.name] = _Label(field, width)
            with Horizontal() as row:
                yield label
                yield editor
            yield note
            self._rows[field.name] = (row, note)
        self._show_applicable()

    def on_mount(self) -> None:
        """Arrange the fields once they exist: the first resize may come before that."""
        self.call_after_refresh(self._arrange)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _mark_current(self) -> None:
        """Mark the label of the field that has the focus."""
        for name, label in self._labels.items():
            label.mark(current=self._editors[name].has_focus)

    def on_resize(self, _event: events.Resize) -> None:
        """Arrange the fields for another width."""
        self._arrange()

    def _arrange(self) -> None:
        """Place the editors beside the labels, or below them if the form is narrow."""
        beside = label_width(self.fields)
        is_narrow = 0 < self.size.width < beside + LEAST_EDITOR_WIDTH
        if is_narrow != self.has_class("-narrow"):
            self.set_class(is_narrow, "-narrow")
            for label in self._labels.values():
                label.styles.width = "1fr" if is_narrow else beside
            for note in self._notes.values():
                note.indent_by(INDENT if is_narrow else beside)

    def _show_applicable(self) -> None:
        values = self.values()
        for field in self.fields:
            is_shown = applies(field, values)
            for widget in self._rows[field.name]:
                widget.display = is_shown

    def _applicable_names(self) -> list[str]:
        values = self.values()
        return [field.name for field in self.fields if applies(field, values)]

    def _editor(self, field: Field, value: str) -> Input | ChoiceLine:
        if field.kind is FieldKind.FLAG:
            return ChoiceLine(
                field.title, (Choice("false", "no"), Choice("true", "yes")), value or "false"
            )
        if field.kind is FieldKind.CHOICE:
            choices = self._choices.get(field.name) or [
                Choice(choice, choice or "not set") for choice in field.choices
            ]
            return ChoiceLine(field.title, choices, value)
        if field.lines:
            return _LinesInput(value, password=True, select_on_focus=False)
        return TextInput(value, password=field.kind is FieldKind.SECRET, select_on_focus=False)

    def values(self) -> dict[str, str]:
        """Return the values by field name. Surrounding spaces are removed, except from secrets."""
        found: dict[str, str] = {}
        for field in self.fields:
            editor = self._editors.get(field.name)
            value = (
                editor.value if editor is not None else self._values.get(field.name, field.default)
            )
            found[field.name] = value if field.kind is FieldKind.SECRET else value.strip()
        return found

    def set_value(self, name: str, value: str) -> None:
        """Set the value of a field."""
        editor = self._editors.get(name)
        if isinstance(editor, ChoiceLine):
            editor.set_value(value)
        elif editor is not None:
            editor.value = value

    @property
    def dirty(self) -> bool:
        """Whether a value differs from its initial value."""
        now = self.values()
        return any(
            now[field.name] != self._values.get(field.name, field.default) for field in self.fields
        )

    def check(self) -> bool:
        """Check all values against their fields (required, number, pattern) and show the errors.

        The first invalid field gets the focus.

        Returns:
            Whether all values are valid.
        """
        first: InvalidInput | None = None
        values = self.values()
        for field in self.fields:
            error = _problem(field, values[field.name]) if applies(field, values) else ""
            self._set_note(field.name, error)
            if error and first is None:
                first = InvalidInput(error, field=field.name)
        if first is not None:
            self._editors[first.field].focus()
        return first is None

    def show_error(self, error: InvalidInput) -> bool:
        """Show an error below the field that it names.

        Returns:
            Whether the form has that field.
        """
        if error.field not in self._editors:
            return False
        parts = (error.title, error.detail.partition("\n")[0], error.hint)
        self._set_note(error.field, ". ".join(part.rstrip(".") for part in parts if part))
        self._editors[error.field].focus()
        return True

    def focus_first(self) -> None:
        """Focus the first field."""
        for name in self._applicable_names()[:1]:
            self._editors[name].focus()

    def _set_note(self, name: str, error: str) -> None:
        self._notes[name].show(error)

    def _name_of(self, editor: object) -> str:
        return next((name for name, known in self._editors.items() if known is editor), "")

    def _move(self, by: int) -> bool:
        order = [self._editors[name] for name in self._applicable_names()]
        at = next((i for i, editor in enumerate(order) if editor.has_focus), -1) + by
        if 0 <= at < len(order):
            order[at].focus()
            return True
        return False

    def do_next(self) -> None:
        """Move to the next field."""
        self._move(1)

    def do_previous(self) -> None:
        """Move to the previous field."""
        self._move(-1)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._changed(self._name_of(event.input), event.value)

    @on(ChoiceLine.Changed)
    def _selected(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        self._changed(self._name_of(event.line), event.line.value)

    def _changed(self, name: str, value: str) -> None:
        if name:
            self._set_note(name, "")
            if any(field.when[0] == name for field in self.fields):
                self._show_applicable()
            self.post_message(self.Changed(self, name, value))

    @on(Input.Submitted)
    @on(ChoiceLine.Done)
    def _confirmed(self, event: Message) -> None:
        event.stop()
        if not self._move(1) and self.check():
            self.post_message(self.Submitted(self, self.values()))


def _problem(field: Field, value: str) -> str:
    """Return what is wrong with a value according to its field, empty if it is valid."""
    if not value:
        return "This field is required" if field.required else ""
    if field.kind is FieldKind.NUMBER:
        try:
            float(value)
        except ValueError:
            return "Enter a number"
    if field.kind is FieldKind.CHOICE and field.choices and value not in field.choices:
        return f"Enter one of {', '.join(field.choices)}"
    if field.pattern and not re.fullmatch(field.pattern, value):
        return f"This value is invalid. {field.help}".strip()
    return ""

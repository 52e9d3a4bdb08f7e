"""The dialog that adds a condition to the filter of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.domain.connection import Field, FieldKind
from launchpad_tui.domain.query import Condition, Op, Subject
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.choose_dialog import Choice
from launchpad_tui.ui.widgets.dialogs import Prose
from launchpad_tui.ui.widgets.form import Form
from launchpad_tui.ui.widgets.modal import LaunchpadModal

_TITLES = {
    Op.EQUALS: "equals",
    Op.NOT_EQUALS: "is not",
    Op.CONTAINS: "contains",
    Op.LESS: "is less than",
    Op.LESS_EQUAL: "is at most",
    Op.GREATER: "is greater than",
    Op.GREATER_EQUAL: "is at least",
    Op.BEFORE: "is before",
    Op.AFTER: "is after",
}


class ConditionDialog(LaunchpadModal[Condition]):
    """A form for one condition: subject, operator, value.

    Args:
        names: the possible subjects as (``subject name``, title).
    """

    # Three fields with their notes; in a narrow terminal, each has its label above.
    DEFAULT_CSS = """
    ConditionDialog Form { height: 9; }
    ConditionDialog Form.-narrow { height: 12; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("condition.add", "ctrl+n", "add", "Add the condition", "Dialogs", hidden=True),
    )

    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._names = tuple(names)

    def compose(self) -> ComposeResult:
        """Yield the title, the form and its keys."""
        first = self._names[0][0] if self._names else ""
        fields = (
            Field(
                "what",
                "Subject",
                FieldKind.CHOICE,
                True,
                first,
                "Press space to open the list, ← → to change the value",
            ),
            Field("how", "Condition", FieldKind.CHOICE, True, Op.CONTAINS),
            Field(
                "value",
                "Value",
                FieldKind.TEXT,
                True,
                help="Dates: 2026-01-31, or with a time 2026-01-31T12:00:00Z",
            ),
        )
        choices = {
            "what": [Choice(name, title) for name, title in self._names],
            "how": [Choice(op.value, title) for op, title in _TITLES.items()],
        }
        with Vertical(classes="box"):
            yield Prose([("Add a condition", "title"), ("", "text")])
            yield Form(fields, choices=choices)
            yield Prose([("enter next, add   esc cancel", "dim")])

    def on_mount(self) -> None:
        """Focus the first field."""
        self.query_one(Form).focus_first()

    def do_add(self) -> None:
        """Add the condition."""
        form = self.query_one(Form)
        if form.check():
            self._finish(form.values())

    @on(Form.Changed)
    def changed(self, event: Form.Changed) -> None:
        """Propose a comparison for metrics and times, instead of a search."""
        if event.name == "what" and event.value.startswith("metric "):
            self.query_one(Form).set_value("how", Op.GREATER)
        elif event.name == "what" and event.value.endswith("_at"):
            self.query_one(Form).set_value("how", Op.AFTER)

    @on(Form.Submitted)
    def submitted(self, event: Form.Submitted) -> None:
        """Close the dialog with the condition."""
        self._finish(event.values)

    def _finish(self, values: dict[str, str]) -> None:
        subject, _, name = values["what"].partition(" ")
        self.dismiss(Condition(Subject(subject), name, Op(values["how"]), values["value"]))

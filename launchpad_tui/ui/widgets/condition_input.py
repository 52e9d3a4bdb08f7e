"""The line in which an expression is typed that a list is filtered by, with completion of names."""

from __future__ import annotations

from collections.abc import Sequence

from textual.suggester import Suggester
from textual.widgets import Input

from launchpad_tui.domain.expression import complete, parse_where, written
from launchpad_tui.domain.query import Condition, Subject


class _Names(Suggester):
    """Completes the word that is being typed; right arrow takes it."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        return next((one for one in complete(value, self._names) if one.startswith(value)), None)


class ConditionInput(Input):
    """A line for a filter expression. ``tab`` steps through the completions of a name, the right arrow accepts one.

    Args:
        names: what a condition can refer to: (``subject name``, title), see `ListScreen.condition_names`.
    """

    BINDINGS = [("tab", "step", "next completion")]  # noqa: RUF012  as Textual has it

    def __init__(self, names: Sequence[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        pairs = [(Subject(name.partition(" ")[0]), name.partition(" ")[2]) for name, _ in names]
        self._of = {
            subject: tuple(name for each, name in pairs if each is subject)
            for subject in (Subject.ATTRIBUTE, Subject.METRIC, Subject.PARAMETER)
        }
        self._written = list(dict.fromkeys(written(subject, name) for subject, name in pairs))
        # Metrics and parameters are what one looks for here.
        first = {written(Subject.METRIC, name) for name in self._of[Subject.METRIC]}
        first |= {written(Subject.PARAMETER, name) for name in self._of[Subject.PARAMETER]}
        self._written.sort(key=lambda name: name not in first)
        hint = "accuracy > 0.9 and rate < 0.01   tab completes names"
        super().__init__(
            placeholder=hint, suggester=_Names(self._written), select_on_focus=False, id=id
        )
        self._found: list[str] = []

    def conditions(self) -> tuple[Condition, ...]:
        """What was typed. Raises InvalidInput; the detail says where it is wrong."""
        of = self._of
        return parse_where(
            self.value,
            of[Subject.ATTRIBUTE],
            lambda: of[Subject.METRIC],
            lambda: of[Subject.PARAMETER],
        )

    def action_step(self) -> None:
        """Key ``tab``: the next of what the word may become."""
        if self.value in self._found:
            after = self._found[(self._found.index(self.value) + 1) % len(self._found)]
        else:
            self._found = complete(self.value, self._written)
            if not self._found:
                return
            after = self._found[0]
        self.value = after
        self.cursor_position = len(after)

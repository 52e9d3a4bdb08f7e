"""An input for the expression that filters a list, with completion of names."""

from __future__ import annotations

from collections.abc import Sequence

from textual.suggester import Suggester

from launchpad_tui.domain.expression import complete, parse_where
from launchpad_tui.domain.list_names import shared_names, written
from launchpad_tui.domain.query import Filter, Subject
from launchpad_tui.ui.widgets.text_input import TextInput


class _Names(Suggester):
    """Suggests completions of the last word."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        return next((one for one in complete(value, self._names) if one.startswith(value)), None)


class ConditionInput(TextInput):
    """An input for a filter expression.

    ``tab`` steps through the completions of a name, the right arrow accepts the suggestion.

    Args:
        names: the possible subjects as (``subject name``, title), see
            `ListScreen.condition_names`.
    """

    BINDINGS = [("tab", "step", "next completion")]  # noqa: RUF012  declared as in Textual

    def __init__(self, names: Sequence[tuple[str, str]], *, id: str | None = None) -> None:  # noqa: A002
        pairs = [(Subject(name.partition(" ")[0]), name.partition(" ")[2]) for name, _ in names]
        self._names = {
            subject: tuple(name for each, name in pairs if each is subject) for subject in Subject
        }
        # Metrics and parameters are suggested first: most expressions are about them.
        pairs.sort(key=lambda pair: pair[0] not in {Subject.METRIC, Subject.PARAMETER})
        shared = shared_names(pairs)
        self._written = list(
            dict.fromkeys(written(each, name, prefixed=name in shared) for each, name in pairs)
        )
        hint = "accuracy > 0.9 and rate < 0.01   tab completes names"
        super().__init__(
            placeholder=hint, suggester=_Names(self._written), select_on_focus=False, id=id
        )
        self._completions: list[str] = []

    def conditions(self) -> tuple[Filter, ...]:
        """Return the conditions of the typed expression.

        Raises:
            InvalidInput: the expression is invalid; the detail shows where.
        """
        names = self._names
        return parse_where(
            self.value,
            names[Subject.ATTRIBUTE],
            lambda: names[Subject.METRIC],
            lambda: names[Subject.PARAMETER],
            lambda: names[Subject.LABEL],
            lambda: names[Subject.TAG],
        )

    def action_step(self) -> None:
        """Complete the last word, or replace its completion by the next one."""
        if self.value in self._completions:
            after = self._completions[
                (self._completions.index(self.value) + 1) % len(self._completions)
            ]
        else:
            self._completions = complete(self.value, self._written)
            if not self._completions:
                return
            after = self._completions[0]
        self.value = after
        self.cursor_position = len(after)

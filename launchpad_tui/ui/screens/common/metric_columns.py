"""Metrics and other values as columns of a list: selected in a dialog, kept as a preference."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from launchpad_tui.domain.metric import Direction, guess_direction
from launchpad_tui.domain.query import MetricColumn, Order, Query, Statistic, Subject, ValueColumn
from launchpad_tui.errors import InvalidInput, QueryCancelled

#: stored in the preference in place of a statistic for a curve
_CURVE = "curve"
#: stored in the preference in place of a statistic for other values
_VALUES = {str(one): one for one in (Subject.PARAMETER, Subject.LABEL, Subject.TAG)}
#: the ID of the choice of automatic columns, and the largest number of these
_AUTOMATIC, _MOST = "automatic", 6
_TITLES = {
    str(Statistic.LATEST): "latest value",
    str(Statistic.BEST): "best value",
    _CURVE: "curve",
}

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.common.list_screen import ListScreen

    _Base = ListScreen[Any]
else:
    _Base = object


class MetricColumns(_Base):
    """Mixin for list screens with columns for metrics; it comes before `ListScreen`.

    Until the user selects columns, the metrics of the newest executions are shown, also those that
    are logged later. ``PREFERENCE`` is the name of the preference that stores selected columns.
    """

    PREFERENCE: ClassVar[str] = ""
    _prepared = False
    _automatic = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: the best value of each column in the whole list, if it is known which values are better
        self.best: dict[MetricColumn, float] = {}
        super().__init__(*args, **kwargs)

    async def prepare_columns(self) -> None:
        """Show the stored columns, or the common metrics; to be called first in `load`."""
        if not self._prepared:
            saved = await self.read(self.desk.preferences.get, self.preference, None)
            self._prepared, self._automatic = True, saved is None and self.chooses_metrics
            if not self._automatic:
                self._show_columns(*columns_of(saved))
        if self._automatic:
            keys = await self.automatic_metrics(_MOST)
            if self._automatic:
                self._show_columns(tuple(MetricColumn(key) for key in keys))

    async def automatic_metrics(self, most: int) -> list[str]:
        """Return the keys of the metrics that are shown until the user selects columns."""
        return await self.read(self.desk.artifacts.common_metrics, self.scope, most)

    @property
    def chooses_metrics(self) -> bool:
        """Whether the list shows common metrics until the user selects columns."""
        return True

    def _show_columns(
        self,
        metrics: tuple[MetricColumn, ...],
        curves: tuple[str, ...] = (),
        values: tuple[ValueColumn, ...] = (),
    ) -> None:
        query = self.current_query
        if (metrics, curves, values) != (query.metrics, query.curves, query.values):
            self.current_query = replace(query, metrics=metrics, curves=curves, values=values)
            self.table.set_columns(self.columns())

    def mark_best(self) -> None:
        """Read the best value of each column, and mark it; to be called last in `load`."""
        if self.current_query.metrics or self.best:
            self.run_task(self._mark_best(self.current_query), "best values")

    async def _mark_best(self, query: Query) -> None:
        directions = await self.launchpad.preview(self.desk.boards.directions)
        found: dict[MetricColumn, float] = {}
        for column in query.metrics:
            direction = directions.get(column.key) or guess_direction(column.key)
            if direction is None:
                continue
            order = Order(column, descending=direction == Direction.HIGHER)
            asked = replace(query, metrics=(column,), curves=(), values=(), order=order)
            try:
                values = await self.launchpad.preview(self._first_values, asked, column)
            except (InvalidInput, QueryCancelled):
                # A condition that is not valid is shown in place of the rows.
                continue
            if len(values) > 1 and math.isfinite(values[0]):
                found[column] = values[0]
        if found != self.best and query == self.current_query:
            self.best.clear()
            self.best.update(found)
            self.table.repaint()

    def _first_values(self, query: Query, column: MetricColumn) -> list[float]:
        """Return the values of a column in the first two rows; called on the lane of previews."""
        rows = self.listing(query).slice(0, 2)
        return [row.metrics[column] for row in rows if column in row.metrics]

    @property
    def preference(self) -> str:
        """The name of the preference that stores the selected columns."""
        return self.PREFERENCE

    async def show_view(self, query: Query) -> None:
        """Show the columns of a saved view, then search, filter and sort as in it."""
        if query.metrics or query.curves or query.values:
            self._automatic = False
            self._show_columns(query.metrics, query.curves, query.values)
            self.reload()
        await super().show_view(query)

    async def value_choices(self) -> list[ValueColumn]:
        """Return the parameters, labels and tags that can be columns."""
        artifacts, scope = self.desk.artifacts, self.scope
        names = await self.read(artifacts.parameter_names, scope)
        found = [ValueColumn(Subject.PARAMETER, name) for name in names]
        for key in await self.read(self.label_keys):
            found.append(ValueColumn(Subject.LABEL, key))
        for name in await self.read(artifacts.tag_names, scope):
            found.append(ValueColumn(Subject.TAG, name))
        return found

    def label_keys(self) -> list[str]:
        """Return the keys of the labels of the rows; called on the lane for reading."""
        return []

    async def do_columns(self) -> None:
        """Ask for the metrics, parameters, labels and tags to show as columns."""
        from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog

        keys = await self.read(self.desk.artifacts.metric_keys, self.scope)
        automatic = Choice(
            _AUTOMATIC, "Automatic", "the metrics of the newest executions, also new ones"
        )
        values = {f"{one.name}\x1f{one.subject}": one for one in await self.value_choices()}
        choices = []
        for key in keys:
            # A parameter of the same name comes first: it has a value before anything is logged.
            shared = values.pop(f"{key}\x1f{Subject.PARAMETER}", None)
            if shared is not None:
                choices.append(Choice(f"{key}\x1f{shared.subject}", key, str(shared.subject)))
            kind = "metric, " if shared is not None else ""
            choices += [
                Choice(f"{key}\x1f{form}", key, kind + title) for form, title in _TITLES.items()
            ]
        choices += [Choice(each, one.title, str(one.subject)) for each, one in values.items()]
        if choices and self.chooses_metrics:
            choices.insert(0, automatic)
        query = self.current_query
        current = [f"{column.key}\x1f{column.statistic}" for column in query.metrics]
        current += [f"{key}\x1f{_CURVE}" for key in query.curves]
        current += [f"{one.name}\x1f{one.subject}" for one in query.values]
        selected = await self.launchpad.ask(
            ChooseDialog(
                "Metrics and other values as columns",
                choices,
                multi=True,
                selected=() if self._automatic else current,
                at=_AUTOMATIC,
                empty="There are no metrics, parameters, labels or tags yet",
            )
        )
        if selected is None:
            return
        if _AUTOMATIC in selected:
            self._automatic = True
            await self.read(self.desk.preferences.set, self.preference, None)
            self.reload()
            return
        saved = [one.id.split("\x1f") for one in choices if one.id in selected]
        shown = query.metrics, query.curves, query.values
        if not self._automatic and columns_of(saved) == shown:
            # Confirming the same selection removes the columns: one key shows and hides them.
            saved = []
        self._automatic = False
        self._show_columns(*columns_of(saved))
        self.reload()
        await self.read(self.desk.preferences.set, self.preference, saved)


def columns_of(
    saved: Any,
) -> tuple[tuple[MetricColumn, ...], tuple[str, ...], tuple[ValueColumn, ...]]:
    """Return the columns of metrics, curves and other values that a stored preference lists.

    Entries that are not valid are ignored: another version may have written the preference.
    """
    pairs = (
        [pair for pair in saved if isinstance(pair, list) and len(pair) == 2]
        if isinstance(saved, list)
        else []
    )
    statistics = set(Statistic)
    metrics = tuple(
        MetricColumn(str(key), Statistic(form)) for key, form in pairs if form in statistics
    )
    curves = tuple(str(key) for key, form in pairs if form == _CURVE)
    values = tuple(ValueColumn(_VALUES[form], str(name)) for name, form in pairs if form in _VALUES)
    return metrics, curves, values

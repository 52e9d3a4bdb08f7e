"""Metrics as columns of a list: selected in a dialog and kept in the preferences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from launchpad_tui.domain.query import MetricColumn, Statistic

#: stored in the preference in place of a statistic
_CURVE = "curve"
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

    ``PREFERENCE`` is the name of the preference that stores the selected columns.
    """

    PREFERENCE: ClassVar[str] = ""
    _prepared = False

    async def prepare_columns(self) -> None:
        """Show the stored columns; to be called first in `load`."""
        if self._prepared:
            return
        saved = await self.read(self.desk.preferences.get, self.preference, [])
        self._prepared = True
        metrics, curves = columns_of(saved)
        if metrics or curves:
            self.current_query = replace(self.current_query, metrics=metrics, curves=curves)
            self.table.set_columns(self.columns())

    @property
    def preference(self) -> str:
        """The name of the preference that stores the selected columns."""
        return self.PREFERENCE

    async def do_columns(self) -> None:
        """Ask for the metrics to show as columns."""
        from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog

        keys = await self.read(self.desk.artifacts.metric_keys, self.scope)
        choices = [
            Choice(f"{key}\x1f{form}", key, title)
            for key in keys
            for form, title in _TITLES.items()
        ]
        query = self.current_query
        current = [f"{column.key}\x1f{column.statistic}" for column in query.metrics]
        current += [f"{key}\x1f{_CURVE}" for key in query.curves]
        selected = await self.launchpad.ask(
            ChooseDialog(
                "Metrics as columns",
                choices,
                multi=True,
                selected=current,
                empty="No execution has logged metrics yet",
            )
        )
        if selected is None:
            return
        saved = [one.id.split("\x1f") for one in choices if one.id in selected]
        metrics, curves = columns_of(saved)
        if (metrics, curves) == (query.metrics, query.curves):
            # Confirming the same selection removes the columns: one key shows and hides them.
            saved, metrics, curves = [], (), ()
        self.current_query = replace(query, metrics=metrics, curves=curves)
        self.table.set_columns(self.columns())
        self.reload()
        await self.read(self.desk.preferences.set, self.preference, saved)


def columns_of(saved: Any) -> tuple[tuple[MetricColumn, ...], tuple[str, ...]]:
    """Return the columns for values and for curves that a stored preference lists.

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
    return metrics, tuple(str(key) for key, form in pairs if form == _CURVE)

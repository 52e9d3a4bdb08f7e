"""Metrics as columns of a list: chosen in a dialog, remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from launchpad_tui.domain.page import MetricColumn, Statistic

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.list_screen import ListScreen

    _Base = ListScreen[Any]
else:
    _Base = object


class MetricColumns(_Base):
    """Mixin of list screens, before `ListScreen`. ``PREFERENCE`` names where the choice is remembered."""

    PREFERENCE: ClassVar[str] = ""
    _prepared = False

    async def prepare_columns(self) -> None:
        """Take the columns that were chosen earlier; call it in `load`."""
        if self._prepared:
            return
        chosen = await self.read(self.desk.preferences.get, self.preference, [])
        self._prepared = True
        self.query_now = replace(self.query_now, metrics=metrics_of(chosen))
        self.table.set_columns(self.columns())

    @property
    def preference(self) -> str:
        """Where the choice is remembered."""
        return self.PREFERENCE

    async def do_columns(self) -> None:
        """Choose the metrics."""
        from launchpad_tui.ui.screens.dialogs import Choice, ChooseDialog

        keys = await self.read(self.desk.artifacts.metric_keys, self.scope)
        columns = [MetricColumn(key, how) for key in keys for how in (Statistic.LATEST, Statistic.BEST)]
        picked = await self.launchpad.ask(
            ChooseDialog(
                "Metrics as columns",
                [Choice(str(column), column.key, str(column.statistic)) for column in columns],
                multi=True,
                selected=[str(column) for column in self.query_now.metrics],
                empty="No execution has logged metrics yet",
            )
        )
        if picked is None:
            return
        wanted = tuple(column for column in columns if str(column) in picked)
        self.query_now = replace(self.query_now, metrics=() if wanted == self.query_now.metrics else wanted)
        self.table.set_columns(self.columns())
        self.reload()
        saved = [[column.key, str(column.statistic)] for column in self.query_now.metrics]
        await self.read(self.desk.preferences.set, self.preference, saved)


def metrics_of(saved: Any) -> tuple[MetricColumn, ...]:
    """The columns of a preference; what is no column in it is left out."""
    pairs = [pair for pair in saved if isinstance(pair, list) and len(pair) == 2] if isinstance(saved, list) else []
    known = set(Statistic)
    return tuple(MetricColumn(str(key), Statistic(how)) for key, how in pairs if how in known)

"""Metrics as columns of a list: chosen in a dialog, remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from launchpad_tui.domain.query import MetricColumn, Statistic

#: what stands for a curve where a statistic stands for a value
_CURVE = "curve"
_SHOWN = {
    str(Statistic.LATEST): "latest value",
    str(Statistic.BEST): "best value",
    _CURVE: "curve, as a line of blocks",
}

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.common.list_screen import ListScreen

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
        metrics, curves = columns_of(chosen)
        if metrics or curves:
            self.query_now = replace(self.query_now, metrics=metrics, curves=curves)
            self.table.set_columns(self.columns())

    @property
    def preference(self) -> str:
        """Where the choice is remembered."""
        return self.PREFERENCE

    async def do_columns(self) -> None:
        """Choose the metrics."""
        from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog

        keys = await self.read(self.desk.artifacts.metric_keys, self.scope)
        choices = [Choice(f"{key}\x1f{how}", key, _SHOWN[how]) for key in keys for how in _SHOWN]
        query = self.query_now
        now = [f"{column.key}\x1f{column.statistic}" for column in query.metrics]
        now += [f"{key}\x1f{_CURVE}" for key in query.curves]
        picked = await self.launchpad.ask(
            ChooseDialog(
                "Metrics as columns",
                choices,
                multi=True,
                selected=now,
                empty="No execution has logged metrics yet",
            )
        )
        if picked is None:
            return
        saved = [one.id.split("\x1f") for one in choices if one.id in picked]
        metrics, curves = columns_of(saved)
        if (metrics, curves) == (query.metrics, query.curves):
            # The same again takes them away.
            saved, metrics, curves = [], (), ()
        self.query_now = replace(query, metrics=metrics, curves=curves)
        self.table.set_columns(self.columns())
        self.reload()
        await self.read(self.desk.preferences.set, self.preference, saved)


def columns_of(saved: Any) -> tuple[tuple[MetricColumn, ...], tuple[str, ...]]:
    """Values and curves of a preference; what is no column in it is left out."""
    pairs = (
        [pair for pair in saved if isinstance(pair, list) and len(pair) == 2]
        if isinstance(saved, list)
        else []
    )
    known = set(Statistic)
    metrics = tuple(MetricColumn(str(key), Statistic(how)) for key, how in pairs if how in known)
    return metrics, tuple(str(key) for key, how in pairs if how == _CURVE)

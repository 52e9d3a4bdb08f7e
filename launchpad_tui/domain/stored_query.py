"""The order and the conditions of a list as JSON, which is kept in the preferences."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from launchpad_tui.domain.query import (
    Combination,
    Condition,
    Filter,
    Junction,
    MetricColumn,
    Op,
    Order,
    Query,
    Statistic,
    Subject,
    ValueColumn,
)
from launchpad_tui.records import replace

#: the largest depth of a stored combination
_DEPTH = 100
#: the subjects of columns that are not metrics
_VALUES = (Subject.PARAMETER, Subject.LABEL, Subject.TAG)


def stored_form(query: Query) -> dict[str, Any]:
    """Return the order and the conditions of a query as JSON; its search is not part of it."""
    return {
        "order": _stored_order(query.order.by),
        "descending": query.order.descending,
        "conditions": [_stored(one) for one in query.conditions],
    }


def stored_query(saved: Any, sorts: Collection[Any]) -> Query:
    """Return the query of a stored form.

    Parts that are not valid are ignored: another version may have written them.

    Args:
        saved: what `stored_form` returned; None if nothing is stored.
        sorts: the attributes that the list can be sorted by.
    """
    if not isinstance(saved, dict):
        return Query()
    conditions = saved.get("conditions")
    return Query(
        conditions=tuple(
            found
            for one in (conditions if isinstance(conditions, list) else ())
            if (found := _filter(one)) is not None
        ),
        order=_order(saved.get("order"), saved.get("descending") is True, sorts),
    )


def view_form(query: Query) -> dict[str, Any]:
    """Return a query with its search and its columns as JSON, for a saved view."""
    return {
        **stored_form(query),
        "search": query.search,
        "metrics": [_stored_order(one) for one in query.metrics],
        "curves": list(query.curves),
        "values": [_stored_order(one) for one in query.values],
    }


def view_query(saved: Any, sorts: Collection[Any]) -> Query:
    """Return the query of a saved view. Parts that are not valid are ignored.

    Args:
        saved: what `view_form` returned.
        sorts: the attributes that the list can be sorted by.
    """
    found = stored_query(saved, sorts)
    if not isinstance(saved, dict):
        return found

    def listed(name: str) -> list[Any]:
        value = saved.get(name)
        return value if isinstance(value, list) else []

    metrics = [_order(one, False, ()).by for one in listed("metrics")]
    values = [_order(one, False, ()).by for one in listed("values")]
    return replace(
        found,
        search=str(saved.get("search") or ""),
        metrics=tuple(one for one in metrics if isinstance(one, MetricColumn)),
        curves=tuple(str(one) for one in listed("curves")),
        values=tuple(one for one in values if isinstance(one, ValueColumn)),
    )


def _stored_order(by: str | MetricColumn | ValueColumn) -> str | list[str]:
    if isinstance(by, MetricColumn):
        return [by.key, str(by.statistic)]
    return [by.name, str(by.subject)] if isinstance(by, ValueColumn) else by


def _stored(one: Filter) -> list[Any]:
    if isinstance(one, Combination):
        return [str(one.junction), [_stored(part) for part in one.parts]]
    return [str(one.subject), one.name, str(one.op), one.value]


def _filter(one: Any, depth: int = 0) -> Filter | None:
    """Return the filter of a stored form; None if it is not valid."""
    if _is_condition(one):
        return Condition(Subject(one[0]), one[1], Op(one[2]), one[3])
    if (
        depth > _DEPTH
        or not isinstance(one, list)
        or len(one) != 2
        or one[0] not in set(Junction)
        or not isinstance(one[1], list)
        or not one[1]
    ):
        return None
    parts = [_filter(part, depth + 1) for part in one[1]]
    known = tuple(part for part in parts if part is not None)
    return Combination(Junction(one[0]), known) if len(known) == len(parts) else None


def _order(by: Any, descending: bool, sorts: Collection[Any]) -> Order:
    if isinstance(by, list) and len(by) == 2 and by[1] in set(Statistic):
        return Order(MetricColumn(str(by[0]), Statistic(by[1])), descending)
    if isinstance(by, list) and len(by) == 2 and by[1] in _VALUES:
        return Order(ValueColumn(Subject(by[1]), str(by[0])), descending)
    return Order(by, descending) if isinstance(by, str) and by in sorts else Order()


def _is_condition(one: Any) -> bool:
    return (
        isinstance(one, list)
        and len(one) == 4
        and all(isinstance(part, str) for part in one)
        and one[0] in set(Subject)
        and one[2] in set(Op)
    )

"""The order and the conditions of a list as JSON, which is kept in the preferences."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from launchpad_tui.domain.query import Condition, MetricColumn, Op, Order, Query, Statistic, Subject


def stored_form(query: Query) -> dict[str, Any]:
    """Return the order and the conditions of a query as JSON; its search is not part of it."""
    by = query.order.by
    return {
        "order": [by.key, str(by.statistic)] if isinstance(by, MetricColumn) else by,
        "descending": query.order.descending,
        "conditions": [
            [str(one.subject), one.name, str(one.op), one.value] for one in query.conditions
        ],
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
            Condition(Subject(one[0]), one[1], Op(one[2]), one[3])
            for one in (conditions if isinstance(conditions, list) else ())
            if _is_condition(one)
        ),
        order=_order(saved.get("order"), saved.get("descending") is True, sorts),
    )


def _order(by: Any, descending: bool, sorts: Collection[Any]) -> Order:
    if isinstance(by, list) and len(by) == 2 and by[1] in set(Statistic):
        return Order(MetricColumn(str(by[0]), Statistic(by[1])), descending)
    return Order(by, descending) if isinstance(by, str) and by in sorts else Order()


def _is_condition(one: Any) -> bool:
    return (
        isinstance(one, list)
        and len(one) == 4
        and all(isinstance(part, str) for part in one)
        and one[0] in set(Subject)
        and one[2] in set(Op)
    )

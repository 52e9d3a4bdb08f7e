"""The sweep of an execution as an attribute of lists of executions and artifacts."""

from __future__ import annotations

from launchpad_tui.domain.query import Condition, Op

#: the name of the attribute
SWEEP = "sweep"
#: the condition that the sweep ``w`` has an ID or a name, or is the newest one for ``latest``
_NAMED = (
    "(w.id = ? OR w.name = ? OR ? = 'latest' AND w.pk = "
    "(SELECT max(l.pk) FROM sweeps l WHERE l.group_pk = w.group_pk))"
)


def name_expression(execution_id: str) -> str:
    """Return the SQL expression of the name of a row's sweep, empty without one.

    Args:
        execution_id: the SQL expression of the ID of the (source) execution of the row ``t``.
    """
    return (
        "coalesce((SELECT w.name FROM sweep_members m JOIN sweeps w ON w.pk = m.sweep_pk "
        f"WHERE m.execution_id = {execution_id} AND m.execution_id <> '' "
        "AND w.group_pk = t.group_pk LIMIT 1), '')"
    )


def membership(execution_id: str, condition: Condition) -> tuple[str, tuple[object, ...]] | None:
    """Return the SQL and the parameters of a comparison with the ID or name of a sweep.

    Args:
        execution_id: as for `name_expression`.

    Returns:
        None for other operators than ``=`` and ``!=``, which compare the name.
    """
    if condition.op not in {Op.EQUALS, Op.NOT_EQUALS}:
        return None
    inside = (
        "EXISTS (SELECT 1 FROM sweep_members m JOIN sweeps w ON w.pk = m.sweep_pk "
        f"WHERE m.execution_id = {execution_id} AND m.execution_id <> '' "
        f"AND w.group_pk = t.group_pk AND {_NAMED})"
    )
    return (f"NOT {inside}" if condition.op is Op.NOT_EQUALS else inside), (condition.value,) * 3


def members(condition: Condition, group: int) -> tuple[str, tuple[object, ...]]:
    """Return the SQL that selects the row numbers ``x`` of the executions of the sweeps that match
    ``=``, and its parameters."""
    return (
        "SELECT e.pk AS x FROM sweeps w CROSS JOIN sweep_members m ON m.sweep_pk = w.pk "
        "CROSS JOIN executions e ON e.group_pk = w.group_pk AND e.id = m.execution_id "
        f"WHERE w.group_pk = ? AND {_NAMED}",
        (group, *(condition.value,) * 3),
    )

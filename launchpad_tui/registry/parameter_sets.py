"""The sets of names of parameters that configurations have.

Few different sets exist, so that an index finds the configurations in which a parameter is missing.
The set of a configuration is unknown (NULL) if its parameters were changed without `assign`.
"""

from __future__ import annotations

import sqlite3

from launchpad_tui.registry.driver import Driver
from launchpad_tui.registry.lifecycle_schema import MOST_NAMES, NAMES_OF

#: the largest number of sets among which a parameter is searched
_SETS = 2_000


def assign(db: sqlite3.Connection, configuration_pk: int) -> None:
    """Store which parameters a configuration has, after all of them were inserted."""
    of_row = (configuration_pk,)
    (names, number) = db.execute(
        f"SELECT n, json_array_length(n) FROM (SELECT {NAMES_OF.format('?')} AS n)", of_row
    ).fetchone()
    if number > MOST_NAMES:
        return
    db.execute("INSERT INTO parameter_sets (names) VALUES (?) ON CONFLICT DO NOTHING", (names,))
    db.execute(
        "UPDATE configurations SET parameter_set = (SELECT s.pk FROM parameter_sets s "
        "WHERE s.names = ?) WHERE pk = ?",
        (names, configuration_pk),
    )


def executions_without(
    db: sqlite3.Connection, name: str, group: int, joins: str
) -> list[Driver] | None:
    """Return the executions in which a parameter may be missing.

    Args:
        group: the row number of the resource group.
        joins: the SQL expression of the row number of a row's execution.

    Returns:
        None if there are too many sets of names.
    """
    if db.execute("SELECT 1 FROM parameter_sets LIMIT 1 OFFSET ?", (_SETS,)).fetchone():
        return None
    of_sets = "SELECT e.pk AS x FROM configurations c CROSS JOIN executions e WHERE {} AND {}"
    bound = "e.configuration_pk = c.pk"
    without = (
        "c.parameter_set IN (SELECT sets.pk FROM parameter_sets sets "
        "WHERE NOT EXISTS (SELECT 1 FROM json_each(sets.names) WHERE value = ?))"
    )
    return [
        Driver(of_sets.format(without, bound), (name,), joins),
        Driver(of_sets.format("c.parameter_set IS NULL", bound), (), joins),
        # The group is compared in the few rows that the index of configurations has.
        Driver(
            "SELECT e.pk AS x FROM executions e WHERE e.configuration_pk IS NULL "
            "AND +e.group_pk = ?",
            (group,),
            joins,
        ),
    ]

"""The sets of names of parameters that configurations have.

Few different sets exist, so that an index finds the configurations in which a parameter is missing.
The set of a configuration is unknown (NULL) if its parameters were changed without `assign`.
"""

from __future__ import annotations

import sqlite3

from launchpad_tui.registry.driver import Driver

#: the largest number of names of a set that is stored
_NAMES = 500
#: the largest number of sets among which a parameter is searched
_SETS = 2_000

_NAMES_OF = (
    "(SELECT json_group_array(name) FROM (SELECT p.name FROM configuration_parameters p "
    "WHERE p.configuration_pk = {0} ORDER BY p.name))"
)


def _unknown_after(event: str, row: str) -> str:
    """Return the trigger that marks the set of a configuration as unknown."""
    name = event.split(maxsplit=1)[0].lower()
    return (
        f"CREATE TRIGGER configuration_parameters_{name} AFTER {event} ON configuration_parameters "
        "BEGIN UPDATE configurations SET parameter_set = NULL "
        f"WHERE pk = {row}.configuration_pk AND parameter_set IS NOT NULL; END"
    )


#: the statements of the eighteenth migration
PARAMETER_SETS = (
    # `names` is a JSON array in ascending order.
    "CREATE TABLE parameter_sets (pk INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT",
    "ALTER TABLE configurations ADD COLUMN parameter_set INTEGER",
    "INSERT OR IGNORE INTO parameter_sets (names) "
    f"SELECT {_NAMES_OF.format('c.pk')} FROM configurations c",
    f"DELETE FROM parameter_sets WHERE json_array_length(names) > {_NAMES}",
    "UPDATE configurations SET parameter_set = (SELECT s.pk FROM parameter_sets s "
    f"WHERE s.names = {_NAMES_OF.format('configurations.pk')})",
    "CREATE INDEX configurations_parameters ON configurations (parameter_set)",
    _unknown_after("INSERT", "new"),
    _unknown_after("DELETE", "old"),
    _unknown_after("UPDATE OF name", "new"),
)


def assign(db: sqlite3.Connection, configuration_pk: int) -> None:
    """Store which parameters a configuration has, after all of them were inserted."""
    of_row = (configuration_pk,)
    (names, number) = db.execute(
        f"SELECT n, json_array_length(n) FROM (SELECT {_NAMES_OF.format('?')} AS n)", of_row
    ).fetchone()
    if number > _NAMES:
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

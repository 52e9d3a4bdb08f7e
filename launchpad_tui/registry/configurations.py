"""Configurations with their parameter bindings and input artifact bindings. They never change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.timestamps import from_micros, to_micros
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry.ambiguity import MOST_LISTED, ambiguous
from launchpad_tui.registry.codec import clean, number, search_text, terms
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the number of configurations in a list
LIST_LIMIT = 10_000
#: the largest number of values in one ``IN (…)``
BATCH = 900
#: the condition of configurations that lists contain, see `registry.artifact_records`
LISTED = "created_at >= 0"
COLUMNS = "pk, id, name, scenario_id, executable_id, created_at"
#: greater than every row number and every time in microseconds
_NEWEST = 2**63 - 1


def configurations(
    registry: Registry,
    scope: Scope,
    executable_id: str | None = None,
    search: str = "",
    limit: int = LIST_LIMIT,
) -> list[Configuration]:
    """Return the newest configurations of a resource group.

    Args:
        executable_id: return only configurations of this executable.
        search: words that all must occur in the name, ID, executable or bindings.
        limit: the largest number of configurations.

    Raises:
        NotFound: the resource group does not exist.
    """
    words = terms(search)
    with registry.read() as db:
        where = ["group_pk = ?", LISTED]
        values: list[object] = [group_pk(db, scope)]
        if executable_id is not None:
            where.append("executable_id = ?")
            values.append(executable_id)
        where += ["instr(search_text, ?)"] * len(words)
        rows = db.execute(
            f"SELECT {COLUMNS} FROM configurations WHERE {' AND '.join(where)} "
            "ORDER BY created_at DESC, pk DESC LIMIT ?",
            (*values, *words, limit),
        ).fetchall()
        return from_row(db, rows)


def all_configurations(
    registry: Registry,
    scope: Scope,
    executable_id: str | None = None,
    search: str = "",
    conditions: tuple[list[str], list[object]] = ([], []),
) -> Iterator[Configuration]:
    """Yield all configurations of a resource group, newest first, read in batches.

    Args:
        executable_id: yield only configurations of this executable.
        search: words that all must occur in the name, ID, executable or bindings.
        conditions: further SQL conditions on the table ``t``, and their parameters.

    Raises:
        NotFound: the resource group does not exist.
    """
    words = terms(search)
    where = ["group_pk = ?", LISTED, "(created_at, pk) < (?, ?)"]
    values: list[object] = []
    if executable_id is not None:
        where.append("executable_id = ?")
        values.append(executable_id)
    where += ["instr(search_text, ?)"] * len(words)
    where += conditions[0]
    last: tuple[int, int] = (_NEWEST, _NEWEST)
    while True:
        with registry.read() as db:
            rows = db.execute(
                f"SELECT {COLUMNS} FROM configurations t WHERE {' AND '.join(where)} "
                "ORDER BY created_at DESC, pk DESC LIMIT ?",
                (group_pk(db, scope), *last, *values, *words, *conditions[1], BATCH),
            ).fetchall()
            found = from_row(db, rows)
        yield from found
        if len(rows) < BATCH:
            return
        last = rows[-1][-1], rows[-1][0]


def configuration(registry: Registry, scope: Scope, configuration_id: str) -> Configuration:
    """Return the configuration with this ID.

    Raises:
        NotFound: it does not exist.
    """
    found = by_id(registry, scope, [configuration_id])
    if configuration_id not in found:
        raise NotFound(
            f"Configuration {configuration_id!r} does not exist",
            hint="List the configurations with: launchpad configurations list",
        )
    return found[configuration_id]


def varying(
    registry: Registry, scope: Scope, executable_id: str, limit: int = 200
) -> frozenset[str]:
    """Return the names of the parameters whose values differ among configurations.

    Args:
        executable_id: the executable of the configurations.
        limit: the number of newest configurations of the executable that are compared; they are
            searched among the newest `LIST_LIMIT` of the resource group.

    Raises:
        NotFound: the resource group does not exist.
    """
    with registry.read() as db:
        rows = db.execute(
            "WITH newest AS (SELECT pk, executable_id, created_at FROM configurations "
            "WHERE group_pk = ? ORDER BY created_at DESC LIMIT ?), "
            "compared AS (SELECT pk FROM newest WHERE executable_id = ? "
            "ORDER BY created_at DESC LIMIT ?) "
            "SELECT p.name FROM compared JOIN configuration_parameters p "
            "ON p.configuration_pk = compared.pk GROUP BY p.name "
            "HAVING min(p.value) <> max(p.value) OR count(*) < (SELECT count(*) FROM compared)",
            (group_pk(db, scope), LIST_LIMIT, executable_id, limit),
        ).fetchall()
    return frozenset(str(name) for (name,) in rows)


def by_id(registry: Registry, scope: Scope, ids: Iterable[str]) -> dict[str, Configuration]:
    """Return the existing configurations of these IDs, by ID."""
    found: dict[str, Configuration] = {}
    wanted = list(dict.fromkeys(ids))
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            rows = db.execute(
                f"SELECT {COLUMNS} FROM configurations WHERE group_pk = ? "
                f"AND id IN ({placeholders(some)})",
                (group, *some),
            ).fetchall()
            found |= {c.id: c for c in from_row(db, rows)}
    return found


def resolve(registry: Registry, scope: Scope, text: str) -> Configuration:
    """Return the configuration with this ID, unique ID prefix (from 4 characters) or unique name.

    Raises:
        NotFound: nothing matches.
        Conflict: several entries match; the detail lists them.
    """
    with registry.read() as db:
        ids = resolve_id(db, "configurations", "name", group_pk(db, scope), text, "configuration")
        return configuration(registry, scope, ids)


def resolve_id(
    db: sqlite3.Connection,
    table: str,
    name_column: str,
    group: int,
    text: str,
    what: str,
    more: str = "",
) -> str:
    """Return the ID for a text: an ID, a unique name, or a unique ID prefix (from 4 characters).

    Args:
        what: the noun of the entries for messages, such as ``artifact``.
        more: a further SQL condition, which starts with ``AND``.

    Raises:
        NotFound: nothing matches.
        Conflict: several entries match; the detail lists them.
    """
    text = text.strip()
    tries = [("id = ?", text)]
    if name_column:
        tries.append((f"{name_column} = ?", text))
    if len(text) >= 4:
        tries.append(("substr(id, 1, ?) = ?", text))
    for where, value in tries:
        values: tuple[object, ...] = (
            (group, len(value), value) if "substr" in where else (group, value)
        )
        rows = db.execute(
            f"SELECT id FROM {table} WHERE group_pk = ? AND {where} {more} "
            "ORDER BY created_at DESC LIMIT ?",
            (*values, MOST_LISTED + 1),
        ).fetchall()
        if len(rows) == 1:
            return str(rows[0][0])
        if rows:
            raise ambiguous(db, table, group, text, what, [row[0] for row in rows])
    short = (
        0 < len(text) < 4
        and db.execute(
            f"SELECT 1 FROM {table} WHERE group_pk = ? AND substr(id, 1, ?) = ? {more} LIMIT 1",
            (group, len(text), text),
        ).fetchone()
    )
    raise NotFound(
        f"{what.capitalize()} {text!r} does not exist",
        "The prefix of an ID requires at least 4 characters."
        if short
        else f"No {what} of the resource group has this name or ID.",
        "Check the name, and the selected connection and resource group.",
    )


def add(registry: Registry, scope: Scope, new: Configuration) -> None:
    """Add a configuration.

    Raises:
        NotFound: the resource group does not exist.
        Conflict: the ID exists.
    """
    with registry.write("configurations") as db:
        insert(db, group_pk(db, scope), new)


def insert(db: sqlite3.Connection, group: int, new: Configuration) -> int:
    """Insert a configuration within a transaction; return its row number."""
    text = search_text(
        (
            new.name,
            new.id,
            new.executable_id,
            *(f"{k}={v}" for k, v in new.parameters.items()),
            *new.inputs.values(),
        )
    )
    cursor = db.execute(
        "INSERT INTO configurations (group_pk, id, name, scenario_id, executable_id, created_at, "
        "search_text) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            group,
            new.id,
            clean(new.name),
            new.scenario_id,
            new.executable_id,
            to_micros(new.created_at),
            text,
        ),
    )
    if not cursor.rowcount:
        raise Conflict(f"Configuration {new.id} already exists")
    pk = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO configuration_parameters (configuration_pk, position, name, value, number) "
        "VALUES (?, ?, ?, ?, ?)",
        [(pk, i, clean(k), clean(v), number(v)) for i, (k, v) in enumerate(new.parameters.items())],
    )
    # Imported on use: lists of the command line import this module, but add nothing.
    from launchpad_tui.registry.parameter_sets import assign

    assign(db, pk)
    db.executemany(
        "INSERT INTO configuration_inputs (configuration_pk, position, name, artifact_id) "
        "VALUES (?, ?, ?, ?)",
        [(pk, i, k, v) for i, (k, v) in enumerate(new.inputs.items())],
    )
    return pk


def placeholders(values: Sequence[object]) -> str:
    """Return as many question marks as there are values, for ``IN (…)``."""
    return ",".join("?" * len(values))


@reports_damage
def from_row(
    db: sqlite3.Connection, rows: list[tuple[int, str, str, str, str, int]]
) -> list[Configuration]:
    """Return the configurations in rows of `COLUMNS`, in their order, within a transaction."""
    parameters: dict[int, dict[str, str]] = {}
    inputs: dict[int, dict[str, str]] = {}
    pks = [row[0] for row in rows]
    for start in range(0, len(pks), BATCH):
        some = pks[start : start + BATCH]
        for table, column, into in (
            ("configuration_parameters", "value", parameters),
            ("configuration_inputs", "artifact_id", inputs),
        ):
            for pk, name, value in db.execute(
                f"SELECT configuration_pk, name, {column} FROM {table} "
                f"WHERE configuration_pk IN ({placeholders(some)}) "
                "ORDER BY configuration_pk, position",
                some,
            ):
                into.setdefault(pk, {})[name] = value
    return [
        Configuration(
            id_,
            name,
            scenario,
            executable,
            parameters.get(pk, {}),
            inputs.get(pk, {}),
            from_micros(at),
        )
        for pk, id_, name, scenario, executable, at in rows
    ]

"""Search over all connections and resource groups."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Hit
from launchpad_tui.registry import artifacts, executions
from launchpad_tui.registry.cancellation import BudgetExceeded, QueryCancellation
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.driver import SOME, Driver, few
from launchpad_tui.registry.list_tables import ARTIFACTS, EXECUTIONS, ListTable
from launchpad_tui.registry.search_terms import search_drivers, search_terms, term_test

#: the parts of a search: a table, and the kinds of artifacts
PARTS: tuple[tuple[ListTable, tuple[str, ...]], ...] = (
    (ARTIFACTS, ("model",)),
    (ARTIFACTS, ("dataset", "resultset", "other")),
    (EXECUTIONS, ()),
)

#: the instructions of SQLite for the newest rows, before another way is tried; about a tenth of a
#: second
_BUDGET = 1_000_000


def search(registry: Registry, text: str, limit: int) -> list[Hit]:
    """Return at most ``limit`` entries that contain every word of a text.

    Models come first, then other artifacts, then executions, each ordered from newest to oldest.
    An empty text finds nothing.
    """
    found: list[Hit] = []
    for number in range(len(PARTS)):
        if len(found) < limit:
            found += search_part(registry, number, text, limit - len(found))
    return found


def search_part(
    registry: Registry,
    number: int,
    text: str,
    limit: int,
    cancellation: QueryCancellation | None = None,
) -> list[Hit]:
    """Return the entries of one of the `PARTS` that contain every word, from newest to oldest.

    Raises:
        QueryCancelled: the search was cancelled.
    """
    table, kinds = PARTS[number]
    words = search_terms(text)
    if not words:
        return []
    with registry.read(cancellation) as db:
        most = few(db.execute(f"SELECT max(pk) FROM {table.name}").fetchone()[0] or 0)
        candidates = _candidates(db, search_drivers(db, table.name, words, most), most)
        scopes = {
            pk: Scope(connection, group)
            for pk, connection, group in db.execute(
                "SELECT g.pk, c.name, g.name FROM resource_groups g "
                "JOIN connections c ON c.pk = g.connection_pk"
            )
        }
        pks: list[int] | None = None
        if candidates is None:
            try:
                with registry.budget(_BUDGET):
                    pks = _newest_of_all(db, table, scopes, kinds, words, limit)
            except BudgetExceeded:
                # Few of the newest rows match.
                candidates = _candidates(db, search_drivers(db, table.name, words, SOME), SOME)
        if candidates is not None:
            pks = _newest_among(db, table, candidates, kinds, words, limit)
        elif pks is None:
            pks = _newest_of_all(db, table, scopes, kinds, words, limit)
        rows_of = _rows(db, table, pks)
        names = _configuration_names(db, pks) if table is ARTIFACTS else {}
    found = [(pk, scopes[rows_of[pk][0]], rows_of[pk][1:]) for pk in pks]
    if table is ARTIFACTS:
        return [
            Hit(
                scope,
                artifact=artifacts.from_row(row),
                configuration_name=names.get(pk, ""),
            )
            for pk, scope, row in found
        ]
    return [Hit(scope, execution=executions.from_row(row)) for _, scope, row in found]


def _newest_of_all(
    db: sqlite3.Connection,
    table: ListTable,
    groups: Iterable[int],
    kinds: tuple[str, ...],
    words: tuple[str, ...],
    limit: int,
) -> list[int]:
    """Return the row numbers of the newest matches of all groups."""
    lists = [
        _newest(db, table, group, kind, words) for group in groups for kind in kinds or (None,)
    ]
    # Each list is read only as far as its rows are among the newest of all.
    return [pk for _, pk in islice(heapq.merge(*lists, reverse=True), limit)]


def _candidates(
    db: sqlite3.Connection, drivers: Iterable[Driver], most: int
) -> Sequence[int] | None:
    """Return the row numbers of the driver with the fewest rows, None if all have more than most.

    The full-text index has to be read as far to count rows as to read them, so they are read once.
    """
    best: Sequence[int] | None = None
    for driver in drivers:
        sql = f"SELECT x FROM ({driver.counted or driver.sql}) LIMIT ?"
        found = [int(pk) for (pk,) in db.execute(sql, (*driver.values, most + 1))]
        if len(found) <= most:
            # A driver that is counted may have a row twice.
            best, most = sorted(set(found)), len(found) - 1
            if not found:
                break
    return best


def _newest_among(
    db: sqlite3.Connection,
    table: ListTable,
    candidates: Sequence[int],
    kinds: tuple[str, ...],
    words: tuple[str, ...],
    limit: int,
) -> list[int]:
    """Return the row numbers of the newest matches among some rows."""
    where = f" AND t.kind IN ({placeholders(kinds)})" if kinds else ""
    where += f" AND {table.visible}" if table.visible else ""
    matches, values = _matches(table, words)
    return [
        int(pk)
        for (pk,) in db.execute(
            f"SELECT t.pk FROM json_each(?) d CROSS JOIN {table.name} t "
            f"WHERE t.pk = d.value{where}{matches} ORDER BY t.created_at DESC, t.pk DESC LIMIT ?",
            (to_json(candidates), *kinds, *values, limit),
        )
    ]


def _newest(
    db: sqlite3.Connection, table: ListTable, group: int, kind: str | None, words: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """Yield the time of creation and the row number of the matches of a group, newest first."""
    matches, bound = _matches(table, words)
    kinds, values = ("", ()) if kind is None else ("AND t.kind = ?", (kind,))
    kinds += f" AND {table.visible}" if table.visible else ""
    return db.execute(
        f"SELECT t.created_at, t.pk FROM {table.name} t WHERE t.group_pk = ? {kinds}"
        f"{matches} ORDER BY t.created_at DESC, t.pk DESC",
        (group, *values, *bound),
    )


def _matches(table: ListTable, words: tuple[str, ...]) -> tuple[str, list[str | int]]:
    """Return the SQL of the tests of all words, which starts with AND, and the parameters."""
    tests = [term_test(table.name, word) for word in words]
    return "".join(f" AND {test}" for test, _ in tests), [
        one for _, values in tests for one in values
    ]


def _configuration_names(db: sqlite3.Connection, pks: list[int]) -> dict[int, str]:
    """Return the configuration names of the executions that created artifacts, by row number."""
    found: dict[int, str] = {}
    for start in range(0, len(pks), BATCH):
        some = pks[start : start + BATCH]
        found.update(
            db.execute(
                "SELECT a.pk, e.configuration_name FROM artifacts a "
                "JOIN executions e ON e.pk = a.execution_pk "
                f"WHERE a.pk IN ({placeholders(some)})",
                some,
            )
        )
    return found


def _rows(db: sqlite3.Connection, table: ListTable, pks: list[int]) -> dict[int, tuple[Any, ...]]:
    """Return group and columns of rows by row number."""
    found: dict[int, tuple[Any, ...]] = {}
    for start in range(0, len(pks), BATCH):
        some = pks[start : start + BATCH]
        for row in db.execute(
            f"SELECT pk, group_pk, {table.columns} FROM {table.name} "
            f"WHERE pk IN ({placeholders(some)})",
            some,
        ):
            found[row[0]] = row[1:]
    return found

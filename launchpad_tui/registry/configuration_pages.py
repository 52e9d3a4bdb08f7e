"""Pages of the configurations of a resource group, from the newest to the oldest."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import Cursor, Filter, Page, PagePart
from launchpad_tui.registry.cancellation import BudgetExceeded, QueryCancellation
from launchpad_tui.registry.configurations import (
    COLUMNS,
    LISTED,
    all_configurations,
    from_row,
)
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.list_tables import CONFIGURATIONS
from launchpad_tui.registry.query import conditions_sql
from launchpad_tui.registry.scan import Steps, search_part
from launchpad_tui.registry.search_terms import search_terms, term_test
from launchpad_tui.registry.segments import Segment

#: the instructions of SQLite for finding the position of a row; about a tenth of a second
_BUDGET = 1_000_000


class ConfigurationLister:
    """A list of configurations that is read by keyset pagination, see `services.listing.Pager`.

    Args:
        search: words that all must occur in the name, ID, executable or bindings.
        filters: the conditions on attributes and parameters.

    Raises:
        InvalidInput: a condition is invalid.
    """

    #: skipping rows reads an index only
    skips_slowly = False

    def __init__(
        self,
        registry: Registry,
        scope: Scope,
        search: str = "",
        filters: tuple[Filter, ...] = (),
    ) -> None:
        self._registry = registry
        self._scope = scope
        self._words = search_terms(search)
        self._where, self._values = conditions_sql(CONFIGURATIONS, filters)
        self._cancellation = QueryCancellation()
        self._steps = Steps()

    def cancel(self) -> None:
        """End running queries with `QueryCancelled`, and refuse further ones."""
        self._cancellation.cancel()

    def count(self, most: int | None = None) -> tuple[int, bool]:
        """Return the number of rows, counted up to ``most`` in a search, and whether these are all
        rows."""
        with self._registry.read(self._cancellation) as db:
            limited = most is not None and bool(self._words or self._where)
            limit = most + 1 if limited and most is not None else sys.maxsize
            found = self._segment(db, None, backwards=False).count(db, limit)
        if most is None or not limited or found <= most:
            return found, True
        return most, False

    def reaches_end(self, limit: int) -> bool:  # noqa: ARG002
        """Return True: the last rows are read as fast as the first ones."""
        return True

    def page(
        self, cursor: Cursor | None, limit: int, *, backwards: bool = False
    ) -> Page[Configuration]:
        """Return at most ``limit`` rows after the cursor, or before it, always newest first.

        Args:
            cursor: None is the position before the first row, or after the last one if backwards.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        columns = "".join(f", t.{name}" for name in COLUMNS.split(", "))
        with self._registry.read(self._cancellation) as db:
            rows = self._segment(db, cursor, backwards=backwards).fetch(db, columns, limit)
            if backwards:
                rows.reverse()
            found = from_row(db, [row[3:] for row in rows])
        return Page(tuple(found), tuple(row[:3] for row in rows))

    def part(self, cursor: Cursor | None, limit: int) -> PagePart[Configuration]:
        """Return the rows after a cursor that are found in a part of the time of a long search.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        columns = "".join(f", t.{name}" for name in COLUMNS.split(", "))
        with self._registry.read(self._cancellation) as db:
            all_rows = self._segment(db, cursor, backwards=False, filtered=False)
            pair = (self._segment(db, cursor, backwards=False), all_rows)
            steps = self._steps
            with steps.measured():
                rows, reached, searched = search_part(db, [pair], columns, limit, steps.rows)
            found = tuple(from_row(db, [row[3:] for row in rows]))
            if reached is not None and steps.searching and steps.total is None:
                every = self._segment(db, None, backwards=False, filtered=False)
                steps.total = every.count(db, sys.maxsize)
            steps.searching = reached is not None
        cursors = tuple(row[:3] for row in rows)
        return PagePart(found, cursors, reached, searched, steps.total)

    def position(self, row_id: str) -> int | None:
        """Return the number of rows before the row with an ID.

        None is returned if the row is not in the list, or if counting takes more than about a tenth
        of a second.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._registry.read(self._cancellation) as db:
            row = db.execute(
                "SELECT pk FROM configurations WHERE group_pk = ? AND id = ?",
                (group_pk(db, self._scope), row_id),
            ).fetchone()
            if row is None:
                return None
            found = self._segment(db, None, backwards=False).only(row[0]).fetch(db, "", 1)
            if not found:
                return None
            value, tie, pk = found[0]
            try:
                with self._registry.budget(_BUDGET):
                    before = self._segment(db, (value, tie, pk), backwards=True)
                    return before.count(db, sys.maxsize)
            except BudgetExceeded:
                return None

    def near(self, position: int) -> None:
        """Return None: rows are skipped fast."""

    def anchors(
        self, cursor: Cursor | None, every: int, rows: int, *, backwards: bool = False
    ) -> list[Cursor]:
        """Return the cursors of every ``every``-th of the next ``rows`` rows after a cursor."""
        found: list[Cursor] = []
        with self._registry.read(self._cancellation) as db:
            segment = self._segment(db, cursor, backwards=backwards)
            for _ in range(rows // every):
                read = segment.fetch(db, "", 1, every - 1)
                if not read:
                    break
                value, tie, pk = read[0]
                segment.start = (value, tie, pk)
                found.append(segment.start)
        return found

    def _segment(
        self,
        db: sqlite3.Connection,
        cursor: Cursor | None,
        *,
        backwards: bool,
        filtered: bool = True,
    ) -> Segment:
        # With + the condition is not the limit of the index, which a position in the list is.
        where = ["t.group_pk = ?", f"+t.{LISTED}"]
        values: list[object] = [group_pk(db, self._scope)]
        if filtered:
            where += self._where
            values += self._values
            for word in self._words:
                test, bound = term_test("configurations", word)
                where.append(test)
                values += bound
        keys = ("t.created_at", "t.pk")
        segment = Segment("configurations t", where, values, keys, value=keys[0])
        segment.start, segment.down = cursor, not backwards
        return segment


def filtered_configurations(
    registry: Registry,
    scope: Scope,
    executable_id: str | None,
    search: str,
    filters: tuple[Filter, ...],
) -> Iterator[Configuration]:
    """Yield the configurations that match conditions on attributes and parameters; otherwise as
    `configurations.all_configurations`.

    Raises:
        NotFound: the resource group does not exist.
        InvalidInput: a condition is invalid.
    """
    where = conditions_sql(CONFIGURATIONS, filters)
    return all_configurations(registry, scope, executable_id, search, where)

"""Ends queries whose result nobody awaits any more, and queries that take too long.

SQLite calls a handler on the query's own thread after every `STEPS` instructions of its virtual
machine, and interrupts the query if the handler returns a true value
(https://www.sqlite.org/c3ref/progress_handler.html). Unlike ``sqlite3.Connection.interrupt``, which
interrupts whatever the connection executes at that time, this can never end a later query.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from launchpad_tui.errors import QueryCancelled

#: the number of instructions after which a query is checked: a few milliseconds
STEPS = 10_000


class QueryCancellation:
    """Cancels queries from another thread. It cannot be undone."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """End the queries that run with this object, and refuse further ones."""
        self.cancelled = True


class BudgetExceeded(Exception):
    """A query took more instructions than permitted."""


class Watch:
    """The progress handler of the queries of one connection."""

    def __init__(self) -> None:
        self.cancellation: QueryCancellation | None = None
        self._left: int | None = None

    def __call__(self) -> bool:
        """Return whether the query is to be interrupted."""
        if self._left is not None:
            self._left -= STEPS
            if self._left < 0:
                return True
        return self.cancellation is not None and self.cancellation.cancelled

    @contextmanager
    def watching(
        self, connection: sqlite3.Connection, cancellation: QueryCancellation | None
    ) -> Iterator[None]:
        """End the queries of a read transaction with `QueryCancelled` when they are cancelled."""
        if cancellation is None:
            yield
            return
        self.cancellation = cancellation
        connection.set_progress_handler(self, STEPS)
        try:
            if cancellation.cancelled:
                raise QueryCancelled
            yield
        except sqlite3.OperationalError as error:
            if interrupted(error) and cancellation.cancelled:
                raise QueryCancelled from error
            raise
        finally:
            connection.set_progress_handler(None, 0)
            self.cancellation = None

    @contextmanager
    def budget(self, connection: sqlite3.Connection, steps: int) -> Iterator[None]:
        """Limit the instructions of the queries of a block.

        Args:
            connection: the connection of the queries.
            steps: the number of instructions, counted in multiples of `STEPS`.

        Raises:
            BudgetExceeded: the limit was reached.
        """
        self._left = steps
        connection.set_progress_handler(self, STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            cancelled = self.cancellation is not None and self.cancellation.cancelled
            if interrupted(error) and not cancelled:
                raise BudgetExceeded from error
            raise
        finally:
            self._left = None
            if self.cancellation is None:
                connection.set_progress_handler(None, 0)


def interrupted(error: sqlite3.Error) -> bool:
    """Return whether an error reports that a progress handler ended the query."""
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT

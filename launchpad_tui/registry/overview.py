"""Numbers of objects in a resource group, counted up to a limit."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Overview
from launchpad_tui.registry.configurations import LISTED
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

#: what is counted: a table and a further condition with its value
_COUNTED: dict[str, tuple[str, str, str]] = {
    "models": ("artifacts", "kind", "model"),
    "datasets": ("artifacts", "kind", "dataset"),
    "executions": ("executions", "", ""),
    "running": ("executions", "status", "RUNNING"),
    "configurations": ("configurations", "", ""),
}


def overview(registry: Registry, scope: Scope, limit: int) -> Overview:
    """Return the numbers of objects of a resource group.

    Each number is counted in an index and at most ``limit``, so that it takes the same time in a
    registry of any size.

    Raises:
        NotFound: the resource group does not exist.
    """
    with registry.read() as db:
        group = group_pk(db, scope)
        found: dict[str, int] = {}
        for name, (table, column, value) in _COUNTED.items():
            hidden = 0
            if name == "executions":
                # Counted in an index of their own, so that no rows have to be read.
                (hidden,) = db.execute(
                    "SELECT count(*) FROM executions WHERE group_pk = ? AND kept = 1", (group,)
                ).fetchone()
            where = f"group_pk = ? AND {column} = ?" if column else "group_pk = ?"
            if name == "configurations":
                where += f" AND {LISTED}"
            values = (group, value) if column else (group,)
            (found[name],) = db.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {where} LIMIT ?)",
                (*values, limit + hidden),
            ).fetchone()
            found[name] -= hidden
    return Overview(**found, limit=limit)


def is_empty(registry: Registry) -> bool:
    """Return whether no object of any connection has been added, created or synchronized."""
    tables = ("artifacts", "executions", "configurations", "executables")
    with registry.read() as db:
        for table in tables:
            if db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
                return False
        (connections,) = db.execute("SELECT count(*) FROM connections").fetchone()
    return int(connections) <= 1

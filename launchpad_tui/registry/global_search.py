"""Search over all connections and resource groups."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Hit
from launchpad_tui.registry import artifacts, executions
from launchpad_tui.registry.codec import terms
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.query import match_expression

_JOINS = "JOIN resource_groups g ON g.pk = t.group_pk JOIN connections c ON c.pk = g.connection_pk"


def search(registry: Registry, text: str, limit: int) -> list[Hit]:
    """Return at most ``limit`` entries that contain every word of a text.

    Models come first, then other artifacts, then executions, each ordered from newest to oldest.
    An empty text finds nothing.
    """
    if not terms(text):
        return []
    found: list[Hit] = []
    for table, columns, where in (
        ("artifacts", artifacts.COLUMNS, "t.kind = 'model'"),
        ("artifacts", artifacts.COLUMNS, "t.kind <> 'model'"),
        ("executions", executions.COLUMNS, "1"),
    ):
        if len(found) < limit:
            found += _search(registry, table, columns, where, text, limit - len(found))
    return found


def _search(
    registry: Registry, table: str, columns: str, where: str, text: str, limit: int
) -> list[Hit]:
    words, match = terms(text), match_expression(text)
    source, values = f"{table} t", list[object]()
    conditions = [where, *("instr(t.search_text, ?)" for _ in words)]
    if match:
        source = f"{table}_search f CROSS JOIN {table} t"
        conditions = [f"{table}_search MATCH ?", "t.pk = f.rowid", *conditions]
        values.append(match)
    shown = ", ".join(f"t.{name}" for name in columns.split(", "))
    with registry.read() as db:
        rows = db.execute(
            f"SELECT c.name, g.name, {shown} FROM {source} {_JOINS} "
            f"WHERE {' AND '.join(conditions)} ORDER BY t.created_at DESC, t.pk DESC LIMIT ?",
            (*values, *words, limit),
        ).fetchall()
    if table == "artifacts":
        return [Hit(Scope(row[0], row[1]), artifact=artifacts.from_row(row[2:])) for row in rows]
    return [Hit(Scope(row[0], row[1]), execution=executions.from_row(row[2:])) for row in rows]

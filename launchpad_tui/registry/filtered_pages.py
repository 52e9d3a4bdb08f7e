"""Filtered lists of the AI API in pages, with the total count.

Entries are ordered by creation. Entries that are added while a client reads page by page are at the
end, so that pages have neither gaps nor duplicates. The entries of a page are found by row numbers;
only then the other columns are read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.domain.filters import ArtifactFilter, ConfigurationFilter, ExecutionFilter
from launchpad_tui.registry import artifacts, configurations, executions
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

_Where = tuple[list[str], list[object]]


def artifact_page(
    registry: Registry, scope: Scope, wanted: ArtifactFilter, top: int, skip: int
) -> list[Artifact]:
    """Return at most ``top`` artifacts after the first ``skip``. Raises NotFound."""
    with registry.read() as db:
        where = _artifacts(group_pk(db, scope), wanted)
        return [
            artifacts.from_row(row)
            for row in _page(db, "artifacts", artifacts.COLUMNS, where, top, skip)
        ]


def count_artifacts(registry: Registry, scope: Scope, wanted: ArtifactFilter) -> int:
    """Return the number of artifacts. Raises NotFound for an unknown group."""
    with registry.read() as db:
        return _count(db, "artifacts", _artifacts(group_pk(db, scope), wanted))


def configuration_page(
    registry: Registry, scope: Scope, wanted: ConfigurationFilter, top: int, skip: int
) -> list[Configuration]:
    """Return at most ``top`` configurations after the first ``skip``. Raises NotFound."""
    with registry.read() as db:
        where = _configurations(group_pk(db, scope), wanted)
        columns = configurations.COLUMNS
        return configurations.from_row(db, _page(db, "configurations", columns, where, top, skip))


def count_configurations(registry: Registry, scope: Scope, wanted: ConfigurationFilter) -> int:
    """Return the number of configurations. Raises NotFound for an unknown group."""
    with registry.read() as db:
        return _count(db, "configurations", _configurations(group_pk(db, scope), wanted))


def execution_page(
    registry: Registry, scope: Scope, wanted: ExecutionFilter, top: int, skip: int
) -> list[Execution]:
    """Return at most ``top`` executions after the first ``skip``. Raises NotFound."""
    with registry.read() as db:
        where = _executions(group_pk(db, scope), wanted)
        return [
            executions.from_row(row)
            for row in _page(db, "executions", executions.COLUMNS, where, top, skip)
        ]


def count_executions(registry: Registry, scope: Scope, wanted: ExecutionFilter) -> int:
    """Return the number of executions. Raises NotFound for an unknown group."""
    with registry.read() as db:
        return _count(db, "executions", _executions(group_pk(db, scope), wanted))


def _page(
    db: sqlite3.Connection, table: str, columns: str, where: _Where, top: int, skip: int
) -> list[tuple[Any, ...]]:
    """Return the columns of the rows of a page."""
    conditions, values = where
    inner = (
        f"SELECT t.pk FROM {table} t WHERE {' AND '.join(conditions)} "
        "ORDER BY t.pk LIMIT ? OFFSET ?"
    )
    sql = f"SELECT {columns} FROM {table} WHERE pk IN ({inner}) ORDER BY pk"
    return db.execute(sql, (*values, top, skip)).fetchall()


def _count(db: sqlite3.Connection, table: str, where: _Where) -> int:
    conditions, values = where
    return int(
        db.execute(
            f"SELECT count(*) FROM {table} t WHERE {' AND '.join(conditions)}", values
        ).fetchone()[0]
    )


def _artifacts(group: int, wanted: ArtifactFilter) -> _Where:
    conditions, values = _equal(
        group,
        ("scenario_id", wanted.scenario_id),
        ("execution_id", wanted.execution_id),
        ("name", wanted.name),
        ("kind", wanted.kind or ""),
    )
    for label in wanted.labels:
        inside = (
            "EXISTS (SELECT 1 FROM artifact_labels l "
            "WHERE l.artifact_pk = t.pk AND l.key = ? AND l.value = ?)"
        )
        conditions.append(f"NOT {inside}" if label.differs else inside)
        values += [label.key, label.value]
    _search(conditions, values, ("name", "description"), wanted.search, wanted.any_case)
    return conditions, values


def _configurations(group: int, wanted: ConfigurationFilter) -> _Where:
    conditions, values = _equal(group, ("scenario_id", wanted.scenario_id))
    conditions.append(f"t.{configurations.LISTED}")
    _any(conditions, values, "executable_id", wanted.executable_ids)
    _search(conditions, values, ("name",), wanted.search, wanted.any_case)
    return conditions, values


def _executions(group: int, wanted: ExecutionFilter) -> _Where:
    conditions, values = _equal(
        group,
        ("scenario_id", wanted.scenario_id),
        ("configuration_id", wanted.configuration_id),
        ("schedule_id", wanted.schedule_id),
        ("status", wanted.status or ""),
    )
    _any(conditions, values, "executable_id", wanted.executable_ids)
    return [*conditions, "t.kept = 0"], values


def _equal(group: int, *pairs: tuple[str, str]) -> _Where:
    given = [(column, value) for column, value in pairs if value]
    return ["t.group_pk = ?", *(f"t.{column} = ?" for column, _ in given)], [
        group,
        *(value for _, value in given),
    ]


def _any(conditions: list[str], values: list[object], column: str, wanted: Iterable[str]) -> None:
    found = list(wanted)
    if found:
        # A single parameter for any number of values.
        conditions.append(f"t.{column} IN (SELECT value FROM json_each(?))")
        values.append(to_json(found))


def _search(
    conditions: list[str], values: list[object], columns: tuple[str, ...], text: str, any_case: bool
) -> None:
    if text:
        each = "instr(casefold(t.{0}), ?) > 0" if any_case else "instr(t.{0}, ?) > 0"
        conditions.append(f"({' OR '.join(each.format(column) for column in columns)})")
        values += [text.casefold() if any_case else text] * len(columns)

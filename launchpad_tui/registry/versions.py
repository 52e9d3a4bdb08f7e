"""Versions of models and their aliases, with the history of each alias.

The models of one name in a scenario are numbered in the order of their creation. A number is never
assigned twice, also after its model was deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry.ambiguity import MOST_LISTED, ambiguous
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.domain.model_version import AliasChange

#: the largest number of changes of aliases that are returned
HISTORY_LIMIT = 1000


def number_one(db: sqlite3.Connection, pk: int, group: int, scenario_id: str, name: str) -> None:
    """Assign the next version of a name to a model, within a transaction."""
    (number,) = db.execute(
        "INSERT INTO model_versions (group_pk, scenario_id, name, last) VALUES (?, ?, ?, 1) "
        "ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
        (group, scenario_id, name),
    ).fetchone()
    db.execute("UPDATE artifacts SET version = ? WHERE pk = ?", (number, pk))


def number_all(db: sqlite3.Connection, group: int) -> None:
    """Assign versions to the models of a group that have none, oldest first, within a transaction.

    Nothing is assigned before the list of a remote runtime is complete, because older models may
    follow.
    """
    complete = db.execute(
        "SELECT 1 FROM reading_state s JOIN resource_groups g ON g.connection_pk = s.connection_pk "
        "AND g.name = s.resource_group WHERE g.pk = ? AND s.part = 'artifacts' "
        "AND s.total IS NULL AND s.done_at IS NOT NULL",
        (group,),
    ).fetchone()
    if complete:
        number_listed(db, group)


def number_listed(db: sqlite3.Connection, group: int) -> None:
    """Assign versions to the models of a group that have none, because its list is complete."""
    rows = db.execute(
        "SELECT pk, scenario_id, name FROM artifacts WHERE group_pk = ? AND kind = 'model' "
        "AND version IS NULL ORDER BY created_at, pk",
        (group,),
    ).fetchall()
    for pk, scenario_id, name in rows:
        number_one(db, pk, group, scenario_id, name)


def referenced(db: sqlite3.Connection, group: int, text: str) -> str:
    """Return the ID of the model that ``name@alias`` or ``name@number`` refers to.

    Raises:
        NotFound: there is no such model.
        Conflict: models of several scenarios match; the detail lists them.
    """
    from launchpad_tui.domain.model_version import LATEST, version_number

    name, _, label = text.rpartition("@")
    number = version_number(label)
    if label == LATEST:
        rows = _newest(db, group, name)
    elif number is not None:
        rows = db.execute(
            "SELECT id FROM artifacts WHERE group_pk = ? AND name = ? AND version IS NOT NULL "
            "AND version = ? LIMIT ?",
            (group, name, number, MOST_LISTED + 1),
        ).fetchall()
    else:
        rows = db.execute(
            "SELECT id FROM artifacts WHERE group_pk = ? AND name = ? AND aliases <> '' "
            "AND instr(' ' || aliases || ' ', ' ' || ? || ' ') LIMIT ?",
            (group, name, label, MOST_LISTED + 1),
        ).fetchall()
    if len(rows) == 1:
        return str(rows[0][0])
    if rows:
        raise ambiguous(db, "artifacts", group, text, "model", [row[0] for row in rows])
    raise _missing(db, group, text, name, label)


def _missing(db: sqlite3.Connection, group: int, text: str, name: str, label: str) -> NotFound:
    from launchpad_tui.domain.model_version import LATEST, version_number

    most, count = db.execute(
        "SELECT max(version), count(*) FROM artifacts WHERE group_pk = ? AND name = ? "
        "AND version IS NOT NULL",
        (group, name),
    ).fetchone()
    if not count:
        return NotFound(
            f"Model {text!r} does not exist",
            f"No model of the resource group has the name {name!r}.",
            "List the names with: launchpad models list",
        )
    known = sorted(
        {
            alias
            for (aliases,) in db.execute(
                "SELECT aliases FROM artifacts WHERE group_pk = ? AND name = ? AND aliases <> ''",
                (group, name),
            )
            for alias in aliases.split()
        }
    )
    what = "version" if version_number(label) is not None else "alias"
    return NotFound(
        f"Model {name!r} has no {what} {label!r}",
        f"Its aliases: {', '.join([*known, LATEST])}. Its highest version: {most}.",
        f"List its versions with: launchpad models versions {name}",
    )


def set_alias(
    registry: Registry, scope: Scope, artifact_id: str, alias: str, by: str
) -> AliasChange:
    """Point an alias of a model's name at this version, and record the change.

    Args:
        by: the user who changes it.

    Returns:
        The change; if the alias pointed at this version already, nothing is recorded.

    Raises:
        NotFound: the model does not exist.
        Conflict: the artifact has no version.
    """
    from launchpad_tui.domain.model_version import AliasChange

    with registry.write("artifacts") as db:
        group = group_pk(db, scope)
        pk, scenario_id, name, version, aliases = _row(db, group, artifact_id)
        if version is None:
            raise Conflict(
                f"{name} ({artifact_id}) has no version",
                "Only models have versions, after their connection was synchronized completely.",
                "Select a model, or synchronize first with: launchpad sync now",
            )
        previous_id, previous_version = "", None
        for other, other_id, other_version, others in _holders(db, group, scenario_id, name, alias):
            previous_id, previous_version = other_id, other_version
            if other != pk:
                _store(db, other, [one for one in others.split() if one != alias])
        found = AliasChange(
            scenario_id, name, alias, artifact_id, version, previous_id, previous_version, now(), by
        )
        if previous_id != artifact_id:
            _store(db, pk, sorted({*aliases.split(), alias}))
            _record(db, group, found)
        return found


def remove_alias(
    registry: Registry, scope: Scope, artifact_id: str, alias: str, by: str
) -> AliasChange:
    """Remove an alias from a model, and record the change.

    Raises:
        NotFound: the model does not exist, or does not have the alias.
    """
    from launchpad_tui.domain.model_version import AliasChange

    with registry.write("artifacts") as db:
        group = group_pk(db, scope)
        pk, scenario_id, name, version, aliases = _row(db, group, artifact_id)
        if alias not in aliases.split():
            raise NotFound(
                f"{name} ({artifact_id}) does not have the alias {alias!r}",
                f"Its aliases: {', '.join(aliases.split()) or 'none'}.",
                "List all aliases with: launchpad models aliases",
            )
        _store(db, pk, [one for one in aliases.split() if one != alias])
        found = AliasChange(scenario_id, name, alias, "", None, artifact_id, version, now(), by)
        _record(db, group, found)
        return found


def with_aliases(registry: Registry, scope: Scope, name: str = "") -> list[str]:
    """Return the IDs of the models that have an alias (of a name), by name, scenario and version.

    Raises NotFound for an unknown scope."""
    with registry.read() as db:
        named, values = ("AND name = ?", (name,)) if name else ("", ())
        rows = db.execute(
            f"SELECT id FROM artifacts WHERE group_pk = ? AND aliases <> '' {named} "
            "ORDER BY name, scenario_id, version DESC",
            (group_pk(db, scope), *values),
        ).fetchall()
    return [row[0] for row in rows]


def newest(registry: Registry, scope: Scope, name: str) -> list[str]:
    """Return the ID of the newest version of a name in each scenario. Raises NotFound."""
    with registry.read() as db:
        return [row[0] for row in _newest(db, group_pk(db, scope), name)]


def history(registry: Registry, scope: Scope, name: str = "", alias: str = "") -> list[AliasChange]:
    """Return at most `HISTORY_LIMIT` changes of aliases, newest first. Raises NotFound."""
    from launchpad_tui.domain.model_version import AliasChange

    where, values = ["group_pk = ?"], []
    for column, value in (("name", name), ("alias", alias)):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    with registry.read() as db:
        rows = db.execute(
            "SELECT scenario_id, name, alias, artifact_id, version, previous_id, "
            "previous_version, changed_at, changed_by FROM alias_changes "
            f"WHERE {' AND '.join(where)} ORDER BY pk DESC LIMIT ?",
            (group_pk(db, scope), *values, HISTORY_LIMIT),
        ).fetchall()
    return [
        AliasChange(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6], from_micros(row[7]), row[8]
        )
        for row in rows
    ]


def rename(db: sqlite3.Connection, group: int, artifact_id: str, former: str, name: str) -> None:
    """Number a model as a version of its new name, within a transaction.

    Args:
        former: the former name; the row has the new one already.

    Raises:
        Conflict: another version of the new name has one of the model's aliases.
    """
    pk, scenario_id, _, version, aliases = _row(db, group, artifact_id)
    if version is None or former == name:
        return
    check_aliases_free(db, group, pk, scenario_id, name, aliases, former)
    number_one(db, pk, group, scenario_id, name)


def check_aliases_free(
    db: sqlite3.Connection,
    group: int,
    pk: int,
    scenario_id: str,
    name: str,
    aliases: str,
    former: str,
) -> None:
    """Check that a model may be renamed, within a transaction.

    Args:
        pk: the row number of the model.
        name: the new name.
        aliases: those of the model, separated by spaces.
        former: the former name.

    Raises:
        Conflict: another version of the new name has one of the model's aliases.
    """
    for alias in aliases.split():
        for other, other_id, other_version, _ in _holders(db, group, scenario_id, name, alias):
            if other != pk:
                raise Conflict(
                    f"{former} cannot be renamed to {name}",
                    f"Its alias {alias} belongs to version {other_version} of {name} ({other_id}).",
                    f"Remove the alias first: launchpad models promote {other_id} {alias} --remove",
                )


def holder(registry: Registry, scope: Scope, scenario_id: str, name: str, alias: str) -> str:
    """Return the ID of the version of a name that has an alias, empty if none has. Raises
    NotFound for an unknown scope."""
    with registry.read() as db:
        found = _holders(db, group_pk(db, scope), scenario_id, name, alias)
    return found[0][1] if found else ""


def _newest(db: sqlite3.Connection, group: int, name: str) -> Sequence[tuple[str, int]]:
    return db.execute(
        "SELECT id, max(version) FROM artifacts WHERE group_pk = ? AND name = ? "
        "AND version IS NOT NULL AND gone_at IS NULL GROUP BY scenario_id LIMIT ?",
        (group, name, MOST_LISTED + 1),
    ).fetchall()


def _row(db: sqlite3.Connection, group: int, artifact_id: str) -> tuple[int, str, str, int, str]:
    row: tuple[int, str, str, int, str] | None = db.execute(
        "SELECT pk, scenario_id, name, version, aliases FROM artifacts "
        "WHERE group_pk = ? AND id = ?",
        (group, artifact_id),
    ).fetchone()
    if row is None:
        raise NotFound(
            f"Artifact {artifact_id!r} does not exist",
            hint="List the artifacts with: launchpad artifacts list",
        )
    return row


def _holders(
    db: sqlite3.Connection, group: int, scenario_id: str, name: str, alias: str
) -> Sequence[tuple[int, str, int, str]]:
    """Return row number, ID, version and aliases of the versions of a name that have an alias."""
    return db.execute(
        "SELECT pk, id, version, aliases FROM artifacts WHERE group_pk = ? AND name = ? "
        "AND scenario_id = ? AND aliases <> '' AND instr(' ' || aliases || ' ', ' ' || ? || ' ')",
        (group, name, scenario_id, alias),
    ).fetchall()


def _store(db: sqlite3.Connection, pk: int, aliases: Sequence[str]) -> None:
    db.execute("UPDATE artifacts SET aliases = ? WHERE pk = ?", (" ".join(aliases), pk))


def _record(db: sqlite3.Connection, group: int, change: AliasChange) -> None:
    db.execute(
        "INSERT INTO alias_changes (group_pk, scenario_id, name, alias, artifact_id, version, "
        "previous_id, previous_version, changed_at, changed_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            group,
            change.scenario_id,
            change.name,
            change.alias,
            change.artifact_id,
            change.version,
            change.previous_id,
            change.previous_version,
            to_micros(change.changed_at),
            change.changed_by,
        ),
    )

"""Metrics, parameters, tags and custom info that users and evaluations add to artifacts.

An artifact that an execution created shares what its execution logged: what is added is stored
there too, with metrics that belong to this artifact alone. Any other artifact has a record of its
own, so that all queries of lists, charts and comparisons treat both alike. A record is a row of
``executions`` that no list contains (``kept``), with a row of ``configurations`` for its
parameters. Both are marked as deleted, so that no sync considers them, and the configuration has a
negative time, so that the index from which configurations are listed separates it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from launchpad_tui.domain.artifact import RECORD_PREFIX, Artifact
from launchpad_tui.domain.artifact_attributes import ArtifactAttributes, AttributeKind, Sources
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import (
    ARTIFACT_LABEL,
    CustomInfo,
    Metric,
    Tag,
    normal_name,
    series_key,
)
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.records import replace
from launchpad_tui.registry import (
    artifacts,
    configurations,
    executions,
    logged_metrics,
    parameter_sets,
    series,
    series_points,
    series_texts,
)
from launchpad_tui.registry.codec import clean, number, to_json
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.series_texts import KEY, LABELS, NAME, number_of

#: part, name, source and value of an attribute, see `state`
AttributeState = tuple[str, str, str | None, Any]

_TABLES = {AttributeKind.TAG: "tags", AttributeKind.INFO: "custom_info"}


def put(
    registry: Registry,
    scope: Scope,
    artifact_id: str,
    new: ArtifactAttributes,
    source: str,
    *,
    replacing: bool = False,
) -> None:
    """Add attributes to an artifact, in one transaction.

    Points are added to those of their metrics. Parameters, tags and custom info replace those of
    the same name.

    Args:
        source: ``USER``, or the ID of the execution that evaluated the artifact.
        replacing: whether the points that were added before to the same metrics are removed.

    Raises:
        NotFound: the artifact does not exist, or its source execution is not known.
        Conflict: parameters are added to an artifact that an execution created.
    """
    with registry.write("artifacts", "metrics") as db:
        artifact = artifacts.artifact(registry, scope, artifact_id)
        if new.parameters and artifact.execution_id:
            raise Conflict(
                f"The parameters of {artifact.kind} {artifact.name} cannot be changed",
                f"They belong to the configuration of execution {artifact.execution_id}.",
                "Add labels or tags instead, or create another configuration.",
            )
        owner = _owner(db, scope, artifact)
        points = [_of_artifact(one, artifact) for one in new.metrics]
        keys = {series_key(normal_name(one.name), one.labels) for one in points}
        if replacing:
            _remove_metrics(db, owner, artifact, keys)
        series.append(registry, artifact.attributes_id, points, scope)
        logged_metrics.put(registry, artifact.attributes_id, new.tags, new.custom_info, scope)
        _put_parameters(db, owner, new.parameters)
        _mark(
            db,
            _pk(db, scope, artifact_id),
            source,
            {
                AttributeKind.METRIC: keys,
                AttributeKind.PARAMETER: new.parameters,
                AttributeKind.TAG: [one.name for one in new.tags],
                AttributeKind.INFO: [one.name for one in new.custom_info],
            },
        )
    if not artifact.execution_id:
        series.seal(registry, artifact.attributes_id, scope)


def remove(
    registry: Registry, scope: Scope, artifact_id: str, names: Mapping[AttributeKind, Iterable[str]]
) -> None:
    """Remove attributes that were added to an artifact. All series of a metric's name are removed.

    Raises:
        NotFound: the artifact does not exist, or a name was not added to it.
    """
    with registry.write("artifacts", "metrics") as db:
        artifact = artifacts.artifact(registry, scope, artifact_id)
        pk = _pk(db, scope, artifact_id)
        known = set(sources(registry, scope, artifact_id))
        for part, some in names.items():
            for name in some:
                matching = {
                    key
                    for each, key in known
                    if each is part
                    and name
                    in ({key, key.partition("{")[0]} if part is AttributeKind.METRIC else {key})
                }
                if not matching:
                    raise NotFound(
                        f"{artifact.kind.capitalize()} {artifact.name} has no added "
                        f"{part} {name[:80]!r}",
                        "Only what was added to it can be removed, not what an execution logged.",
                        f"Show all with: launchpad metrics show {artifact.id}",
                    )
                _remove(db, _owner(db, scope, artifact), artifact, part, matching)
                db.executemany(
                    "DELETE FROM added_values WHERE artifact_pk = ? AND part = ? AND name = ?",
                    [(pk, part, key) for key in matching],
                )


def sources(registry: Registry, scope: Scope, artifact_id: str) -> Sources:
    """Return where the values come from that were added to an artifact. Raises NotFound for an
    unknown scope."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT v.part, v.name, v.source FROM artifacts a "
            "JOIN added_values v ON v.artifact_pk = a.pk WHERE a.group_pk = ? AND a.id = ?",
            (group_pk(db, scope), artifact_id),
        ).fetchall()
    return {(AttributeKind(part), name): source for part, name, source in rows}


def names_of(new: ArtifactAttributes) -> dict[AttributeKind, list[str]]:
    """Return the names under which attributes are stored; those of metrics are keys of series."""
    return {
        AttributeKind.METRIC: [
            series_key(
                normal_name(one.name),
                tuple(pair for pair in one.labels if pair[0] != ARTIFACT_LABEL),
            )
            for one in new.metrics
        ],
        AttributeKind.PARAMETER: [clean(name) for name in new.parameters],
        AttributeKind.TAG: [clean(one.name) for one in new.tags],
        AttributeKind.INFO: [clean(one.name) for one in new.custom_info],
    }


def state(
    registry: Registry, scope: Scope, artifact_id: str, names: Mapping[AttributeKind, Iterable[str]]
) -> list[AttributeState]:
    """Return what `restore` restores: source and value of attributes, sorted by part and name.

    The value of a parameter, tag or custom info is a text, or None without one. That of a metric
    is a list of its points ``[name, labels, step, time in microseconds, value]``, which belong to
    the artifact alone.

    Raises:
        NotFound: the artifact does not exist.
    """
    with registry.read() as db:
        artifact = artifacts.artifact(registry, scope, artifact_id)
        known = sources(registry, scope, artifact_id)
        row = db.execute(
            "SELECT pk FROM executions WHERE group_pk = ? AND id = ?",
            (group_pk(db, scope), artifact.attributes_id),
        ).fetchone()
        owner = -1 if row is None else int(row[0])
        return [
            (str(part), name, known.get((part, name)), _value(db, owner, artifact, part, name))
            for part in sorted(names)
            for name in sorted(set(names[part]))
        ]


def restore(
    registry: Registry, scope: Scope, artifact_id: str, states: Iterable[AttributeState]
) -> None:
    """Restore attributes from `state`. Raises NotFound if the artifact does not exist."""
    with registry.write("artifacts", "metrics") as db:
        artifact = artifacts.artifact(registry, scope, artifact_id)
        owner, pk = _owner(db, scope, artifact), _pk(db, scope, artifact_id)
        own = artifact.attributes_id
        for text, name, source, value in states:
            part = AttributeKind(text)
            _remove(db, owner, artifact, part, [name])
            db.execute(
                "DELETE FROM added_values WHERE artifact_pk = ? AND part = ? AND name = ?",
                (pk, part, name),
            )
            if source is not None:
                _mark(db, pk, source, {part: [name]})
            if part is AttributeKind.METRIC:
                points = [
                    Metric(each, number, from_micros(at), step, tuple(map(tuple, labels)))
                    for each, labels, step, at, number in value
                ]
                points = [_of_artifact(one, artifact) for one in points]
                series.append(registry, own, points, scope)
            elif value is not None and part is AttributeKind.PARAMETER:
                _put_parameters(db, owner, {name: value})
            elif value is not None and part is AttributeKind.TAG:
                logged_metrics.put(registry, own, [Tag(name, value)], (), scope)
            elif value is not None:
                logged_metrics.put(registry, own, (), [CustomInfo(name, value)], scope)
    if not artifact.execution_id:
        series.seal(registry, artifact.attributes_id, scope)


def _value(
    db: sqlite3.Connection, owner: int, artifact: Artifact, part: AttributeKind, name: str
) -> Any:
    if part is AttributeKind.METRIC:
        rows = db.execute(
            f"SELECT s.pk, {NAME}, {LABELS} FROM series s WHERE s.execution_pk = ? "
            f"AND s.artifact_name = {number_of('?')} AND {KEY} = ?",
            (owner, clean(artifact.logged_name) if artifact.execution_id else "", name),
        ).fetchall()
        return [
            [metric, json.loads(labels), step, at, value]
            for pk, metric, labels in rows
            for step, at, value in logged_metrics.rows_of(db, pk)
        ]
    if part is AttributeKind.PARAMETER:
        sql = (
            "SELECT p.value FROM configuration_parameters p JOIN executions e "
            "ON e.configuration_pk = p.configuration_pk WHERE e.pk = ? AND p.name = ?"
        )
    else:
        sql = f"SELECT value FROM {_TABLES[part]} WHERE execution_pk = ? AND name = ?"
    row = db.execute(sql, (owner, name)).fetchone()
    return None if row is None else row[0]


def purge(db: sqlite3.Connection, group: int, artifact_id: str) -> None:
    """Remove the record of an artifact that was deleted for good, within a transaction."""
    record_id = f"{RECORD_PREFIX}{artifact_id}"
    db.execute("DELETE FROM executions WHERE group_pk = ? AND id = ?", (group, record_id))
    db.execute("DELETE FROM configurations WHERE group_pk = ? AND id = ?", (group, record_id))


def _pk(db: sqlite3.Connection, scope: Scope, artifact_id: str) -> int:
    (pk,) = db.execute(
        "SELECT pk FROM artifacts WHERE group_pk = ? AND id = ?", (group_pk(db, scope), artifact_id)
    ).fetchone()
    return int(pk)


def _owner(db: sqlite3.Connection, scope: Scope, artifact: Artifact) -> int:
    """Return the row number of the execution of an artifact, or of its record, which is created if
    it does not exist."""
    if artifact.execution_id:
        try:
            return executions.execution_pk(db, scope, artifact.execution_id)
        except NotFound as error:
            raise NotFound(
                f"Nothing can be added to {artifact.kind} {artifact.name} yet",
                f"Its source execution {artifact.execution_id} is not known here.",
                "Synchronize first with: launchpad sync now",
            ) from error
    group, own = group_pk(db, scope), artifact.attributes_id
    row = db.execute(
        "SELECT pk FROM executions WHERE group_pk = ? AND id = ?", (group, own)
    ).fetchone()
    if row is not None:
        return int(row[0])
    at = artifact.created_at
    hidden = from_micros(-to_micros(at) - 1)
    configurations.insert(
        db, group, Configuration(own, "", artifact.scenario_id, "", {}, {}, hidden)
    )
    db.execute(
        "UPDATE configurations SET gone_at = ? WHERE group_pk = ? AND id = ?",
        (to_micros(at), group, own),
    )
    pk = executions.insert(
        db,
        group,
        Execution(
            own, own, "", artifact.scenario_id, "", "", Status.COMPLETED, TargetStatus.COMPLETED,
            "", at, at, None, None, None, deleted_at=at,
        ),
    )  # fmt: skip
    db.execute("UPDATE executions SET kept = 1, search_text = '' WHERE pk = ?", (pk,))
    db.execute(
        "UPDATE artifacts SET execution_pk = ? WHERE group_pk = ? AND id = ?",
        (pk, group, artifact.id),
    )
    return pk


def _of_artifact(point: Metric, artifact: Artifact) -> Metric:
    """Return a point that belongs to the artifact alone, also if its execution created others."""
    labels = {name: value for name, value in point.labels if name != ARTIFACT_LABEL}
    if artifact.execution_id:
        labels[ARTIFACT_LABEL] = artifact.logged_name
    return replace(point, labels=tuple(sorted(labels.items())))


def _put_parameters(db: sqlite3.Connection, owner: int, parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        db.execute(
            "INSERT INTO configuration_parameters (configuration_pk, position, name, value, number)"
            " SELECT e.configuration_pk, (SELECT coalesce(max(p.position), -1) + 1 "
            "FROM configuration_parameters p WHERE p.configuration_pk = e.configuration_pk), "
            "?, ?, ? FROM executions e WHERE e.pk = ? "
            "ON CONFLICT (configuration_pk, name) DO UPDATE SET (value, number) = "
            "(excluded.value, excluded.number)",
            (clean(name), clean(value), number(value), owner),
        )
    _assign_names(db, owner)


def _assign_names(db: sqlite3.Connection, owner: int) -> None:
    """Store which parameters the configuration of an execution has."""
    sql = "SELECT configuration_pk FROM executions WHERE pk = ?"
    (configuration,) = db.execute(sql, (owner,)).fetchone()
    if configuration is not None:
        parameter_sets.assign(db, configuration)


def _mark(
    db: sqlite3.Connection,
    artifact_pk: int,
    source: str,
    names: Mapping[AttributeKind, Iterable[str]],
) -> None:
    at = to_micros(now())
    db.executemany(
        "INSERT INTO added_values (artifact_pk, part, name, source, modified_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET (source, modified_at) = "
        "(excluded.source, excluded.modified_at)",
        [
            (artifact_pk, part, clean(name), source, at)
            for part, some in names.items()
            for name in some
        ],
    )


def _remove(
    db: sqlite3.Connection,
    owner: int,
    artifact: Artifact,
    part: AttributeKind,
    names: Iterable[str],
) -> None:
    if part is AttributeKind.METRIC:
        _remove_metrics(db, owner, artifact, names)
        return
    for name in names:
        if part is AttributeKind.PARAMETER:
            db.execute(
                "DELETE FROM configuration_parameters WHERE name = ? AND configuration_pk = "
                "(SELECT configuration_pk FROM executions WHERE pk = ?)",
                (name, owner),
            )
        else:
            table = _TABLES[part]
            db.execute(f"DELETE FROM {table} WHERE execution_pk = ? AND name = ?", (owner, name))
    if part is AttributeKind.PARAMETER:
        _assign_names(db, owner)


def _remove_metrics(
    db: sqlite3.Connection, owner: int, artifact: Artifact, keys: Iterable[str]
) -> None:
    """Remove the series with these keys that belong to an artifact alone."""
    wanted = series_texts.find(db, keys)
    name = clean(artifact.logged_name) if artifact.execution_id else ""
    rows = db.execute(
        f"SELECT s.pk, {NAME} FROM series s WHERE s.execution_pk = ? "
        f"AND s.artifact_name = {number_of('?')} "
        "AND iif(s.key = 0, s.name, s.key) IN (SELECT value FROM json_each(?))",
        (owner, name, to_json([*wanted.values()])),
    ).fetchall()
    db.executemany("DELETE FROM series WHERE pk = ?", [(pk,) for pk, _ in rows])
    for metric in {metric for _, metric in rows}:
        series_points.mark_headlines(db, owner, metric)

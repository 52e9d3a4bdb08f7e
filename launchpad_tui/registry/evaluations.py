"""Metrics that an execution logged about models that it did not create, but had as inputs."""

from __future__ import annotations

from contextlib import suppress

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.artifact_attributes import ArtifactAttributes
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import SeriesSummary
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import artifact_records, artifacts, logged_metrics, series
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry


def report(registry: Registry, scope: Scope, execution_id: str) -> None:
    """Add the metrics of an execution that has ended to those of its inputs that they are about.

    A metric is about an input if the artifact label names it. An execution that creates no model
    and has a single model as input, which no execution created, evaluates this model: its metrics
    without an artifact label are about it.

    Raises:
        NotFound: the scope does not exist.
    """
    with registry.read() as db:
        rows = db.execute(
            "SELECT i.artifact_id FROM executions e JOIN configuration_inputs i "
            "ON i.configuration_pk = e.configuration_pk WHERE e.group_pk = ? AND e.id = ?",
            (group_pk(db, scope), execution_id),
        ).fetchall()
        used = [*artifacts.by_id(registry, scope, [one for (one,) in rows]).values()]
        if not used:
            return
        logged = series.summaries(registry, scope, [execution_id]).get(execution_id, [])
        created = artifacts.of_executions(registry, scope, [execution_id]) if logged else []
    own = {one.logged_name for one in created}
    models = [one for one in used if one.kind is ArtifactKind.MODEL]
    creates = any(one.kind is ArtifactKind.MODEL for one in created)
    evaluated = models[0] if len(models) == 1 and not creates else None
    for one in used:
        found = (
            [each for each in logged if each.artifact_name == one.logged_name]
            if one.logged_name not in own
            else []
        )
        if one is evaluated and not one.execution_id:
            found += [each for each in logged if not each.artifact_name]
        if found:
            # The execution that created a model of a remote runtime may not have been fetched yet.
            with suppress(NotFound):
                add(registry, scope, one, execution_id, found)


def about(artifact: Artifact, logged: list[SeriesSummary]) -> list[SeriesSummary]:
    """Return the series that name an artifact; if there are none, those that name no artifact."""
    return [one for one in logged if one.artifact_name == artifact.logged_name] or [
        one for one in logged if not one.artifact_name
    ]


def add(
    registry: Registry,
    scope: Scope,
    artifact: Artifact,
    execution_id: str,
    found: list[SeriesSummary],
) -> ArtifactAttributes:
    """Add series of an execution to an artifact, and return what was added. Raises the errors of
    `artifact_records.put`."""
    new = ArtifactAttributes([*logged_metrics.stream(registry, found)])
    artifact_records.put(registry, scope, artifact.id, new, execution_id)
    return new

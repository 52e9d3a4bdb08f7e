"""Metrics and parameters that are added to models of a remote tenant, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.artifact_attributes import USER, ArtifactAttributes, AttributeKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Metric, Tag
from launchpad_tui.domain.query import MetricColumn, Order, Query
from launchpad_tui.domain.timestamps import now
from launchpad_tui.services.desk import Desk
from tests.services import tenant_server
from tests.services.tenant_server import Tenant, artifact

SCOPE = Scope("core", "default")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with a trained model, and one that was registered by hand."""
    with tenant_server.serve() as server:
        group = server.groups["default"]
        group.train(1)
        group.artifacts.append(artifact(2))
        yield server


@pytest.fixture
def desk(tenant: Tenant, tmp_path: Path) -> Iterator[Desk]:
    created = open_desk(Home.at(tmp_path / "home"))
    key = created.connections.service_key(tenant.service_key)
    created.connections.add("core", "sap-ai-core", key)
    created.sync.sync(SCOPE)
    yield created
    created.runtimes.close()
    created.close()


def ranked(desk: Desk, metric: str) -> list[str]:
    query = Query(order=Order(MetricColumn(metric)), metrics=(MetricColumn(metric),))
    rows = desk.artifacts.listing(SCOPE, ArtifactKind.MODEL, query).slice(0, 10)
    return [row.artifact.name for row in rows if row.metrics]


def test_what_is_added_stays_here_and_survives_a_sync(desk: Desk, tenant: Tenant) -> None:
    requests = len(tenant.bodies)
    trained = desk.artifacts.resolve(SCOPE, "model 1")
    by_hand = desk.artifacts.resolve(SCOPE, "model 2")
    at = now()
    values = ArtifactAttributes([Metric("f1", 0.9, at)], {"depth": "8"}, [Tag("reviewed", "yes")])
    desk.annotations.add_attributes(SCOPE, by_hand.id, values)
    added = ArtifactAttributes([Metric("f1", 0.5, at)])
    desk.annotations.add_attributes(SCOPE, trained.id, added)
    for _ in range(2):
        desk.sync.sync(SCOPE, full=True)
        assert ranked(desk, "f1") == ["model 2", "model 1"]
        assert ranked(desk, "loss") == ["model 1"]
        sources = desk.annotations.attribute_sources(SCOPE, by_hand.id)
        assert set(sources.values()) == {USER}
        assert (AttributeKind.PARAMETER, "depth") in sources
        first, second = desk.compare.artifacts(SCOPE, [by_hand.id, trained.id])
        assert first.configuration is not None
        assert first.configuration.parameters == {"depth": "8"}
        assert first.tags == {"reviewed": "yes"}
        assert {one.key for one in second.series} == {"f1", "loss"}
        assert desk.executions.listing(SCOPE, Query()).count() == 1
        assert desk.configurations.listing(SCOPE).count() == 1
    assert len(tenant.bodies) == requests


def test_an_execution_of_the_tenant_evaluates_a_model(desk: Desk, tenant: Tenant) -> None:
    """Its metrics are added when they are fetched after its end."""
    by_hand = desk.artifacts.resolve(SCOPE, "model 2")
    group = tenant.groups["default"]
    execution = group.train(5, model=False)
    group.configurations[-1]["inputArtifactBindings"] = [{"key": "model", "artifactId": by_hand.id}]
    desk.sync.sync(SCOPE)
    assert sorted(ranked(desk, "loss")) == ["model 1", "model 2"]
    sources = desk.annotations.attribute_sources(SCOPE, by_hand.id)
    assert sources == {(AttributeKind.METRIC, "loss"): execution}

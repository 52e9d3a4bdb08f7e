"""Lists are searched in parts: together, the parts have the rows of the page, in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.query import (
    Condition,
    MetricColumn,
    Op,
    Order,
    PagePart,
    Query,
    Statistic,
    Subject,
    ValueColumn,
)
from launchpad_tui.registry import configurations, pages, scan, series
from launchpad_tui.registry.configuration_pages import ConfigurationLister
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from launchpad_tui.services.listing import Listing
from tests.registry.registry_data import START, add_artifact, add_execution

COUNT = 90
ORDERS = (
    *("created_at", "name", "size", "aliases", "kind", "configuration_name", "duration"),
    MetricColumn("loss"),
    MetricColumn("loss", Statistic.BEST),
    ValueColumn(Subject.PARAMETER, "rate"),
    ValueColumn(Subject.LABEL, "ext.ai.sap.com/stage"),
    ValueColumn(Subject.TAG, "team"),
)
#: conditions for which no index has few rows
CONDITIONS = {
    "a part of a parameter": Condition(Subject.PARAMETER, "rate", Op.CONTAINS, "7"),
    "a missing metric": Condition(Subject.METRIC, "loss", Op.MISSING, ""),
    "another label": Condition(Subject.LABEL, "stage", Op.NOT_EQUALS, "prod"),
    "a limited metric": Condition(Subject.METRIC, "loss", Op.GREATER, "3"),
    "nothing": Condition(Subject.ATTRIBUTE, "name", Op.LIKE, "no%such_"),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = Registry(tmp_path_factory.mktemp("scan") / "registry.db")
    first_start(found)
    with found.write():
        for i in range(COUNT):
            execution = f"e{i:015x}" if i % 4 else ""
            if execution:
                rate = "adam" if i % 9 == 4 else str(i % 13)
                seconds = None if i % 5 == 1 else i % 7
                bindings = {"rate": rate} if i % 7 else {}
                add_execution(found, execution, bindings, at=i // 3, seconds=seconds)
                if i % 5:
                    series.append(found, execution, [Metric("loss", i % 6, START, 1)])
            add_artifact(
                found,
                f"{i * 37 % 100:03}-model",
                f"name {i % 8}",
                kind=ArtifactKind.DATASET if i % 11 == 5 else ArtifactKind.MODEL,
                execution_id=execution,
                labels={"stage": ("prod", "test")[i % 2]} if i % 3 else {},
                size=None if i % 3 == 1 else i % 10,
                at=i // 4,
            )
    yield found
    found.close()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search a few rows in each part, and read no list from the index of a condition."""
    for name in ("FIRST_STEP", "_LEAST", "_MOST"):
        monkeypatch.setattr(scan, name, 7)
    monkeypatch.setattr(pages, "SOME", -1)
    monkeypatch.setattr(pages, "few", lambda _rows: -1)


def parts_of(listing: Listing[Any], start: int, stop: int) -> list[PagePart[Any]]:
    found = [listing.part(start, stop)]
    while not found[-1].complete:
        found.append(listing.part(start, stop, found[-1]))
    return found


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("descending", [False, True])
def test_the_parts_of_a_page_have_its_rows(
    registry: Registry, condition: str, order: str | MetricColumn | ValueColumn, descending: bool
) -> None:
    query = Query(conditions=(CONDITIONS[condition],), order=Order(order, descending))
    for kind in (ArtifactKind.MODEL, None):
        expected = artifact_lister(registry, DEFAULT_SCOPE, kind, query).page(None, 200).rows
        listing: Listing[Any] = Listing(artifact_lister(registry, DEFAULT_SCOPE, kind, query))
        rows: list[object] = []
        parts = 0
        while found := parts_of(listing, len(rows), len(rows) + 8):
            # Rows stay where they were found.
            for before, after in itertools.pairwise(found):
                assert after.rows[: len(before.rows)] == before.rows
                assert after.searched >= before.searched
            parts += len(found)
            rows += found[-1].rows
            if len(found[-1].rows) < 8:
                break
        assert rows == [*expected]
        assert parts > 3
        assert listing.at_least(0) == (len(rows), True)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("search", ["", "e0", "adam"])
def test_the_parts_of_a_list_of_executions_have_its_rows(registry: Registry, search: str) -> None:
    condition = Condition(Subject.PARAMETER, "rate", Op.NOT_EQUALS, "3")
    query = Query(search, (condition,))
    expected = execution_lister(registry, DEFAULT_SCOPE, query).page(None, 200).rows
    listing: Listing[Any] = Listing(execution_lister(registry, DEFAULT_SCOPE, query))
    assert parts_of(listing, 0, 200)[-1].rows == expected


@pytest.mark.usefixtures("small_parts")
def test_parts_report_how_far_the_list_was_searched(registry: Registry) -> None:
    query = Query(conditions=(CONDITIONS["nothing"],))
    lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    found = parts_of(Listing(lister), 0, 8)
    models = len(artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, Query()).page(
        None, 200
    ).rows)  # fmt: skip
    assert [part.searched for part in found[:2]] == [7, 14]
    assert (found[-1].searched, found[-1].total) == (models, models)
    assert not found[-1].rows


@pytest.mark.usefixtures("small_parts")
def test_a_list_of_configurations_is_searched_in_parts(registry: Registry) -> None:
    scope = DEFAULT_SCOPE
    for number in range(30):
        at = START + timedelta(days=1, seconds=number // 5)
        parameters = {"rate": str(number)}
        configurations.add(
            registry,
            scope,
            Configuration(f"c{number}", f"n {number}", "s", "x", parameters, {}, at),
        )
    condition = Condition(Subject.PARAMETER, "rate", Op.CONTAINS, "2")
    expected = ConfigurationLister(registry, scope, "n", (condition,)).page(None, 200).rows
    assert len(expected) > 10
    listing: Listing[Any] = Listing(ConfigurationLister(registry, scope, "n", (condition,)))
    found = parts_of(listing, 0, 200)
    assert len(found) > 3
    assert found[-1].rows == expected
    assert found[-1].searched == found[-1].total


def test_lists_that_an_index_has_are_read_at_once(registry: Registry) -> None:
    for query in (Query(), Query("name", order=Order("name"))):
        lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
        assert Listing(lister).part(0, 64).complete

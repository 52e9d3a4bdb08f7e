"""Lists that are ordered and filtered by parameters, labels and tags."""

from __future__ import annotations

import random

import pytest

from launchpad_tui.domain.artifact import LABEL_PREFIX, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import Tag
from launchpad_tui.domain.query import (
    Condition,
    Op,
    Order,
    Query,
    Subject,
    ValueColumn,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import artifacts, logged_metrics
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from launchpad_tui.services.listing import Listing
from tests.registry.registry_data import add_artifact, add_execution

DEPTH = ValueColumn(Subject.PARAMETER, "depth")
STAGE = ValueColumn(Subject.LABEL, f"{LABEL_PREFIX}stage")
TEAM = ValueColumn(Subject.TAG, "team")
#: depth, stage and team of each model; empty for none
MODELS = {
    "m0": ("8", "prod", "red"),
    "m1": ("16", "", "blue"),
    "m2": ("2e0", "dev", ""),
    "m3": ("auto", "prod", "green"),
    "m4": ("", "test", "red"),
    "m5": ("8", "dev", ""),
    "m6": ("-1", "", "amber"),
    "m7": ("best", "prod", "blue"),
    "m8": ("", "", ""),
}
NUMBERS, TEXTS, NONE = [["m6"], ["m2"], ["m0", "m5"], ["m1"]], [["m3"], ["m7"]], [["m4", "m8"]]
EXPECTED = {
    DEPTH: (NUMBERS, TEXTS, NONE),
    STAGE: ([["m2", "m5"], ["m0", "m3", "m7"], ["m4"]], [], [["m1", "m6", "m8"]]),
    TEAM: ([["m6"], ["m1", "m7"], ["m3"], ["m0", "m4"]], [], [["m2", "m5", "m8"]]),
}


@pytest.fixture
def models(registry: Registry) -> Registry:
    for at, (name, (depth, stage, team)) in enumerate(MODELS.items()):
        add_execution(registry, f"e-{name}", {"depth": depth} if depth else {}, at=at)
        add_artifact(
            registry, name, labels={"stage": stage} if stage else {}, execution_id=f"e-{name}"
        )
        if team:
            logged_metrics.put(registry, f"e-{name}", [Tag("team", team)], [], DEFAULT_SCOPE)
    return registry


def order_of(column: ValueColumn, *, descending: bool) -> list[list[str]]:
    numbers, texts, none = EXPECTED[column]
    if descending:
        return [*reversed(numbers), *reversed(texts), *none]
    return [*numbers, *texts, *none]


def check_order(found: list[str], groups: list[list[str]]) -> None:
    """Check that the rows follow the groups of equal values, of any order inside of a group."""
    for group in groups:
        assert sorted(found[: len(group)]) == group
        found = found[len(group) :]
    assert not found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", [DEPTH, STAGE, TEAM], ids=str)
@pytest.mark.parametrize("size", [1, 2, 50])
def test_models_in_order(
    models: Registry, column: ValueColumn, size: int, descending: bool
) -> None:
    """Pages of any size have all rows once, in both directions."""
    query = Query(order=Order(column, descending), values=(column,))
    lister = artifact_lister(models, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    groups = order_of(column, descending=descending)
    found, cursor = [], None
    while (page := lister.page(cursor, size)).rows:
        found += [row.artifact.id for row in page.rows]
        cursor = page.cursors[-1]
    check_order(found, groups)
    again: list[str] = []
    cursor = None
    while (page := lister.page(cursor, size, backwards=True)).rows:
        again = [*(row.artifact.id for row in page.rows), *again]
        cursor = page.cursors[0]
    assert again == found
    assert [lister.position(one) for one in found] == list(range(len(found)))
    place = ["depth", "stage", "team"].index(column.title)
    rows = lister.page(None, 50).rows
    assert {row.artifact.id: row.values.get(column, "") for row in rows} == {
        name: values[place] for name, values in MODELS.items()
    }


@pytest.mark.parametrize("column", [DEPTH, TEAM], ids=str)
def test_executions_in_order(models: Registry, column: ValueColumn) -> None:
    lister = execution_lister(models, DEFAULT_SCOPE, Query(order=Order(column, False)))
    found, cursor = [], None
    while (page := lister.page(cursor, 2)).rows:
        found += [row.execution.id.removeprefix("e-") for row in page.rows]
        cursor = page.cursors[-1]
    check_order(found, order_of(column, descending=False))


def test_executions_have_no_labels(models: Registry) -> None:
    for query in (Query(order=Order(STAGE)), Query(values=(STAGE,))):
        with pytest.raises(InvalidInput):
            execution_lister(models, DEFAULT_SCOPE, query).page(None, 5)


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        (Op.EQUALS, "red", "m0 m4"),
        (Op.NOT_EQUALS, "red", "m1 m2 m3 m5 m6 m7 m8"),
        (Op.CONTAINS, "E", "m0 m1 m3 m4 m6 m7"),
        (Op.LIKE, "%e%", "m0 m1 m3 m4 m6 m7"),
        (Op.MISSING, "", "m2 m5 m8"),
        (Op.GREATER, "blue", "m0 m3 m4"),
    ],
)
def test_filters_by_tags(models: Registry, op: Op, value: str, expected: str) -> None:
    condition = Condition(Subject.TAG, "team", op, value)
    for order in (Order(), Order(DEPTH)):
        query = Query(conditions=(condition,), order=order)
        lister = artifact_lister(models, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
        found = sorted(row.artifact.id for row in lister.page(None, 50).rows)
        assert found == [one for one in expected.split() if one != "m6" or op is not Op.GREATER]
        assert lister.count() == (len(found), True)


def test_names_of_tags(models: Registry) -> None:
    assert artifacts.tag_names(models, DEFAULT_SCOPE) == ["team"]


def test_a_jump_and_the_first_page_agree(registry: Registry) -> None:
    """With many equal values, any position has the row that reading from the start finds."""
    shuffled = random.Random(3)
    for number in range(1500):
        add_execution(
            registry, f"e{number}", {"depth": str(shuffled.choice([1, 2, "x"]))}, at=number
        )
    listing = Listing(execution_lister(registry, DEFAULT_SCOPE, Query(order=Order(DEPTH))))
    rows = [row.execution.id for row in listing.slice(0, 1500)]
    assert len(set(rows)) == 1500
    fresh = Listing(execution_lister(registry, DEFAULT_SCOPE, Query(order=Order(DEPTH))))
    for start in (1200, 900, 1499, 37):
        assert [row.execution.id for row in fresh.slice(start, start + 3)] == rows[
            start : start + 3
        ]


@pytest.mark.parametrize("column", [DEPTH, STAGE, TEAM], ids=str)
def test_an_index_has_the_order(models: Registry, column: ValueColumn) -> None:
    """No statement reads a whole table of values."""
    query = Query(order=Order(column))
    lister = artifact_lister(models, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    plans: list[str] = []
    with models.read() as db:
        for segment in lister._order.segments(db, None, False, None):
            tables, values = segment._after_start()
            keys = ", ".join(segment._keys)
            sql = f"EXPLAIN QUERY PLAN SELECT 1 FROM {tables} ORDER BY {keys} LIMIT 5"
            plans += [row[3] for row in db.execute(sql, values)]
    index = {DEPTH: "configuration_parameters_value", STAGE: "artifact_labels_key"}
    assert any(index.get(column, "tags_value") in plan for plan in plans)
    assert not any(plan.startswith("SCAN") for plan in plans)

"""The queries of lists use indexes, and take as many steps for many rows as for few."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.query import (
    Combination,
    Condition,
    Junction,
    MetricColumn,
    Op,
    Order,
    Query,
    Subject,
    ValueColumn,
)
from launchpad_tui.errors import QueryCancelled
from launchpad_tui.registry import artifacts, executions, global_search, lineage
from launchpad_tui.registry.cancellation import BudgetExceeded, QueryCancellation
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import Lister, artifact_lister
from launchpad_tui.services.listing import Listing
from tests.benchmarks.populate import DATASETS, Plan, populate

FEW, MANY = 600, 3000
ROWS = 40


def where(*conditions: tuple[Subject, str, Op, str], order: Order | None = None) -> Query:
    found = tuple(Condition(*one) for one in conditions)
    return Query(conditions=found, order=order or Order())


def none_of(*conditions: tuple[Subject, str, Op, str]) -> Query:
    either = Combination(Junction.OR, tuple(Condition(*one) for one in conditions))
    return Query(conditions=(Combination(Junction.NOT, (either,)),))


GOOD = (Subject.METRIC, "accuracy", Op.GREATER, "0.5")
BEST = (Subject.METRIC, "accuracy", Op.GREATER, "0.97")
SLOW = (Subject.PARAMETER, "learning_rate", Op.LESS, "0.01")
RARE = (Subject.PARAMETER, "seed", Op.EQUALS, "77")
LOSS = MetricColumn("loss")
LABELED = MetricColumn("loss{phase=validation}")
#: queries whose rows are read in the order of an index
IN_ORDER = {
    "all": Query(),
    "a letter": Query("e"),
    "a word of all": Query("predicts"),
    "words of all": Query("predicts ai://default v"),
    "metric and parameter": where(GOOD, SLOW),
    "metric and parameter by metric": where(GOOD, SLOW, order=Order(LOSS, False)),
    "metric": where(GOOD),
    "parameter": where((Subject.PARAMETER, "optimizer", Op.EQUALS, "adam")),
    "label": where((Subject.LABEL, "algorithm", Op.NOT_EQUALS, "lstm")),
    "by name": Query(order=Order("name", False)),
    "by description": Query(order=Order("description", False)),
    "by URL": Query(order=Order("url")),
    "by size": Query(order=Order("size")),
    "by metric": Query(order=Order(LOSS, False)),
    "by metric with labels": Query(order=Order(LABELED)),
    "by configuration": Query(order=Order("configuration_name")),
    "by configuration, descending": Query(order=Order("configuration_name", True)),
    "by aliases": Query(order=Order("aliases")),
    "by deletion": Query(order=Order("deleted_at")),
    "by verification": Query(order=Order("checked_at", True)),
    "by kind": Query(order=Order("kind", True)),
    "by text of few values": Query(order=Order(ValueColumn(Subject.PARAMETER, "optimizer"))),
    "by number of few values": Query(
        order=Order(ValueColumn(Subject.PARAMETER, "epochs"), descending=False)
    ),
    "by label of few values": Query(
        order=Order(ValueColumn(Subject.LABEL, "ext.ai.sap.com/algorithm"))
    ),
    "with parameters": Query(
        values=(
            ValueColumn(Subject.PARAMETER, "optimizer"),
            ValueColumn(Subject.PARAMETER, "learning_rate"),
        )
    ),
}
#: queries whose rows are read from the index of a condition
DRIVEN = {
    "best": where(BEST, SLOW),
    "none": where((Subject.METRIC, "accuracy", Op.GREATER, "5"), SLOW),
    "rare": where(RARE),
    "rare by metric": where(RARE, order=Order(LOSS)),
    "rare label": where((Subject.LABEL, "stage", Op.EQUALS, "missing")),
    "words": Query("churn lstm emea"),
    "two letters": Query("zq"),
    "a letter and two": Query("e zq"),
    "an alias": Query("@production"),
    "either": Query(
        conditions=(
            Combination(
                Junction.OR,
                (
                    Condition(Subject.METRIC, "accuracy", Op.GREATER, "5"),
                    Combination(Junction.AND, (Condition(*RARE), Condition(*SLOW))),
                ),
            ),
        )
    ),
    "aliases": where((Subject.ATTRIBUTE, "aliases", Op.CONTAINS, "production")),
    "a version": Query("emea@99"),
    "large": where((Subject.ATTRIBUTE, "size", Op.GREATER, "499900000")),
    "with labels": where((Subject.METRIC, str(LABELED), Op.LESS, "0.001")),
    "a missing parameter": where((Subject.PARAMETER, "seed", Op.MISSING, "")),
    "other values than all": where(
        (Subject.PARAMETER, "optimizer", Op.LESS, "a"),
        (Subject.PARAMETER, "epochs", Op.LIKE, "zq%"),
    ),
    "a part of few values": where((Subject.PARAMETER, "optimizer", Op.CONTAINS, "zq")),
    "a part of a label": where((Subject.LABEL, "algorithm", Op.LIKE, "%zq%")),
    "another label than all": where((Subject.LABEL, "region", Op.GREATER, "zq")),
    "not a parameter": none_of((Subject.PARAMETER, "epochs", Op.GREATER, "0")),
    "not a size": none_of((Subject.ATTRIBUTE, "size", Op.GREATER_EQUAL, "0")),
    "a missing size": where((Subject.ATTRIBUTE, "size", Op.MISSING, "")),
    "a missing version": where((Subject.ATTRIBUTE, "version", Op.MISSING, "")),
    "a duration": where((Subject.ATTRIBUTE, "duration", Op.LESS, "0.001")),
    "no duration": where((Subject.ATTRIBUTE, "duration", Op.MISSING, "")),
    "neither of two": none_of(
        (Subject.PARAMETER, "epochs", Op.GREATER, "0"), (Subject.LABEL, "stage", Op.EQUALS, "zq")
    ),
    "either of two kinds": Query(
        conditions=(
            Combination(
                Junction.OR, (Condition(*RARE), Condition(Subject.ATTRIBUTE, "name", Op.LESS, " "))
            ),
        )
    ),
}


@pytest.fixture(scope="module", params=["analyzed", "not analyzed"])
def homes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[int, Registry]]:
    """Registries with few and many models, with and without statistics of SQLite."""
    root = tmp_path_factory.mktemp("plans")
    found = {}
    for models in (FEW, MANY):
        home = Home.at(root / str(models))
        populate(home, models, 30 * models)
        if request.param == "not analyzed":
            registry = Registry(home.registry_path)
            with registry.write() as db:
                db.execute("DELETE FROM sqlite_stat1")
            registry.close()
        found[models] = Registry(home.registry_path)
    yield found
    for registry in found.values():
        registry.close()
    shutil.rmtree(root)


def lister_of(registry: Registry, query: Query) -> Lister[object]:
    return artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)  # type: ignore[return-value]


def steps(registry: Registry, action: Callable[[], object]) -> int:
    """Return the instructions of SQLite's virtual machine that an action takes, in hundreds."""
    number = 0

    def count() -> int:
        nonlocal number
        number += 1
        return 0

    with registry.read() as db:
        db.set_progress_handler(count, 100)
        try:
            action()
        finally:
            db.set_progress_handler(None, 0)
    return number


def plan_of(registry: Registry, action: Callable[[], object]) -> list[str]:
    """Return the lines of the query plans of all statements of an action."""
    statements: list[str] = []
    with registry.read() as db:
        db.set_trace_callback(statements.append)
        try:
            action()
        finally:
            db.set_trace_callback(None)
        return [
            str(line[3])
            for statement in statements
            if statement.startswith(("SELECT", "WITH"))
            for line in db.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]


#: subqueries, constants, tables with few rows, the tables of a full-text index, and the index of
#: the models that have aliases
NOT_SCANNED = (
    r"SCAN (\(|CONSTANT|(d|keys|ends|json_each|g|c|numbers|parameters|listed|found)\b"
    r"|(sets|parameter_sets)\b|.*VIRTUAL TABLE|main\.\w+_search_config"
    "|t USING COVERING INDEX artifacts_alias_texts)"
)


def scans(plan: list[str]) -> list[str]:
    """Return the lines that read all rows of a table."""
    return [line for line in plan if line.startswith("SCAN") and not re.match(NOT_SCANNED, line)]


@pytest.mark.parametrize("name", [*IN_ORDER, *DRIVEN])
def test_lists_scan_no_table(homes: dict[int, Registry], name: str) -> None:
    query = (IN_ORDER | DRIVEN)[name]
    registry = homes[MANY]
    plan = plan_of(registry, lambda: lister_of(registry, query).page(None, ROWS))
    assert not scans(plan), plan


@pytest.mark.parametrize("name", IN_ORDER)
def test_lists_in_the_order_of_an_index_are_not_sorted(
    homes: dict[int, Registry], name: str
) -> None:
    registry = homes[MANY]
    lister = lister_of(registry, IN_ORDER[name])
    plan = plan_of(registry, lambda: lister.page(None, ROWS))
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan
    cursor = lister.page(None, ROWS).cursors[-1]
    plan = plan_of(registry, lambda: lister.page(cursor, ROWS))
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan
    assert not scans(plan), plan


@pytest.mark.parametrize("name", IN_ORDER)
@pytest.mark.parametrize("backwards", [False, True])
def test_pages_of_longer_lists_take_no_more_steps(
    homes: dict[int, Registry], name: str, backwards: bool
) -> None:
    # The rows without a value come last and have to be searched: every row is looked up once.
    searched = backwards and name.startswith("by") and ("metric" in name or "few values" in name)
    taken = {
        models: steps(
            registry,
            lambda registry=registry: lister_of(registry, IN_ORDER[name]).page(  # type: ignore[misc]
                None, ROWS, backwards=backwards
            ),
        )
        for models, registry in homes.items()
    }
    # Estimates may count up to the square root of the number of rows, which is 2.2 times as many.
    assert taken[MANY] < (6 if searched else 2.5) * taken[FEW] + 50


@pytest.mark.parametrize("name", [name for name in IN_ORDER if name.startswith("by ")])
def test_pages_in_the_middle_of_a_list_take_as_few_steps_as_the_first(
    homes: dict[int, Registry], name: str
) -> None:
    """Rows with the same value as the last row of a page are not read again."""
    registry = homes[MANY]
    lister = lister_of(registry, IN_ORDER[name])
    cursor = lister.page(None, MANY // 2).cursors[-1]
    first = steps(registry, lambda: lister.page(None, ROWS))
    assert steps(registry, lambda: lister.page(cursor, ROWS)) < 3 * first + 50


@pytest.mark.parametrize("name", DRIVEN)
def test_few_matches_take_few_steps(homes: dict[int, Registry], name: str) -> None:
    registry = homes[MANY]
    all_rows = where((Subject.ATTRIBUTE, "files_state", Op.CONTAINS, "zq"))
    whole = steps(registry, lambda: lister_of(registry, all_rows).page(None, ROWS))
    found = steps(registry, lambda: lister_of(registry, DRIVEN[name]).page(None, ROWS))
    assert found < whole


def test_a_count_with_a_limit_takes_as_many_steps_as_its_limit(
    homes: dict[int, Registry],
) -> None:
    registry = homes[MANY]
    lister = lister_of(registry, Query("e"))
    assert lister.count() == (MANY, True)
    assert lister.count(100) == (100, False)
    limited = steps(registry, lambda: lister.count(100))
    assert limited * 10 < steps(registry, lister.count)
    # The number of all rows is in an index, so that no limit is needed.
    assert lister_of(registry, Query()).count(100) == (MANY, True)


@pytest.mark.parametrize("scope", [None, DEFAULT_SCOPE])
def test_unfinished_executions_are_not_searched_among_all(
    homes: dict[int, Registry], scope: Scope | None
) -> None:
    registry = homes[MANY]
    plan = plan_of(registry, lambda: executions.unfinished(registry, scope))
    assert any("USING INDEX executions_unfinished" in line for line in plan), plan
    assert steps(registry, lambda: executions.unfinished(registry, scope)) < 10


@pytest.mark.parametrize("text", ["e", "tion", "churn lstm", "zzq@1", "77 tb churn"])
def test_searches_everywhere_scan_no_table(homes: dict[int, Registry], text: str) -> None:
    registry = homes[MANY]
    plan = plan_of(registry, lambda: global_search.search(registry, text, 20))
    assert not scans(plan), plan
    taken = [
        steps(one, lambda one=one: global_search.search(one, text, 20))  # type: ignore[misc]
        for one in homes.values()
    ]
    assert taken[1] < 2.5 * taken[0] + 50


def test_the_uses_of_a_dataset_are_not_all_read(homes: dict[int, Registry]) -> None:
    taken, found = [], []
    for registry in homes.values():

        def read(registry: Registry = registry) -> None:
            found.append(lineage.consumers_of(registry, DEFAULT_SCOPE, DATASETS[:1], 10))

        taken.append(steps(registry, read))
    assert len(found[0]) == len(found[1]) == 10
    assert found[0] == found[1]
    assert taken[1] < 2.5 * taken[0] + 50


def test_artifacts_of_many_executions_are_not_searched_among_all(
    homes: dict[int, Registry],
) -> None:
    registry = homes[MANY]
    ids = [Plan(number).execution_id for number in range(500)]
    found: list[object] = []
    plan = plan_of(
        registry, lambda: found.extend(artifacts.of_executions(registry, DEFAULT_SCOPE, ids))
    )
    assert len(found) == len(ids)
    assert any("artifacts_source (group_pk=? AND kind=? AND execution_id=?)" in x for x in plan)


def test_a_jump_to_the_middle_and_the_last_page(homes: dict[int, Registry]) -> None:
    registry = homes[MANY]
    for order in (Order("created_at"), Order(LOSS, False), Order(LABELED), Order("description")):
        lister = lister_of(registry, Query(order=order))
        rows = Listing(lister).slice(0, MANY)
        for start in (MANY // 2, MANY - ROWS):
            assert Listing(lister).slice(start, start + ROWS) == rows[start : start + ROWS]


@pytest.mark.parametrize("order", [Order("created_at"), Order("description"), Order(LOSS, False)])
@pytest.mark.parametrize("counted", [False, True])
def test_a_jump_reads_no_row_twice(
    homes: dict[int, Registry], monkeypatch: pytest.MonkeyPatch, order: Order, counted: bool
) -> None:
    """A far jump skips the rows before it in few statements, and reads the wanted rows only."""
    monkeypatch.setattr("launchpad_tui.services.listing.ANCHOR_EVERY", 5)
    monkeypatch.setattr("launchpad_tui.services.listing._ANCHORS", 8)
    registry = homes[MANY]
    rows = Listing(lister_of(registry, Query(order=order))).slice(0, MANY)
    for start in (MANY // 3, MANY // 2, MANY - 200, MANY - ROWS):
        listing = Listing(lister_of(registry, Query(order=order)))
        if counted:
            listing.count()
        found: list[object] = []
        plan = plan_of(registry, lambda: found.extend(listing.slice(start, start + ROWS)))  # noqa: B023
        assert found == rows[start : start + ROWS]
        # Each of the eight positions before the rows is found by three ranges of keys at most.
        reads = [line for line in plan if "SCALAR SUBQUERY" not in line and "_texts" not in line]
        assert len(reads) < 200, f"{len(reads)}\n" + "\n".join(plan)
        assert start - 1 - listing._nearest(start) <= 5


@pytest.mark.parametrize("by", ["scenario_id", "files_state", "version"])
def test_rows_among_many_with_the_same_value_take_few_steps(
    homes: dict[int, Registry], by: str
) -> None:
    registry = homes[MANY]
    for descending in (False, True):
        lister = lister_of(registry, Query(order=Order(by, descending)))
        page = lister.page(None, MANY)
        first = steps(registry, lambda: lister.page(page.cursors[ROWS], ROWS))  # noqa: B023
        for backwards in (False, True):
            middle = steps(
                registry,
                lambda: lister.page(page.cursors[MANY // 2], ROWS, backwards=backwards),  # noqa: B023
            )
            assert middle <= 2 * first


@pytest.mark.parametrize("query", [Query(order=Order(LABELED)), where(GOOD, order=Order(LOSS))])
def test_prepared_jumps_take_few_steps(
    homes: dict[int, Registry], monkeypatch: pytest.MonkeyPatch, query: Query
) -> None:
    monkeypatch.setattr("launchpad_tui.services.listing.ANCHOR_EVERY", 50)
    registry = homes[MANY]
    rows = Listing(lister_of(registry, query)).slice(0, MANY)
    listing = Listing(lister_of(registry, query))
    count = listing.count()
    assert count == len(rows) > 1000
    unprepared = steps(registry, lambda: listing.slice(count // 2, count // 2 + ROWS))
    listing.refresh()
    listing.prepare()
    for start in (count // 2, count // 3, count - ROWS):
        taken = steps(registry, lambda: listing.slice(start, start + ROWS))  # noqa: B023
        assert listing.slice(start, start + ROWS) == rows[start : start + ROWS]
        assert taken < unprepared / 3
    assert not Listing(lister_of(registry, Query()))._pager.skips_slowly


def test_the_end_of_an_order_is_reached_at_once_or_after_it_was_prepared(
    homes: dict[int, Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of a metric that all models have, all of them are searched for one without."""
    monkeypatch.setattr("launchpad_tui.services.listing._NEAR", 500)
    registry = homes[MANY]
    assert Listing(lister_of(registry, Query(order=Order("name")))).reach_end(ROWS)
    assert Listing(lister_of(registry, Query(order=Order(LOSS)))).reach_end(ROWS)
    monkeypatch.setattr("launchpad_tui.registry.pages._BUDGET", 0)
    monkeypatch.setattr("launchpad_tui.registry.cancellation.STEPS", 1000)
    assert Listing(lister_of(registry, Query(order=Order("name")))).reach_end(ROWS)
    listing = Listing(lister_of(registry, Query(order=Order(LOSS))))
    assert not listing.reach_end(ROWS)
    listing.prepare()
    assert listing.reach_end(ROWS)
    # The positions are found once.
    assert steps(registry, listing.prepare) == 0
    listing.refresh()
    assert not listing.reach_end(ROWS)


def test_a_cancelled_query_ends_and_others_go_on(homes: dict[int, Registry]) -> None:
    registry = homes[MANY]
    stale, current = QueryCancellation(), QueryCancellation()
    endless = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    ended: list[type[BaseException]] = []
    running = threading.Event()

    def run() -> None:
        try:
            with registry.read(stale) as db:
                running.set()
                db.execute(endless).fetchone()
        except QueryCancelled:
            ended.append(QueryCancelled)

    thread = threading.Thread(target=run)
    thread.start()
    assert running.wait(60)
    with registry.read(current) as db:
        rows = db.execute("SELECT pk FROM artifacts")
        assert rows.fetchone()
        stale.cancel()
        thread.join(60)
        assert ended == [QueryCancelled]
        # The other query continues, and so does the next one of the same thread.
        assert len(rows.fetchall()) >= MANY
    with pytest.raises(QueryCancelled), registry.read(stale):
        pass
    with registry.read() as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_budget_ends_a_query_of_its_block_only(homes: dict[int, Registry]) -> None:
    registry = homes[MANY]
    sql = "SELECT count(*) FROM artifacts a, artifacts b WHERE a.pk > ?"
    with registry.read() as db:
        with pytest.raises(BudgetExceeded), registry.budget(20_000):
            db.execute(sql, (0,)).fetchone()
        assert db.execute("SELECT count(*) FROM artifacts").fetchone()[0] >= MANY


def test_rows_are_found_when_the_budget_is_exceeded(
    homes: dict[int, Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = homes[MANY]
    query = where(GOOD, SLOW)
    expected = lister_of(registry, query).page(None, ROWS)
    monkeypatch.setattr("launchpad_tui.registry.pages._BUDGET", 0)
    monkeypatch.setattr("launchpad_tui.registry.cancellation.STEPS", 100)
    assert lister_of(registry, query).page(None, ROWS) == expected


@pytest.mark.parametrize("text", ["churn@99", "churn zq", "e 9"])
def test_everywhere_reads_an_index_if_few_of_the_newest_rows_match(
    homes: dict[int, Registry], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    registry = homes[MANY]
    expected = global_search.search(registry, text, 500)
    found: list[str] = []
    monkeypatch.setattr(global_search, "_BUDGET", 0)
    monkeypatch.setattr(global_search, "few", lambda _rows: -1)
    with registry.read() as db:
        db.set_trace_callback(found.append)
        assert global_search.search(registry, text, 500) == expected
        db.set_trace_callback(None)
    assert any("json_each(" in statement and " d CROSS JOIN" in statement for statement in found)

"""Far positions in the order of a metric are found by its index, and are exact."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import ARTIFACT_LABEL, Metric
from launchpad_tui.domain.query import (
    ArtifactRow,
    ExecutionRow,
    MetricColumn,
    Order,
    Query,
    Statistic,
)
from launchpad_tui.registry import metric_jumps, series
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.lifecycle_schema import UNEVEN
from launchpad_tui.registry.pages import Lister, artifact_lister, execution_lister
from launchpad_tui.services import listing
from launchpad_tui.services.listing import Listing
from tests.registry.registry_data import START, add_artifact, add_execution

EXECUTIONS = 60
LOSS = MetricColumn("loss")
PAGE = 5
Row = ArtifactRow | ExecutionRow


def ids(rows: Sequence[Row]) -> list[str]:
    return [row.artifact.id if isinstance(row, ArtifactRow) else row.execution.id for row in rows]


def log(registry: Registry, execution_id: str, value: float, *labels: tuple[str, str]) -> None:
    series.append(registry, execution_id, [Metric("loss", value, START, 0, labels)], DEFAULT_SCOPE)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Executions without, with one and with several models; several have equal or no values."""
    registry = Registry(tmp_path_factory.mktemp("jumps") / "registry.db")
    first_start(registry)
    rng = random.Random(5)
    for number in range(EXECUTIONS):
        execution = f"e{number}"
        add_execution(registry, execution, at=number)
        models = rng.choice((0, 1, 1, 1, 2, 3))
        for model in range(models):
            add_artifact(registry, f"m{number}-{model}", f"model {model}", execution_id=execution)
        if number % 7 == 0:
            kind = ArtifactKind.DATASET
            add_artifact(registry, f"d{number}", kind=kind, execution_id=execution)
        if number % 10:
            value = math.nan if number % 9 == 0 else rng.randrange(20) / 10
            log(registry, execution, value, *([("phase", "test")] if number % 4 == 0 else []))
        if number % 5 == 0:
            log(registry, execution, rng.randrange(20) / 10, (ARTIFACT_LABEL, "model 1"))
    yield registry
    registry.close()


def models(registry: Registry, order: Order) -> Lister[Row]:
    query = Query(order=order, metrics=(LOSS,))
    return artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)  # type: ignore[return-value]


def executions(registry: Registry, order: Order) -> Lister[Row]:
    query = Query(order=order, metrics=(LOSS,))
    return execution_lister(registry, DEFAULT_SCOPE, query)  # type: ignore[return-value]


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions that were found by the index."""
    for name, value in (("_NEAR", 3), ("ANCHOR_EVERY", 2)):
        monkeypatch.setattr(listing, name, value)
    monkeypatch.setattr(metric_jumps, "_CLOSE", 4)
    monkeypatch.setattr(metric_jumps, "_ROWS_EACH", 0.01)
    found: list[int] = []
    plain = Lister.near

    def counted(self: Lister[Row], position: int) -> object:
        place = plain(self, position)
        if place is not None:
            assert position - 4 <= place[0] <= position
            found.append(position)
        return place

    monkeypatch.setattr(Lister, "near", counted)
    return found


@pytest.mark.parametrize("of", [models, executions])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    "column", [LOSS, MetricColumn("loss", Statistic.BEST), MetricColumn("loss{phase=test}")]
)
def test_jumps_are_exact(
    filled: Registry,
    near: list[int],
    of: Callable[[Registry, Order], Lister[Row]],
    descending: bool,
    column: MetricColumn,
) -> None:
    lister = of(filled, Order(column, descending))
    rows = ids(lister.page(None, 1000).rows)
    for start in range(0, len(rows), 3):
        jumped = Listing(lister)
        assert ids(jumped.slice(start, start + PAGE)) == rows[start : start + PAGE]
        # The way back, and a second jump.
        for at in (max(0, start - PAGE), (start + len(rows) // 2) % len(rows)):
            assert ids(jumped.slice(at, at + PAGE)) == rows[at : at + PAGE]
    used = of is models or column.key == "loss"
    assert bool(near) is used


def uneven(registry: Registry) -> list[tuple[object, ...]]:
    with registry.read() as db:
        kept = db.execute(
            "SELECT execution_pk, group_pk FROM uneven_executions ORDER BY 1"
        ).fetchall()
        select = UNEVEN[UNEVEN.index("SELECT") :]
        assert kept == db.execute(f"{select} ORDER BY 1").fetchall()
    return kept


def test_executions_without_exactly_one_model_are_known(registry: Registry) -> None:
    for number in range(3):
        add_execution(registry, f"e{number}")
    assert len(uneven(registry)) == 3
    for number in range(3):
        add_artifact(registry, f"m{number}", execution_id=f"e{number}")
    assert not uneven(registry)
    add_artifact(registry, "m3", execution_id="e0")
    add_artifact(registry, "d1", kind=ArtifactKind.DATASET, execution_id="e1")
    assert len(uneven(registry)) == 1
    for sql, expected in (
        ("DELETE FROM artifacts WHERE id = 'm3'", 0),
        ("UPDATE artifacts SET kind = 'other' WHERE id = 'm1'", 1),
        ("UPDATE artifacts SET kind = 'model' WHERE id = 'd1'", 0),
        ("UPDATE artifacts SET execution_pk = NULL WHERE id = 'm2'", 1),
        ("DELETE FROM executions WHERE id = 'e2'", 0),
        ("DELETE FROM executions WHERE id = 'e0'", 0),
    ):
        with registry.write() as db:
            db.execute(sql)
        assert len(uneven(registry)) == expected, sql


def test_a_jump_skips_entries_of_one_index(
    filled: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_jumps, "_ROWS_EACH", 0.01)
    statements: list[str] = []
    with filled.read() as db:
        db.set_trace_callback(statements.append)
        assert models(filled, Order(LOSS)).near(25) is not None
        db.set_trace_callback(None)
        plans = [
            detail
            for sql in statements
            if "OFFSET" in sql
            for (_, _, _, detail) in db.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
    assert any("INDEX series_last" in detail for detail in plans), plans
    assert not any("TEMP B-TREE" in detail or "artifacts" in detail for detail in plans)


def test_many_executions_with_other_numbers_of_models_are_not_counted(
    filled: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_jumps, "_ROWS_EACH", 0.01)
    assert models(filled, Order(LOSS)).near(25) is not None
    assert executions(filled, Order(LOSS)).near(25) is not None
    monkeypatch.setattr(metric_jumps, "_MOST", 10)
    assert models(filled, Order(LOSS)).near(25) is None
    assert executions(filled, Order(LOSS)).near(25) is None

"""A list has the same rows whether or not it is read from the indexes of its conditions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.query import Combination, Condition, Filter, Junction, Op, Query, Subject
from launchpad_tui.registry import pages, series
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.drivers import drivers
from launchpad_tui.registry.list_tables import ARTIFACTS, EXECUTIONS
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from tests.registry.registry_data import START, add_artifact, add_execution

COUNT = 60
NAMES = ("churn", "Churn", "fraud", "ärger", "Ärger", "a%b_c", "x y")
VALUES = ("1", "1.0", "2", "1e0", "adam", "Adam", "sgd", "", "-3", "9007199254740993")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = Registry(tmp_path_factory.mktemp("drivers") / "registry.db")
    first_start(found)
    with found.write() as db:
        for i in range(COUNT):
            execution = f"e{i:015x}" if i % 4 else ""
            if execution:
                bindings = {"rate": VALUES[i % len(VALUES)]} if i % 7 else {}
                if i % 3:
                    bindings["depth"] = str(i % 5)
                add_execution(
                    found,
                    execution,
                    bindings,
                    status=(Status.COMPLETED, Status.DEAD)[i % 2],
                    at=i // 3,
                    seconds=None if i % 5 == 1 else i % 7,
                    name=NAMES[i % 6] if i % 9 else "",
                )
                if i % 5:
                    metrics = [Metric("loss", i % 6 - 1, START, 1)]
                    if i % 11 == 1:
                        metrics = [Metric("loss", float("nan"), START, 1)]
                    series.append(found, execution, metrics)
                if i % 6:
                    db.execute(
                        "INSERT INTO tags SELECT pk, 'team', ?, 0 FROM executions WHERE id = ?",
                        (("red", "Blue", "10", "9")[i % 4], execution),
                    )
            add_artifact(
                found,
                f"{i * 37 % 100:03}-model",
                NAMES[i % len(NAMES)],
                kind=ArtifactKind.DATASET if i % 11 == 5 else ArtifactKind.MODEL,
                execution_id=execution,
                description=("", "Alpha", "alpha", "beta")[i % 4],
                labels={"stage": ("prod", "test", "Prod")[i % 3]} if i % 3 else {},
                size=None if i % 3 == 1 else i % 10,
                at=i // 4,
            )
    yield found
    found.close()


_texts = st.sampled_from(("", "churn", "CHURN", "a", "%", "_", "fr*", "alpha", "1", "2.5", "zz"))
_ordered = (Op.EQUALS, Op.NOT_EQUALS, Op.LESS, Op.LESS_EQUAL, Op.GREATER, Op.GREATER_EQUAL)
_text_ops = st.sampled_from((*_ordered, Op.CONTAINS, Op.LIKE, Op.MISSING))
_number_ops = st.sampled_from((*_ordered, Op.MISSING))
_numbers = st.sampled_from(("0", "1", "2", "3.5", "-1", "100"))
_days = st.sampled_from(("2026-01-01", "2026-01-01T00:00:05Z", "2025-01-01", "2030-01-01"))
_parameters = st.builds(
    Condition,
    st.just(Subject.PARAMETER),
    st.sampled_from(("rate", "depth", "other")),
    _text_ops,
    st.sampled_from((*VALUES, "a%", "d")),
)
_metrics = st.builds(
    Condition,
    st.just(Subject.METRIC),
    st.sampled_from(("loss", "loss:best", "other")),
    _number_ops,
    _numbers,
)
_tags = st.builds(
    Condition,
    st.just(Subject.TAG),
    st.sampled_from(("team", "other")),
    _text_ops,
    st.sampled_from(("red", "blue", "Blue", "9.5", "e%", "")),
)
_labels = st.builds(
    Condition,
    st.just(Subject.LABEL),
    st.sampled_from(("stage", "ext.ai.sap.com/stage", "other")),
    _text_ops,
    st.sampled_from(("prod", "Prod", "t%", "es", "")),
)


def _attributes(
    *names: str, ops: st.SearchStrategy[Op], values: st.SearchStrategy[str]
) -> st.SearchStrategy[Condition]:
    names_of = st.sampled_from(names)
    return st.builds(Condition, st.just(Subject.ATTRIBUTE), names_of, ops, values)


_days_ops = st.sampled_from((*_ordered, Op.BEFORE, Op.AFTER, Op.MISSING))
_common = (
    _parameters
    | _metrics
    | _tags
    | _attributes("configuration_name", "scenario_id", "id", ops=_text_ops, values=_texts)
    | _attributes("created_at", "modified_at", ops=_days_ops, values=_days)
    | _attributes("duration", ops=_number_ops, values=_numbers)
)
_of_artifacts = (
    _common
    | _labels
    | _attributes("size", "version", ops=_number_ops, values=_numbers)
    | _attributes("name", "description", "url", "aliases", ops=_text_ops, values=_texts)
    | _attributes("files_state", "kind", "execution_id", ops=_text_ops, values=_texts)
    | _attributes("deleted_at", "checked_at", ops=_days_ops, values=_days)
)
_of_executions = (
    _common
    | _attributes(
        *("name", "status", "executable_id", "target_status"),
        ops=_text_ops,
        values=_texts | st.sampled_from(("DEAD", "COMPLETED", "completed")),
    )
    | _attributes("started_at", "completed_at", ops=_days_ops, values=_days)
)


def _filters(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Filter]:
    def combined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(parts, min_size=1, max_size=3).map(tuple)
        return st.builds(Combination, st.just(Junction.NOT), st.tuples(parts)) | st.builds(
            Combination, st.sampled_from((Junction.AND, Junction.OR)), several
        )

    return st.recursive(conditions, combined, max_leaves=5)


def _ids(found: pages.Lister[object]) -> list[object]:
    return [cursor[2] for cursor in found.page(None, 500).cursors]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(one=_filters(_of_artifacts), kind=st.sampled_from((ArtifactKind.MODEL, None)))
def test_drivers_have_all_artifacts_that_match(
    registry: Registry, one: Filter, kind: ArtifactKind | None
) -> None:
    _compare(registry, kind, one, artifacts=True)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(one=_filters(_of_executions))
def test_drivers_have_all_executions_that_match(registry: Registry, one: Filter) -> None:
    _compare(registry, None, one, artifacts=False)


def _compare(
    registry: Registry, kind: ArtifactKind | None, one: Filter, *, artifacts: bool
) -> None:
    query = Query(conditions=(one,))

    def lister() -> pages.Lister[object]:
        if artifacts:
            return artifact_lister(registry, DEFAULT_SCOPE, kind, query)  # type: ignore[return-value]
        return execution_lister(registry, DEFAULT_SCOPE, query)  # type: ignore[return-value]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "few", lambda _rows: -1)
        patch.setattr(pages, "SOME", -1)
        expected = _ids(lister())
    table = ARTIFACTS if artifacts else EXECUTIONS
    with registry.read() as db:
        group = group_pk(db, DEFAULT_SCOPE)
        for driver in drivers(db, table, kind, query, group, 10_000):
            found = lister()
            found._plan = (driver,)
            assert _ids(found) == expected, driver

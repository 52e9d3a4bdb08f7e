"""Metrics, parameters, tags and custom info that are added to artifacts."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.artifact_attributes import USER, ArtifactAttributes, AttributeKind
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import ARTIFACT_LABEL, CustomInfo, Metric, Tag
from launchpad_tui.domain.query import (
    Condition,
    MetricColumn,
    Op,
    Order,
    Query,
    Statistic,
    Subject,
    ValueColumn,
)
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import (
    artifact_records,
    artifacts,
    configurations,
    evaluations,
    executions,
    mirror,
    series,
    trash,
)
from launchpad_tui.registry.configuration_pages import ConfigurationLister
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.overview import overview
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from launchpad_tui.runtimes.code_snapshots import CodeSnapshotStore
from launchpad_tui.services.code import CodeService
from launchpad_tui.services.compare import CompareService
from tests.registry.registry_data import START, add_artifact, add_execution

ACCURACY = MetricColumn("accuracy")
DEPTH = ValueColumn(Subject.PARAMETER, "depth")


def attributes(**metrics: float) -> ArtifactAttributes:
    return ArtifactAttributes([Metric(name, value, START) for name, value in metrics.items()])


def add(registry: Registry, artifact_id: str, new: ArtifactAttributes, source: str = USER) -> None:
    artifact_records.put(registry, DEFAULT_SCOPE, artifact_id, new, source)


def compared(registry: Registry, *artifact_ids: str) -> tuple[ComparedItem, ...]:
    code = CodeService(registry, CodeSnapshotStore(registry.path.parent / "code"))
    return CompareService(registry, code).artifacts(DEFAULT_SCOPE, artifact_ids)


def ids(registry: Registry, query: Query) -> list[str]:
    lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    return [row.artifact.id for row in lister.page(None, 50).rows]


@pytest.fixture
def models(registry: Registry) -> Registry:
    """Return a registry with a trained model and two that no execution created."""
    add_execution(registry, "e1", {"depth": "4"}, status=Status.COMPLETED, seconds=5)
    add_artifact(registry, "trained", "trained", execution_id="e1")
    series.append(registry, "e1", [Metric("accuracy", 0.8, START)], DEFAULT_SCOPE)
    add_artifact(registry, "m1", "first")
    add_artifact(registry, "m2", "second")
    add(registry, "m1", attributes(accuracy=0.9, loss=0.3))
    add(registry, "m2", attributes(accuracy=0.7))
    for name, depth in (("m1", "8"), ("m2", "2")):
        add(registry, name, ArtifactAttributes(parameters={"depth": depth}))
    return registry


def test_they_stand_like_those_of_trained_models_in_lists(models: Registry) -> None:
    """Sort, filter, columns and best values treat both alike."""
    order = Order(ACCURACY, descending=True)
    assert ids(models, Query(order=order)) == ["m1", "trained", "m2"]
    above = Condition(Subject.METRIC, "accuracy", Op.GREATER, "0.75")
    assert set(ids(models, Query(conditions=(above,)))) == {"m1", "trained"}
    deep = Condition(Subject.PARAMETER, "depth", Op.GREATER_EQUAL, "4")
    assert set(ids(models, Query(conditions=(deep,)))) == {"m1", "trained"}
    query = Query(metrics=(ACCURACY, MetricColumn("accuracy", Statistic.BEST)), values=(DEPTH,))
    lister = artifact_lister(models, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    rows = {row.artifact.id: row for row in lister.page(None, 10).rows}
    assert rows["m1"].metrics[ACCURACY] == 0.9
    assert rows["m1"].values == {DEPTH: "8"}
    assert rows["m1"].configuration_name == ""
    assert "accuracy" in artifacts.metric_keys(models, DEFAULT_SCOPE)
    assert "depth" in artifacts.parameter_names(models, DEFAULT_SCOPE)


def test_no_list_contains_a_record(models: Registry) -> None:
    found = execution_lister(models, DEFAULT_SCOPE, Query())
    assert [row.execution.id for row in found.page(None, 10).rows] == ["e1"]
    assert found.count() == (1, True)
    assert [one.id for one in configurations.configurations(models, DEFAULT_SCOPE)] == ["c-e1"]
    assert [one.id for one in configurations.all_configurations(models, DEFAULT_SCOPE)] == ["c-e1"]
    lister = ConfigurationLister(models, DEFAULT_SCOPE)
    assert lister.count() == (1, True)
    assert [one.id for one in lister.page(None, 10).rows] == ["c-e1"]
    numbers = overview(models, DEFAULT_SCOPE, 1000)
    assert (numbers.executions, numbers.configurations) == (1, 1)
    with pytest.raises(NotFound):
        executions.resolve(models, DEFAULT_SCOPE, "record")
    # A sync neither requests a record nor marks it as deleted.
    assert [*mirror.execution_states(models, DEFAULT_SCOPE)] == ["e1"]
    assert mirror.count(models, DEFAULT_SCOPE, mirror.CONFIGURATIONS) == 1
    due = mirror.metrics_due(models, DEFAULT_SCOPE, recent=10)
    assert [one for one, _ in due] == ["e1"]


def test_the_comparison_has_them(models: Registry) -> None:
    add(models, "m1", ArtifactAttributes(tags=[Tag("a", "b")], custom_info=[CustomInfo("n", "t")]))
    first, second = compared(models, "m1", "trained")
    assert first.execution is None
    assert first.configuration is not None
    assert first.configuration.parameters == {"depth": "8"}
    assert [one.key for one in first.series] == ["accuracy", "loss"]
    assert (first.tags, first.custom_info) == ({"a": "b"}, {"n": "t"})
    assert second.execution is not None


def test_what_is_added_to_a_trained_model_belongs_to_it_alone(models: Registry) -> None:
    add_artifact(models, "sibling", "sibling", execution_id="e1")
    add(models, "trained", attributes(accuracy=0.95, f1=0.5))
    assert ids(models, Query(order=Order(ACCURACY, descending=False))) == [
        "m2",
        "sibling",
        "m1",
        "trained",
    ]
    f1 = Condition(Subject.METRIC, "f1", Op.GREATER, "0")
    assert ids(models, Query(conditions=(f1,))) == ["trained"]
    with pytest.raises(Conflict):
        add(models, "trained", ArtifactAttributes(parameters={"depth": "5"}))
    artifact_records.remove(models, DEFAULT_SCOPE, "trained", {AttributeKind.METRIC: ["accuracy"]})
    assert ids(models, Query(order=Order(ACCURACY, descending=False)))[-1] == "m1"
    with pytest.raises(NotFound):
        # What the execution logged is not removed.
        artifact_records.remove(
            models, DEFAULT_SCOPE, "trained", {AttributeKind.METRIC: ["accuracy"]}
        )


def test_values_are_replaced_and_removed(models: Registry) -> None:
    add(models, "m1", attributes(accuracy=0.5))
    both = series.summaries(models, DEFAULT_SCOPE, ["record:m1"])["record:m1"][0]
    assert (both.count, both.minimum, both.maximum) == (2, 0.5, 0.9)
    artifact_records.put(
        models, DEFAULT_SCOPE, "m1", attributes(accuracy=0.6), USER, replacing=True
    )
    one = series.summaries(models, DEFAULT_SCOPE, ["record:m1"])["record:m1"][0]
    assert (one.count, one.last) == (1, 0.6)
    add(models, "m1", ArtifactAttributes(parameters={"depth": "9", "rate": "0.1"}))
    assert artifact_records.sources(models, DEFAULT_SCOPE, "m1").keys() == {
        (AttributeKind.METRIC, "accuracy"),
        (AttributeKind.METRIC, "loss"),
        (AttributeKind.PARAMETER, "depth"),
        (AttributeKind.PARAMETER, "rate"),
    }
    artifact_records.remove(
        models,
        DEFAULT_SCOPE,
        "m1",
        {AttributeKind.PARAMETER: ["depth"], AttributeKind.METRIC: ["loss"]},
    )
    (item,) = compared(models, "m1")
    assert item.configuration is not None
    assert item.configuration.parameters == {"rate": "0.1"}
    assert [one.key for one in item.series] == ["accuracy"]


def test_the_trash_keeps_them_until_it_is_emptied(models: Registry) -> None:
    trash.put(models, DEFAULT_SCOPE, "artifacts", ["m1"], "ada")
    (entry,) = trash.entries(models, DEFAULT_SCOPE)
    trash.restore(models, DEFAULT_SCOPE, entry)
    assert ids(models, Query(order=Order(ACCURACY, descending=True)))[0] == "m1"
    assert (AttributeKind.METRIC, "loss") in artifact_records.sources(models, DEFAULT_SCOPE, "m1")
    trash.put(models, DEFAULT_SCOPE, "artifacts", ["m1"], "ada")
    trash.purge(models, DEFAULT_SCOPE, entry, keep_mark=False)
    assert "loss" not in artifacts.metric_keys(models, DEFAULT_SCOPE)
    with models.read() as db:
        (left,) = db.execute(
            "SELECT count(*) FROM executions e, configurations c "
            "WHERE e.id = 'record:m1' OR c.id = 'record:m1'"
        ).fetchone()
    assert left == 0


def evaluation(models: Registry, inputs: dict[str, str], *logged: Metric) -> None:
    add_execution(models, "e2", {}, inputs, status=Status.COMPLETED, seconds=1, at=9)
    series.append(models, "e2", logged, DEFAULT_SCOPE)
    evaluations.report(models, DEFAULT_SCOPE, "e2")


def test_an_evaluation_reports_about_its_input(models: Registry) -> None:
    """Its metrics are those of the model, with the execution as their source."""
    evaluation(models, {"model": "m2"}, Metric("recall", 0.4, START, 3))
    assert ids(models, Query(order=Order(MetricColumn("recall"), descending=False)))[0] == "m2"
    source = artifact_records.sources(models, DEFAULT_SCOPE, "m2")[AttributeKind.METRIC, "recall"]
    assert source == "e2"
    # Reporting again adds nothing.
    evaluations.report(models, DEFAULT_SCOPE, "e2")
    (found,) = [
        one
        for one in series.summaries(models, DEFAULT_SCOPE, ["record:m2"])["record:m2"]
        if one.name == "recall"
    ]
    assert (found.count, found.last_step) == (1, 3)


def test_a_label_names_the_evaluated_model(models: Registry) -> None:
    """Without it, an execution with several models or a trained one reports about none."""
    about = ((ARTIFACT_LABEL, "trained"),)
    evaluation(
        models,
        {"a": "m1", "b": "trained"},
        Metric("recall", 0.4, START, labels=about),
        Metric("seconds", 7, START),
    )
    recall = Condition(Subject.METRIC, "recall", Op.GREATER, "0")
    assert ids(models, Query(conditions=(recall,))) == ["trained"]
    seconds = Condition(Subject.METRIC, "seconds", Op.GREATER, "0")
    assert ids(models, Query(conditions=(seconds,))) == []


def test_an_execution_that_creates_a_model_does_not_evaluate_its_input(models: Registry) -> None:
    add_execution(models, "e3", {}, {"base": "m1"}, status=Status.COMPLETED, seconds=1)
    add_artifact(models, "tuned", "tuned", execution_id="e3")
    series.append(models, "e3", [Metric("accuracy", 0.1, START)], DEFAULT_SCOPE)
    evaluations.report(models, DEFAULT_SCOPE, "e3")
    assert ids(models, Query(order=Order(ACCURACY, descending=False)))[0] == "tuned"
    assert ids(models, Query(order=Order(ACCURACY, descending=False)))[-1] == "m1"

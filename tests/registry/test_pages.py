"""Pages of lists: with every order, filter and size of pages, each row is listed once, in order."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.expression import parse_where
from launchpad_tui.domain.metric import ARTIFACT_LABEL, Metric
from launchpad_tui.domain.query import (
    ArtifactRow,
    Combination,
    Condition,
    Cursor,
    Junction,
    MetricColumn,
    Op,
    Order,
    Query,
    Statistic,
    Subject,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import series
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.list_tables import ARTIFACTS
from launchpad_tui.registry.pages import Lister, artifact_lister, execution_lister
from launchpad_tui.services.listing import Listing
from tests.registry.registry_data import START, add_artifact, add_execution

NAMES = (
    "churn",
    "Churn",
    "fraud",
    "Ärger",
    "ärger",
    "",
    "a%b_c",
    'quo"te',
    "日本語モデル",
    "x" * 300,
)
WORDS = ("alpha", "BETA", "gamma ray", "")
VALUES = (0.5, 0.5, 1.0, math.nan, math.inf, -math.inf, -2.0)


class SampleRegistry:
    """A registry with models, and their values for sorting and filtering them in Python."""

    def __init__(self, path: Path) -> None:
        self.registry = Registry(path)
        first_start(self.registry)
        rng = random.Random(7)
        self.models: list[Artifact] = []
        self.metrics: dict[str, dict[str, float]] = {}
        self.parameters: dict[str, str] = {}
        for i in range(160):
            execution_id = ""
            name = rng.choice(NAMES) or f"n{i % 3}"
            if i % 3:
                execution_id = f"e{i:015x}"
                self.parameters[execution_id] = rng.choice(("0.1", "1e-1", "0.01", "adam", "7"))
                add_execution(
                    self.registry,
                    execution_id,
                    {"lr": self.parameters[execution_id]},
                    at=i // 4,
                    seconds=rng.choice((None, 1.5, 2)),
                )
                self._log(execution_id, name, i, rng)
            model = add_artifact(
                self.registry,
                f"{i * 7919 % 1000:04d}-model",
                name,
                execution_id=execution_id,
                at=rng.randrange(12),
                description=rng.choice(WORDS),
                labels={"stage": rng.choice(("prod", "test"))} if i % 2 else {},
                size=rng.choice((None, 1, 5, 1_000_000)),
            )
            self.models.append(model)
        add_artifact(self.registry, "data-set-1", "churn", kind=ArtifactKind.DATASET)

    def _log(self, execution_id: str, name: str, i: int, rng: random.Random) -> None:
        value = rng.choice(VALUES)
        labels: tuple[tuple[str, str], ...] = ()
        if i % 5 == 1:
            labels = ((ARTIFACT_LABEL, name),)
        elif i % 5 == 2:
            labels = ((ARTIFACT_LABEL, "another model"),)
        elif i % 5 == 3:
            labels = (("phase", "train"),)
        series.append(self.registry, execution_id, [Metric("loss", value, START, 1, labels)])
        if i % 5 == 3:
            # A greater loss than above: the name without labels stands for the better series.
            worse = Metric("loss", 1e9, START, 1, (("phase", "test"),))
            series.append(self.registry, execution_id, [worse])
            value = value if math.isfinite(value) else 1e9
        if i % 5 == 1 and i % 2:
            series.append(self.registry, execution_id, [Metric("loss", -77.0, START, 1)])
        if i % 5 != 2:
            self.metrics[execution_id] = {"loss": value}

    def expected(self, query: Query) -> list[Artifact]:
        rows = [m for m in self.models if self._wanted(m, query)]
        by = query.order.by

        def key(model: Artifact) -> object:
            if isinstance(by, MetricColumn):
                value = self.metrics.get(model.execution_id, {}).get("loss", math.nan)
                extreme = by.statistic is not Statistic.LATEST
                return None if math.isnan(value) or (extreme and math.isinf(value)) else value
            assert isinstance(by, str)
            value = getattr(model, by)
            if isinstance(value, str) and by in {"name", "description", "url", "scenario_id"}:
                return "".join(c.lower() if c.isascii() else c for c in value).encode()
            return value

        number = {model.id: i for i, model in enumerate(self.models)}
        with_key = [m for m in rows if key(m) is not None]
        without = [m for m in rows if key(m) is None]
        with_key.sort(key=lambda m: (key(m), number[m.id]), reverse=query.order.descending)
        without.sort(
            key=lambda m: (isinstance(by, MetricColumn) and m.created_at, number[m.id]),
            reverse=query.order.descending,
        )
        return with_key + without

    def _wanted(self, model: Artifact, query: Query) -> bool:
        labels = "\n".join(f"{k.rpartition('/')[2]}={v}" for k, v in model.labels)
        configuration = f"configuration {model.execution_id}" if model.execution_id else ""
        shown = (model.name, model.description, model.id, labels, model.url)
        text = "\n".join((*shown, model.scenario_id, model.execution_id, configuration)).casefold()
        if not all(word in text for word in query.search.casefold().split()):
            return False
        return query.ids is None or model.id in query.ids

    def lister(self, query: Query) -> Lister[ArtifactRow]:
        return artifact_lister(self.registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleRegistry]:
    created = SampleRegistry(tmp_path_factory.mktemp("pages") / "registry.db")
    yield created
    created.registry.close()


orders = st.builds(
    Order,
    st.sampled_from(
        [
            "name",
            "description",
            "id",
            "scenario_id",
            "url",
            "execution_id",
            "created_at",
            "modified_at",
            "size",
        ]
    )
    | st.builds(MetricColumn, st.just("loss"), st.sampled_from(Statistic)),
    st.booleans(),
)
searches = st.sampled_from(
    [
        "",
        "churn",
        "CHU rn",
        "ÄRGER",
        "är",
        "r",
        "prod",
        "stage=pro",
        '"te',
        "a%b",
        "%",
        "モデル",
        "beta chu",
        "nothing here",
        "gamma ray -model",
        "AND OR",
        "*",
        "0-m",
    ]
)
queries = st.builds(Query, search=searches, order=orders)


@settings(max_examples=120, deadline=None)
@given(query=queries, limit=st.integers(1, 200), few=st.sampled_from([0, 3000]))
def test_pages_contain_every_row_once_and_in_order(
    sample: SampleRegistry, query: Query, limit: int, few: int
) -> None:
    expected = [model.id for model in sample.expected(query)]
    lister = sample.lister(query)
    # The list is read from an index, or in its order.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launchpad_tui.registry.pages.few", lambda _rows: few)
        assert lister.count() == (len(expected), True)
        for backwards in (False, True):
            seen: list[str] = []
            cursor: Cursor | None = None
            while True:
                page = lister.page(cursor, limit, backwards=backwards)
                if not page.rows:
                    break
                ids = [row.artifact.id for row in page.rows]
                seen = ids + seen if backwards else seen + ids
                cursor = page.cursors[0 if backwards else -1]
            assert seen == expected


@settings(max_examples=60, deadline=None)
@given(
    query=queries, slices=st.lists(st.tuples(st.integers(-5, 170), st.integers(0, 60)), max_size=8)
)
def test_slices_of_a_listing_are_in_order(
    sample: SampleRegistry, query: Query, slices: list[tuple[int, int]]
) -> None:
    expected = [model.id for model in sample.expected(query)]
    listing = Listing(sample.lister(query))
    for start, length in slices:
        found = [row.artifact.id for row in listing.slice(start, start + length)]
        assert found == expected[max(0, start) : max(0, start + length)]


def test_distant_slices_of_a_long_list(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(300):
        add_artifact(registry, f"model-{i:04d}", at=i // 7, size=None if i % 3 else i)
    monkeypatch.setattr("launchpad_tui.services.listing.ANCHOR_EVERY", 10)
    for by in ("created_at", "size"):
        query = Query(order=Order(by, True))
        lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
        everything = [row.artifact.id for row in lister.page(None, 1000).rows]
        listing = Listing(lister)
        for start in (295, 150, 3, 151, 299, 300, 90, 0, 288, 91):
            assert [row.artifact.id for row in listing.slice(start, start + 7)] == everything[
                start : start + 7
            ]


def test_lists_limited_to_ids_with_metric_columns(sample: SampleRegistry) -> None:
    ids = tuple(model.id for model in sample.models[10:30])
    columns = (MetricColumn("loss"), MetricColumn("loss{phase=test}", Statistic.MAXIMUM))
    for by in ("name", MetricColumn("loss")):
        query = Query(ids=ids, order=Order(by, False), metrics=columns)
        rows = sample.lister(query).page(None, 100).rows
        assert [row.artifact.id for row in rows] == [model.id for model in sample.expected(query)]
        for row in rows:
            expected = sample.metrics.get(row.artifact.execution_id, {}).get("loss")
            found = row.metrics.get(columns[0])
            assert (found is None) == (expected is None)
            assert expected is None or found == expected or math.isnan(expected)
        assert any(row.metrics.get(columns[1]) == 1e9 for row in rows)


@pytest.mark.parametrize(
    ("subject", "name", "op", "value", "test"),
    [
        (Subject.ATTRIBUTE, "name", Op.CONTAINS, "CHU", lambda w, m: "chu" in m.name.casefold()),
        (Subject.ATTRIBUTE, "name", Op.EQUALS, "churn", lambda w, m: m.name == "churn"),
        (
            Subject.ATTRIBUTE,
            "size",
            Op.GREATER_EQUAL,
            "5",
            lambda w, m: m.size is not None and m.size >= 5,
        ),
        (
            Subject.ATTRIBUTE,
            "created_at",
            Op.BEFORE,
            "2026-01-01T00:00:05Z",
            lambda w, m: m.created_at < START + timedelta(seconds=5),
        ),
        (Subject.ATTRIBUTE, "created_at", Op.AFTER, "2026-01-01", lambda w, m: False),
        (Subject.ATTRIBUTE, "created_at", Op.EQUALS, "2026-01-01", lambda w, m: True),
        (
            Subject.LABEL,
            "stage",
            Op.EQUALS,
            "prod",
            lambda w, m: ("ext.ai.sap.com/stage", "prod") in m.labels,
        ),
        (
            Subject.LABEL,
            "stage",
            Op.NOT_EQUALS,
            "prod",
            lambda w, m: ("ext.ai.sap.com/stage", "prod") not in m.labels,
        ),
        (
            Subject.LABEL,
            "ext.ai.sap.com/stage",
            Op.CONTAINS,
            "ES",
            lambda w, m: "test" in dict(m.labels).values(),
        ),
        (
            Subject.PARAMETER,
            "lr",
            Op.EQUALS,
            "0.10",
            lambda w, m: w.parameters.get(m.execution_id) in {"0.1", "1e-1"},
        ),
        (
            Subject.PARAMETER,
            "lr",
            Op.LESS,
            "0.5",
            lambda w, m: w.parameters.get(m.execution_id) in {"0.1", "1e-1", "0.01"},
        ),
        (
            Subject.PARAMETER,
            "lr",
            Op.EQUALS,
            "adam",
            lambda w, m: w.parameters.get(m.execution_id) == "adam",
        ),
        (
            Subject.METRIC,
            "loss",
            Op.LESS,
            "0.75",
            lambda w, m: w.metrics.get(m.execution_id, {}).get("loss", math.nan) < 0.75,
        ),
        (
            Subject.METRIC,
            "loss:max",
            Op.GREATER,
            "0.75",
            lambda w, m: 0.75 < w.metrics.get(m.execution_id, {}).get("loss", math.nan) < math.inf,
        ),
    ],
)
def test_conditions_select_the_expected_models(
    sample: SampleRegistry,
    subject: Subject,
    name: str,
    op: Op,
    value: str,
    test: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert callable(test)
    query = Query(conditions=(Condition(subject, name, op, value),))
    expected = {model.id for model in sample.models if test(sample, model)}
    for few in (0, 1000):  # read in the list's order, or from the index of the condition
        monkeypatch.setattr("launchpad_tui.registry.pages.few", lambda _rows, few=few: few)
        found = [row.artifact.id for row in sample.lister(query).page(None, 1000).rows]
        assert set(found) == expected
        assert len(found) == len(expected)
        assert sample.lister(query).count() == (len(found), True)


def _low(world: SampleRegistry, model: Artifact) -> bool:
    return world.metrics.get(model.execution_id, {}).get("loss", math.nan) < 0.75


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("loss < 0.75 or size is missing", lambda w, m: _low(w, m) or m.size is None),
        ("not loss < 0.75", lambda w, m: not _low(w, m)),
        ("not (loss < 0.75 or size > 0)", lambda w, m: not _low(w, m) and not (m.size or 0) > 0),
        ("size is missing", lambda _, m: m.size is None),
        ("size is not missing", lambda _, m: m.size is not None),
        ("not size > 0", lambda _, m: not (m.size or 0) > 0),
        ("description is missing", lambda _, m: not m.description),
        ("name like %A%", lambda _, m: "a" in m.name.casefold()),
        ("name like *a*", lambda _, m: "a" in m.name.casefold()),
        ("name not like %a%", lambda _, m: "a" not in m.name.casefold()),
        ("label.stage is missing", lambda _, m: not _has_label(m, "stage")),
        ("label.stage is not missing", lambda _, m: _has_label(m, "stage")),
        (
            "loss is missing",
            lambda w, m: math.isnan(w.metrics.get(m.execution_id, {}).get("loss", math.nan)),
        ),
        ("param.lr is missing", lambda w, m: m.execution_id not in w.parameters),
        (
            "(loss < 0.75 and size is missing) or (not loss < 0.75 and size is not missing)",
            lambda w, m: _low(w, m) == (m.size is None),
        ),
    ],
)
def test_combinations_select_the_expected_models(
    sample: SampleRegistry, text: str, test: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(test)
    filters = parse_where(text, tuple(ARTIFACTS.attributes), lambda: ("loss",), lambda: ())
    expected = {model.id for model in sample.models if test(sample, model)}
    for few in (0, 1000):
        monkeypatch.setattr("launchpad_tui.registry.pages.few", lambda _rows, few=few: few)
        for order in (Order(), Order("name"), Order(MetricColumn("loss"))):
            lister = sample.lister(Query(conditions=filters, order=order))
            assert {row.artifact.id for row in lister.page(None, 1000).rows} == expected
            assert lister.count() == (len(expected), True)


def _has_label(model: Artifact, name: str) -> bool:
    return any(key.rpartition("/")[2] == name for key, _ in model.labels)


def test_models_are_filtered_and_ordered_by_their_configuration(sample: SampleRegistry) -> None:
    names = {
        row.artifact.id: row.configuration_name
        for row in sample.lister(Query()).page(None, 1000).rows
    }
    (one,) = parse_where(
        f"CONFIGURATION = '{max(names.values())}'", tuple(ARTIFACTS.attributes), tuple, tuple
    )
    found = sample.lister(Query(conditions=(one,))).page(None, 1000).rows
    assert {row.configuration_name for row in found} == {max(names.values())}
    for descending in (False, True):
        lister = sample.lister(Query(order=Order("configuration_name", descending)))
        rows: list[ArtifactRow] = []
        cursor: Cursor | None = None
        while (page := lister.page(cursor, 7)).rows:
            rows += page.rows
            cursor = page.cursors[-1]
        assert {row.artifact.id for row in rows} == set(names)
        assert len(rows) == len(names)
        shown = [row.configuration_name for row in rows]
        assert shown == sorted(shown, reverse=descending)


def test_the_number_of_conditions_of_combinations_is_limited(sample: SampleRegistry) -> None:
    parts = tuple(Condition(Subject.ATTRIBUTE, "name", Op.EQUALS, str(n)) for n in range(101))
    with pytest.raises(InvalidInput, match="too many conditions"):
        sample.lister(Query(conditions=(Combination(Junction.OR, parts),)))
    assert sample.lister(Query(conditions=(Combination(Junction.OR, parts[:100]),))).count()[0] == 0


@pytest.mark.parametrize(
    "condition",
    [
        Condition(Subject.ATTRIBUTE, "size", Op.LIKE, "1%"),
        Condition(Subject.ATTRIBUTE, "created_at", Op.LIKE, "2026%"),
        Condition(Subject.METRIC, "loss", Op.LIKE, "1%"),
        Condition(Subject.ATTRIBUTE, "name", Op.LIKE, "%" * 1001),
        Condition(Subject.ATTRIBUTE, "colour", Op.EQUALS, "red"),
        Condition(Subject.ATTRIBUTE, "created_at", Op.AFTER, "yesterday"),
        Condition(Subject.ATTRIBUTE, "size", Op.LESS, "big"),
        Condition(Subject.ATTRIBUTE, "name", Op.BEFORE, "2026-01-01"),
        Condition(Subject.METRIC, "loss", Op.LESS, "nan"),
        Condition(Subject.METRIC, "loss", Op.CONTAINS, "1"),
        Condition(Subject.ATTRIBUTE, "name; DROP TABLE artifacts", Op.EQUALS, "1"),
    ],
)
def test_errors_of_invalid_conditions_name_the_field(
    sample: SampleRegistry, condition: Condition
) -> None:
    with pytest.raises(InvalidInput) as caught:
        sample.lister(Query(conditions=(condition,)))
    assert caught.value.field == condition.name


def test_executions_are_ordered_and_filtered_by_duration(sample: SampleRegistry) -> None:
    for order in (
        Order("duration", True),
        Order("duration", False),
        Order("status"),
        Order(MetricColumn("loss")),
    ):
        rows = (
            execution_lister(sample.registry, DEFAULT_SCOPE, Query(order=order))
            .page(None, 1000)
            .rows
        )
        assert len(rows) == len({row.execution.id for row in rows}) == len(sample.parameters)
    durations = [
        row.execution.duration_seconds(row.execution.created_at)
        if row.execution.completed_at
        else None
        for row in execution_lister(sample.registry, DEFAULT_SCOPE, Query(order=Order("duration")))
        .page(None, 999)
        .rows
    ]
    known = [d for d in durations if d is not None]
    assert known == sorted(known, reverse=True)
    assert durations == known + [None] * (len(durations) - len(known))
    query = Query(conditions=(Condition(Subject.ATTRIBUTE, "duration", Op.GREATER, "1.75"),))
    assert execution_lister(sample.registry, DEFAULT_SCOPE, query).count() == (
        known.count(2.0),
        True,
    )


def test_search_finds_changed_entries(registry: Registry) -> None:
    add_artifact(registry, "one-model", "churn", labels={"team": "Red"})

    def found(search: str) -> int:
        lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, Query(search))
        return lister.count()[0]

    assert found("churn") == found("team=red") == found("e-m") == 1
    assert found("ext.ai") == 0
    with registry.write("artifacts") as db:
        db.execute("UPDATE artifacts SET search_text = 'other words'")
    assert (found("churn"), found("other")) == (0, 1)
    with registry.write("artifacts") as db:
        db.execute("DELETE FROM artifacts")
    assert found("other") == 0
    with registry.write() as db:
        db.execute("INSERT INTO artifacts_search (artifacts_search) VALUES ('integrity-check')")

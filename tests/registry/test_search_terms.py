"""Searches find short terms, versions and aliases, in whatever way the rows are read."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Condition, Op, Order, Query, Subject
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import global_search, search_terms, versions
from launchpad_tui.registry.codec import terms
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.list_tables import ARTIFACTS, EXECUTIONS
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from tests.registry.registry_data import add_artifact, add_execution

NAMES = ("Churn", "churn", "Größe", "中国 模型", "q", "x@y", "名", "a-b_c", "Straße v7", "zz")
#: what the models of `sample` are searched for: parts of texts, texts that no row has, the last
#: characters of texts, versions, aliases, and combinations
SEARCHES = (
    *("c", "ch", "hu", "churn", "q", "zq", "qz", "ß", "ss", "中", "中国", "国 模", "名", "_c", "@"),
    *("z", "zz", "zzz", "e-", "-1", "end", "d", "ö", "größe", "strasse", "é"),
    *("v", "v1", "V1", "v12", "12", "1", "v0", "v99", "@1", "@v1", "churn@2", "churn@v2", "n@1"),
    *("p", "prod", "@prod", "@production", "production", "n@production", "churn@", "x@y@stag"),
    *("zz@", "zz@1", "ß@", "模型@1", "-b_c@v1", "x@y@", "y@1", "se v7@1", "hur@1", "urn@1 churn"),
    *(
        "churn v1",
        "churn @production",
        "zq churn",
        "q 中",
        "v2 zz",
        "stag v1",
        "% _",
        '"',
        "'",
        "*",
    ),
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Models of several names, of which some have aliases, and other kinds of artifacts."""
    registry = Registry(tmp_path_factory.mktemp("terms") / "registry.db")
    first_start(registry)
    rng = random.Random(4)
    for number in range(60):
        execution = f"e-{number}" if number % 3 else ""
        if execution:
            add_execution(registry, execution, name=rng.choice(("end", "Zé", "q", "lr=0.1 z")))
        add_artifact(
            registry,
            f"m-{number}",
            NAMES[0] if number < 20 else rng.choice(NAMES),
            description=rng.choice(("", "%", 'say "hi"', "o'hara *")),
            execution_id=execution,
            at=rng.randrange(1000),
        )
        add_artifact(registry, f"d-{number}", "q", kind=ArtifactKind.DATASET, at=number)
    for number in (3, 40, 57, 58):
        alias = rng.choice(("production", "staging", "P.1-x_y"))
        versions.set_alias(registry, DEFAULT_SCOPE, f"m-{number}", alias, "user")
    versions.set_alias(registry, DEFAULT_SCOPE, "m-40", "Best", "user")
    yield registry
    registry.close()


def shown(artifact: Artifact, configuration: str) -> str:
    """Return the texts that a row shows except for the version, with a reference of each alias."""
    return "\n".join(
        (
            *(artifact.name, artifact.description, artifact.id, artifact.scenario_id),
            *(artifact.execution_id, artifact.url, configuration),
            *(f"{artifact.name}@{one}" for one in artifact.aliases),
        )
    ).casefold()


def matches(artifact: Artifact, configuration: str, term: str) -> bool:
    if term in shown(artifact, configuration):
        return True
    # A number is compared with the first digits of a version.
    name, _, label = term.rpartition("@")
    version = f"v{artifact.version}" if artifact.version is not None else ""
    if not version or not artifact.name.casefold().endswith(name):
        return False
    digits = label.removeprefix("v")
    return (not digits or digits.isdigit()) and version.startswith(f"v{digits}")


def every_row(registry: Registry, query: Query, kind: ArtifactKind | None) -> list[str]:
    lister = artifact_lister(registry, DEFAULT_SCOPE, kind, query)
    return [row.artifact.id for row in lister.page(None, 1000).rows]


@pytest.mark.parametrize("way", ["first", "in order", "after the budget"])
@pytest.mark.parametrize("kind", [ArtifactKind.MODEL, None])
def test_searches_find_what_rows_show(
    sample: Registry, monkeypatch: pytest.MonkeyPatch, kind: ArtifactKind | None, way: str
) -> None:
    rows = artifact_lister(sample, DEFAULT_SCOPE, kind, Query()).page(None, 1000).rows
    few = 1000 if way == "first" else 0
    monkeypatch.setattr("launchpad_tui.registry.pages.few", lambda _rows: few)
    monkeypatch.setattr("launchpad_tui.registry.global_search.few", lambda _rows: few)
    if way == "after the budget":
        monkeypatch.setattr("launchpad_tui.registry.pages._BUDGET", 0)
        monkeypatch.setattr("launchpad_tui.registry.cancellation.STEPS", 10)
    for search in SEARCHES:
        expected = [
            row.artifact.id
            for row in rows
            if all(matches(row.artifact, row.configuration_name, term) for term in terms(search))
        ]
        assert every_row(sample, Query(search), kind) == expected, search
        lister = artifact_lister(sample, DEFAULT_SCOPE, kind, Query(search))
        assert lister.count() == (len(expected), True), search
        assert lister.count(1) == (min(1, len(expected)), len(expected) <= 1), search
        if kind is ArtifactKind.MODEL:
            hits = global_search.search_part(sample, 0, search, 1000)
            assert [hit.id for hit in hits] == expected, search


def test_searches_find_an_alias_until_it_is_removed(registry: Registry) -> None:
    add_artifact(registry, "m-1", "churn")
    add_artifact(registry, "m-2", "churn")
    model = ArtifactKind.MODEL
    assert every_row(registry, Query("@champion"), model) == []
    versions.set_alias(registry, DEFAULT_SCOPE, "m-1", "Champion", "user")
    for search in ("champion", "@champ", "CHURN@Champion", "v1", "churn@1"):
        assert every_row(registry, Query(search), model) == ["m-1"]
    versions.set_alias(registry, DEFAULT_SCOPE, "m-2", "Champion", "user")
    assert every_row(registry, Query("champion"), model) == ["m-2"]
    versions.remove_alias(registry, DEFAULT_SCOPE, "m-2", "Champion", "user")
    assert every_row(registry, Query("champion"), model) == []


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("op", [Op.CONTAINS, Op.EQUALS, Op.LIKE])
def test_texts_of_attributes_are_found(
    sample: Registry, monkeypatch: pytest.MonkeyPatch, op: Op, few: int
) -> None:
    monkeypatch.setattr("launchpad_tui.registry.pages.few", lambda _rows: few)
    rows = artifact_lister(sample, DEFAULT_SCOPE, None, Query()).page(None, 1000).rows
    for attribute in (
        *("name", "description", "id", "url", "configuration_name", "execution_id", "aliases"),
    ):
        for text in (
            "churn",
            "Churn",
            "GRÖSSE",
            "q",
            "",
            "国",
            "end",
            "m-1",
            '"',
            "e-1",
            "nothing",
        ):
            wanted = {"contains": text, "=": text, "like": f"%{text}_%"}[op]
            query = Query(
                conditions=(Condition(Subject.ATTRIBUTE, attribute, op, wanted),), order=Order("id")
            )
            expected = []
            for row in rows:
                value = (
                    row.configuration_name
                    if attribute == "configuration_name"
                    else getattr(row.artifact, attribute)
                )
                value = value if isinstance(value, str) else " ".join(value)
                found = (
                    value == text
                    if op is Op.EQUALS
                    else text.casefold() in (value[:-1] if op is Op.LIKE else value).casefold()
                )
                if found and (value or op is not Op.LIKE):
                    expected.append(row.artifact.id)
            assert every_row(sample, query, None) == sorted(expected, reverse=True), (
                attribute,
                text,
            )


@pytest.mark.parametrize("kind", [ArtifactKind.MODEL, None])
def test_pages_in_all_orders_have_every_row_once(
    sample: Registry, kind: ArtifactKind | None
) -> None:
    ids = set(every_row(sample, Query(), kind))
    for by in ARTIFACTS.attributes:
        for descending in (False, True):
            query = Query(order=Order(by, descending))
            expected = every_row(sample, query, kind)
            assert set(expected) == ids
            for backwards in (False, True):
                lister = artifact_lister(sample, DEFAULT_SCOPE, kind, query)
                found: list[str] = []
                page = lister.page(None, 11, backwards=backwards)
                while page.rows:
                    read = [row.artifact.id for row in page.rows]
                    found = [*read, *found] if backwards else [*found, *read]
                    page = lister.page(
                        page.cursors[0 if backwards else -1], 11, backwards=backwards
                    )
                assert found == expected, (by, descending, backwards)


def test_artifacts_of_all_kinds_are_not_all_sorted(sample: Registry) -> None:
    """The plans of a list of all kinds read each kind in the order of an index."""
    for order in (Order(), Order("name", False), Order("size"), Order("checked_at", False)):
        statements: list[str] = []
        with sample.read() as db:
            db.set_trace_callback(statements.append)
            artifact_lister(sample, DEFAULT_SCOPE, None, Query(order=order)).page(None, 5)
            db.set_trace_callback(None)
            plans = [
                [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
                for statement in statements
                if "UNION ALL" in statement
            ]
        assert plans
        for plan in plans:
            # Only the first rows of each kind are sorted, which are in subqueries.
            read = [number for number, line in enumerate(plan) if line.startswith("SEARCH t")]
            assert len(read) == len(ArtifactKind)
            assert not any("TEMP B-TREE" in plan[number + 1] for number in read), plan


def test_orders_without_an_index_are_refused_for_many_rows(
    sample: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    unindexed = [
        name
        for name, one in EXECUTIONS.attributes.items()
        if not one.indexed and not one.of_execution
    ]
    assert unindexed
    for name in unindexed:
        lister = execution_lister(sample, DEFAULT_SCOPE, Query(order=Order(name)))
        assert len(lister.page(None, 1000).rows) == 40
    monkeypatch.setattr("launchpad_tui.registry.pages.SOME", 10)
    for name in unindexed:
        lister = execution_lister(sample, DEFAULT_SCOPE, Query(order=Order(name)))
        with pytest.raises(InvalidInput, match="too many rows to sort it by") as raised:
            lister.page(None, 5)
        assert "created_at" in raised.value.hint
        # The rows of a filter that matches few are sorted.
        few = Query("e-5", order=Order(name))
        assert len(execution_lister(sample, DEFAULT_SCOPE, few).page(None, 1000).rows) == 8
    lister = execution_lister(sample, DEFAULT_SCOPE, Query(order=Order("started_at")))
    assert len(lister.page(None, 1000).rows) == 40


def test_names_that_go_on_after_the_text_before_an_at_sign_are_not_candidates(
    sample: Registry,
) -> None:
    with sample.read() as db:
        for term, names in {"chur@1": set(), "churn@1": {"Churn", "churn"}}.items():
            (driver,) = search_terms.search_drivers(db, "artifacts", (term,), 1000)
            found = db.execute(
                f"SELECT DISTINCT name FROM artifacts WHERE pk IN ({driver.sql})", driver.values
            )
            assert {name for (name,) in found} == names


@pytest.mark.parametrize("table", ["artifacts", "executions"])
def test_a_size_of_short_parts_has_candidates(sample: Registry, table: str) -> None:
    with sample.read() as db:
        drivers = search_terms.search_drivers(db, table, ("77 tb",), 1000)
        assert drivers
        assert all(driver.size(db, 1000) == 0 for driver in drivers)

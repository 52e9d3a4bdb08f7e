"""Searches find the times of creation and the sizes that rows show, in every way rows are read."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.query import Query
from launchpad_tui.registry import global_search
from launchpad_tui.registry.configuration_pages import ConfigurationLister
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from launchpad_tui.registry.shown_values import shown_value
from launchpad_tui.ui.screens.common.cells import timestamp_text
from tests.registry.registry_data import add_artifact, add_execution

SECONDS = 400 * 86_400
SIZES = (None, 0, 7, 999, 1000, 1049, 1051, 58_500, 58_449, 78_200, 10_000_000, 1_340_000_000)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Models, datasets and executions that were created in the course of 400 days."""
    registry = Registry(tmp_path_factory.mktemp("shown") / "registry.db")
    first_start(registry)
    rng = random.Random(7)
    for number in range(60):
        add_execution(registry, f"e-{number}", at=rng.randrange(SECONDS))
        name = "of 2025-12-24" if number == 5 else "7 kb" if number == 6 else "churn"
        kind = ArtifactKind.DATASET if number % 4 == 0 else ArtifactKind.MODEL
        add_artifact(
            registry,
            f"m-{number}",
            name,
            kind=kind,
            size=rng.choice(SIZES),
            at=rng.randrange(SECONDS),
        )
    yield registry
    registry.close()


@pytest.fixture(params=[0, 1000])
def some(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read rows in the order of the list, or those of an index."""
    for module in ("pages", "global_search"):
        monkeypatch.setattr(f"launchpad_tui.registry.{module}.few", lambda _rows: request.param)


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("length", [5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16])
def test_the_start_of_a_shown_time_is_found(sample: Registry, length: int) -> None:
    rows = artifact_lister(sample, DEFAULT_SCOPE, None, Query()).page(None, 1000).rows
    executions = execution_lister(sample, DEFAULT_SCOPE, Query()).page(None, 1000).rows
    configurations = ConfigurationLister(sample, DEFAULT_SCOPE).page(None, 1000).rows
    for row in rows[::6]:
        text = timestamp_text(row.artifact.created_at)[:length]
        expected = [
            one.artifact.id
            for one in rows
            if text in f"{timestamp_text(one.artifact.created_at)} {one.artifact.name}"
        ]
        lister = artifact_lister(sample, DEFAULT_SCOPE, None, Query(text))
        assert [one.artifact.id for one in lister.page(None, 1000).rows] == expected
        assert lister.count() == (len(expected), True)
        hits = global_search.search_part(sample, 0, text, 1000)
        models = {one.artifact.id for one in rows if one.artifact.kind is ArtifactKind.MODEL}
        assert [hit.id for hit in hits] == [one for one in expected if one in models]
        both = artifact_lister(sample, DEFAULT_SCOPE, None, Query(f"churn {text}"))
        assert {one.artifact.id for one in both.page(None, 1000).rows} <= set(expected)
    for ran in executions[::9]:
        text = timestamp_text(ran.execution.created_at)[:length]
        found = execution_lister(sample, DEFAULT_SCOPE, Query(text)).page(None, 1000).rows
        shown = [timestamp_text(one.execution.created_at) for one in found]
        assert shown
        assert all(one.startswith(text) for one in shown) or length in {12, 13}
    for one in configurations[::9]:
        text = timestamp_text(one.created_at)[:10]
        pages = ConfigurationLister(sample, DEFAULT_SCOPE, text).page(None, 1000).rows
        assert {timestamp_text(each.created_at)[:10] for each in pages} == {text}


@pytest.mark.usefixtures("some")
def test_a_shown_size_is_found(sample: Registry) -> None:
    rows = artifact_lister(sample, DEFAULT_SCOPE, None, Query()).page(None, 1000).rows
    for size in filter(None, SIZES):
        text = size_text(size)
        found = artifact_lister(sample, DEFAULT_SCOPE, None, Query(text)).page(None, 1000).rows
        ids = {one.artifact.id for one in found}
        same = {one.artifact.id for one in rows if size_text(one.artifact.size) == text}
        assert same
        assert same <= ids
        unit = 1 if size < 1000 else 1000 ** (len(f"{size:,}".split(",")) - 1)
        for one in found:
            named = all(part in one.artifact.name for part in text.casefold().split())
            # ``1 kB`` finds 1.05 kB too, which is rounded to it.
            assert named or abs((one.artifact.size or 0) - size) <= unit / 2
    assert "m-6" in {
        one.artifact.id
        for one in artifact_lister(sample, DEFAULT_SCOPE, None, Query("7 kB")).page(None, 99).rows
    }


@pytest.mark.parametrize(
    "term", ["2026", "2026-13", "2026-02-3x", "2026-02-31", "0000-01", "9999-01", "12:00", "5 rows"]
)
def test_other_terms_are_not_values(term: str) -> None:
    assert shown_value(term) is None

"""The benchmarks' bulk inserts write the same rows as the product writes model by model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.registry import artifacts, configurations, executions, series
from launchpad_tui.registry.database import Registry
from tests.benchmarks import populate
from tests.benchmarks.populate import Plan

MODELS = 30
POINTS_EACH = 5
#: tables that the first start of a home fills
FIRST_START = ("connections", "resource_groups", "object_stores")


def write_model_by_model(home: Home) -> None:
    """Write the same content by the functions that the product uses."""
    populate.populate(home, 0, 0)
    registry = Registry(home.registry_path)
    for i in range(MODELS):
        plan = Plan(i)
        configurations.add(registry, DEFAULT_SCOPE, plan.configuration)
        executions.create(registry, DEFAULT_SCOPE, plan.execution)
        artifacts.add(registry, DEFAULT_SCOPE, plan.artifact, [plan.file])
        for name, labels, found in plan.series(POINTS_EACH):
            series.append_bulk(
                registry,
                plan.execution_id,
                name,
                labels,
                found.steps,
                found.times,
                found.values,
                DEFAULT_SCOPE,
            )
        series.seal(registry, plan.execution_id)
    registry.close()


def content(home: Home) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """Yield the rows of every table and the schema, without times at which they were written."""
    registry = Registry(home.registry_path)
    with closing(registry.connect()) as db:
        schema = db.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()
        yield "schema", schema
        for kind, name, *_ in schema:
            # Statistics are those of ANALYZE; the tables of an FTS5 index depend on the order in
            # which it was filled.
            if kind != "table" or re.search(
                "^sqlite_|^_sqlite|_search_|^preferences$|^revisions$", name
            ):
                continue
            columns = [
                str(column)
                for (column,) in db.execute("SELECT name FROM pragma_table_info(?)", (name,))
                if not (column == "checked_at" or (name in FIRST_START and column.endswith("_at")))
            ]
            yield name, sorted(db.execute(f"SELECT {', '.join(columns)} FROM {name}"), key=repr)
    registry.close()


def test_bulk_rows_equal_those_that_the_product_writes(tmp_path: Path) -> None:
    bulk, single = Home.at(tmp_path / "bulk"), Home.at(tmp_path / "single")
    populate.populate(bulk, MODELS, 3 * MODELS * POINTS_EACH)
    write_model_by_model(single)
    expected = dict(content(single))
    found = dict(content(bulk))
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table
    assert len(expected["series"]) == 3 * MODELS


@pytest.mark.parametrize("search", ["production", "lstm", "emea"])
def test_searches_find_the_models_of_bulk_inserts(tmp_path: Path, search: str) -> None:
    bulk, single = Home.at(tmp_path / "bulk"), Home.at(tmp_path / "single")
    populate.populate(bulk, MODELS, 0)
    write_model_by_model(single)
    found = []
    for home in (bulk, single):
        desk = open_desk(home)
        found.append([hit.id for hit in desk.everywhere.search(search)])
        desk.close()
    assert found[0] == found[1]
    assert found[0]

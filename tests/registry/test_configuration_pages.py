"""The list of configurations by position equals the list of all configurations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.errors import QueryCancelled
from launchpad_tui.registry import configurations
from launchpad_tui.registry.configuration_pages import ConfigurationLister
from launchpad_tui.registry.database import Registry
from launchpad_tui.services import listing as listing_module
from launchpad_tui.services.listing import Listing
from tests.registry.registry_data import START

COUNT = 700


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = Registry(tmp_path_factory.mktemp("configurations") / "registry.db")
    first_start(found)
    with found.write():
        for number in range(COUNT):
            # Several were created at the same time.
            at = START + timedelta(seconds=number // 5)
            name = f"{('forest', 'linear')[number % 2]} {number}"
            parameters = {"rate": str(number), "epochs": "10"}
            new = Configuration(f"c{number:04}", name, "s", "x", parameters, {"data": "d"}, at)
            configurations.add(found, DEFAULT_SCOPE, new)
    yield found
    found.close()


@pytest.mark.parametrize("search", ["", "forest", "forest 12", "nothing"])
def test_any_part_of_the_list_is_read(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    monkeypatch.setattr(listing_module, "ANCHOR_EVERY", 20)
    expected = list(configurations.all_configurations(registry, DEFAULT_SCOPE, search=search))
    for start in (0, 30, 150, 333, len(expected) - 25):
        listing = Listing(ConfigurationLister(registry, DEFAULT_SCOPE, search))
        if start > 200:
            assert listing.count() == len(expected)
        assert listing.slice(start, start + 25) == expected[max(0, start) : max(0, start + 25)]
    for place, one in enumerate(expected[::50]):
        assert ConfigurationLister(registry, DEFAULT_SCOPE, search).position(one.id) == 50 * place


def test_a_search_is_counted_up_to_a_limit(registry: Registry) -> None:
    assert ConfigurationLister(registry, DEFAULT_SCOPE).count(10) == (COUNT, True)
    assert ConfigurationLister(registry, DEFAULT_SCOPE, "forest").count(10) == (10, False)
    assert ConfigurationLister(registry, DEFAULT_SCOPE, "forest").count() == (COUNT // 2, True)
    assert ConfigurationLister(registry, DEFAULT_SCOPE, "forest").position("c0001") is None
    assert ConfigurationLister(registry, DEFAULT_SCOPE).position("missing") is None


def test_a_page_is_read_in_the_order_of_the_index(registry: Registry) -> None:
    statements: list[str] = []
    lister = ConfigurationLister(registry, DEFAULT_SCOPE)
    cursor = lister.page(None, 40).cursors[-1]
    with registry.read() as db:
        db.set_trace_callback(statements.append)
        lister.page(cursor, 40)
        lister.page(cursor, 40, backwards=True)
        db.set_trace_callback(None)
        pages = [one for one in statements if "FROM configurations t" in one]
        # Each page has the rows of the cursor's time, and those before or after it.
        assert len(pages) == 4
        for page in pages:
            (line,) = db.execute(f"EXPLAIN QUERY PLAN {page}").fetchall()
            assert "SEARCH t USING INDEX configurations_created" in line[3]
    assert len(statements) < 12


def test_a_cancelled_list_is_not_read(registry: Registry) -> None:
    lister = ConfigurationLister(registry, DEFAULT_SCOPE)
    lister.cancel()
    for read in (lambda: lister.page(None, 1), lambda: lister.count(sys.maxsize)):
        with pytest.raises(QueryCancelled):
            read()

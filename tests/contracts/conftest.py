"""Fixtures that open a store of every kind in the catalog, each against a real server or folder."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from launchpad_tui.stores.base import ObjectStore, open_store
from launchpad_tui.stores.catalog import KINDS
from tests.stores import azurite, fake_gcs, hadoop, launchpad_serve, oss_server, seaweed

Values = Callable[[], dict[str, str]]


def _file(request: pytest.FixtureRequest) -> Values:
    root = request.getfixturevalue("tmp_path") / "store root"
    root.mkdir()
    return lambda: {"root": str(root)}


def _s3(request: pytest.FixtureRequest) -> Values:
    server = seaweed.shared()
    prefix = f"prefix/{uuid.uuid4()}"
    return lambda: server.values(prefix)


def _oss(request: pytest.FixtureRequest) -> Values:
    server = oss_server.shared()
    prefix = f"prefix/{uuid.uuid4()}"
    return lambda: server.values(prefix)


def _azure(request: pytest.FixtureRequest) -> Values:
    server = azurite.shared()
    prefix = f"prefix/{uuid.uuid4()}"
    return lambda: server.values(prefix)


def _gcs(request: pytest.FixtureRequest) -> Values:
    server = fake_gcs.shared()
    prefix = f"prefix/{uuid.uuid4()}"
    return lambda: server.values(prefix)


def _webhdfs(request: pytest.FixtureRequest) -> Values:
    server = hadoop.shared()
    prefix = f"prefix {uuid.uuid4()}/store"
    return lambda: server.values(prefix)


def _launchpad(_request: pytest.FixtureRequest) -> Values:
    server = launchpad_serve.shared()
    name = server.new_store()
    return lambda: server.values(name)


#: Returns the field values of an empty store, by kind. A kind without an entry fails the suite.
EMPTY_STORES: dict[str, Callable[[pytest.FixtureRequest], Values]] = {
    "azure": _azure,
    "file": _file,
    "gcs": _gcs,
    "launchpad": _launchpad,
    "oss": _oss,
    "s3": _s3,
    "webhdfs": _webhdfs,
}


@pytest.fixture(params=sorted(KINDS))
def new_store(request: pytest.FixtureRequest) -> Callable[[], ObjectStore]:
    """Open the same empty store at each call, as another process would."""
    values = EMPTY_STORES[request.param](request)
    return lambda: open_store(KINDS[request.param], values())


@pytest.fixture
def store(new_store: Callable[[], ObjectStore]) -> ObjectStore:
    return new_store()

"""Servers and settings that the tests of SAP AI Core share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from tests.runtimes.aicore import fake_core, prism
from tests.stores import certificates
from tests.stores.shared_server import Missing


@pytest.fixture(scope="session")
def specification_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[prism.SpecificationServer]:
    """Return the mock server of the specification, shared by the session."""
    try:
        with prism.serve(tmp_path_factory.mktemp("prism")) as server:
            yield server
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    """Return certificates of the tests' own authority."""
    try:
        return certificates.make(tmp_path_factory.mktemp("certificates"))
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(autouse=True)
def remove_user_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove credentials, proxies and authorities of the user who runs the tests."""
    import os

    other = {"VCAP_SERVICES", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    for name in list(os.environ):
        if name.startswith("AICORE_") or name.lower().endswith("_proxy") or name in other:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AICORE_HOME", str(tmp_path / "no aicore"))


@pytest.fixture
def core() -> Iterator[fake_core.Core]:
    """Return a server whose responses a test defines."""
    with fake_core.serve() as server:
        yield server


@pytest.fixture
def key(core: fake_core.Core) -> ServiceKey:
    """Return credentials for the server."""
    return core.key()

"""A registry in a temporary file, with the connection and resource group of a first start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.registry.database import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    created = Registry(tmp_path / "registry.db")
    first_start(created)
    yield created
    created.close()

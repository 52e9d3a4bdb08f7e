"""A registry in a file of its own, with its first scope."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import first_start
from launchpad_tui.registry.database import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = Registry(tmp_path / "registry.db")
    first_start(made)
    yield made
    made.close()

"""Settings of executables are checked when they are set."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import InvalidInput
from tests.services.execution_support import Bench, shell_template


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    created = Bench(tmp_path)
    yield created
    created.close()


def test_valid_settings_are_stored(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = bench.add(shell_template("shell", "true"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    values = {"python": sys.prefix, "code": "code", "environment": "SEED=1 NAME='two words' EMPTY="}
    set_ = bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, values).settings
    # Paths are absolute, because executions run in another folder.
    assert set_ == {**values, "code": str(tmp_path / "code")}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("python", "/nowhere/python", "no Python interpreter"),
        ("python", __file__, "no Python interpreter"),
        ("code", "/nowhere", "code folder"),
        ("environment", "SEED", "not an environment variable"),
        ("environment", "1A=2", "not an environment variable"),
        ("environment", "A='open", "not valid"),
        ("colour", "red", "Unknown field"),
    ],
)
def test_invalid_settings_are_rejected(bench: Bench, name: str, value: str, message: str) -> None:
    executable = bench.add(shell_template("shell", "true"))
    with pytest.raises(InvalidInput, match=message) as caught:
        bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {name: value})
    assert caught.value.field == name
    assert bench.desk.scenarios.executable(DEFAULT_SCOPE, executable).settings == {}

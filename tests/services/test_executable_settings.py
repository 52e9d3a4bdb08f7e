"""What an executable needs on this machine is looked at when it is set, not when it is missed."""

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
    made = Bench(tmp_path)
    yield made
    made.close()


def test_what_is_right_is_kept(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = bench.add(shell_template("shell", "true"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    values = {"python": sys.prefix, "code": "code", "environment": "SEED=1 NAME='two words' EMPTY="}
    set_ = bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, values).settings
    # Executions run elsewhere: paths are absolute.
    assert set_ == {**values, "code": str(tmp_path / "code")}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("python", "/nowhere/python", "no Python interpreter"),
        ("python", __file__, "no Python interpreter"),
        ("code", "/nowhere", "no folder"),
        ("environment", "SEED", "not NAME=value"),
        ("environment", "1A=2", "not NAME=value"),
        ("environment", "A='open", "not valid"),
        ("colour", "red", "no field"),
    ],
)
def test_what_is_wrong_is_refused(bench: Bench, name: str, value: str, said: str) -> None:
    executable = bench.add(shell_template("shell", "true"))
    with pytest.raises(InvalidInput, match=said) as caught:
        bench.desk.scenarios.set_executable(DEFAULT_SCOPE, executable, {name: value})
    assert caught.value.field == name
    assert bench.desk.scenarios.executable(DEFAULT_SCOPE, executable).settings == {}

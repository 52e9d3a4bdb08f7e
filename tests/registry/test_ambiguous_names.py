"""The error for a name or ID prefix that several objects have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import Conflict
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.desk import Desk
from tests.scenes.seeds import add_scenario
from tests.scenes.trained_seeds import add_trained, execution_id, model_id


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A home with models of the same name, of which the rates differ."""
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    registry = Registry(home.registry_path)
    add_scenario(registry)
    for number in range(1, 4):
        add_trained(registry, number, "digits", {"rate": f"0.{number}", "depth": "3"}, {})
    for number in range(16, 32):
        add_trained(registry, number, "many", {}, {})
    registry.close()
    desk = open_desk(home)
    yield desk
    desk.close()


def test_models_of_one_name_are_told_apart(desk: Desk) -> None:
    with pytest.raises(Conflict) as caught:
        desk.artifacts.resolve(DEFAULT_SCOPE, "digits")
    assert caught.value.title == "'digits' matches several artifacts"
    lines = caught.value.detail.splitlines()
    assert len(lines) == 3
    for number, line in zip((3, 2, 1), lines, strict=True):
        short, _model, version, configuration, _date, _time, rate = line.split()
        assert desk.artifacts.resolve(DEFAULT_SCOPE, short).id == model_id(number)
        assert desk.artifacts.resolve(DEFAULT_SCOPE, f"digits@{version}").id == model_id(number)
        assert (configuration, rate) == ("digits", f"rate=0.{number}")
    assert "depth" not in caught.value.detail
    assert len({line.split()[5] for line in lines}) == 3
    assert caught.value.hint.endswith("for example digits@latest.")


def test_configurations_of_one_name_are_told_apart(desk: Desk) -> None:
    with pytest.raises(Conflict, match="several configurations") as caught:
        desk.configurations.resolve(DEFAULT_SCOPE, "digits")
    lines = caught.value.detail.splitlines()
    assert [line.split()[-1] for line in lines] == ["rate=0.3", "rate=0.2", "rate=0.1"]


def test_executions_of_one_prefix_are_told_apart(desk: Desk) -> None:
    with pytest.raises(Conflict, match="several executions") as caught:
        desk.executions.resolve(DEFAULT_SCOPE, "e00000000000000")
    lines = caught.value.detail.splitlines()
    assert [line.split()[0] for line in lines] == [execution_id(n) for n in (3, 2, 1)]
    assert "digits" in lines[0]


def test_at_most_ten_objects_are_listed(desk: Desk) -> None:
    with pytest.raises(Conflict) as caught:
        desk.artifacts.resolve(DEFAULT_SCOPE, "many")
    lines = caught.value.detail.splitlines()
    assert (len(lines), lines[-1]) == (11, "…")

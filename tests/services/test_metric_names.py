"""Names of metrics that look the same are the same, whether they are in NFC or in NFD."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.__main__ import main
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.board import ChartDefinition
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.expression import parse_where
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.query import MetricColumn, Query
from launchpad_tui.registry import series
from launchpad_tui.services.charting import matching
from launchpad_tui.services.desk import Desk
from tests.registry.registry_data import START, add_execution

ID = "e000000000000001"
NFC = "précision/étape"
NFD = unicodedata.normalize("NFD", NFC)
FORMS = pytest.mark.parametrize("name", [NFC, NFD], ids=["NFC", "NFD"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk(Home.at(tmp_path).ensure())
    add_execution(opened.registry, ID)
    series.append(opened.registry, ID, [Metric(NFD, 1.0, START, 1), Metric(NFC, 2.0, START, 2)])
    series.append_bulk(opened.registry, ID, NFD, (), [3], [10**15], [3.0])
    yield opened
    opened.close()


def test_both_forms_are_stored_as_one_series(desk: Desk) -> None:
    assert NFC != NFD
    (one,) = desk.metrics.series(DEFAULT_SCOPE, ID)
    assert (one.name, one.key, one.count) == (NFC, NFC, 3)


@FORMS
def test_either_form_selects_the_series(desk: Desk, name: str) -> None:
    assert len(desk.metrics.points(DEFAULT_SCOPE, ID, name)) == 3
    (subject,), _ = desk.compare.subjects(DEFAULT_SCOPE, [ID])
    assert len(matching(subject, ChartDefinition((name,)))) == 1


@FORMS
def test_either_form_filters_lists(desk: Desk, name: str) -> None:
    for text, count in ((f'"{name}" >= 3', 1), (f'"{name}" > 3', 0), (f"metric.{name} = 3", 1)):
        conditions = parse_where(text, (), lambda: (NFC,), lambda: ())
        assert desk.executions.count(DEFAULT_SCOPE, Query(conditions=conditions)) == count, text
    assert MetricColumn(name).key == NFC


@FORMS
def test_either_form_sets_the_direction(desk: Desk, name: str) -> None:
    desk.boards.set_direction(name, "lower")
    assert desk.boards.directions() == {NFC: "lower"}
    desk.boards.set_direction(name, None)
    assert desk.boards.directions() == {}


@FORMS
def test_either_form_names_a_metric_of_commands(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAUNCHPAD_HOME", str(desk.home.root))
    for command in (
        ("metrics", "chart", ID, "--metric", name),
        ("metrics", "export", ID, "--metric", name),
        ("executions", "list", "--where", f'"{name}" >= 3'),
    ):
        assert main(command) == 0, command
        printed = capsys.readouterr().out
        assert NFC in printed or ID[:8] in printed, command

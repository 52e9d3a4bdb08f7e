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
from launchpad_tui.domain.metric import Metric, series_key
from launchpad_tui.domain.query import MetricColumn, Query
from launchpad_tui.registry import preferences, series, series_texts
from launchpad_tui.registry.series_texts import KEY, NAME
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


def _stored(desk: Desk) -> list[tuple[str, str, int]]:
    with desk.registry.read() as db:
        return db.execute(
            f"SELECT {NAME}, {KEY}, count FROM series s "
            "JOIN series_summaries ON series_pk = s.pk ORDER BY s.pk"
        ).fetchall()


def test_series_of_former_versions_are_merged_without_losing_points(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    desk = open_desk(home)
    other, labels = "e000000000000002", (("phase", "étape"),)
    for execution in (ID, other):
        add_execution(desk.registry, execution)
    # More points than a chunk has, interleaved with those of the other form.
    steps = range(0, 20_000, 2)
    series.append_bulk(
        desk.registry, ID, "former", (), steps, [10**15 + step for step in steps], map(float, steps)
    )
    points = [Metric(NFC, float(step), START, step) for step in range(1, 400, 2)]
    series.append(desk.registry, ID, points)
    series.append(desk.registry, ID, [Metric("labeled", 1.0, START, 1, labels)])
    series.append(desk.registry, other, [Metric("former", 5.0, START, 7)])
    with desk.registry.write() as db:
        former = series_key(NFD, labels)
        numbers = series_texts.add(db, (NFD, former, "labeled", "former"))
        db.execute(
            "UPDATE series SET name = ?, key = ? WHERE name = ?",
            (numbers[NFD], numbers[former], numbers["labeled"]),
        )
        db.execute("UPDATE series SET name = ? WHERE name = ?", (numbers[NFD], numbers["former"]))
        preferences.put(desk.registry, preferences.CREDENTIALS_MOVED, None)
    assert len(_stored(desk)) == 4
    desk.close()

    desk = open_desk(home)
    key = series_key(NFC, labels)
    assert sorted(_stored(desk)) == sorted([(NFC, NFC, 10_200), (NFC, NFC, 1), (NFC, key, 1)])
    found = desk.metrics.points(DEFAULT_SCOPE, ID, NFC, limit=20_000)
    assert len({(each.step, each.labels) for each in found}) == len(found) == 10_200
    assert all(each.value == each.step for each in found)
    (one,) = desk.metrics.series(DEFAULT_SCOPE, other)
    assert (one.key, one.last) == (NFC, 5.0)
    with desk.registry.read() as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        main = db.execute(
            f"SELECT {KEY} FROM series s JOIN executions e ON e.pk = s.execution_pk "
            "WHERE e.id = ? AND main = 1 AND headline = 1",
            (ID,),
        ).fetchall()
    assert main == [(NFC,)]
    desk.close()

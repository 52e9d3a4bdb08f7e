"""Data of charts, boards and colours over a real registry."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.board import Against, Board, ChartDefinition
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import Conflict, InvalidInput, NotFound
from launchpad_tui.records import replace
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.boards import write_text
from launchpad_tui.services.charting import labels_of, metric_keys, parameters_of, proposed
from launchpad_tui.services.desk import Desk
from tests.scenes.seeds import add_scenario
from tests.scenes.trained_seeds import add_trained, execution_id, falling, model_id

LONG = [math.sin(step / 300) for step in range(20_000)]
LONG[7777] = 50.0


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = Home.at(tmp_path_factory.mktemp("charting")).ensure()
    open_desk(home).close()
    registry = Registry(home.registry_path)
    add_scenario(registry)
    add_trained(
        registry,
        1,
        "one",
        {"lr": "0.1", "opt": "sgd", "seed": "1"},
        {"loss": falling(1), "long": LONG},
    )
    add_trained(
        registry,
        2,
        "two",
        {"lr": "1e-2", "opt": "adam", "seed": "1"},
        {
            "loss{split=train}": falling(2),
            "loss{split=test}": [3.0, math.nan, 1.0, 2.0],
            "score": [0.5],
        },
    )
    add_trained(registry, 3, "two", {"lr": "n/a"}, {})
    registry.close()
    opened = open_desk(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def subjects(desk: Desk) -> tuple[ComparedItem, ...]:
    found, missing = desk.compare.subjects(
        DEFAULT_SCOPE, [model_id(1), model_id(2), execution_id(3), "no-such-id"]
    )
    assert missing == ("no-such-id",)
    return found


def curves(desk: Desk, subjects: tuple[ComparedItem, ...], **chart: object):  # type: ignore[no-untyped-def]
    definition = ChartDefinition(**{"metrics": ("loss",), **chart})  # type: ignore[arg-type]
    return desk.charts.data(subjects, definition, {model_id(1): 4}).series


def test_curves_of_a_name_and_of_a_key(desk: Desk, subjects: tuple[ComparedItem, ...]) -> None:
    found = curves(desk, subjects)
    assert [one.label.split()[-1] for one in found] == [
        "one",
        "loss{split=test}",
        "loss{split=train}",
    ]
    assert found[0].slot == 4
    assert found[0].y == falling(1)
    assert found[0].x == list(range(50))
    assert len(curves(desk, subjects, metrics=("loss{split=train}",))) == 1
    assert len(curves(desk, subjects, labels=(("split", "test"),))) == 1


def test_time_starts_at_the_first_logged_point(
    desk: Desk, subjects: tuple[ComparedItem, ...]
) -> None:
    (relative, *_) = curves(desk, subjects, against=Against.RELATIVE)
    assert relative.x[:3] == pytest.approx([0.0, 1.0, 2.0], abs=1e-3)
    (wall, *_) = curves(desk, subjects, against=Against.TIME)
    assert wall.x[1] - wall.x[0] == pytest.approx(1.0)
    assert wall.x[0] > 1.7e9


def test_downsampling_keeps_spikes(desk: Desk, subjects: tuple[ComparedItem, ...]) -> None:
    chart = ChartDefinition(("long",))
    (whole,) = desk.charts.data(subjects, chart, {}, points=200).series
    assert len(whole.x) < 500
    assert max(whole.y) == 50.0
    assert whole.total == 20_000
    (part,) = desk.charts.data(subjects, chart, {}, points=4000, x_range=(7700.0, 7800.0)).series
    assert part.x[0] < 7700
    assert part.x[-1] > 7800
    assert part.y[part.x.index(7777)] == 50.0
    assert part.x[-1] < 8000


def test_curves_have_the_best_of_all_points_and_its_step(
    desk: Desk, subjects: tuple[ComparedItem, ...]
) -> None:
    chart = ChartDefinition(("long",))
    (unknown,) = desk.charts.data(subjects, chart, {}, points=200).series
    assert (unknown.best, unknown.best_step) == (None, None)
    higher = {"long": "higher"}
    (part,) = desk.charts.data(subjects, chart, {}, higher, x_range=(0.0, 100.0)).series
    assert (part.best, part.best_step) == (50.0, 7777)


def test_one_value_per_model(desk: Desk, subjects: tuple[ComparedItem, ...]) -> None:
    def values(how: str, metric: str = "loss{split=test}") -> tuple[float | None, ...]:
        chart = ChartDefinition(
            (metric,), against=Against.PARAMETERS, parameters=("lr",), aggregate=how
        )
        return desk.charts.data(subjects, chart, {}).table.metrics[metric]

    assert values("last") == (None, 2.0, None)
    assert values("min") == values("best") == (None, 1.0, None)
    assert values("max") == (None, 3.0, None)
    assert values("mean") == (None, 2.0, None)
    assert values("mean", "loss")[0] == pytest.approx(sum(falling(1)) / 50)


def test_parameters_are_numbers_or_strings(subjects: tuple[ComparedItem, ...]) -> None:
    columns = parameters_of(subjects)
    assert columns["lr"] == ("0.1", "1e-2", "n/a")
    assert columns["seed"] == (1.0, 1.0, None)
    assert "seed" not in parameters_of(subjects[:2], varying=True)
    assert parameters_of(subjects[:2])["lr"] == (0.1, 0.01)


def test_values_at_a_step(desk: Desk, subjects: tuple[ComparedItem, ...]) -> None:
    by_id = {series.id: f"{one.name} {series.key}" for one in subjects for series in one.series}
    found = {by_id[key]: value for key, value in desk.charts.at_step(subjects, 10).items()}
    assert found["one loss"] == falling(1)[10]
    assert found["one long"] == LONG[10]
    assert found["two score"] == 0.5
    assert desk.charts.at_step(subjects, -1) == {}


def test_labels_distinguish_models(desk: Desk, subjects: tuple[ComparedItem, ...]) -> None:
    labels = labels_of(subjects)
    assert labels[0] == "one"
    assert len(set(labels)) == 3
    assert all(label.startswith("two") for label in labels[1:])
    assert metric_keys(subjects)[:3] == ["long", "loss", "score"]


def test_labels_and_headings_have_versions(desk: Desk) -> None:
    ids = [model_id(number) for number in (1, 2, 3)]
    models = desk.compare.artifacts(DEFAULT_SCOPE, ids)
    versions = [one.artifact.version for one in models if one.artifact is not None]
    assert labels_of(models[:1]) == [f"one v{versions[0]}"]
    # Two models of one configuration name and no own one are told apart by their versions.
    same = [replace(one, configuration=models[1].configuration) for one in models[1:]]
    assert [one.mark for one in same] == [f"v{version}" for version in versions[1:]]
    assert len(set(labels_of(same))) == 2
    assert all(one.mark in label for one, label in zip(same, labels_of(same), strict=True))


def test_a_default_board_covers_all_logged_metrics(subjects: tuple[ComparedItem, ...]) -> None:
    charts = {chart.title: chart for chart in proposed(subjects).charts}
    assert set(charts) == {"loss", "long", "loss{split=train}", "loss{split=test}", "score"}
    assert (charts["score"].kind, charts["score"].against) == ("bar", Against.SOURCE)
    assert charts["loss"].against is Against.STEP


def test_boards_are_stored_per_group(desk: Desk, tmp_path: Path) -> None:
    board = Board("Mine/with slash", (ChartDefinition(("loss",)),))
    desk.boards.save(DEFAULT_SCOPE, board)
    assert desk.boards.names(DEFAULT_SCOPE) == ["Mine/with slash"]
    assert desk.boards.get(DEFAULT_SCOPE, board.name) == board
    with pytest.raises(Conflict):
        desk.boards.save(DEFAULT_SCOPE, board, replace=False)
    desk.boards.show(DEFAULT_SCOPE, board.name)
    assert desk.boards.last(DEFAULT_SCOPE) == board.name
    path = desk.boards.export(board, tmp_path / "b.json")
    assert desk.boards.read_file(path) == board
    with pytest.raises(Conflict):
        desk.boards.export(board, path)
    desk.boards.delete(DEFAULT_SCOPE, board.name)
    assert desk.boards.last(DEFAULT_SCOPE) == ""
    with pytest.raises(NotFound):
        desk.boards.get(DEFAULT_SCOPE, board.name)


def test_invalid_board_files_are_rejected(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Reading"):
        desk.boards.read_file(tmp_path / "missing")
    (tmp_path / "big").write_text(" " * 2_000_000)
    (tmp_path / "text").write_text("{")
    (tmp_path / "deep").write_text("[" * 100_000)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("big", "text", "deep", "bytes"):
        with pytest.raises(InvalidInput, match="is not a board file"):
            desk.boards.read_file(tmp_path / name)


def test_writing_is_atomic(tmp_path: Path) -> None:
    target = tmp_path / "sub" / "x.txt"
    with pytest.raises(InvalidInput, match="Writing"):
        write_text(target, "x")
    target.parent.mkdir()
    write_text(target, "one")
    with pytest.raises(Conflict):
        write_text(target, "two")
    assert target.read_text() == "one"
    write_text(target, "two", overwrite=True)
    assert [each.name for each in target.parent.iterdir()] == ["x.txt"]


def test_colours_are_stable_and_distinct(desk: Desk) -> None:
    first = desk.boards.slots(["a", "b"])
    second = desk.boards.slots(["c", "b", "a"])
    assert {key: second[key] for key in first} == first
    assert len(set(second.values())) == 3
    assert desk.boards.slots(["c"]) == {"c": second["c"]}


def test_directions(desk: Desk) -> None:
    desk.boards.set_direction("m", "lower")
    assert desk.boards.directions() == {"m": "lower"}
    desk.boards.set_direction("m", None)
    assert desk.boards.directions() == {}

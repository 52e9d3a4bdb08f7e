"""Commands on boards of charts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.cli_support import Cli


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Return the file of a board with two charts."""
    path = tmp_path / "b.json"
    charts = [
        {"metrics": ["accuracy"]},
        {"metrics": ["accuracy"], "against": "source", "kind": "bar", "name": "Bars"},
    ]
    path.write_text(json.dumps({"name": "Mine", "charts": charts}))
    return path


def test_a_board_is_imported_drawn_exported_and_deleted(
    trained: Cli, board: Path, tmp_path: Path
) -> None:
    assert trained("boards", "import", str(board)).code == 0
    assert trained("boards", "import", str(board)).code == 2
    assert trained("boards", "import", str(board), "--overwrite").code == 0
    assert trained("boards", "list", "--quiet").lines == ["Mine"]
    assert trained("boards", "show", "Mine", "--json").json["charts"][1]["kind"] == "bar"
    target = tmp_path / "out.json"
    assert trained("boards", "export", "Mine", str(target)).code == 0
    assert json.loads(target.read_text())["name"] == "Mine"
    assert trained("boards", "export", "Mine", str(target)).code == 2
    models = trained("models", "list", "--quiet").lines
    drawn = trained("boards", "draw", "Mine", *models, "--width", "50", "--height", "8")
    assert drawn.code == 0
    assert {"accuracy", "Bars"} <= set(drawn.lines)
    assert "█" in drawn.out
    assert trained("boards", "delete", "Mine").code == 0
    deleted = trained("boards", "show", "Mine")
    assert deleted.code == 2
    assert "Board 'Mine' not found" in deleted.err


def test_an_invalid_board_is_rejected(trained: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"name": "x", "charts": [{"metrics": []}]}')
    refused = trained("boards", "import", str(tmp_path / "x.json"))
    assert refused.code == 2
    assert "charts[0].metrics" in refused.err


def test_the_direction_of_a_metric_is_set(trained: Cli) -> None:
    models = trained("models", "list", "--quiet").lines
    assert "higher is better" in trained("metrics", "set-direction", "loss", "higher").out
    row = next(
        one for one in trained("compare", *models, "--json").json["rows"] if one["name"] == "loss"
    )
    assert row["direction"] == "higher"
    trained("metrics", "set-direction", "loss", "auto")
    row = next(
        one for one in trained("compare", *models, "--json").json["rows"] if one["name"] == "loss"
    )
    assert row["direction"] == "lower"

"""``launchpad compare`` in every output format."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.cli_support import Cli


@pytest.fixture
def models(trained: Cli) -> list[str]:
    """Return the IDs of the models of rate 0.1 and 0.5."""
    return trained("models", "list", "--quiet", "--sort", "createdAt").lines


def test_json_output(trained: Cli, models: list[str]) -> None:
    found = trained("compare", *models, "--json", "--aggregate", "best").json
    assert found["count"] == 2
    assert [each["id"] for each in found["subjects"]] == models
    rows = {(each["group"], each["name"]): each for each in found["rows"]}
    assert rows["parameters", "rate"]["values"] == ["0.1", "0.5"]
    assert rows["parameters", "rate"]["differs"] is True
    assert rows["parameters", "mode"]["differs"] is False
    loss = rows["metrics", "loss"]
    assert (loss["values"], loss["best"], loss["direction"]) == (
        pytest.approx([0.1, 0.5]),
        [0],
        "lower",
    )
    assert rows["metrics", "accuracy"]["best"] == [0]
    last = {each["name"]: each for each in trained("compare", *models, "--json").json["rows"]}
    assert last["loss"]["values"] == ["NaN", "NaN"]
    assert last["loss"]["differs"] is False


def test_table_output(trained: Cli, models: list[str]) -> None:
    shown = trained("compare", *models)
    assert "  mode " not in shown.out
    assert "0.995*" in shown.out
    assert shown.lines[-1] == "* best value"
    assert shown.lines[0].split() == ["tiny-model", "v1", "tiny-model", "v2"]
    (digits,) = [line for line in shown.lines if line.split()[:1] == ["numbers"]] or [""]
    assert not digits
    shown = trained("compare", *models, "--all")
    assert any(line.split() == ["numbers", "numbers", "numbers"] for line in shown.lines)
    assert "  mode " in trained("compare", *models, "--all").out
    assert "accuracy" not in trained("compare", *models, "--all", "--metric", "loss").out
    same = trained("compare", models[0], models[0])
    assert same.code == 0
    assert "tiny-model" in same.out


def test_differences_from_a_baseline(trained: Cli, models: list[str]) -> None:
    words = ["compare", *models, "--aggregate", "best", "--baseline", models[1]]
    loss = next(each for each in trained(*words, "--json").json["rows"] if each["name"] == "loss")
    assert loss["differences"] == pytest.approx([-0.4, 0.0])
    assert "0.1 (-0.4 -80.0%)*" in trained(*words).out
    assert trained("compare", models[0], "--baseline", models[1]).code == 2


def test_csv_and_markdown_output(trained: Cli, models: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(trained("compare", *models, "--format", "csv").out)))
    assert rows[0][:2] == ["group", "name"]
    accuracy = next(row for row in rows if row[1] == "accuracy")
    assert float(accuracy[2]) == pytest.approx(0.995)
    markdown = trained("compare", *models, "--format", "markdown").lines
    assert markdown[1] == "|---|---|---|---|"
    assert {line.count("|") for line in markdown} == {5}
    assert any("**0.995**" in line for line in markdown)
    assert any("tiny-model" in line for line in markdown)


def test_models_are_compared_with_executions(trained: Cli, models: list[str]) -> None:
    broken = trained("executions", "list", "--where", "status = DEAD", "--quiet").lines[0]
    found = trained("compare", models[0], broken, "--json").json
    assert [each["kind"] for each in found["subjects"]] == ["model", "execution"]
    status = next(each for each in found["rows"] if each["name"] == "status")
    assert status["values"] == ["COMPLETED", "DEAD"]
    assert next(each for each in found["rows"] if each["name"] == "loss")["values"][1] is None


def test_metrics_at_a_step(trained: Cli, models: list[str]) -> None:
    rows = {
        each["name"]: each
        for each in trained("compare", *models, "--at-step", "0", "--json").json["rows"]
    }
    last = {each["name"]: each for each in trained("compare", *models, "--json").json["rows"]}
    assert rows["accuracy"]["values"] != last["accuracy"]["values"]
    beyond = {
        each["name"]: each
        for each in trained("compare", *models, "--at-step", "99999", "--json").json["rows"]
    }
    assert beyond["accuracy"]["values"] == last["accuracy"]["values"]


def test_difference_line_by_line(trained: Cli, models: list[str]) -> None:
    shown = trained("compare", *models, "--diff")
    assert shown.lines[0].startswith("--- tiny-model")
    assert "- rate = 0.1" in shown.lines
    assert "+ rate = 0.5" in shown.lines
    assert not any(" mode = " in line for line in shown.lines)
    assert {"kind": "plus", "text": "rate = 0.5"} in trained(
        "compare", *models, "--diff", "--json"
    ).json["lines"]
    assert trained("compare", models[0], "--diff").code == 2
